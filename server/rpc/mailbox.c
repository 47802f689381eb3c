/* mailbox.c — how other threads reach the polling thread: they leave something here and ring a
 * bell.
 *
 * The bell is a call on a lame channel that exists only for this: an empty batch on a call posts
 * a completion to the call's queue at once, from any thread, and needs no transport. Between two
 * looks at the mailbox the bell is rung at most once, so a group commit that ends a hundred
 * calls costs one event. */
#include "server/rpc/internal.h"

#include <stdatomic.h>
#include <stdlib.h>

struct pv_rpc_mailbox {
    _Atomic(pv_rpc_call *) done; /* newest first */
    atomic_bool serving;
    atomic_bool *withheld; /* for each service of the dispatch table: not serving */
    atomic_bool draining;
    atomic_bool rung;
    pthread_mutex_t lock; /* of the topics */
    size_t topic_count;
    bool wake_all;
    uint8_t topics[PV_RPC_WAKE_TOPICS_MAX][16];
    grpc_channel *lame;
    grpc_call *bell;
    pv_rpc_tag on_bell;
};

static void look(void *owner, bool ok);

void pv_rpc_mailbox_open(pv_rpc_server *server)
{
    pv_rpc_mailbox *mailbox = (pv_rpc_mailbox *)calloc(1, sizeof *mailbox);
    PV_ASSERT(mailbox != NULL);
    server->mailbox = mailbox;
    size_t service_count = 0;
    while (pv_rpc_dispatch_service(server->dispatch, service_count) != NULL) { service_count++; }
    mailbox->withheld = (atomic_bool *)calloc(service_count + 1, sizeof *mailbox->withheld);
    PV_ASSERT(mailbox->withheld != NULL);
    atomic_init(&mailbox->done, NULL);
    atomic_init(&mailbox->serving, true);
    atomic_init(&mailbox->draining, false);
    atomic_init(&mailbox->rung, false);
    PV_ASSERT(pthread_mutex_init(&mailbox->lock, NULL) == 0);
    mailbox->on_bell.fire = look;
    mailbox->on_bell.owner = server;
    mailbox->lame = grpc_lame_client_channel_create("bell", GRPC_STATUS_UNAVAILABLE, "bell");
    mailbox->bell = grpc_channel_create_call(mailbox->lame, NULL, 0, server->queue,
                                             grpc_slice_from_static_string("/bell"), NULL,
                                             gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    PV_ASSERT(mailbox->bell != NULL);
}

void pv_rpc_mailbox_close(pv_rpc_server *server)
{
    pv_rpc_mailbox *mailbox = server->mailbox;
    PV_ASSERT(atomic_load(&mailbox->done) == NULL);
    grpc_call_unref(mailbox->bell);
    grpc_channel_destroy(mailbox->lame);
    PV_ASSERT(pthread_mutex_destroy(&mailbox->lock) == 0);
    free(mailbox->withheld);
    free(mailbox);
}

bool pv_rpc_serving(const pv_rpc_server *server, const char *service, bool *ret_serving)
{
    const pv_rpc_mailbox *mailbox = server->mailbox;
    size_t index = 0;
    bool whole = *service == '\0';
    if (!whole && !pv_rpc_dispatch_find_service(server->dispatch, service, &index)) {
        return false;
    }
    *ret_serving =
        atomic_load(&mailbox->serving) && (whole || !atomic_load(&mailbox->withheld[index]));
    return true;
}

bool pv_rpc_draining(const pv_rpc_server *server)
{
    return atomic_load(&server->mailbox->draining);
}

static void ring(pv_rpc_server *server)
{
    pv_rpc_mailbox *mailbox = server->mailbox;
    if (atomic_exchange(&mailbox->rung, true)) { return; }
    grpc_call_error error = grpc_call_start_batch(mailbox->bell, NULL, 0, &mailbox->on_bell, NULL);
    PV_ASSERT(error == GRPC_CALL_OK);
}

void pv_rpc_mailbox_post(pv_rpc_server *server, pv_rpc_call *call)
{
    pv_rpc_mailbox *mailbox = server->mailbox;
    pv_rpc_call *head = atomic_load_explicit(&mailbox->done, memory_order_relaxed);
    do {
        call->mail_next = head;
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->done, &head, call,
                                                    memory_order_release, memory_order_relaxed));
    /* From here on the polling thread may end and recycle the call: only `server` is touched. */
    ring(server);
}

