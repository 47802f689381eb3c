#include "server/flows/usage/seen.h"

#include "base/digest.h"
#include "server/flows/usage/bytes.h"
#include "storage/record.h"

enum { DIGEST_SIZE = 16, NOTE_SIZE = PV_ID_SIZE + 4 + 8 };

/* Whether the note still counts. */
static pv_status is_live(pv_call *call, usage_seen_cache *cache, const usage_seen *mine,
                         const usage_seen *note, bool *ret_live)
{
    if (pv_id_equal(note->report, mine->report)) {
        *ret_live = note->generation == mine->generation;
        return pv_ok();
    }
    if (!cache->filled || !pv_id_equal(cache->report, note->report)) {
        PV_TRY(usage_ledger_load(call, note->report, &cache->ledger));
        cache->report = note->report;
        cache->filled = true;
    }
    *ret_live = cache->ledger.generation == note->generation && !cache->ledger.released;
    return pv_ok();
}

pv_status usage_seen_note(pv_call *call, usage_seen_cache *cache, pv_id contract, pv_view record_id,
                          const usage_seen *mine, usage_seen *ret_first)
{
    uint8_t digest[PV_SHA256_SIZE];
    pv_sha256(record_id, digest);
    pv_view row;
    pv_status status = pv_digest_get(call->context->txn, contract, digest, &row);
    if (status.code != PV_CODE_NOT_FOUND) {
        PV_TRY(pv_store_refused(call, status));
        usage_cursor cursor = {row, true};
        usage_seen note = {.report = usage_take_id(&cursor)};
        note.generation = (uint32_t)usage_take_number(&cursor, 4);
        note.number = usage_take_number(&cursor, 8);
        if (!cursor.ok) { return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS)); }
        bool live = false;
        PV_TRY(is_live(call, cache, mine, &note, &live));
        if (live) {
            *ret_first = note;
            return pv_ok();
        }
    }
    uint8_t bytes[NOTE_SIZE];
    uint8_t *end = usage_put_id(bytes, mine->report);
    end = usage_put_number(end, mine->generation, 4);
    (void)usage_put_number(end, mine->number, 8);
    *ret_first = (usage_seen){0};
    return pv_store_refused(
        call, pv_digest_put(call->context->txn, contract, digest, pv_view_of(bytes, NOTE_SIZE)));
}
