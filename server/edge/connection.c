/* connection.c — a connection from accept to its relay: handshake, verification, record, core. */
#define _GNU_SOURCE /* ucred */
#include "server/edge/internal.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static edge_connection *of_client(edge_watch *watch)
{
    return (edge_connection *)(void *)((char *)watch - offsetof(edge_connection, client));
}
static edge_connection *of_core(edge_watch *watch)
{
    return (edge_connection *)(void *)((char *)watch - offsetof(edge_connection, core));
}
static edge_connection *of_timer(edge_timer *timer)
{
    return (edge_connection *)(void *)((char *)timer - offsetof(edge_connection, timer));
}

/* --- time --- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the connection has to be looked at next. */
static int64_t next_look_ns(const edge_connection *connection, int64_t now_ns)
{
    int64_t look_ns = now_ns + PV_EDGE_LOOK_MS * PV_NS_PER_MS;
    look_ns = earlier(look_ns, connection->deadline_ns);
    look_ns = earlier(look_ns, connection->core_retry_ns);
    if (connection->state != EDGE_OPEN) { return look_ns; }
    if (connection->stalled_ns != INT64_MAX) {
        look_ns = earlier(look_ns, connection->stalled_ns + PV_EDGE_STALL_MS * PV_NS_PER_MS);
    }
    if (connection->expires_ns != INT64_MAX) {
        int64_t left_ns = connection->expires_ns - pv_time_now().utc_ns;
        look_ns = earlier(look_ns, now_ns + (left_ns > 0 ? left_ns : 0));
    }
    return earlier(look_ns, pv_frames_deadline_ns(&connection->frames));
}

/* The timer only ever moves forward here: one that fires too early looks again. */
void edge_connection_schedule(pv_edge *edge, edge_connection *connection)
{
    if (connection->state == EDGE_DEAD) { return; }
    int64_t look_ns = next_look_ns(connection, edge->now_ns);
    if (connection->timer.place == 0 || look_ns < connection->timer.due_ns) {
        edge_timer_set(&edge->timers, &connection->timer, look_ns);
    }
}

/* --- the core --- */

static bool is_our_user(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* A socket under the record's name. -1: none could be had. */
static int open_core_socket(pv_edge *edge, const edge_connection *connection)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) { return -1; }
    struct sockaddr_un name;
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    size_t size = edge_registry_name(&edge->registry, connection->record, name.sun_path + 1,
                                     sizeof name.sun_path - 1);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + size);
    if (bind(fd, (const struct sockaddr *)&name, length) == 0) { return fd; }
    close(fd);
    return -1;
}

static bool connect_core(const edge_connection *connection)
{
    struct sockaddr_un path;
    memset(&path, 0, sizeof path);
    path.sun_family = AF_UNIX;
    memcpy(path.sun_path, connection->listener->core_path,
           strlen(connection->listener->core_path) + 1);
    return connect(connection->core.fd, (const struct sockaddr *)&path, sizeof path) == 0;
}

static void lose_core(pv_edge *edge, edge_connection *connection)
{
    edge_count(&edge->counts.core_unreachable, 1);
    edge_log_refused(edge, connection->address, "the core cannot be reached");
    edge_finish(edge, connection);
}

static void core_ready(pv_edge *edge, edge_watch *watch, uint32_t events);

/* Connects, now or, while the core's backlog is full, soon again. */
static void reach_core(pv_edge *edge, edge_connection *connection)
{
    connection->core_retry_ns = INT64_MAX;
    if (!connect_core(connection)) {
        if (errno != EAGAIN && errno != EINTR) {
            lose_core(edge, connection);
            return;
        }
        connection->core_retry_ns = edge->now_ns + PV_EDGE_CORE_RETRY_MS * PV_NS_PER_MS;
        return;
    }
    if (!is_our_user(connection->core.fd) ||
        !edge_watch_add(edge, &connection->core, EPOLLIN | EPOLLRDHUP | EPOLLET)) {
        lose_core(edge, connection);
        return;
    }
    connection->state = EDGE_OPEN;
    connection->deadline_ns = INT64_MAX;
    connection->core_writable = true;
    pv_frames_init(&connection->frames, &edge->frame_limits, edge->now_ns);
    edge_relay(edge, connection);
}

/* --- the end of the handshake --- */

