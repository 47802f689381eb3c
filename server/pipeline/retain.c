/* The committer's other work, between the batches of calls: what is kept for a time only goes in small steps, and uses
 * of certificates are written. */
#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "purvey/audit/v1/audit_entry.pv.h"
#include "purvey/event/v1/event.pv.h"
#include "server/pipeline/internal.h"

#include "base/log.h"

enum { STEP_ARENA_BYTES = 8 * 1024 * 1024 };

static bool time_of(pv_kept kind, pv_view entry, pv_arena *scratch, pv_time *ret_time)
{
    ProtobufCMessage *message = NULL;
    bool is_event = kind == PV_KEPT_EVENTS;
    if (!pv_message_unpack(is_event ? &pv_event__info : &pv_audit_entry__info, entry, scratch,
                           &message)) {
        return false;
    }
    return pv_time_of(is_event ? ((pv_event *)(void *)message)->time
                               : ((pv_audit_entry *)(void *)message)->time,
                      ret_time);
}

static pv_time before(pv_time now, int64_t keep_ms)
{
    pv_time cut = {0};
    if (keep_ms > 0 && keep_ms < now.utc_ns / PV_NS_PER_MS) {
        cut.utc_ns = now.utc_ns - keep_ms * PV_NS_PER_MS;
    }
    return cut;
}

static pv_prune_rule rule_of(const pv_pipeline *pipeline)
{
    const pv_retention *keep = &pipeline->config.retention;
    pv_time now = pipeline->config.clock(pipeline->config.clock_context);
    pv_prune_rule rule = {.time_of = time_of};
    rule.before[PV_KEPT_EVENTS] = before(now, keep->events_ms);
    rule.before[PV_KEPT_ANSWERS] = before(now, keep->answers_ms);
    rule.before[PV_KEPT_AUDIT] = before(now, keep->audit_ms);
    return rule;
}

static pv_status prune(pv_pipeline *pipeline, pv_txn *txn, pv_arena *arena)
{
    pv_prune_rule rule = rule_of(pipeline);
    return pv_prune_step(txn, arena, &rule, &pipeline->sweep);
}

static pv_status put_uses(pv_pipeline *pipeline, pv_txn *txn, pv_arena *arena)
{
    (void)arena;
    return pv_identity_write_uses(pipeline->config.identity, txn);
}

typedef pv_status work(pv_pipeline *pipeline, pv_txn *txn, pv_arena *arena);

static pv_status work_in_batch(pv_pipeline *pipeline, pv_batch *batch, work *of, pv_arena *arena)
{
    pv_txn *txn = NULL;
    PV_TRY(pv_write_begin(batch, arena, &txn));
    pv_status status = of(pipeline, txn, arena);
    if (pv_is_ok(status)) { return pv_txn_commit(txn); }
    pv_txn_abort(txn);
    return status;
}

/* Does the work in a batch of its own. A full store cannot even delete, and damage is for the operator: calls meet both
 * and say so. */
static bool done(pv_pipeline *pipeline, work *of, const char *what)
{
    pv_arena *arena = pv_arena_create(STEP_ARENA_BYTES);
    pv_batch *batch = NULL;
    pv_status status = pv_batch_begin(pipeline->config.store, &batch);
    if (pv_is_ok(status)) {
        status = work_in_batch(pipeline, batch, of, arena);
        if (pv_is_ok(status)) {
            status = pv_batch_commit(batch);
        } else {
            pv_batch_abort(batch);
        }
    }
    pv_arena_destroy(arena);
    if (!pv_is_ok(status)) {
        const pv_log_field field = pv_log_text("code", pv_code_name(status.code));
        pv_log(PV_LOG_WARN, what, &field, 1);
    }
    return pv_is_ok(status);
}

void write_uses(pv_pipeline *pipeline)
{
    pv_identity *identity = pipeline->config.identity;
    if (identity != NULL && pv_identity_uses_wait(identity)) {
        (void)done(pipeline, put_uses, "uses of certificates are lost");
    }
}

static void log_sweep(const pv_prune_sweep *sweep)
{
    uint64_t gone = 0;
    for (int kind = 0; kind < PV_KEPT_COUNT; kind++) { gone += sweep->gone[kind]; }
    if (gone == 0) { return; }
    const pv_log_field fields[] = {
        pv_log_number("events", (int64_t)sweep->gone[PV_KEPT_EVENTS]),
        pv_log_number("answers", (int64_t)sweep->gone[PV_KEPT_ANSWERS]),
        pv_log_number("audit_entries", (int64_t)sweep->gone[PV_KEPT_AUDIT]),
    };
    pv_log(PV_LOG_INFO, "past their retention", fields, sizeof fields / sizeof *fields);
}

bool retain_step(pv_pipeline *pipeline)
{
    if (done(pipeline, prune, "retention cannot go on")) {
        if (pipeline->sweep.kind < PV_KEPT_COUNT) { return true; }
        log_sweep(&pipeline->sweep);
    }
    pipeline->sweep = (pv_prune_sweep){0};
    return false;
}
