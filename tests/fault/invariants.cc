#include "tests/fault/invariants.h"

#include "base/id.h"
#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"
#include "purvey/event/v1/event.pv.h"
#include "purvey/storage/v1/storage.pv.h"
#include "storage/index.h"
#include "storage/keys.h"
#include "storage/row.h"

#include <set>

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 64 * 1024 * 1024;
constexpr uint32_t kResetRows = 1024; // rows between two resets of the arena

uint64_t mix(uint64_t state, pv_view bytes)
{
    state = (state ^ bytes.size) * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = 0;
    for (; i + 8 <= bytes.size; i += 8) {
        uint64_t word;
        memcpy(&word, bytes.data + i, 8);
        state = (state ^ word) * UINT64_C(0xff51afd7ed558ccd);
        state ^= state >> 32;
    }
    for (; i < bytes.size; i++) { state = (state ^ bytes.data[i]) * UINT64_C(0x100000001b3); }
    return state ^ state >> 29;
}

std::string bytes_of(pv_view view)
{
    return std::string(reinterpret_cast<const char *>(view.data), view.size);
}

pv_view part(pv_view key, size_t from, size_t size)
{
    PV_ASSERT(key.size >= from + size);
    return pv_view_of(key.data + from, size);
}

const pv_object_info *object_tagged(uint8_t tag)
{
    for (size_t i = 0; i < pv_catalog__object_count; i++) {
        if (pv_catalog__objects[i]->tag == tag) { return pv_catalog__objects[i]; }
    }
    return nullptr;
}

// A set of keys known by count and sum, so that two can be compared.
struct Keys {
    uint64_t count = 0;
    uint64_t sum = 0;
    void add(pv_view key)
    {
        count++;
        sum += mix(1, key);
    }
};

using Change = std::pair<std::string, uint64_t>; // who made it, the revision it made

class Reader {
  public:
    Reader(Content *content, pv_arena *arena) : found(*content), memory(arena) {}

    void row(pv_view key, pv_view value)
    {
        switch (key.data[0]) {
        case PV_SPACE_OBJECT: object(key, value); break;
        case PV_SPACE_INDEX: indexed.add(key); break;
        case PV_SPACE_FEED: event(key, value); break;
        case PV_SPACE_AUDIT: audit(key, value); break;
        case PV_SPACE_BLOCK: block(key); break;
        case PV_SPACE_REPLAY: request(key); break;
        case PV_SPACE_DIGEST:
        case PV_SPACE_RUN:
        case PV_SPACE_CATALOGUE:
        case PV_SPACE_SETTING: break;
        default: problem("a key of no known space");
        }
    }

    void end()
    {
        if (indexed.count != expected.count || indexed.sum != expected.sum) {
            problem("the indexes hold " + std::to_string(indexed.count) +
                    " entries, a scan of the rows asks for " + std::to_string(expected.count) +
                    (indexed.count == expected.count ? " others" : ""));
        }
        if (audited != told) {
            problem("changes in the audit trails: " + std::to_string(audited.size()) +
                    ", in the feeds: " + std::to_string(told.size()));
        }
    }

  private:
    void problem(const std::string &what)
    {
        if (found.problem.empty()) { found.problem = what; }
    }

    void revision(uint64_t number, const char *what)
    {
        if (number == 0 || number > found.revision) {
            problem(std::string(what) + " has revision " + std::to_string(number) +
                    " and the store " + std::to_string(found.revision));
        }
    }

    void object(pv_view key, pv_view value)
    {
        const pv_object_info *info = object_tagged(key.data[1]);
        pv_row row;
        if (info == nullptr || !pv_is_ok(pv_row_read(value, &row))) {
            return problem("a row that cannot be read");
        }
        revision(row.revision, info->name);
        pv_id id;
        memcpy(id.bytes, part(key, 2, PV_ID_SIZE).data, PV_ID_SIZE);
        pv_index_entries entries;
        if (!pv_is_ok(pv_index_list(info, id, &row, PV_INDEX_EVERY, memory, &entries))) {
            return problem("a row whose fields cannot be read");
        }
        std::set<std::string> once; // one account may be two parties
        for (size_t i = 0; i < entries.count; i++) {
            if (once.insert(bytes_of(entries.items[i].key)).second) {
                expected.add(entries.items[i].key);
            }
        }
        name(info, row);
    }

    void name(const pv_object_info *info, const pv_row &row)
    {
        int field = pv_field_find(info->message->descriptor, pv_view_text("name"));
        pv_field_value value;
        if (field < 0 || !pv_is_ok(pv_row_pick(&info->message->descriptor->fields[field],
                                               row.message, &value))) {
            return;
        }
        found.objects[std::string(info->name) + " " + bytes_of(value.text)]++;
    }