/* The name that the client asked for, as far as it is one; in lower case. */
static pv_view server_name_of(const edge_connection *connection,
                              char text[PV_EDGE_SERVER_NAME_SIZE])
{
    const char *name = SSL_get_servername(connection->ssl, TLSEXT_NAMETYPE_host_name);
    size_t size = 0;
    for (; name != NULL && name[size] != '\0'; size++) {
        unsigned char letter = (unsigned char)name[size];
        if (size + 1 == PV_EDGE_SERVER_NAME_SIZE ||
            (!isalnum(letter) && letter != '.' && letter != '-' && letter != '_')) {
            return pv_view_of(text, 0);
        }
        text[size] = (char)tolower(letter);
    }
    return pv_view_of(text, size);
}

/* The moment when the first certificate of the verified chain ends. */
static int64_t expiry_of(const edge_connection *connection)
{
    int64_t now_ns = pv_time_now().utc_ns;
    int64_t expires_ns = INT64_MAX;
    STACK_OF(X509) *chain = SSL_get0_verified_chain(connection->ssl);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int days = 0;
        int seconds = 0;
        const ASN1_TIME *end = X509_get0_notAfter(sk_X509_value(chain, i));
        if (ASN1_TIME_diff(&days, &seconds, NULL, end) != 1) { return now_ns; }
        /* Beyond any clock: a certificate of the year 9999. */
        if (days > 100 * 365) { continue; }
        expires_ns = earlier(expires_ns, now_ns + ((int64_t)days * 86400 + seconds) * PV_NS_PER_S);
    }
    return expires_ns;
}

static void join_certificate(pv_edge *edge, edge_connection *connection, const uint8_t *digest)
{
    edge_party *party = edge_party_take(&edge->certificates, digest);
    connection->certificate = party;
    connection->of_certificate_next = party->first;
    connection->of_certificate_link = &party->first;
    if (party->first != NULL) {
        party->first->of_certificate_link = &connection->of_certificate_next;
    }
    party->first = connection;
}

/* Who is it? A sentence when it cannot be let in. */
static const char *identify(pv_edge *edge, edge_connection *connection)
{
    const unsigned char *protocol = NULL;
    unsigned protocol_size = 0;
    SSL_get0_alpn_selected(connection->ssl, &protocol, &protocol_size);
    if (protocol_size != 2 || memcmp(protocol, "h2", 2) != 0) { return "ALPN without h2"; }
    if (!connection->listener->demands_certificate) { return NULL; }
    /* X509_V_OK is also the result when no certificate came: both are asked. */
    const X509 *leaf = SSL_get0_peer_certificate(connection->ssl);
    if (leaf == NULL || SSL_get_verify_result(connection->ssl) != X509_V_OK) {
        return "no verified certificate";
    }
    uint8_t digest[PV_EDGE_DIGEST_SIZE];
    unsigned size = 0;
    if (X509_digest(leaf, EVP_sha256(), digest, &size) != 1 || size != sizeof digest) {
        return "no memory";
    }
    join_certificate(edge, connection, digest);
    connection->expires_ns = expiry_of(connection);
    if (connection->certificate->open > edge->bounds.connections_per_certificate) {
        edge_count(&edge->counts.refused_certificate, 1);
        return "too many of one certificate";
    }
    return NULL;
}

/* Counts what a client says in TLS after its handshake. */
static void on_tls_message(int write, int version, int kind, const void *bytes, size_t size,
                           SSL *ssl, void *context)
{
    (void)version;
    (void)bytes;
    (void)size;
    (void)ssl;
    edge_connection *connection = (edge_connection *)context;
    if (write != 0 || kind != SSL3_RT_HANDSHAKE) { return; }
    connection->tls_abused =
        connection->tls_abused ||
        !edge_bucket_take(&connection->tls_messages, PV_EDGE_TLS_MESSAGES_PER_SECOND,
                          PV_EDGE_TLS_MESSAGES_BURST, pv_time_monotonic_ns());
}

/* Keeps who it was that the chain did not speak for: afterwards OpenSSL does not know it any more. */
static int on_verify(int good, X509_STORE_CTX *context)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
    edge_connection *connection = (edge_connection *)SSL_get_app_data(ssl);
    const X509 *leaf = X509_STORE_CTX_get0_cert(context);
    unsigned size = 0;
    if (good == 0 && leaf != NULL) {
        connection->has_shown = X509_digest(leaf, EVP_sha256(), connection->shown, &size) == 1 &&
                                size == sizeof connection->shown;
    }
    return good;
}