void pv_rpc_wake(pv_rpc_server *server, const uint8_t topic[16])
{
    pv_rpc_mailbox *mailbox = server->mailbox;
    PV_ASSERT(pthread_mutex_lock(&mailbox->lock) == 0);
    if (mailbox->topic_count == PV_RPC_WAKE_TOPICS_MAX) {
        mailbox->wake_all = true;
    } else {
        memcpy(mailbox->topics[mailbox->topic_count], topic, 16);
        mailbox->topic_count++;
    }
    PV_ASSERT(pthread_mutex_unlock(&mailbox->lock) == 0);
    ring(server);
}

bool pv_rpc_server_set_serving(pv_rpc_server *server, const char *service, bool serving)
{
    size_t index = 0;
    if (*service == '\0') {
        atomic_store(&server->mailbox->serving, serving);
    } else if (pv_rpc_dispatch_find_service(server->dispatch, service, &index)) {
        atomic_store(&server->mailbox->withheld[index], !serving);
    } else {
        return false;
    }
    pv_rpc_wake(server, pv_rpc_health_topic);
    return true;
}

void pv_rpc_mailbox_drain(pv_rpc_server *server)
{
    /* In this order: a stream that is looked at because of the drain must find the other flag. */
    atomic_store(&server->mailbox->serving, false);
    atomic_store(&server->mailbox->draining, true);
    ring(server);
}

/* Steps that have ended, oldest first. */
static void take_done(pv_rpc_server *server)
{
    pv_rpc_call *newest =
        atomic_exchange_explicit(&server->mailbox->done, NULL, memory_order_acquire);
    pv_rpc_call *oldest = NULL;
    while (newest != NULL) {
        pv_rpc_call *next = newest->mail_next;
        newest->mail_next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        pv_rpc_call *next = oldest->mail_next;
        pv_rpc_call_stepped(oldest);
        oldest = next;
    }
}

static void take_topics(pv_rpc_server *server)
{
    pv_rpc_mailbox *mailbox = server->mailbox;
    uint8_t topics[PV_RPC_WAKE_TOPICS_MAX][16];
    PV_ASSERT(pthread_mutex_lock(&mailbox->lock) == 0);
    size_t count = mailbox->topic_count;
    bool all = mailbox->wake_all;
    memcpy(topics, mailbox->topics, count * sizeof topics[0]);
    mailbox->topic_count = 0;
    mailbox->wake_all = false;
    PV_ASSERT(pthread_mutex_unlock(&mailbox->lock) == 0);

    if (count == 0) { return; }
    server->wake_epoch++;
    if (all) {
        pv_rpc_idle_wake_all(server);
        return;
    }
    for (size_t i = 0; i < count; i++) { pv_rpc_idle_wake(server, topics[i]); }
}

static void look(void *owner, bool ok)
{
    (void)ok; /* an empty batch cannot fail */
    pv_rpc_server *server = (pv_rpc_server *)owner;
    /* Cleared before looking: whoever leaves something later rings again. */
    atomic_store(&server->mailbox->rung, false);
    take_topics(server);
    take_done(server);
    if (!server->leaving && pv_rpc_draining(server)) {
        /* Idle streams get a last look, those whose step runs elsewhere too, before they end. */
        server->leaving = true;
        server->wake_epoch++;
        pv_rpc_idle_wake_all(server);
    }
}
