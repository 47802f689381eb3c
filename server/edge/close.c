/* close.c — every way in which a connection ends. What it holds is given back in an order that leaves nobody with a
 * name that means another: the record goes before the socket whose name leads to it. */
#include "server/edge/internal.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

static void leave_certificate(pv_edge *edge, edge_connection *connection)
{
    if (connection->certificate == NULL) { return; }
    *connection->of_certificate_link = connection->of_certificate_next;
    if (connection->of_certificate_next != NULL) {
        connection->of_certificate_next->of_certificate_link = connection->of_certificate_link;
    }
    edge_party_give(&edge->certificates, connection->certificate);
    connection->certificate = NULL;
}

static void leave_core(pv_edge *edge, edge_connection *connection)
{
    if (connection->record != NULL) {
        edge_registry_remove(&edge->registry, connection->record);
        connection->record = NULL;
    }
    edge_watch_close(&connection->core);
    edge_waiting_clear(&connection->to_core);
    connection->core_retry_ns = INT64_MAX;
}

static void leave_tls(edge_connection *connection)
{
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    edge_tls_release(connection->tls);
    connection->tls = NULL;
    edge_waiting_clear(&connection->to_client);
}

static void leave_ring(pv_edge *edge, edge_connection *connection)
{
    edge_ring_remove(connection->state == EDGE_HANDSHAKE ? &edge->handshaking : &edge->settled,
                     connection);
}

void edge_close(pv_edge *edge, edge_connection *connection)
{
    if (connection->state == EDGE_DEAD) { return; }
    leave_ring(edge, connection);
    leave_core(edge, connection);
    leave_tls(connection);
    leave_certificate(edge, connection);
    edge_party_give(&edge->sources, connection->source);
    edge_timer_clear(&edge->timers, &connection->timer);
    edge_watch_close(&connection->client);
    connection->state = EDGE_DEAD;
    edge_count(&edge->open, -1);
    if (!connection->queued) { edge_list_push(&edge->dead, connection); }
}

/* Takes and throws away what the client still sends, so that closing does not take back what it was told. */
void edge_linger(pv_edge *edge, edge_connection *connection)
{
    if (connection->state != EDGE_LINGERING) {
        leave_ring(edge, connection);
        edge_ring_push(&edge->settled, connection);
        leave_core(edge, connection);
        leave_tls(connection);
        connection->state = EDGE_LINGERING;
        connection->deadline_ns = edge->now_ns + PV_EDGE_FLUSH_MS * PV_NS_PER_MS;
        connection->pass_bytes = 0;
        (void)shutdown(connection->client.fd, SHUT_WR);
        edge_connection_schedule(edge, connection);
    }
    while (connection->pass_bytes < PV_EDGE_LINGER_BYTES) {
        ssize_t got = recv(connection->client.fd, edge->buffer, sizeof edge->buffer, MSG_TRUNC);
        if (got < 0 && errno == EAGAIN) { return; }
        if (got <= 0) { break; }
        connection->pass_bytes += (size_t)got;
    }
    edge_close(edge, connection);
}

void edge_finish(pv_edge *edge, edge_connection *connection)
{
    if (connection->state != EDGE_FLUSHING) {
        leave_core(edge, connection);
        connection->state = EDGE_FLUSHING;
        connection->deadline_ns = edge->now_ns + PV_EDGE_FLUSH_MS * PV_NS_PER_MS;
        edge_connection_schedule(edge, connection);
    }
    if (!edge_flush(edge, connection)) {
        edge_close(edge, connection);
        return;
    }
    if (connection->to_client.size > 0) { return; }
    ERR_clear_error();
    (void)SSL_shutdown(connection->ssl); /* close_notify; nobody waits for the answer */
    edge_linger(edge, connection);
}

void edge_send_away(pv_edge *edge, edge_connection *connection, bool breach)
{
    connection->state = EDGE_ENDING;
    connection->breached = breach;
    connection->deadline_ns = edge->now_ns + PV_EDGE_FLUSH_MS * PV_NS_PER_MS;
    edge_connection_schedule(edge, connection);
    edge_relay_end(edge, connection);
}

void edge_breach(pv_edge *edge, edge_connection *connection, const char *name)
{
    edge_party *party =
        connection->certificate != NULL ? connection->certificate : connection->source;
    edge_count(&edge->counts.breaches, 1);
    party->breaches++;
    edge_log_breach(edge, connection, party, name);
    edge_send_away(edge, connection, true);
}

void edge_close_soon(pv_edge *edge, edge_connection *connection)
{
    int64_t close_ns = edge->now_ns + PV_EDGE_CLOSE_MS * PV_NS_PER_MS;
    if (connection->state == EDGE_CONNECTING) {
        edge_finish(edge, connection);
    } else if (connection->state == EDGE_OPEN && connection->deadline_ns > close_ns) {
        connection->deadline_ns = close_ns;
        edge_connection_schedule(edge, connection);
    }
}
