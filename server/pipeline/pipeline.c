#include "server/pipeline/internal.h"

#include "server/identity/access.h"

#include <errno.h>
#include <stdlib.h>

pv_pipeline *pv_pipeline_create(const pv_pipeline_config *config)
{
    pv_pipeline *pipeline = calloc(1, sizeof *pipeline);
    PV_ASSERT(pipeline != NULL);
    pipeline->config = *config;
    pipeline->ids.random = config->random;
    pipeline->ids.context = config->random_context;
    pipeline->attempts.per_minute = config->attempts_per_minute;
    PV_ASSERT(pthread_mutex_init(&pipeline->lock, NULL) == 0);
    pthread_condattr_t monotonic;
    PV_ASSERT(pthread_condattr_init(&monotonic) == 0);
    PV_ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    PV_ASSERT(pthread_cond_init(&pipeline->filled, &monotonic) == 0);
    PV_ASSERT(pthread_condattr_destroy(&monotonic) == 0);
    PV_ASSERT(pthread_cond_init(&pipeline->asked, NULL) == 0);
    return pipeline;
}

void pv_pipeline_destroy(pv_pipeline *pipeline)
{
    if (pipeline == NULL) { return; }
    PV_ASSERT(!pipeline->started);
    PV_ASSERT(pipeline->head == NULL && pipeline->asking == NULL);
    pthread_cond_destroy(&pipeline->asked);
    pthread_cond_destroy(&pipeline->filled);
    pthread_mutex_destroy(&pipeline->lock);
    free(pipeline);
}

/* Waits, with the lock held, until there are calls or notes, the end, or other work is due. */
static void wait_for_work(pv_pipeline *pipeline)
{
    int64_t due_ns =
        pipeline->sweep_at_ns < pipeline->uses_at_ns ? pipeline->sweep_at_ns : pipeline->uses_at_ns;
    const struct timespec until = {.tv_sec = due_ns / PV_NS_PER_S, .tv_nsec = due_ns % PV_NS_PER_S};
    int waited = 0;
    while (pipeline->head == NULL && pipeline->notes.waiting_count == 0 && !pipeline->stopping &&
           waited == 0) {
        waited = pthread_cond_timedwait(&pipeline->filled, &pipeline->lock, &until);
        PV_ASSERT(waited == 0 || waited == ETIMEDOUT);
    }
}

/* Takes at most a batch from the queue; waits for work if `wait`. NULL: no calls. */
static pipeline_call *take(pv_pipeline *pipeline, bool wait)
{
    pthread_mutex_lock(&pipeline->lock);
    if (wait) { wait_for_work(pipeline); }
    pipeline_call *first = pipeline->head;
    pipeline_call *last = first;
    for (size_t count = 1; last != NULL; count++) {
        pipeline->queued--;
        if (count == PV_PIPELINE_BATCH_MAX || last->next == NULL) { break; }
        last = last->next;
    }
    if (last != NULL) {
        pipeline->head = last->next;
        last->next = NULL;
    }
    if (pipeline->head == NULL) { pipeline->tail = NULL; }
    pthread_mutex_unlock(&pipeline->lock);
    return first;
}

static void sweep_when_due(pv_pipeline *pipeline)
{
    if (pv_time_monotonic_ns() < pipeline->sweep_at_ns) { return; }
    bool unfinished = retain_step(pipeline);
    pipeline->sweep_at_ns =
        pv_time_monotonic_ns() +
        (unfinished ? PV_PIPELINE_STEP_MS : PV_PIPELINE_SWEEP_MS) * PV_NS_PER_MS;
}

static void write_uses_when_due(pv_pipeline *pipeline)
{
    if (pv_time_monotonic_ns() < pipeline->uses_at_ns) { return; }
    write_uses(pipeline);
    pipeline->uses_at_ns = pv_time_monotonic_ns() + PV_PIPELINE_USES_MS * PV_NS_PER_MS;
}

