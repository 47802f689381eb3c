/* listen.c — the listeners: taking an address, and accepting for ever. No error of accept stops a listener or makes it
 * spin: what is the connection's own fault is passed over; without a descriptor the one in reserve is given up to take
 * the connection and drop it, so that its client knows; what only others can mend is tried again after a pause. */
#define _GNU_SOURCE /* accept4 */
#include "base/log.h"
#include "server/edge/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

const pv_reason pv_edge_reason_listen = {
    "EDGE_LISTEN",
    PV_CODE_UNAVAILABLE,
    "The address cannot be listened on.",
    "Choose another address or port, or stop what has it.",
};

typedef union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
} endpoint;

/* --- taking an address --- */

/* "host:port" or "[host]:port" in its parts; false: it is neither. */
static bool split(const char *address, char host[256], char port[8])
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL) { return false; }
    size_t size = (size_t)(colon - address);
    if (size >= 2 && address[0] == '[' && address[size - 1] == ']') {
        address++;
        size -= 2;
    }
    if (size >= 256 || strlen(colon + 1) >= 8 || colon[1] == '\0') { return false; }
    memcpy(host, address, size);
    host[size] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static int port_of(int fd)
{
    endpoint bound;
    socklen_t size = sizeof bound;
    if (getsockname(fd, &bound.any, &size) != 0) { return 0; }
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
}

static int try_listen(const struct addrinfo *at)
{
    const int on = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) { return -1; }
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ==
            0 && /* accepted ones inherit it */
        bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
        listen(fd, SOMAXCONN) == 0) {
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

pv_status edge_listen(edge_listener *listener, const pv_edge_listener *config, pv_error *error)
{
    char host[256];
    char port[8];
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    listener->watch.fd = -1;
    if (!split(config->address, host, port)) {
        return pv_refuse(error, &pv_edge_reason_listen, "%s is no address and port",
                         config->address);
    }
    int code = getaddrinfo(*host == '\0' ? NULL : host, port, &hints, &found);
    if (code != 0) {
        return pv_refuse(error, &pv_edge_reason_listen, "cannot listen on %s: %s", config->address,
                         gai_strerror(code));
    }
    for (const struct addrinfo *at = found; at != NULL && listener->watch.fd < 0;
         at = at->ai_next) {
        listener->watch.fd = try_listen(at);
    }
    int why = errno;
    freeaddrinfo(found);
    if (listener->watch.fd < 0) {
        return pv_refuse(error, &pv_edge_reason_listen, "cannot listen on %s: %s", config->address,
                         strerror(why));
    }
    listener->port = port_of(listener->watch.fd);
    listener->core_path = strdup(config->core_path);
    PV_ASSERT(listener->core_path != NULL);
    listener->demands_certificate = config->demands_certificate;
    return pv_ok();
}

/* --- who comes --- */

/* An IPv4 address inside IPv6 is an IPv4 address. */
static void unmap(endpoint *from)
{
    if (from->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&from->v6.sin6_addr)) { return; }
    struct sockaddr_in v4;
    memset(&v4, 0, sizeof v4);
    v4.sin_family = AF_INET;
    v4.sin_port = from->v6.sin6_port;
    memcpy(&v4.sin_addr, &from->v6.sin6_addr.s6_addr[12], sizeof v4.sin_addr);
    from->v4 = v4;
}

