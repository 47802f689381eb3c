/* The committer's work: many calls in one batch of the store, one sync, then all answers. */
#include "protos/runtime/reasons.h"
#include "server/flows/reflect.h"
#include "server/pipeline/internal.h"

pv_time pipeline_next_now(pv_pipeline *pipeline)
{
    pv_time now = pipeline->config.clock(pipeline->config.clock_context);
    if (now.utc_ns <= pipeline->last_now.utc_ns) { now.utc_ns = pipeline->last_now.utc_ns + 1; }
    pipeline->last_now = now;
    return now;
}

/* Whether this step ends the call with an answer: then it is the one to store. */
static bool answers(pv_call *call)
{
    pv_phase phase = pv_exchange_of(call)->phase;
    return phase == PV_PHASE_UNARY || phase == PV_PHASE_FINISH;
}

/* The step inside its transaction, which stays open. */
static pv_status step(pipeline_call *of, pv_txn *txn)
{
    pv_call *call = of->call;
    const ProtobufCMessage *request = NULL;
    bool has_message = pv_exchange_of(call)->phase != PV_PHASE_FINISH;
    if (has_message) { PV_TRY(pv_call_decode(call, &request)); }
    bool found = false;
    PV_TRY(replay_find(of, txn, request, &found));
    if (found) { return pv_ok(); }
    PV_TRY(pv_call_step(call));
    bool only_validate = request != NULL && pv_number_of(request, "validate_only") != 0;
    PV_ASSERT(!of->context.again ||
              (pv_exchange_of(call)->phase == PV_PHASE_UNARY && !only_validate));
    bool idle = of->is_chore && of->context.touched_count == 0; /* then nothing is to be synced */
    if (answers(call) && !only_validate && !idle) { PV_TRY(replay_store(of, txn)); }
    of->wrote = !only_validate && !idle;
    return pv_ok();
}

/* `changed`: an earlier call of the batch has changed somebody's rights. */
static void serve(pv_pipeline *pipeline, pv_batch *batch, bool changed, pipeline_call *of)
{
    pv_call *call = of->call;
    of->wrote = false;
    of->context.again = false;
    of->context.now = pipeline_next_now(pipeline);
    of->context.ids = &pipeline->ids;
    of->context.touched_count = 0;
    of->context.touched_more = false;
    if (call->deadline.utc_ns < of->context.now.utc_ns) {
        of->outcome = pv_refuse(&call->error, &pv_reason_deadline_exceeded, NULL);
        return;
    }
    pv_txn *txn = NULL;
    of->outcome = pv_store_refused(call, pv_write_begin(batch, call->scratch, &txn));
    if (!pv_is_ok(of->outcome)) { return; }
    of->context.txn = txn;
    of->outcome = pipeline_confirm(pipeline, of, txn, changed);
    if (pv_is_ok(of->outcome)) { of->outcome = step(of, txn); }
    of->context.txn = NULL;
    if (!pv_is_ok(of->outcome) || !of->wrote) {
        pv_txn_abort(txn);
        of->wrote = false;
        return;
    }
    of->outcome = pv_store_refused(call, pv_txn_commit(txn));
    of->wrote = pv_is_ok(of->outcome);
}

/* Who may do what is changed by the methods of the module ACCOUNT, and by those that need no right because
 * they are about the caller itself. */
static bool changes_identity(const pipeline_call *of)
{
    uint8_t module = of->call->method->module;
    return of->wrote && (module == PV_MODULE_ACCOUNT || module == PV_MODULE_UNSPECIFIED);
}

static void answer(pv_pipeline *pipeline, pipeline_call *of)
{
    const pv_pipeline_config *config = &pipeline->config;
    if (of->wrote && config->wake != NULL) {
        for (uint32_t i = 0; i < of->context.touched_count; i++) {
            config->wake(config->wake_context, of->context.touched[i].bytes);
        }
    }
    if (of->context.again && pv_is_ok(of->outcome)) {
        of->context.durable = true;
        of->context.request_id = pv_view_of(NULL, 0); /* what it stands for is looked up anew */
        PV_ASSERT(pipeline_enqueue(pipeline, of, SIZE_MAX)); /* it had a place already */
        return;
    }
    if (of->is_chore) { return; }
    if (of->replaying && answers(of->call) && config->trailer != NULL) {
        /* A refusal means that the call has all the trailers it may have: the answer itself is the same. */
        (void)config->trailer(of->call, "replayed", "true");
    }
    note_refused(pipeline, of->call, of->outcome);
    config->done(of->call, of->outcome);
}

/* Before any answer: the first call after the answer to a revocation must see it. */
static void tell_identity_changed(pv_pipeline *pipeline, const pipeline_call *first)
{
    const pv_pipeline_config *config = &pipeline->config;
    pv_identity_changed(config->identity);
    for (const pipeline_call *of = first; of != NULL; of = of->next) {
        if (!changes_identity(of) || config->identity_changed == NULL) { continue; }
        for (uint32_t i = 0; i < of->context.touched_count; i++) {
            config->identity_changed(config->wake_context, of->context.touched[i]);
        }
        if (of->context.touched_more) {
            config->identity_changed(config->wake_context, (pv_id){{0}});
        }
    }
}

void commit_batch(pv_pipeline *pipeline, pipeline_call *first)
{
    pv_batch *batch = NULL;
    pv_status status = pv_batch_begin(pipeline->config.store, &batch);
    bool wrote = false;
    bool identity_changed = false;
    for (pipeline_call *of = first; of != NULL; of = of->next) {
        if (pv_is_ok(status)) {
            serve(pipeline, batch, identity_changed, of);
            wrote = wrote || of->wrote;
            identity_changed = identity_changed || changes_identity(of);
        }
    }
    if (pv_is_ok(status) && wrote) {
        if (identity_changed) { pv_identity_changing(pipeline->config.identity); }
        status = pv_batch_commit(batch);
        if (identity_changed) { tell_identity_changed(pipeline, first); }
    } else if (pv_is_ok(status)) {
        pv_batch_abort(batch);
    }
    for (pipeline_call *of = first; of != NULL;) {
        pipeline_call *next = of->next;
        /* Of a batch that is lost nothing was ever so: neither what was answered from it nor what was refused
         * for what stood in it. */
        if (!pv_is_ok(status)) {
            of->wrote = false;
            of->replaying = false;
            of->context.again = false;
            pv_error_init(&of->call->error, of->call->arena);
            of->outcome = pv_store_refused(of->call, status);
        }
        /* Either way the call may be somebody else's then: `of` is gone. */
        if (pv_is_ok(status) && resolve_wanted(of)) {
            resolve_ask(pipeline, of);
        } else {
            answer(pipeline, of);
        }
        of = next;
    }
}
