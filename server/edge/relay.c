/* relay.c — bytes both ways, unchanged, through the accountant of frames. One buffer serves all
 * connections: memory of a connection's own is taken only for what the other side does not take at
 * once, and while it waits nothing more is read, so each direction holds one buffer's worth. */
#include "server/edge/internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

void edge_waiting_clear(edge_waiting *waiting)
{
    free(waiting->bytes);
    memset(waiting, 0, sizeof *waiting);
}

static void waiting_add(edge_waiting *waiting, const uint8_t *bytes, size_t size)
{
    size_t left = waiting->size - waiting->at;
    uint8_t *joined = (uint8_t *)malloc(left + size);
    PV_ASSERT(joined != NULL);
    if (left > 0) { memcpy(joined, waiting->bytes + waiting->at, left); }
    memcpy(joined + left, bytes, size);
    free(waiting->bytes);
    waiting->bytes = joined;
    waiting->at = 0;
    waiting->size = left + size;
}

/* --- to the client --- */

/* Writes as much as TLS takes now; false: the connection is lost. */
static bool write_client(edge_connection *connection, const uint8_t *bytes, size_t size,
                         size_t *ret_written)
{
    *ret_written = 0;
    while (*ret_written < size) {
        size_t written = 0;
        ERR_clear_error();
        if (SSL_write_ex(connection->ssl, bytes + *ret_written, size - *ret_written, &written) !=
            1) {
            int error = SSL_get_error(connection->ssl, 0);
            return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ;
        }
        *ret_written += written;
    }
    return true;
}

bool edge_send(pv_edge *edge, edge_connection *connection, const uint8_t *bytes, size_t size)
{
    size_t written = 0;
    if (connection->to_client.size == 0 && !write_client(connection, bytes, size, &written)) {
        return false;
    }
    if (written < size) {
        if (connection->to_client.size == 0) { connection->stalled_ns = edge->now_ns; }
        waiting_add(&connection->to_client, bytes + written, size - written);
    }
    return true;
}

bool edge_flush(pv_edge *edge, edge_connection *connection)
{
    edge_waiting *waiting = &connection->to_client;
    if (waiting->size == 0) { return true; }
    if (!connection->client_writable) { return true; }
    size_t written = 0;
    if (!write_client(connection, waiting->bytes + waiting->at, waiting->size - waiting->at,
                      &written)) {
        return false;
    }
    waiting->at += written;
    if (written > 0) { connection->stalled_ns = edge->now_ns; }
    if (waiting->at == waiting->size) {
        edge_waiting_clear(waiting);
        connection->stalled_ns = INT64_MAX;
    }
    return true;
}

/* --- from the core to the client --- */

/* Reads once from the core. Gives the number of bytes; 0: nothing now, or it has ended. */
static size_t read_core(pv_edge *edge, edge_connection *connection, bool *ret_ended)
{
    ssize_t got;
    do {
        got = recv(connection->core.fd, edge->buffer, sizeof edge->buffer, 0);
    } while (got < 0 && errno == EINTR);
    *ret_ended = got == 0 || (got < 0 && errno != EAGAIN);
    if (got < (ssize_t)sizeof edge->buffer && !connection->core_gone) {
        connection->core_readable = false;
    }
    if (got < 0 && errno == EAGAIN) { connection->core_readable = false; }
    return got < 0 ? 0 : (size_t)got;
}

/* Reads once, accounts for it and passes it on. False: there was nothing, or the connection is no longer open. */
static bool pass_down(pv_edge *edge, edge_connection *connection, size_t *moved)
{
    bool ended = false;
    size_t got = read_core(edge, connection, &ended);
    *moved += got;
    if (ended) {
        edge_finish(edge, connection);
        return false;
    }
    size_t passed = 0;
    pv_frames_breach breach = pv_frames_read(&connection->frames, PV_FRAMES_SERVER, edge->buffer,
                                             got, edge->now_ns, &passed);
    if (breach != PV_FRAMES_OK) {
        passed += pv_frames_finish(&connection->frames, edge->buffer + passed, got - passed,
                                   edge->now_ns);
    }
    if (!edge_send(edge, connection, edge->buffer, passed)) {
        edge_close(edge, connection);
    } else if (breach != PV_FRAMES_OK) {
        edge_breach(edge, connection, pv_frames_breach_name(breach));
    }
    return got > 0 && connection->state == EDGE_OPEN;
}

static void relay_down(pv_edge *edge, edge_connection *connection)
{
    size_t moved = 0;
    while (connection->state == EDGE_OPEN) {
        if (!edge_flush(edge, connection)) {
            edge_close(edge, connection);
            return;
        }
        if (connection->to_client.size > 0 || !connection->core_readable) { return; }
        if (moved >= PV_EDGE_PASS_BYTES) {
            connection->more = true;
            return;
        }
        if (!pass_down(edge, connection, &moved)) { return; }
    }
}