/* As the core writes a peer, for the log and the handlers. */
static void write_address(const endpoint *from, char text[PV_EDGE_ADDRESS_SIZE])
{
    bool v6 = from->any.sa_family == AF_INET6;
    const void *bytes = v6 ? (const void *)&from->v6.sin6_addr : (const void *)&from->v4.sin_addr;
    char host[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(from->any.sa_family, bytes, host, sizeof host);
    (void)snprintf(text, PV_EDGE_ADDRESS_SIZE, v6 ? "ipv6:[%s]:%u" : "ipv4:%s:%u", host,
                   (unsigned)ntohs(v6 ? from->v6.sin6_port : from->v4.sin_port));
}

/* What counts as one source: an IPv4 address, or the /64 that an IPv6 site owns at least. */
static void source_key(const endpoint *from, uint8_t key[PV_EDGE_DIGEST_SIZE])
{
    memset(key, 0, PV_EDGE_DIGEST_SIZE);
    key[0] = (uint8_t)from->any.sa_family;
    if (from->any.sa_family == AF_INET6) {
        memcpy(key + 1, &from->v6.sin6_addr, 8);
    } else {
        memcpy(key + 1, &from->v4.sin_addr, 4);
    }
}

/* The reason why this connection is not taken, or NULL. */
static const char *refusal(pv_edge *edge, edge_party *source)
{
    const pv_edge_bounds *bounds = &edge->bounds;
    int64_t per_second = (int64_t)bounds->handshakes_per_second;
    if (source->open > bounds->connections_per_source) { return "too many of one source"; }
    if (!edge_bucket_take(&source->handshakes, per_second, per_second * PV_EDGE_HANDSHAKE_BURST_S,
                          edge->now_ns)) {
        return "too fast for one source";
    }
    return NULL;
}

static void take(pv_edge *edge, const edge_listener *listener, int fd, endpoint *from)
{
    char address[PV_EDGE_ADDRESS_SIZE];
    uint8_t key[PV_EDGE_DIGEST_SIZE];
    unmap(from);
    write_address(from, address);
    edge_count(&edge->counts.accepted, 1);
    if (edge->handshaking.count + edge->settled.count >= edge->bounds.connections) {
        edge_count(&edge->counts.refused_total, 1);
        edge_log_refused(edge, address, "too many connections");
        close(fd);
        return;
    }
    source_key(from, key);
    edge_party *source = edge_party_take(&edge->sources, key);
    const char *why = refusal(edge, source);
    if (why != NULL) {
        edge_count(&edge->counts.refused_source, 1);
        edge_log_refused(edge, address, why);
        edge_party_give(&edge->sources, source);
        close(fd);
        return;
    }
    edge_connection_begin(edge, listener, fd, address, source);
}

/* --- accepting --- */

static void resume(pv_edge *edge, edge_timer *timer)
{
    edge_listener *listener =
        (edge_listener *)(void *)((char *)timer - offsetof(edge_listener, pause));
    edge_timer_clear(&edge->timers, timer);
    edge_watch_set(edge, &listener->watch, EPOLLIN);
}

static void pause_accepting(pv_edge *edge, edge_listener *listener)
{
    edge_watch_set(edge, &listener->watch, 0);
    edge_timer_set(&edge->timers, &listener->pause,
                   edge->now_ns + PV_EDGE_ACCEPT_PAUSE_MS * PV_NS_PER_MS);
}

static void take_reserve(pv_edge *edge)
{
    if (edge->reserve < 0) { edge->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC); }
}

/* There is no descriptor for the connection at the head of the backlog: it is taken with the one in reserve and
 * dropped. False: that did not work either. */
static bool drop_one(pv_edge *edge, const edge_listener *listener)
{
    if (edge->reserve < 0) { return false; }
    close(edge->reserve);
    edge->reserve = -1;
    int fd = accept4(listener->watch.fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        edge_count(&edge->counts.refused_total, 1);
    }
    take_reserve(edge);
    return fd >= 0;
}

/* What to do about an error of accept: true goes on with the next connection. */
static bool survive(pv_edge *edge, edge_listener *listener, int error)
{
    switch (error) {
    case EAGAIN: return false;
    /* accept(2): the connection's own errors. */
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ETIMEDOUT: return true;
    case EMFILE:
        edge_count(&edge->counts.accept_errors, 1);
        edge_log_refused(edge, "", strerror(error));
        if (drop_one(edge, listener)) { return true; }
        break;
    default: /* ENFILE, ENOMEM, ENOBUFS */
        edge_count(&edge->counts.accept_errors, 1);
        edge_log_refused(edge, "", strerror(error));
        break;
    }
    pause_accepting(edge, listener);
    return false;
}

static void accept_ready(pv_edge *edge, edge_watch *watch, uint32_t events)
{
    (void)events;
    edge_listener *listener =
        (edge_listener *)(void *)((char *)watch - offsetof(edge_listener, watch));
    take_reserve(edge);
    for (int i = 0; i < PV_EDGE_ACCEPTS_PER_PASS; i++) {
        endpoint from;
        memset(&from, 0, sizeof from);
        socklen_t size = sizeof from;
        int fd = accept4(watch->fd, &from.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(edge, listener, fd, &from);
        } else if (!survive(edge, listener, errno)) {
            return;
        }
    }
}

void edge_listen_start(pv_edge *edge, edge_listener *listener)
{
    take_reserve(edge);
    listener->watch.ready = accept_ready;
    listener->pause.fire = resume;
    PV_ASSERT(edge_watch_add(edge, &listener->watch, EPOLLIN));
}

void edge_listen_stop(pv_edge *edge)
{
    for (size_t i = 0; i < edge->listener_count; i++) {
        edge_timer_clear(&edge->timers, &edge->listeners[i].pause);
        edge_watch_close(&edge->listeners[i].watch);
    }
}