static bool ended(pv_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    bool ended = pipeline->stopping && pipeline->head == NULL;
    pthread_mutex_unlock(&pipeline->lock);
    return ended;
}

static void *committer(void *context)
{
    pv_pipeline *pipeline = context;
    while (!ended(pipeline)) {
        pipeline_call *first = take(pipeline, true);
        if (first != NULL) { commit_batch(pipeline, first); }
        notes_write(pipeline, false);
        write_uses_when_due(pipeline);
        chore_when_due(pipeline);
        sweep_when_due(pipeline);
    }
    notes_write(pipeline, true);
    write_uses(pipeline);
    return NULL;
}

void pv_pipeline_start(pv_pipeline *pipeline)
{
    PV_ASSERT(!pipeline->started);
    pipeline->started = true;
    resolve_start(pipeline);
    PV_ASSERT(pthread_create(&pipeline->committer, NULL, committer, pipeline) == 0);
}

void pv_pipeline_stop(pv_pipeline *pipeline)
{
    if (!pipeline->started) { return; }
    resolve_stop(pipeline);
    pthread_mutex_lock(&pipeline->lock);
    pipeline->stopping = true;
    pthread_cond_signal(&pipeline->filled);
    pthread_mutex_unlock(&pipeline->lock);
    PV_ASSERT(pthread_join(pipeline->committer, NULL) == 0);
    pipeline->started = false;
}

size_t pv_pipeline_commit(pv_pipeline *pipeline)
{
    PV_ASSERT(!pipeline->started);
    write_uses(pipeline);
    size_t served = 0;
    for (pipeline_call *first; (first = take(pipeline, false)) != NULL;) {
        for (const pipeline_call *of = first; of != NULL; of = of->next) { served++; }
        commit_batch(pipeline, first);
    }
    notes_write(pipeline, false);
    return served;
}

void pv_pipeline_prune(pv_pipeline *pipeline)
{
    PV_ASSERT(!pipeline->started);
    while (retain_step(pipeline)) {}
}

pipeline_call *pipeline_attach(pv_pipeline *pipeline, pv_call *call)
{
    if (call->context != NULL) { return pipeline_call_of(call); }
    pipeline_call *of = pv_arena_zalloc(call->arena, 1, sizeof *of);
    if (of == NULL) { return NULL; }
    of->call = call;
    of->context.token_key = pipeline->config.token_key;
    of->context.services = pipeline->config.services;
    of->context.service_count = pipeline->config.service_count;
    of->context.authority = pipeline->config.authority;
    of->context.server_root_sha256 = pipeline->config.server_root_sha256;
    call->context = &of->context;
    return of;
}

/* Whoever it is, it may read; what it may write is bounded for each source. */
static pv_status admit_public(pv_pipeline *pipeline, pv_call *call)
{
    const char *address = call->peer == NULL ? "" : call->peer->address;
    if ((call->method->flags & PV_METHOD_WRITES) == 0 ||
        attempts_take(&pipeline->attempts, address, pv_time_monotonic_ns(),
                      &call->error.retry_after_ms)) {
        return pv_ok();
    }
    return pv_refuse(&call->error, &pv_error_reason_attempts_exceeded, NULL);
}

static pv_status admit(pv_pipeline *pipeline, pv_call *call)
{
    pipeline_call *of = pipeline_attach(pipeline, call);
    if (of == NULL) { return pv_out_of_memory(call); }
    if ((call->method->flags & PV_METHOD_PUBLIC) != 0) { return admit_public(pipeline, call); }
    of->context.now = pipeline->config.clock(pipeline->config.clock_context);
    PV_TRY(pv_identity_resolve(pipeline->config.identity, call->peer, of->context.now, &of->caller,
                               &call->error));
    of->context.caller = &of->caller;
    return pv_access_check(call->method, &of->caller, &call->error);
}

pv_status pv_pipeline_admit(void *context, pv_call *call)
{
    pv_status status = admit(context, call);
    note_refused(context, call, status);
    return status;
}

