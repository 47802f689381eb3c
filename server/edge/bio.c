/* bio.c — what OpenSSL reads and writes through: the client's socket, with what the edge wants to know about it. A read
 * that gave less than was asked for has emptied the socket, so the next one is not tried before epoll speaks again; a
 * pass takes at most PV_EDGE_PASS_BYTES, so that a peer who sends without end holds nobody up. */
#include "server/edge/internal.h"

#include <errno.h>
#include <openssl/bio.h>
#include <sys/socket.h>

static int bio_read(BIO *bio, char *bytes, int size)
{
    edge_connection *connection = (edge_connection *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (connection->tls_abused) { return -1; }
    if (!connection->client_readable || connection->pass_bytes >= PV_EDGE_PASS_BYTES) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t got;
    do {
        got = recv(connection->client.fd, bytes, (size_t)size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) { connection->pass_bytes += (size_t)got; }
    if (got < 0 && errno == EAGAIN) {
        connection->client_readable = false;
        BIO_set_retry_read(bio);
        return -1;
    }
    /* With a peer that has gone there will be no further event: read to the end. */
    if (got < size && !connection->client_gone) { connection->client_readable = false; }
    return (int)got;
}

static int bio_write(BIO *bio, const char *bytes, int size)
{
    edge_connection *connection = (edge_connection *)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t put;
    do {
        put = send(connection->client.fd, bytes, (size_t)size, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    if (put < 0 && errno == EAGAIN) {
        connection->client_writable = false;
        BIO_set_retry_write(bio);
    }
    return (int)put;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* nothing is held back; nothing else is known */
}

BIO_METHOD *edge_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "edge");
    PV_ASSERT(method != NULL);
    PV_ASSERT(BIO_meth_set_read(method, bio_read) == 1);
    PV_ASSERT(BIO_meth_set_write(method, bio_write) == 1);
    PV_ASSERT(BIO_meth_set_ctrl(method, bio_control) == 1);
    return method;
}

bool edge_bio_attach(const BIO_METHOD *method, SSL *ssl, edge_connection *connection)
{
    BIO *bio = BIO_new(method);
    if (bio == NULL) { return false; }
    BIO_set_data(bio, connection);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio); /* takes the one reference for both */
    return true;
}
