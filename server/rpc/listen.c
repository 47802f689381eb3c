/* listen.c — the one place where connections are accepted, and TLS is ended by the core unless a
 * front does that.
 *
 * Client certificates are demanded and verified in the handshake, unless the configuration says
 * that callers have none. New server certificates are taken up by generation: the core asks for
 * each new connection, and gets an answer only when there is something new. The core accepts on
 * the polling thread, so nobody else asks at the same time. */
#include "protos/runtime/reasons.h"
#include "server/rpc/internal.h"

#include <grpc/grpc_security.h>
#include <stdlib.h>

struct pv_rpc_listener {
    bool without_client_certificates;
    pthread_mutex_t lock; /* of the four below */
    char *ca, *certificate, *key;
    uint64_t generation;
    uint64_t fetched; /* generation that the core has */
};

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    PV_ASSERT(copy != NULL);
    return copy;
}

/* Keys leave no copy behind. */
static void free_secret(char *text)
{
    if (text == NULL) { return; }
    explicit_bzero(text, strlen(text));
    free(text);
}

static void set_tls(pv_rpc_listener *listener, const pv_rpc_tls *tls)
{
    PV_ASSERT(tls->ca != NULL || listener->without_client_certificates);
    PV_ASSERT(pthread_mutex_lock(&listener->lock) == 0);
    free(listener->ca);
    free(listener->certificate);
    free_secret(listener->key);
    listener->ca = tls->ca == NULL ? NULL : copy_text(tls->ca);
    listener->certificate = copy_text(tls->certificate);
    listener->key = copy_text(tls->key);
    listener->generation++;
    PV_ASSERT(pthread_mutex_unlock(&listener->lock) == 0);
}

static grpc_ssl_certificate_config_reload_status
fetch(void *data, grpc_ssl_server_certificate_config **ret_config)
{
    pv_rpc_listener *listener = (pv_rpc_listener *)data;
    grpc_ssl_certificate_config_reload_status status = GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    PV_ASSERT(pthread_mutex_lock(&listener->lock) == 0);
    if (listener->fetched != listener->generation) {
        grpc_ssl_pem_key_cert_pair pair = {listener->key, listener->certificate};
        /* The core wants roots even when it asks for no certificate to hold against them. */
        const char *roots =
            listener->without_client_certificates ? listener->certificate : listener->ca;
        *ret_config = grpc_ssl_server_certificate_config_create(roots, &pair, 1);
        listener->fetched = listener->generation;
        status = *ret_config == NULL ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL
                                     : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
    }
    PV_ASSERT(pthread_mutex_unlock(&listener->lock) == 0);
    return status;
}

static bool starts_with(const char *text, const char *prefix)
{
    return pv_view_starts_with(pv_view_text(text), pv_view_text(prefix));
}

static bool is_loopback(const char *address)
{
    return starts_with(address, "127.") || starts_with(address, "[::1]:") ||
           starts_with(address, "localhost:") || starts_with(address, "unix:") ||
           starts_with(address, "unix-abstract:");
}

static grpc_server_credentials *make_credentials(pv_rpc_server *server, const pv_rpc_config *config)
{
    const pv_rpc_tls *tls = config->tls;
    if (tls == NULL) { return grpc_insecure_server_credentials_create(); }
    if (tls->ca == NULL && !config->without_client_certificates) { return NULL; }
    pv_rpc_listener *listener = (pv_rpc_listener *)calloc(1, sizeof *listener);
    PV_ASSERT(listener != NULL);
    PV_ASSERT(pthread_mutex_init(&listener->lock, NULL) == 0);
    listener->without_client_certificates = config->without_client_certificates;
    set_tls(listener, tls);
    server->listener = listener;
    return grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            config->without_client_certificates
                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
            fetch, listener));
}

pv_status pv_rpc_listen(pv_rpc_server *server, const pv_rpc_config *config, pv_error *error)
{
    PV_ASSERT(config->front == NULL || config->tls == NULL);
    if (config->front != NULL && !starts_with(config->address, "unix:")) {
        return pv_refuse(error, &pv_reason_internal,
                         "cannot listen on %s: behind a front it must be a UNIX socket",
                         config->address);
    }
    if (config->tls == NULL && !is_loopback(config->address)) {
        return pv_refuse(
            error, &pv_reason_internal,
            "cannot listen on %s without TLS: plaintext is for loopback addresses only",
            config->address);
    }
    grpc_server_credentials *credentials = make_credentials(server, config);
    if (credentials == NULL) {
        return pv_refuse(error, &pv_reason_internal,
                         "cannot use the server's certificate, key or CA");
    }
    server->port = grpc_server_add_http2_port(server->grpc, config->address, credentials);
    grpc_server_credentials_release(credentials);
    if (server->port != 0) { return pv_ok(); }
    return pv_refuse(error, &pv_reason_internal,
                     "cannot listen on %s: the address is in use or not of this machine%s",
                     config->address,
                     config->tls == NULL ? "" : ", or the certificate, key or CA cannot be read");
}

void pv_rpc_server_set_tls(pv_rpc_server *server, const pv_rpc_tls *tls)
{
    PV_ASSERT(server->listener != NULL);
    set_tls(server->listener, tls);
}

void pv_rpc_listener_destroy(pv_rpc_listener *listener)
{
    if (listener == NULL) { return; }
    free(listener->ca);
    free(listener->certificate);
    free_secret(listener->key);
    PV_ASSERT(pthread_mutex_destroy(&listener->lock) == 0);
    free(listener);
}
