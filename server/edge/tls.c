/* tls.c — the server's contexts: one for each pair of certificate and key, alike but for that. A set
 * of them is read from the files at one time and never changed; a reload makes a new set, and the old
 * one goes with its last handshake.
 *
 * No resumption of any kind: a resumed session would skip the verification of the client. */
#include "server/edge/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const pv_reason pv_edge_reason_files = {
    "EDGE_FILES",
    PV_CODE_FAILED_PRECONDITION,
    "A certificate, key or root of the listener cannot be used.",
    "Mend the file that the message names.",
};

/* What OpenSSL said first, in one phrase; its queue is empty afterwards. */
static const char *openssl_said(char *text, size_t size)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    (void)snprintf(text, size, "%s", reason == NULL ? "it is not what it should be" : reason);
    ERR_clear_error();
    return text;
}

pv_status edge_refuse_file(pv_error *error, const char *path, const char *why)
{
    char text[128];
    return pv_refuse(error, &pv_edge_reason_files, "%s: %s", path,
                     why != NULL ? why : openssl_said(text, sizeof text));
}

/* --- callbacks --- */

/* RFC 7301: without h2 in common there is nothing to talk. */
static int choose_protocol(SSL *ssl, const unsigned char **ret_protocol, unsigned char *ret_size,
                           const unsigned char *offered, unsigned int offered_size, void *context)
{
    (void)ssl;
    (void)context;
    static const unsigned char h2[] = "\x02h2";
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, ret_size, h2, sizeof h2 - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *ret_protocol = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* A client that shows no certificate may know the root by its digest alone, so it is sent; the certificate of another
 * root goes without. */
static bool send_root(SSL *ssl, const edge_tls *tls)
{
    bool wanted = SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE && tls->own_root != NULL &&
                  X509_check_issued(tls->own_root, SSL_get_certificate(ssl)) == X509_V_OK;
    return !wanted || SSL_add1_chain_cert(ssl, tls->own_root) == 1;
}

static int choose_context(SSL *ssl, int *alert, void *context)
{
    (void)alert;
    const edge_tls *tls = (const edge_tls *)context;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    SSL_CTX *found = name == NULL ? NULL : edge_tls_named(tls, name);
    if (found != NULL && SSL_set_SSL_CTX(ssl, found) == NULL) { return SSL_TLSEXT_ERR_ALERT_FATAL; }
    return send_root(ssl, tls) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* --- one context --- */

static bool set_versions(SSL_CTX *context, bool tls12)
{
    return SSL_CTX_set_min_proto_version(context, tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") == 1;
}

/* Purpose sslclient, chains to a root and no further; what a client may sign with. */
static bool set_verification(SSL_CTX *context, const edge_tls *tls)
{
    SSL_CTX_set1_cert_store(context, tls->roots);
    if (SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) != 1) { return false; }
    SSL_CTX_set_verify_depth(context, PV_EDGE_CHAIN_DEPTH);
    STACK_OF(X509_NAME) *names = SSL_dup_CA_list(tls->root_names);
    if (names == NULL) { return false; }
    SSL_CTX_set_client_CA_list(context, names);
    return SSL_CTX_set1_client_sigalgs_list(
               context, "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ed25519:"
                        "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
                        "rsa_pkcs1_sha256:rsa_pkcs1_sha384") == 1;
}

static SSL_CTX *make_context(edge_tls *tls, bool tls12)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) { return NULL; }
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_tlsext_servername_callback(context, choose_context);
    SSL_CTX_set_tlsext_servername_arg(context, tls);
    static const unsigned char session_context[] = "purvey";
    bool good =
        SSL_CTX_set_num_tickets(context, 0) == 1 &&
        SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1) == 1 &&
        set_versions(context, tls12) && set_verification(context, tls);
    if (good) { return context; }
    SSL_CTX_free(context);
    return NULL;
}

/* --- one pair --- */

/* P-256 alone: what every client in the field can verify. */
static bool is_p256(const EVP_PKEY *key)
{
    char group[32];
    size_t size = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static pv_status check_key_file(const char *path, pv_error *error)
{
    struct stat facts;
    if (stat(path, &facts) != 0) { return edge_refuse_file(error, path, strerror(errno)); }
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return edge_refuse_file(error, path, "others may read this key; chmod 600 it");
    }
    return pv_ok();
}

static pv_status use_pair(SSL_CTX *context, const char *certificate, const char *key,
                          pv_error *error)
{
    struct stat facts;
    ERR_clear_error();
    if (stat(certificate, &facts) != 0) {
        return edge_refuse_file(error, certificate, strerror(errno));
    }
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
        return edge_refuse_file(error, certificate, NULL);
    }
    PV_TRY(check_key_file(key, error));
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return edge_refuse_file(error, key, NULL);
    }
    if (!is_p256(SSL_CTX_get0_privatekey(context))) {
        return edge_refuse_file(error, key, "it is no P-256 key");
    }
    return pv_ok();
}

