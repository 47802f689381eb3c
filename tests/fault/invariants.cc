#include "tests/fault/invariants.h"

#include "base/id.h"
#include "client/cli/store_rules.h"
#include "protos/runtime/message.h"
#include "purvey/audit/v1/audit_entry.pv.h"
#include "purvey/catalog.pv.h"
#include "purvey/event/v1/event.pv.h"
#include "server/flows/account/issued.h"
#include "server/flows/usage/held.h"
#include "storage/audit.h"
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

using Change = std::pair<std::string, uint64_t>; // who made it, the revision it made

class Reader {
  public:
    Reader(Content *content, pv_arena *arena) : found(*content), memory(arena) {}

    void row(pv_view key, pv_view value)
    {
        switch (key.data[0]) {
        case PV_SPACE_OBJECT: object(key, value); break;
        case PV_SPACE_FEED: event(key, value); break;
        case PV_SPACE_AUDIT: audit(key, value); break;
        case PV_SPACE_REPLAY: request(key); break;
        default: break;
        }
    }

    void end()
    {
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

    // Counts the object under its name, if it has one.
    void object(pv_view key, pv_view value)
    {
        const pv_object_info *info = object_tagged(key.data[1]);
        pv_row row;
        if (info == nullptr || !pv_is_ok(pv_row_read(value, &row))) { return; }
        int field = pv_field_find(info->message->descriptor, pv_view_text("name"));
        pv_field_value name;
        if (field < 0 ||
            !pv_is_ok(pv_row_pick(&info->message->descriptor->fields[field], row.message, &name))) {
            return;
        }
        found.objects[std::string(info->name) + " " + bytes_of(name.text)]++;
    }

    void event(pv_view key, pv_view value)
    {
        ProtobufCMessage *message = nullptr;
        pv_id actor;
        if (!pv_message_unpack(&pv_event__info, value, memory, &message)) { return; }
        const pv_event *event = reinterpret_cast<const pv_event *>(message);
        found.feeds[bytes_of(part(key, 1, PV_ID_SIZE))].push_back(
            std::string(event->object_id) + " " + std::to_string(event->revision));
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
        pv_audit_row row;
        ProtobufCMessage *message = nullptr;
        pv_id actor;
        if (!pv_audit_read(key, value, &row) ||
            !pv_message_unpack(&pv_audit_entry__info, row.link.content, memory, &message)) {
            return;
        }
        const pv_audit_entry *entry = reinterpret_cast<const pv_audit_entry *>(message);
        // What `purvey init` made is no event: there was nobody to tell. What was refused changed nothing.
        if (strcmp(entry->method, "init") == 0 || *entry->object_id == '\0') { return; }
        if (!pv_id_parse("acc", pv_view_text(entry->account_id), &actor)) {
            return problem("a change by nobody");
        }
        audited.insert(Change(bytes_of(pv_view_of(actor.bytes, PV_ID_SIZE)), row.revision));
    }

    Content &found;
    pv_arena *memory;
    std::set<Change> audited, told;
};

// What `purvey store check` says of the store, as far as the first finding.
class Judge {
  public:
    explicit Judge(pv_arena *arena)
        : held(usage_held_create(arena)), certificates(issued_create(arena))
    {
        PV_ASSERT(held != nullptr && certificates != nullptr);
    }

    std::string problem(pv_store *store)
    {
        pv_check_rules rules = pv_store_rules();
        rules.judge_block = [](void *context, pv_txn *txn, pv_arena *memory, pv_id owner,
                               uint32_t number, pv_view value) {
            return usage_held_block(static_cast<Judge *>(context)->held, txn, memory, owner, number,
                                    value);
        };
        rules.judge_missing = [](void *context, pv_txn *txn, pv_arena *memory) {
            const char *what = usage_held_missing(static_cast<Judge *>(context)->held, txn, memory);
            return what != nullptr
                       ? what
                       : issued_missing(static_cast<Judge *>(context)->certificates, txn);
        };
        rules.judge_audit = [](void *context, pv_txn *, pv_arena *memory, pv_id account,
                               pv_view content) {
            return issued_entry(static_cast<Judge *>(context)->certificates, memory, account,
                                content);
        };
        rules.found = [](void *context, const char *row, const char *what) {
            std::string &found = static_cast<Judge *>(context)->first;
            if (found.empty()) { found = std::string(row) + ": " + what; }
        };
        rules.context = this;
        pv_check_summary summary;
        if (!pv_is_ok(pv_check(store, &rules, &summary)) || !summary.whole) {
            return first.empty() ? "the check cannot read the store" : first;
        }
        return first;
    }

  private:
    usage_held *held;
    issued *certificates;
    std::string first;
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
        if (check) {
            pv_arena_reset(scratch);
            std::string found = Judge(scratch).problem(store);
            if (!found.empty()) { content.problem = found; }
        }
    }
    pv_arena_destroy(scratch);
    pv_arena_destroy(arena);
    return content;
}

} // namespace purvey
