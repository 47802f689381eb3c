/* Calls whose handler asked for what stands at a name: they wait here, one after the other is asked for by a thread
 * of its own, and then they run again. */
#include "base/thread.h"
#include "server/pipeline/internal.h"

/* The answer is there: the call comes in anew, and what its request_id stands for is looked up anew. It had a place in
 * the queue already. */
static void run_again(pv_pipeline *pipeline, pipeline_call *of, pv_resolved answer)
{
    of->context.question.answer = answer;
    of->context.question.answered = true;
    of->context.request_id = pv_view_of(NULL, 0);
    PV_ASSERT(pipeline_enqueue(pipeline, of, SIZE_MAX));
}

static void refuse(pv_pipeline *pipeline, pipeline_call *of, pv_code code)
{
    run_again(pipeline, of, (pv_resolved){.status = pv_status_of(code)});
}

static pv_resolved ask(const pv_pipeline *pipeline, const pipeline_call *of)
{
    const pv_pipeline_config *config = &pipeline->config;
    if (of->call->deadline.utc_ns < config->clock(config->clock_context).utc_ns) {
        return (pv_resolved){.status = pv_status_of(PV_CODE_UNAVAILABLE)}; /* nobody waits for it */
    }
    const char *name = of->context.question.name;
    return config->resolver->resolve(config->resolver, name, of->call->arena);
}

/* Appends to those that wait, with the lock held. False: too many wait. */
static bool append(pv_pipeline *pipeline, pipeline_call *of)
{
    size_t waiting = 0, of_account = 0;
    pipeline_call **end = &pipeline->asking;
    for (; *end != NULL; end = &(*end)->next) {
        waiting++;
        of_account += pv_id_equal((*end)->caller.account, of->caller.account);
    }
    if (waiting >= PV_PIPELINE_ASKING_MAX || of_account >= PV_PIPELINE_ASKING_PER_ACCOUNT) {
        return false;
    }
    of->next = NULL;
    *end = of;
    pthread_cond_signal(&pipeline->asked);
    return true;
}

void resolve_ask(pv_pipeline *pipeline, pipeline_call *of)
{
    if (pipeline->config.resolver == NULL) {
        refuse(pipeline, of, PV_CODE_UNIMPLEMENTED);
    } else if (!pipeline->started) {
        run_again(pipeline, of, ask(pipeline, of));
    } else {
        pthread_mutex_lock(&pipeline->lock);
        bool asks = pipeline->asks;
        bool waits = asks && append(pipeline, of);
        pthread_mutex_unlock(&pipeline->lock);
        if (!waits) {
            refuse(pipeline, of, asks ? PV_CODE_RESOURCE_EXHAUSTED : PV_CODE_UNAVAILABLE);
        }
    }
}

/* The first that waits; NULL: the end. It goes on to count as waiting while it is asked for. */
static pipeline_call *first(pv_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    while (pipeline->asking == NULL && pipeline->asks) {
        pthread_cond_wait(&pipeline->asked, &pipeline->lock);
    }
    pipeline_call *of = pipeline->asks ? pipeline->asking : NULL;
    pthread_mutex_unlock(&pipeline->lock);
    return of;
}

static pipeline_call *take_out(pv_pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    pipeline_call *of = pipeline->asking;
    if (of != NULL) { pipeline->asking = of->next; }
    pthread_mutex_unlock(&pipeline->lock);
    return of;
}

static void *asker(void *context)
{
    pv_pipeline *pipeline = context;
    for (pipeline_call *of; (of = first(pipeline)) != NULL;) {
        pv_resolved answer = ask(pipeline, of);
        PV_ASSERT(take_out(pipeline) == of);
        run_again(pipeline, of, answer);
    }
    return NULL;
}

void resolve_start(pv_pipeline *pipeline)
{
    if (pipeline->config.resolver == NULL) { return; }
    pipeline->asks = true;
    PV_ASSERT(pthread_create(&pipeline->asker, NULL, asker, pipeline) == 0);
    pv_thread_settle(pipeline->asker, "resolver");
}

void resolve_stop(pv_pipeline *pipeline)
{
    if (pipeline->config.resolver == NULL) { return; }
    pthread_mutex_lock(&pipeline->lock);
    pipeline->asks = false;
    pthread_cond_signal(&pipeline->asked);
    pthread_mutex_unlock(&pipeline->lock);
    PV_ASSERT(pthread_join(pipeline->asker, NULL) == 0);
    for (pipeline_call *of; (of = take_out(pipeline)) != NULL;) {
        refuse(pipeline, of, PV_CODE_UNAVAILABLE);
    }
}