static bool say_goaway(pv_edge *edge, edge_connection *connection)
{
    uint8_t bytes[PV_FRAMES_GOAWAY_SIZE];
    pv_frames_goaway(&connection->frames,
                     connection->breached ? PV_FRAMES_ENHANCE_YOUR_CALM : PV_FRAMES_NO_ERROR,
                     bytes);
    return edge_send(edge, connection, bytes, sizeof bytes);
}

void edge_relay_end(pv_edge *edge, edge_connection *connection)
{
    bool ended = false;
    bool lost = !edge_flush(edge, connection);
    while (!lost && !ended && !pv_frames_at_boundary(&connection->frames, PV_FRAMES_SERVER)) {
        if (connection->to_client.size > 0 || !connection->core_readable) { return; }
        size_t got = read_core(edge, connection, &ended);
        size_t left = pv_frames_finish(&connection->frames, edge->buffer, got, edge->now_ns);
        lost = !edge_send(edge, connection, edge->buffer, left);
    }
    if (lost || (!ended && !say_goaway(edge, connection))) {
        edge_close(edge, connection);
    } else {
        edge_finish(edge, connection);
    }
}

/* --- from the client to the core --- */

/* Fills the buffer from the client. True: the client has ended. */
static bool read_client(pv_edge *edge, edge_connection *connection, size_t *ret_size)
{
    *ret_size = 0;
    while (*ret_size < sizeof edge->buffer) {
        size_t got = 0;
        ERR_clear_error();
        if (SSL_read_ex(connection->ssl, edge->buffer + *ret_size, sizeof edge->buffer - *ret_size,
                        &got) != 1) {
            int error = SSL_get_error(connection->ssl, 0);
            return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
        }
        *ret_size += got;
    }
    return false;
}

/* Writes as much as the core takes; false: it has ended. */
static bool write_core(pv_edge *edge, edge_connection *connection, const uint8_t *bytes,
                       size_t size, size_t *ret_written)
{
    *ret_written = 0;
    while (*ret_written < size && connection->core_writable) {
        ssize_t put =
            send(connection->core.fd, bytes + *ret_written, size - *ret_written, MSG_NOSIGNAL);
        if (put >= 0) {
            *ret_written += (size_t)put;
        } else if (errno == EAGAIN) {
            connection->core_writable = false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    edge_watch_set(edge, &connection->core,
                   EPOLLIN | EPOLLRDHUP | EPOLLET |
                       (connection->core_writable ? 0 : (uint32_t)EPOLLOUT));
    return true;
}

static bool flush_core(pv_edge *edge, edge_connection *connection)
{
    edge_waiting *waiting = &connection->to_core;
    if (waiting->size == 0) { return true; }
    size_t written = 0;
    bool open = write_core(edge, connection, waiting->bytes + waiting->at,
                           waiting->size - waiting->at, &written);
    waiting->at += written;
    if (waiting->at == waiting->size) { edge_waiting_clear(waiting); }
    return open;
}

/* Accounts for what was read and passes it on. False: the connection is no longer open. */
static bool pass_up(pv_edge *edge, edge_connection *connection, size_t size)
{
    size_t passed = 0;
    size_t written = 0;
    pv_frames_breach breach = pv_frames_read(&connection->frames, PV_FRAMES_CLIENT, edge->buffer,
                                             size, edge->now_ns, &passed);
    bool open = write_core(edge, connection, edge->buffer, passed, &written);
    if (open && written < passed) {
        waiting_add(&connection->to_core, edge->buffer + written, passed - written);
    }
    if (breach != PV_FRAMES_OK) {
        edge_breach(edge, connection, pv_frames_breach_name(breach));
    } else if (!open) {
        connection->core_gone = connection->core_readable = true; /* it may have left words */
    }
    return open && breach == PV_FRAMES_OK;
}

static void relay_up(pv_edge *edge, edge_connection *connection)
{
    connection->pass_bytes = 0;
    for (;;) {
        if (!flush_core(edge, connection)) {
            connection->core_gone = connection->core_readable = true;
            return;
        }
        if (connection->to_core.size > 0) { return; }
        size_t size = 0;
        bool ended = read_client(edge, connection, &size);
        if (size > 0 && !pass_up(edge, connection, size)) { return; }
        if (connection->tls_abused) {
            edge_breach(edge, connection, "too many TLS messages");
            return;
        }
        if (ended) {
            edge_close(edge, connection);
            return;
        }
        if (connection->pass_bytes >= PV_EDGE_PASS_BYTES) {
            connection->more = true;
            return;
        }
        if (size < sizeof edge->buffer) { return; }
    }
}

void edge_relay(pv_edge *edge, edge_connection *connection)
{
    connection->more = false;
    relay_up(edge, connection);
    if (connection->state == EDGE_OPEN) { relay_down(edge, connection); }
    bool again = connection->more && connection->state == EDGE_OPEN;
    if (again && !connection->queued) { edge_list_push(&edge->relays, connection); }
}