    // The number after the one before it with the same owner; the first kept one may be any but 0.
    void follows(pv_view owner, uint64_t number, const char *what)
    {
        std::string now = what + bytes_of(owner);
        if (now == last_owner && number != last_number + 1) {
            problem(std::string(what) + " " + std::to_string(number) + " comes after " +
                    std::to_string(last_number));
        }
        last_owner = now;
        last_number = number;
    }

    void event(pv_view key, pv_view value)
    {
        uint64_t sequence = 0;
        ProtobufCMessage *message = nullptr;
        if (!pv_key_read_feed(key, &sequence) ||
            !pv_message_unpack(&pv_event__info, value, memory, &message)) {
            return problem("an event that cannot be read");
        }
        follows(part(key, 1, PV_ID_SIZE), sequence, "event");
        const pv_event *event = reinterpret_cast<const pv_event *>(message);
        if (event->sequence != sequence) { problem("an event has the number of another"); }
        revision(event->revision, "an event");
        found.feeds[bytes_of(part(key, 1, PV_ID_SIZE))].push_back(
            std::string(event->object_id) + " " + std::to_string(event->revision));
        pv_id actor;
        if (!pv_id_parse("acc", pv_view_text(event->actor_account_id), &actor)) {
            return problem("an event of nobody");
        }
        told.insert(Change(bytes_of(pv_view_of(actor.bytes, PV_ID_SIZE)), event->revision));
    }

    // The key ends with the request_id and two zero bytes.
    void request(pv_view key)
    {
        constexpr size_t kText = 36;
        if (key.size < kText + 2) { return problem("an answer to no request"); }
        found.requests.insert(bytes_of(part(key, key.size - kText - 2, kText)));
    }

    void audit(pv_view key, pv_view value)
    {
        uint64_t number = 0;
        uint32_t which = 0;
        if (!pv_key_read_audit(key, &number, &which)) {
            return problem("an audit entry without a number");
        }
        revision(number, "an audit entry");
        pv_view owner = part(key, 1, PV_ID_SIZE + 8);
        if (which > 0) {
            follows(owner, which, "audit part");
        } else {
            last_owner = "audit part" + bytes_of(owner);
            last_number = 0;
        }
        ProtobufCMessage *message = nullptr;
        if (!pv_message_unpack(&pv_audit_entry__info, value, memory, &message)) {
            return problem("an audit entry that cannot be read");
        }
        // What `purvey init` made is no event: there was nobody to tell.
        bool init = strcmp(reinterpret_cast<const pv_audit_entry *>(message)->method, "init") == 0;
        if (!init) { audited.insert(Change(bytes_of(part(key, 1, PV_ID_SIZE)), number)); }
    }

    void block(pv_view key)
    {
        uint32_t number = 0;
        if (!pv_key_read_block(key, &number)) { return problem("a block without a number"); }
        // A report's refused records are numbered from the upper half on.
        follows(part(key, 1, PV_ID_SIZE), number, number >> 31 == 0 ? "block" : "refused block");
    }

    Content &found;
    pv_arena *memory;
    Keys indexed, expected;
    std::set<Change> audited, told;
    std::string last_owner;
    uint64_t last_number = 0;
};

} // namespace

Content read_content(pv_store *store, bool check)
{
    Content content;
    pv_arena *arena = pv_arena_create(kArenaBytes);
    pv_arena *scratch = pv_arena_create(kArenaBytes);
    pv_txn *txn = nullptr;
    pv_scan *scan = nullptr;
    pv_range all = {};
    pv_status status = pv_read_begin(store, arena, &txn);
    if (pv_is_ok(status)) { status = pv_scan_open(txn, arena, all, &scan); }
    if (!pv_is_ok(status)) {
        content.problem = "the store cannot be read";
    } else {
        content.revision = pv_txn_revision(txn);
        Reader reader(&content, scratch);
        pv_view key, value;
        while (pv_is_ok(status = pv_scan_next(scan, &key, &value))) {
            content.digest = mix(mix(content.digest, key), value);
            if (check) { reader.row(key, value); }
            if (++content.rows % kResetRows == 0) { pv_arena_reset(scratch); }
        }
        if (status.code != PV_CODE_NOT_FOUND) { content.problem = "the scan breaks off"; }
        if (check) { reader.end(); }
        pv_scan_close(scan);
        pv_txn_abort(txn);
    }
    pv_arena_destroy(scratch);
    pv_arena_destroy(arena);
    return content;
}

} // namespace purvey
