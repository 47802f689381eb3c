/* The words of a List: filter, order_by, and the position of a page token, for every stored object. A
 * token opens to what it was made of, and to nothing when anything about it is another. */
#include "server/flows/filter.h"
#include "base/utf8.h"
#include "purvey/catalog.pv.h"
#include "server/flows/token.h"
#include "storage/memory/memory.h"
#include "tests/fuzz/fuzz.h"

/* Runs the query on an empty store: a position that is none of its own is refused. */
static void run_query(const pv_object_info *object, const pv_query *query, pv_arena *arena)
{
    pv_store *store = NULL;
    pv_txn *txn = NULL;
    pv_query_run *run = NULL;
    PV_ASSERT(pv_is_ok(pv_memory_open(NULL, &store)));
    PV_ASSERT(pv_is_ok(pv_read_begin(store, arena, &txn)));
    pv_status status = pv_query_open(txn, object, arena, query, &run);
    if (pv_is_ok(status)) {
        pv_id id;
        pv_row row;
        PV_ASSERT(pv_query_next(run, &id, &row).code == PV_CODE_NOT_FOUND);
        pv_query_close(run);
    } else {
        PV_ASSERT(query->after.size > 0 && status.code == PV_CODE_INVALID_ARGUMENT);
    }
    pv_txn_abort(txn);
    pv_store_close(store);
}

static void check_list(pv_view input, pv_arena *arena)
{
    const pv_object_info *object =
        pv_catalog__objects[pv_fuzz_byte(&input) % pv_catalog__object_count];
    uint8_t choice = pv_fuzz_byte(&input);
    pv_view after = pv_fuzz_piece(&input);
    const char *order_by = pv_arena_dup(arena, pv_fuzz_piece(&input));
    const char *filter = pv_arena_dup(arena, input);
    pv_call call;
    memset(&call, 0, sizeof call);
    call.arena = arena;
    call.scratch = arena;
    pv_error_init(&call.error, arena);
    /* What reaches a handler has passed the wire check. */
    size_t bad = 0;
    if (!pv_utf8_check(pv_view_text(order_by), &bad)) { return; }
    if (!pv_utf8_check(pv_view_text(filter), &bad)) { return; }
    pv_condition conditions[PV_QUERY_CONDITIONS_MAX];
    size_t count = 0;
    pv_status status = pv_filter_parse(&call, object, filter, conditions, &count);
    pv_fuzz_check_told(status, &call.error);
    if (!pv_is_ok(status)) { return; }
    pv_query query;
    memset(&query, 0, sizeof query);
    query.account.bytes[0] = 1;
    query.conditions = conditions;
    query.condition_count = count;
    query.role = (choice & 1) != 0 ? PV_PARTY_ANY : 0;
    query.after = (choice & 2) != 0 ? after : pv_view_of(NULL, 0);
    status = pv_order_parse(&call, object, order_by, &query);
    pv_fuzz_check_told(status, &call.error);
    if (pv_is_ok(status)) { run_query(object, &query, arena); }
}

static void check_token(pv_view input, pv_arena *arena)
{
    static const uint8_t secret[32] = {[0] = 1, [31] = 2};
    pv_view key = pv_view_of(secret, sizeof secret);
    pv_view binding = pv_fuzz_piece(&input);
    pv_view opened;
    const char *token = pv_token_make(arena, key, binding, input);
    PV_ASSERT(token != NULL);
    PV_ASSERT(pv_token_open(arena, key, binding, pv_view_text(token), &opened));
    PV_ASSERT(pv_view_equal(opened, input));
    pv_view longer = pv_view_of(pv_arena_printf(arena, "%s%s", token, "A"), strlen(token) + 1);
    PV_ASSERT(!pv_token_open(arena, key, binding, longer, &opened));
    /* Nothing that was not made with the key opens. */
    PV_ASSERT(!pv_token_open(arena, key, binding, input, &opened));
    pv_view other = pv_view_of(secret, sizeof secret - 1);
    PV_ASSERT(!pv_token_open(arena, other, binding, pv_view_text(token), &opened));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    pv_arena *arena = pv_arena_create(PV_FUZZ_ARENA_BYTES);
    if ((pv_fuzz_byte(&input) & 7) == 0) {
        check_token(input, arena);
    } else {
        check_list(input, arena);
    }
    pv_arena_destroy(arena);
    return 0;
}
