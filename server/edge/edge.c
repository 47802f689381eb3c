/* edge.c — an edge's life: creation, its thread, what other threads ask of it, its end. */
#include "server/edge/edge.h"

#include "base/log.h"
#include "base/thread.h"
#include "server/edge/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_PER_PASS = 256 };

/* --- watches --- */

bool edge_watch_add(pv_edge *edge, edge_watch *watch, uint32_t events)
{
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = watch->events = events;
    event.data.ptr = watch;
    return epoll_ctl(edge->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

void edge_watch_set(pv_edge *edge, edge_watch *watch, uint32_t events)
{
    if (watch->events == events || watch->fd < 0) { return; }
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = watch->events = events;
    event.data.ptr = watch;
    PV_ASSERT(epoll_ctl(edge->epoll, EPOLL_CTL_MOD, watch->fd, &event) == 0);
}

void edge_watch_close(edge_watch *watch)
{
    if (watch->fd >= 0) { close(watch->fd); }
    watch->fd = -1;
}

/* --- lists --- */

void edge_list_push(edge_list *list, edge_connection *connection)
{
    PV_ASSERT(!connection->queued);
    connection->queued = true;
    connection->next = NULL;
    *(list->last != NULL ? &list->last->next : &list->first) = connection;
    list->last = connection;
}

edge_connection *edge_list_pop(edge_list *list)
{
    edge_connection *connection = list->first;
    if (connection == NULL) { return NULL; }
    connection->queued = false;
    list->first = connection->next;
    if (list->first == NULL) { list->last = NULL; }
    return connection;
}

void edge_ring_push(edge_ring *ring, edge_connection *connection)
{
    connection->newer = NULL;
    connection->older = ring->newest;
    *(ring->newest != NULL ? &ring->newest->newer : &ring->oldest) = connection;
    ring->newest = connection;
    ring->count++;
}

void edge_ring_remove(edge_ring *ring, edge_connection *connection)
{
    *(connection->older != NULL ? &connection->older->newer : &ring->oldest) = connection->newer;
    *(connection->newer != NULL ? &connection->newer->older : &ring->newest) = connection->older;
    ring->count--;
}

/* --- creation --- */

static char *copy_text(const char *text)
{
    char *copy = strdup(text == NULL ? "" : text);
    PV_ASSERT(copy != NULL);
    return copy;
}

static size_t bound(size_t wanted, size_t fallback)
{
    return wanted == 0 ? fallback : wanted;
}

static void set_bounds(pv_edge *edge, const pv_edge_bounds *bounds)
{
    edge->bounds.connections = bound(bounds->connections, PV_EDGE_CONNECTIONS);
    edge->bounds.connections_per_source =
        bound(bounds->connections_per_source, PV_EDGE_CONNECTIONS_PER_SOURCE);
    edge->bounds.connections_per_certificate =
        bound(bounds->connections_per_certificate, PV_EDGE_CONNECTIONS_PER_CERTIFICATE);
    edge->bounds.handshakes_per_second =
        bound(bounds->handshakes_per_second, PV_EDGE_HANDSHAKES_PER_SECOND);
}

static void read_mail(pv_edge *edge, edge_watch *watch, uint32_t events);

static pv_edge *allocate(const pv_edge_config *config)
{
    pv_edge *edge = (pv_edge *)calloc(1, sizeof *edge);
    PV_ASSERT(edge != NULL);
    set_bounds(edge, &config->bounds);
    edge->files.client_roots = copy_text(config->tls.client_roots);
    edge->files.client_refused = copy_text(config->tls.client_refused);
    edge->files.certificate = copy_text(config->tls.certificate);
    edge->files.key = copy_text(config->tls.key);
    edge->files.folder = copy_text(config->tls.folder);
    edge->files.root = copy_text(config->tls.root);
    edge->files.tls12 = config->tls.tls12;
    edge->reserve = -1;
    edge->frame_limits = pv_frames_limits_default();
    edge->bio = edge_bio_method();
    edge_registry_init(&edge->registry, edge->bounds.connections);
    edge_parties_init(&edge->sources, edge->bounds.connections);
    edge_parties_init(&edge->certificates, edge->bounds.connections);
    PV_ASSERT(pthread_mutex_init(&edge->mailbox.lock, NULL) == 0);
    edge->epoll = epoll_create1(EPOLL_CLOEXEC);
    edge->mailbox.watch.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    edge->mailbox.watch.ready = read_mail;
    PV_ASSERT(edge->epoll >= 0 && edge->mailbox.watch.fd >= 0);
    PV_ASSERT(edge_watch_add(edge, &edge->mailbox.watch, EPOLLIN));
    return edge;
}

pv_status pv_edge_create(const pv_edge_config *config, pv_error *error, pv_edge **ret_edge)
{
    PV_ASSERT(config->listener_count > 0 && config->listener_count <= PV_EDGE_LISTENERS_MAX);
    pv_edge *edge = allocate(config);
    edge->signature = edge_tls_signature(&edge->files);
    edge->refused = config->refused;
    edge->refused_context = config->refused_context;
    pv_status status = edge_tls_load(&edge->files, error, &edge->tls);
    for (size_t i = 0; i < config->listener_count && pv_is_ok(status); i++) {
        status = edge_listen(&edge->listeners[i], &config->listeners[i], error);
        edge->listener_count++;
    }
    if (!pv_is_ok(status)) {
        pv_edge_destroy(edge);
        return status;
    }
    *ret_edge = edge;
    return status;
}

int pv_edge_port(const pv_edge *edge, size_t listener)
{
    PV_ASSERT(listener < edge->listener_count);
    return edge->listeners[listener].port;
}

/* --- the mailbox --- */

static void wake(pv_edge *edge)
{
    const uint64_t one = 1;
    ssize_t written = write(edge->mailbox.watch.fd, &one, sizeof one);
    PV_ASSERT(written == (ssize_t)sizeof one || errno == EAGAIN);
}

static edge_mailbox *lock_mailbox(pv_edge *edge)
{
    PV_ASSERT(pthread_mutex_lock(&edge->mailbox.lock) == 0);
    return &edge->mailbox;
}

static void post(pv_edge *edge)
{
    PV_ASSERT(pthread_mutex_unlock(&edge->mailbox.lock) == 0);
    wake(edge);
}

void pv_edge_drain(pv_edge *edge)
{
    lock_mailbox(edge)->drain = true;
    post(edge);
}

void pv_edge_close_certificate(pv_edge *edge, const uint8_t sha256[PV_EDGE_DIGEST_SIZE])
{
    edge_mailbox *mailbox = lock_mailbox(edge);
    if (mailbox->digest_count == mailbox->digest_capacity) {
        mailbox->digest_capacity =
            mailbox->digest_capacity == 0 ? 16 : 2 * mailbox->digest_capacity;
        mailbox->digests = (uint8_t(*)[PV_EDGE_DIGEST_SIZE])realloc(
            mailbox->digests, mailbox->digest_capacity * sizeof *mailbox->digests);
        PV_ASSERT(mailbox->digests != NULL);
    }
    memcpy(mailbox->digests[mailbox->digest_count++], sha256, PV_EDGE_DIGEST_SIZE);
    post(edge);
}

pv_status pv_edge_reload(pv_edge *edge, pv_error *error)
{
    edge_tls *tls = NULL;
    edge->signature = edge_tls_signature(&edge->files); /* before the files are read */
    PV_TRY(edge_tls_load(&edge->files, error, &tls));
    edge_mailbox *mailbox = lock_mailbox(edge);
    edge_tls *unseen = mailbox->tls;
    mailbox->tls = tls;
    post(edge);
    edge_tls_release(unseen);
    return pv_ok();
}

bool pv_edge_files_changed(const pv_edge *edge)
{
    return edge_tls_signature(&edge->files) != edge->signature;
}

/* --- the thread --- */

static void close_certificate(pv_edge *edge, const uint8_t digest[PV_EDGE_DIGEST_SIZE])
{
    const edge_party *party = edge_party_find(&edge->certificates, digest);
    edge_connection *connection = party == NULL ? NULL : party->first;
    while (connection != NULL) {
        edge_connection *next = connection->of_certificate_next; /* it may end here */
        edge_close_soon(edge, connection);
        connection = next;
    }
}

static void stop_accepting(pv_edge *edge)
{
    edge_listen_stop(edge);
    while (edge->handshaking.oldest != NULL) { edge_close(edge, edge->handshaking.oldest); }
}

/* Everything ends: what waits for clients gets PV_EDGE_FLUSH_MS. */
static void end_all(pv_edge *edge)
{
    edge->ending = true;
    stop_accepting(edge);
    for (edge_connection *connection = edge->settled.oldest; connection != NULL;) {
        edge_connection *newer = connection->newer;
        if (connection->state == EDGE_OPEN || connection->state == EDGE_CONNECTING) {
            edge_finish(edge, connection);
        }
        connection = newer;
    }
}

static void read_mail(pv_edge *edge, edge_watch *watch, uint32_t events)
{
    (void)events;
    uint64_t times;
    (void)!read(watch->fd, &times, sizeof times);
    edge_mailbox *mailbox = lock_mailbox(edge);
    uint8_t(*digests)[PV_EDGE_DIGEST_SIZE] = mailbox->digests;
    size_t digest_count = mailbox->digest_count;
    edge_tls *tls = mailbox->tls;
    bool drain = mailbox->drain;
    bool end = mailbox->end;
    mailbox->digests = NULL;
    mailbox->digest_count = mailbox->digest_capacity = 0;
    mailbox->tls = NULL;
    PV_ASSERT(pthread_mutex_unlock(&mailbox->lock) == 0);
    if (tls != NULL) {
        edge_tls_release(edge->tls);
        edge->tls = tls;
    }
    for (size_t i = 0; i < digest_count; i++) { close_certificate(edge, digests[i]); }
    free(digests);
    if (drain) { stop_accepting(edge); }
    if (end) { end_all(edge); }
}

static int wait_ms(const pv_edge *edge)
{
    if (edge->handshakes.first != NULL || edge->relays.first != NULL) { return 0; }
    int64_t next_ns = edge_timer_next_ns(&edge->timers);
    if (next_ns == INT64_MAX) { return -1; }
    int64_t left_ns = next_ns - pv_time_monotonic_ns();
    return left_ns <= 0 ? 0 : (int)((left_ns + PV_NS_PER_MS - 1) / PV_NS_PER_MS);
}

/* Open connections first: handshakes are dear, and those who wait in them have nothing to lose yet. */
static void work(pv_edge *edge)
{
    edge_list relays = edge->relays;
    memset(&edge->relays, 0, sizeof edge->relays);
    for (edge_connection *connection; (connection = edge_list_pop(&relays)) != NULL;) {
        if (connection->state == EDGE_DEAD) {
            edge_list_push(&edge->dead, connection);
        } else if (connection->state == EDGE_OPEN) {
            edge_relay(edge, connection);
            edge_connection_schedule(edge, connection);
        }
    }
    for (int steps = 0; steps < PV_EDGE_HANDSHAKE_STEPS_PER_PASS;) {
        edge_connection *connection = edge_list_pop(&edge->handshakes);
        if (connection == NULL) { break; }
        if (connection->state == EDGE_DEAD) {
            edge_list_push(&edge->dead, connection);
        } else if (connection->state == EDGE_HANDSHAKE) {
            edge_connection_handshake(edge, connection);
            edge_connection_schedule(edge, connection);
            steps++;
        }
    }
    for (edge_timer *timer; (timer = edge_timer_due(&edge->timers, edge->now_ns)) != NULL;) {
        timer->fire(edge, timer);
    }
    for (edge_connection *connection; (connection = edge_list_pop(&edge->dead)) != NULL;) {
        free(connection);
    }
}

static void *run(void *data)
{
    pv_edge *edge = (pv_edge *)data;
    struct epoll_event events[EVENTS_PER_PASS];
    int64_t end_ns = INT64_MAX;
    while (!edge->ending || (edge->settled.count > 0 && edge->now_ns < end_ns)) {
        int count = epoll_wait(edge->epoll, events, EVENTS_PER_PASS, wait_ms(edge));
        PV_ASSERT(count >= 0 || errno == EINTR);
        edge->now_ns = pv_time_monotonic_ns();
        for (int i = 0; i < count; i++) {
            edge_watch *watch = (edge_watch *)events[i].data.ptr;
            if (watch->fd >= 0) { watch->ready(edge, watch, events[i].events); }
        }
        work(edge);
        if (edge->ending && end_ns == INT64_MAX) {
            end_ns = edge->now_ns + 2 * PV_EDGE_FLUSH_MS * PV_NS_PER_MS;
        }
    }
    while (edge->settled.oldest != NULL) { edge_close(edge, edge->settled.oldest); }
    work(edge);
    return NULL;
}

void pv_edge_start(pv_edge *edge)
{
    PV_ASSERT(!edge->started);
    edge->started = true;
    for (size_t i = 0; i < edge->listener_count; i++) {
        edge_listen_start(edge, &edge->listeners[i]);
    }
    /* Signals belong to the application's threads. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    PV_ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    PV_ASSERT(pthread_create(&edge->thread, NULL, run, edge) == 0);
    PV_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    pv_thread_settle(edge->thread, "edge");
}

void pv_edge_destroy(pv_edge *edge)
{
    if (edge == NULL) { return; }
    if (edge->started) {
        lock_mailbox(edge)->end = true;
        post(edge);
        PV_ASSERT(pthread_join(edge->thread, NULL) == 0);
    } else {
        edge_listen_stop(edge);
    }
    for (size_t i = 0; i < edge->listener_count; i++) { free(edge->listeners[i].core_path); }
    edge_tls_release(edge->mailbox.tls);
    edge_tls_release(edge->tls);
    free(edge->mailbox.digests);
    edge_watch_close(&edge->mailbox.watch);
    close(edge->epoll);
    if (edge->reserve >= 0) { close(edge->reserve); }
    edge_registry_deinit(&edge->registry);
    edge_parties_deinit(&edge->sources);
    edge_parties_deinit(&edge->certificates);
    BIO_meth_free(edge->bio);
    PV_ASSERT(pthread_mutex_destroy(&edge->mailbox.lock) == 0);
    free(edge->timers.heap);
    free((void *)(uintptr_t)edge->files.client_roots);
    free((void *)(uintptr_t)edge->files.client_refused);
    free((void *)(uintptr_t)edge->files.certificate);
    free((void *)(uintptr_t)edge->files.key);
    free((void *)(uintptr_t)edge->files.folder);
    free((void *)(uintptr_t)edge->files.root);
    free(edge);
}

/* --- counts --- */

size_t pv_edge_open(const pv_edge *edge)
{
    return __atomic_load_n(&edge->open, __ATOMIC_RELAXED);
}

void pv_edge_count(const pv_edge *edge, pv_edge_counts *ret_counts)
{
    const uint64_t *from = (const uint64_t *)(const void *)&edge->counts;
    uint64_t *to = (uint64_t *)(void *)ret_counts;
    for (size_t i = 0; i < sizeof *ret_counts / sizeof *to; i++) {
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    }
}
