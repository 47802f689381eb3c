#include "tests/isolation/watched.h"

#include "base/digest.h"
#include "base/id.h"
#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"
#include "storage/engine.h"
#include "storage/keys.h"
#include "storage/memory/memory.h"
#include "storage/row.h"
#include "tests/unit/flows/harness.h"

#include <algorithm>
#include <functional>
#include <map>

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 64 * 1024 * 1024;
constexpr int kAll = 0;

pv_store *watched = nullptr;
const pv_engine *engine = nullptr;
uint64_t read_count = 0;
uint64_t write_count = 0;

pv_status counted_get(pv_engine_view *view, pv_view key, pv_view *ret_value)
{
    read_count++;
    return engine->get(view, key, ret_value);
}

pv_status counted_move(pv_engine_cursor *cursor, pv_seek seek, pv_view key, pv_view *ret_key,
                       pv_view *ret_value)
{
    read_count++;
    return engine->cursor_move(cursor, seek, key, ret_key, ret_value);
}

pv_status counted_put(pv_engine_view *view, pv_view key, pv_view value)
{
    write_count++;
    return engine->put(view, key, value);
}

pv_status counted_remove(pv_engine_view *view, pv_view key)
{
    write_count++;
    return engine->remove(view, key);
}

pv_store *open_watched()
{
    static pv_engine counting;
    PV_ASSERT(pv_is_ok(pv_memory_open(nullptr, &watched)));
    if (engine == nullptr) { engine = watched->engine; }
    counting = *engine;
    counting.get = counted_get;
    counting.cursor_move = counted_move;
    counting.put = counted_put;
    counting.remove = counted_remove;
    write_count++; /* another store */
    watched->engine = &counting;
    return watched;
}

std::string text_of(pv_view bytes)
{
    return std::string(reinterpret_cast<const char *>(bytes.data), bytes.size);
}

/* All rows, or those of one space. */
void each_row(int space, const std::function<void(pv_view key, pv_view value)> &visit)
{
    pv_arena *arena = pv_arena_create(kArenaBytes);
    pv_txn *txn = nullptr;
    pv_scan *scan = nullptr;
    char from = static_cast<char>(space);
    char to = static_cast<char>(space + 1);
    pv_range range = {pv_view_of(&from, 1),
                      pv_view_of(space == kAll ? nullptr : &to, space == kAll ? 0 : 1), false, 0};
    PV_ASSERT(pv_is_ok(pv_read_begin(watched, arena, &txn)));
    PV_ASSERT(pv_is_ok(pv_scan_open(txn, arena, range, &scan)));
    pv_view key;
    pv_view value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) { visit(key, value); }
    pv_scan_close(scan);
    pv_txn_abort(txn);
    pv_arena_destroy(arena);
}

const pv_object_info *object_of_tag(uint8_t tag)
{
    for (size_t i = 0; i < pv_catalog__object_count; i++) {
        if (pv_catalog__objects[i]->tag == tag) { return pv_catalog__objects[i]; }
    }
    return nullptr;
}

std::string id_text(const char *prefix, pv_id id)
{
    char text[PV_ID_TEXT_SIZE];
    pv_id_format(prefix, id, text);
    return text;
}

Stored read_object(const pv_object_info *object, pv_id id, pv_view value, pv_arena *arena)
{
    Stored result;
    pv_row row;
    ProtobufCMessage *message = nullptr;
    PV_ASSERT(pv_is_ok(pv_row_read(value, &row)));
    PV_ASSERT(pv_message_unpack(object->message, row.message, arena, &message));
    const ProtobufCFieldDescriptor *fields = object->message->descriptor->fields;
    result.object = object;
    result.id = id_text(object->id_prefix, id);
    result.etag = pv_field_string(message, &fields[object->etag_field]);
    result.bytes = text_of(row.message);
    if (object->state_field >= 0) {
        int state = static_cast<int>(pv_field_integer(message, &fields[object->state_field]));
        const ProtobufCEnumValue *named =
            protobuf_c_enum_descriptor_get_value(object->states, state);
        result.state = named == nullptr ? "" : named->name + strlen(object->state_prefix);
    }
    for (uint8_t i = 0; i < row.party_count; i++) {
        if (!pv_id_is_zero(row.parties[i])) {
            result.parties.push_back(id_text("acc", row.parties[i]));
        }
    }
    return result;
}

} // namespace

bool Stored::has_party(const std::string &account_id) const
{
    return std::find(parties.begin(), parties.end(), account_id) != parties.end();
}

void Watched::install()
{
    World::opener() = open_watched;
}

uint64_t Watched::reads()
{
    return read_count;
}

/* Nothing gets into the store but through its engine: while nothing was written, what was found out stays true. */
std::string Watched::digest()
{
    static uint64_t of = 0;
    static std::string known;
    if (of == write_count) { return known; }
    std::string bytes;
    each_row(kAll, [&](pv_view key, pv_view value) {
        bytes += std::to_string(key.size) + " " + std::to_string(value.size) + " " + text_of(key) +
                 text_of(value);
    });
    uint8_t sha256[PV_SHA256_SIZE];
    pv_sha256(pv_view_of(bytes.data(), bytes.size()), sha256);
    of = write_count;
    known = std::string(reinterpret_cast<const char *>(sha256), sizeof sha256);
    return known;
}

std::vector<Stored> Watched::objects()
{
    /* Decoded once, until the row changes. */
    static std::map<std::string, std::pair<std::string, Stored>> known;
    std::vector<Stored> found;
    pv_arena *arena = pv_arena_create(kArenaBytes);
    each_row(PV_SPACE_OBJECT, [&](pv_view key, pv_view value) {
        pv_key_parts parts;
        PV_ASSERT(pv_key_read(key, &parts));
        const pv_object_info *object = object_of_tag(parts.tag);
        PV_ASSERT(object != nullptr);
        auto &entry = known[text_of(key)];
        if (!pv_view_equal(value, pv_view_of(entry.first.data(), entry.first.size()))) {
            entry = {text_of(value), read_object(object, parts.id, value, arena)};
        }
        found.push_back(entry.second);
    });
    pv_arena_destroy(arena);
    return found;
}

std::vector<Block> Watched::blocks()
{
    std::vector<Block> found;
    each_row(PV_SPACE_BLOCK, [&](pv_view key, pv_view value) {
        pv_key_parts parts;
        PV_ASSERT(pv_key_read(key, &parts));
        found.push_back({parts.owner, text_of(value)});
    });
    return found;
}

} // namespace purvey