/* Logs the refusal, and tells who asked to be told. */
static void tell_refused(pv_edge *edge, const edge_connection *connection, const char *why)
{
    edge_log_refused(edge, connection->address, why);
    if (edge->refused == NULL) { return; }
    const uint8_t *digest = connection->has_shown             ? connection->shown
                            : connection->certificate != NULL ? connection->certificate->key
                                                              : NULL;
    const pv_edge_refusal refusal = {connection->address, why, digest};
    edge->refused(edge->refused_context, &refusal);
}

static void establish(pv_edge *edge, edge_connection *connection)
{
    edge_ring_remove(&edge->handshaking, connection);
    edge_ring_push(&edge->settled, connection);
    const char *why = identify(edge, connection);
    edge_tls_release(connection->tls);
    connection->tls = NULL;
    if (why != NULL) {
        if (connection->certificate == NULL) { edge_count(&edge->counts.handshakes_failed, 1); }
        tell_refused(edge, connection, why);
        edge_finish(edge, connection);
        return;
    }
    edge_count(&edge->counts.established, 1);
    SSL_set_msg_callback(connection->ssl, on_tls_message);
    SSL_set_msg_callback_arg(connection->ssl, connection);
    char name[PV_EDGE_SERVER_NAME_SIZE];
    pv_view server_name = server_name_of(connection, name);
    connection->record =
        edge_registry_add(&edge->registry, connection->address, server_name,
                          connection->certificate == NULL ? NULL : connection->certificate->key);
    connection->state = EDGE_CONNECTING;
    connection->deadline_ns = edge->now_ns + PV_EDGE_CORE_CONNECT_MS * PV_NS_PER_MS;
    connection->core.fd = open_core_socket(edge, connection);
    if (connection->core.fd < 0) {
        lose_core(edge, connection);
        return;
    }
    reach_core(edge, connection);
}

static void fail_handshake(pv_edge *edge, edge_connection *connection)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    long verified = SSL_get_verify_result(connection->ssl);
    char text[PV_EDGE_WHY_SIZE];
    edge_count(&edge->counts.handshakes_failed, 1);
    if (why == NULL) {
        edge_log_refused(edge, connection->address, "gone in the handshake");
    } else if (verified == X509_V_OK) {
        tell_refused(edge, connection, why);
    } else {
        (void)snprintf(text, sizeof text, "%s: %s", why, X509_verify_cert_error_string(verified));
        tell_refused(edge, connection, text);
    }
    ERR_clear_error();
    /* OpenSSL has sent the alert. */
    edge_linger(edge, connection);
}

void edge_connection_handshake(pv_edge *edge, edge_connection *connection)
{
    ERR_clear_error();
    connection->pass_bytes = 0;
    int result = SSL_do_handshake(connection->ssl);
    if (result == 1) {
        establish(edge, connection);
        return;
    }
    int error = SSL_get_error(connection->ssl, result);
    bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    if (!waits || connection->client_gone) { fail_handshake(edge, connection); }
}

/* --- events --- */

static void client_ready(pv_edge *edge, edge_watch *watch, uint32_t events)
{
    edge_connection *connection = of_client(watch);
    connection->client_gone =
        connection->client_gone || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    connection->client_readable =
        connection->client_readable || (events & ~(uint32_t)EPOLLOUT) != 0;
    connection->client_writable = connection->client_writable || (events & EPOLLOUT) != 0;
    switch (connection->state) {
    case EDGE_HANDSHAKE:
        if (!connection->queued &&
            (connection->client_readable || SSL_want_write(connection->ssl))) {
            edge_list_push(&edge->handshakes, connection);
        }
        break;
    case EDGE_OPEN:
        edge_relay(edge, connection);
        edge_connection_schedule(edge, connection);
        break;
    case EDGE_ENDING: edge_relay_end(edge, connection); break;
    case EDGE_FLUSHING: edge_finish(edge, connection); break;
    case EDGE_LINGERING: edge_linger(edge, connection); break;
    case EDGE_CONNECTING:
    case EDGE_DEAD: break;
    }
}

static void core_ready(pv_edge *edge, edge_watch *watch, uint32_t events)
{
    edge_connection *connection = of_core(watch);
    if (connection->state != EDGE_OPEN && connection->state != EDGE_ENDING) { return; }
    connection->core_gone =
        connection->core_gone || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    connection->core_readable = connection->core_readable || (events & ~(uint32_t)EPOLLOUT) != 0;
    connection->core_writable = connection->core_writable || (events & EPOLLOUT) != 0;
    if (connection->state == EDGE_ENDING) {
        edge_relay_end(edge, connection);
        return;
    }
    edge_relay(edge, connection);
    edge_connection_schedule(edge, connection);
}

