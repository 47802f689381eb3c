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

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 64 * 1024 * 1024;

pv_store *watched = nullptr;
const pv_engine *engine = nullptr;
uint64_t read_count = 0;

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

pv_store *open_watched()
{
    static pv_engine counting;
    PV_ASSERT(pv_is_ok(pv_memory_open(nullptr, &watched)));
    if (engine == nullptr) { engine = watched->engine; }
    counting = *engine;
    counting.get = counted_get;
    counting.cursor_move = counted_move;
    watched->engine = &counting;
    return watched;
}

std::string text_of(pv_view bytes)
{
    return std::string(reinterpret_cast<const char *>(bytes.data), bytes.size);
}

void each_row(const std::function<void(pv_view key, pv_view value)> &visit)
{
    pv_arena *arena = pv_arena_create(kArenaBytes);
    pv_txn *txn = nullptr;
    pv_scan *scan = nullptr;
    pv_range all = {pv_view_of("", 1), pv_view_of(nullptr, 0), false, 0};
    PV_ASSERT(pv_is_ok(pv_read_begin(watched, arena, &txn)));
    PV_ASSERT(pv_is_ok(pv_scan_open(txn, arena, all, &scan)));
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

std::string Watched::digest()
{
    std::string bytes;
    each_row([&](pv_view key, pv_view value) {
        bytes += std::to_string(key.size) + " " + std::to_string(value.size) + " " + text_of(key) +
                 text_of(value);
    });
    uint8_t sha256[PV_SHA256_SIZE];
    pv_sha256(pv_view_of(bytes.data(), bytes.size()), sha256);
    return std::string(reinterpret_cast<const char *>(sha256), sizeof sha256);
}

std::vector<Stored> Watched::objects()
{
    std::vector<Stored> found;
    pv_arena *arena = pv_arena_create(kArenaBytes);
    each_row([&](pv_view key, pv_view value) {
        pv_key_parts parts;
        PV_ASSERT(pv_key_read(key, &parts));
        if (parts.space != PV_SPACE_OBJECT) { return; }
        const pv_object_info *object = object_of_tag(parts.tag);
        PV_ASSERT(object != nullptr);
        found.push_back(read_object(object, parts.id, value, arena));
    });
    pv_arena_destroy(arena);
    return found;
}

std::vector<std::pair<std::string, std::string>> Watched::blocks()
{
    std::vector<std::pair<std::string, std::string>> found;
    each_row([&](pv_view key, pv_view value) {
        pv_key_parts parts;
        PV_ASSERT(pv_key_read(key, &parts));
        if (parts.space != PV_SPACE_BLOCK) { return; }
        found.emplace_back(text_of(pv_view_of(parts.owner.bytes, PV_ID_SIZE)), text_of(value));
    });
    return found;
}

std::string Watched::raw_id(const std::string &id)
{
    pv_id parsed;
    PV_ASSERT(pv_id_parse(id.substr(0, id.find('_')).c_str(), pv_view_text(id.c_str()), &parsed));
    return text_of(pv_view_of(parsed.bytes, PV_ID_SIZE));
}

} // namespace purvey