pv_status edge_tls_add_pair(edge_tls *tls, const pv_edge_tls *files, const char *certificate,
                            const char *key, pv_error *error)
{
    if (tls->context_count == PV_EDGE_PAIRS_MAX + 1) {
        return edge_refuse_file(error, certificate, "there are more pairs than an edge takes");
    }
    SSL_CTX *context = make_context(tls, files->tls12);
    if (context == NULL) { return edge_refuse_file(error, certificate, NULL); }
    pv_status status = use_pair(context, certificate, key, error);
    if (!pv_is_ok(status)) {
        SSL_CTX_free(context);
        return status;
    }
    tls->contexts[tls->context_count++] = context;
    return pv_ok();
}

/* --- the set --- */

static pv_status load_roots(edge_tls *tls, const char *path, pv_error *error)
{
    struct stat facts;
    ERR_clear_error();
    if (stat(path, &facts) != 0) { return edge_refuse_file(error, path, strerror(errno)); }
    tls->roots = X509_STORE_new();
    PV_ASSERT(tls->roots != NULL);
    if (X509_STORE_load_file(tls->roots, path) != 1) { return edge_refuse_file(error, path, NULL); }
    tls->root_names = SSL_load_client_CA_file(path);
    return tls->root_names == NULL ? edge_refuse_file(error, path, NULL) : pv_ok();
}

/* A chain is built of what the store holds before what the client sends: an intermediate that stands there as rejected
 * ends every chain through it (certificate_verify, "certificate rejected"). It is no root: a chain must end in one. */
static pv_status load_refused(edge_tls *tls, const char *path, pv_error *error)
{
    struct stat facts;
    ERR_clear_error();
    if (path == NULL || stat(path, &facts) != 0) { return pv_ok(); }
    BIO *bio = BIO_new_file(path, "r");
    int count = 0;
    bool good = bio != NULL;
    for (X509 *next; good && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL; count++) {
        good = X509_add1_reject_object(next, OBJ_nid2obj(NID_client_auth)) == 1 &&
               X509_STORE_add_cert(tls->roots, next) == 1;
        X509_free(next);
    }
    BIO_free(bio);
    /* Reading ends well where nothing more begins like PEM. */
    good = good && count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!good) { return edge_refuse_file(error, path, NULL); }
    ERR_clear_error();
    return pv_ok();
}

static pv_status load_own_root(edge_tls *tls, const char *path, pv_error *error)
{
    if (path == NULL || *path == '\0') { return pv_ok(); }
    BIO *file = BIO_new_file(path, "r");
    tls->own_root = file == NULL ? NULL : PEM_read_bio_X509(file, NULL, NULL, NULL);
    BIO_free(file);
    return tls->own_root == NULL ? edge_refuse_file(error, path, NULL) : pv_ok();
}

pv_status edge_tls_load(const pv_edge_tls *files, pv_error *error, edge_tls **ret_tls)
{
    edge_tls *tls = (edge_tls *)calloc(1, sizeof *tls);
    PV_ASSERT(tls != NULL);
    tls->refers = 1;
    pv_status status = load_roots(tls, files->client_roots, error);
    if (pv_is_ok(status)) { status = load_refused(tls, files->client_refused, error); }
    if (pv_is_ok(status)) { status = load_own_root(tls, files->root, error); }
    if (pv_is_ok(status)) {
        status = edge_tls_add_pair(tls, files, files->certificate, files->key, error);
    }
    if (pv_is_ok(status)) { status = edge_tls_add_folder(tls, files, error); }
    if (!pv_is_ok(status)) {
        edge_tls_release(tls);
        return status;
    }
    *ret_tls = tls;
    return pv_ok();
}

edge_tls *edge_tls_refer(edge_tls *tls)
{
    tls->refers++;
    return tls;
}

void edge_tls_release(edge_tls *tls)
{
    if (tls == NULL || --tls->refers > 0) { return; }
    for (size_t i = 0; i < tls->context_count; i++) { SSL_CTX_free(tls->contexts[i]); }
    edge_tls_free_names(tls);
    sk_X509_NAME_pop_free(tls->root_names, X509_NAME_free);
    X509_free(tls->own_root);
    X509_STORE_free(tls->roots);
    free(tls);
}

SSL *edge_tls_session(edge_tls *tls, bool demands_certificate)
{
    SSL *ssl = SSL_new(tls->contexts[0]);
    if (ssl == NULL) { return NULL; }
    SSL_set_verify(ssl,
                   demands_certificate ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                                       : SSL_VERIFY_NONE,
                   NULL);
    SSL_set_accept_state(ssl);
    return ssl;
}