/* --- deadlines --- */

static void look_at_open(pv_edge *edge, edge_connection *connection)
{
    int64_t now_ns = edge->now_ns;
    if (connection->deadline_ns <= now_ns) {
        edge_count(&edge->counts.closed_by_request, 1);
        edge_send_away(edge, connection, false);
    } else if (connection->expires_ns <= pv_time_now().utc_ns) {
        edge_count(&edge->counts.expired, 1);
        tell_refused(edge, connection, "its certificate has expired");
        edge_send_away(edge, connection, false);
    } else if (connection->stalled_ns != INT64_MAX &&
               connection->stalled_ns + PV_EDGE_STALL_MS * PV_NS_PER_MS <= now_ns) {
        edge_breach(edge, connection, "takes nothing");
    } else {
        pv_frames_breach breach = pv_frames_tick(&connection->frames, now_ns);
        if (breach != PV_FRAMES_OK) {
            edge_breach(edge, connection, pv_frames_breach_name(breach));
        }
    }
}

static void look(pv_edge *edge, edge_timer *timer)
{
    edge_connection *connection = of_timer(timer);
    edge_timer_clear(&edge->timers, timer);
    bool late = connection->deadline_ns <= edge->now_ns;
    switch (connection->state) {
    case EDGE_HANDSHAKE:
        if (late) {
            edge_count(&edge->counts.handshakes_failed, 1);
            edge_log_refused(edge, connection->address, "too slow a handshake");
            edge_close(edge, connection);
        }
        break;
    case EDGE_CONNECTING:
        if (late) {
            lose_core(edge, connection);
        } else if (connection->core_retry_ns <= edge->now_ns) {
            reach_core(edge, connection);
        }
        break;
    case EDGE_OPEN: look_at_open(edge, connection); break;
    case EDGE_ENDING:
    case EDGE_FLUSHING:
    case EDGE_LINGERING:
        if (late) { edge_close(edge, connection); }
        break;
    case EDGE_DEAD: return;
    }
    edge_connection_schedule(edge, connection);
}

/* --- begin and end --- */

/* Only so much is waiting unsent in the kernel, whatever it thinks the line can take. */
static void prepare_socket(int fd)
{
    const int unsent = PV_EDGE_UNSENT_BYTES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

void edge_connection_begin(pv_edge *edge, const edge_listener *listener, int fd,
                           const char *address, edge_party *source)
{
    edge_connection *connection = (edge_connection *)calloc(1, sizeof *connection);
    PV_ASSERT(connection != NULL);
    connection->client.fd = fd;
    connection->client.ready = client_ready;
    connection->core.fd = -1;
    connection->core.ready = core_ready;
    connection->timer.fire = look;
    connection->listener = listener;
    connection->source = source;
    connection->client_writable = true;
    connection->deadline_ns = edge->now_ns + PV_EDGE_HANDSHAKE_MS * PV_NS_PER_MS;
    connection->stalled_ns = connection->expires_ns = connection->core_retry_ns = INT64_MAX;
    memcpy(connection->address, address, strlen(address) + 1);
    edge_ring_push(&edge->handshaking, connection);
    edge_count(&edge->open, 1);
    prepare_socket(fd);
    connection->tls = edge_tls_refer(edge->tls);
    connection->ssl = edge_tls_session(edge->tls, listener->demands_certificate);
    if (connection->ssl != NULL) {
        SSL_set_verify(connection->ssl, SSL_get_verify_mode(connection->ssl), on_verify);
        PV_ASSERT(SSL_set_app_data(connection->ssl, connection) == 1);
    }
    if (connection->ssl == NULL || !edge_bio_attach(edge->bio, connection->ssl, connection) ||
        /* Edge-triggered: room to write costs an event only when there was none. */
        !edge_watch_add(edge, &connection->client, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
        edge_count(&edge->counts.refused_total, 1);
        edge_close(edge, connection);
        return;
    }
    edge_connection_schedule(edge, connection);
    if (edge->handshaking.count > PV_EDGE_HANDSHAKES) {
        edge_count(&edge->counts.handshakes_failed, 1);
        edge_close(edge, edge->handshaking.oldest);
    }
}