/* Who reads what everybody may read is told to the handler if it can be known. A write that everybody may make is
 * nobody's. */
static void recognise(pv_pipeline *pipeline, pipeline_call *of, pv_txn *txn)
{
    pv_call *call = of->call;
    pv_identity *identity = pipeline->config.identity;
    pv_time now = of->context.now;
    of->context.caller = NULL;
    if ((call->method->flags & PV_METHOD_WRITES) != 0 || !call->peer->has_certificate) { return; }
    if (pv_is_ok(pv_identity_resolve(identity, call->peer, now, &of->caller, &call->error)) &&
        pv_is_ok(pv_identity_confirm(identity, txn, false, call->peer, now, &of->caller,
                                     &call->error))) {
        of->context.caller = &of->caller;
    }
}

pv_status pipeline_confirm(pv_pipeline *pipeline, pipeline_call *of, pv_txn *txn, bool changed)
{
    pv_call *call = of->call;
    if (of->is_chore) { return pv_ok(); }
    if ((call->method->flags & PV_METHOD_PUBLIC) != 0) {
        recognise(pipeline, of, txn);
        return pv_ok();
    }
    PV_TRY(pv_identity_confirm(pipeline->config.identity, txn, changed, call->peer, of->context.now,
                               &of->caller, &call->error));
    return pv_access_check(call->method, &of->caller, &call->error);
}

static pv_status read_step(pv_pipeline *pipeline, pv_call *call)
{
    struct pv_context *context = call->context;
    context->now = pipeline->config.clock(pipeline->config.clock_context);
    pv_txn *txn = NULL;
    PV_TRY(pv_store_refused(call, pv_read_begin(pipeline->config.store, call->scratch, &txn)));
    context->txn = txn;
    pv_status status = pipeline_confirm(pipeline, pipeline_call_of(call), txn, false);
    if (pv_is_ok(status)) { status = pv_call_step(call); }
    context->txn = NULL;
    pv_txn_abort(txn);
    return status;
}

bool pipeline_enqueue(pv_pipeline *pipeline, pipeline_call *of, size_t most)
{
    pthread_mutex_lock(&pipeline->lock);
    bool room = pipeline->queued < most;
    if (room) {
        of->next = NULL;
        if (pipeline->tail == NULL) {
            pipeline->head = of;
        } else {
            pipeline->tail->next = of;
        }
        pipeline->tail = of;
        pipeline->queued++;
        pthread_cond_signal(&pipeline->filled);
    }
    pthread_mutex_unlock(&pipeline->lock);
    return room;
}

/* Reads and checks the message before it can take a place in the queue. */
static pv_status check_message(pv_call *call)
{
    if (pv_exchange_of(call)->phase == PV_PHASE_FINISH) { return pv_ok(); }
    const ProtobufCMessage *request = NULL;
    return pv_call_decode(call, &request);
}

void pv_pipeline_run(void *context, pv_call *call)
{
    pv_pipeline *pipeline = context;
    if ((call->method->flags & PV_METHOD_WRITES) == 0) {
        pv_status status = read_step(pipeline, call);
        note_refused(pipeline, call, status);
        pipeline->config.done(call, status);
        return;
    }
    pv_status status = check_message(call);
    if (pv_is_ok(status) &&
        !pipeline_enqueue(pipeline, pipeline_call_of(call), PV_PIPELINE_QUEUE_MAX)) {
        call->error.retry_after_ms = PV_PIPELINE_RETRY_MS;
        status = pv_refuse(&call->error, &pv_error_reason_write_queue_full, NULL);
    }
    /* A call that is queued belongs to the committer and must not be touched here any more. */
    if (!pv_is_ok(status)) { pipeline->config.done(call, status); }
}

void pv_pipeline_release(void *context, pv_call *call)
{
    (void)context;
    call->context = NULL; /* the memory is the call's arena's */
}
