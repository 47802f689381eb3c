/* The edge's side of TLS against a real client whose bytes are cut, flipped and torn on their way. Whatever comes, a
 * handshake that succeeds has a client with a verified certificate that speaks HTTP/2; what comes whole succeeds. */
#include "server/edge/tls.h"
#include "base/arena.h"
#include "tests/fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 8, WORDS_BYTES = 64 * 1024 };

typedef struct ends {
    edge_tls *server;
    SSL_CTX *client;
} ends;

/* A P-256 certificate that vouches for itself; both sides use it and trust it. */
static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    PV_ASSERT(certificate != NULL && X509_set_version(certificate, 2) == 1);
    PV_ASSERT(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
    PV_ASSERT(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL);
    PV_ASSERT(X509_gmtime_adj(X509_getm_notAfter(certificate), 30 * 24 * 3600) != NULL);
    X509_NAME *name = X509_get_subject_name(certificate);
    PV_ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"fuzz", -1, -1,
                                         0) == 1);
    PV_ASSERT(X509_set_issuer_name(certificate, name) == 1);
    PV_ASSERT(X509_set_pubkey(certificate, key) == 1);
    PV_ASSERT(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static void write_files(const char *folder, X509 *certificate, EVP_PKEY *key)
{
    char path[128];
    snprintf(path, sizeof path, "%s/cert.pem", folder);
    FILE *file = fopen(path, "w");
    PV_ASSERT(file != NULL && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
    snprintf(path, sizeof path, "%s/key.pem", folder);
    file = fopen(path, "w");
    PV_ASSERT(file != NULL && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    PV_ASSERT(fclose(file) == 0);
}

static ends make_ends(void)
{
    char folder[] = "/tmp/fuzz-tls-XXXXXX";
    char certificate_path[128], key_path[128];
    PV_ASSERT(mkdtemp(folder) != NULL);
    snprintf(certificate_path, sizeof certificate_path, "%s/cert.pem", folder);
    snprintf(key_path, sizeof key_path, "%s/key.pem", folder);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(key);
    write_files(folder, certificate, key);
    PV_ASSERT(chmod(key_path, 0600) == 0);
    pv_arena *arena = pv_arena_create(WORDS_BYTES);
    pv_error error;
    pv_error_init(&error, arena);
    const pv_edge_tls files = {.client_roots = certificate_path,
                               .certificate = certificate_path,
                               .key = key_path,
                               .tls12 = true};
    ends made = {.client = SSL_CTX_new(TLS_client_method())};
    PV_ASSERT(pv_is_ok(edge_tls_load(&files, &error, &made.server)));
    PV_ASSERT(SSL_CTX_use_certificate(made.client, certificate) == 1);
    PV_ASSERT(SSL_CTX_use_PrivateKey(made.client, key) == 1);
    PV_ASSERT(SSL_CTX_set_alpn_protos(made.client, (const uint8_t *)"\2h2", 3) == 0);
    pv_arena_destroy(arena);
    X509_free(certificate);
    EVP_PKEY_free(key);
    unlink(certificate_path);
    unlink(key_path);
    rmdir(folder);
    return made;
}

/* Bytes of the client to the server in pieces, some of them flipped or lost, as the input says. True: unharmed. */
static bool carry_up(SSL *client, SSL *server, pv_view *input, bool *ret_over)
{
    uint8_t bytes[16 * 1024];
    bool whole = true;
    int size = BIO_read(SSL_get_wbio(client), bytes, sizeof bytes);
    for (int at = 0; at < size && !*ret_over;) {
        unsigned choice = pv_fuzz_byte(input);
        int piece = choice < 128 ? size - at : 1 + (int)(choice % 64);
        if (piece > size - at) { piece = size - at; }
        if (choice % 8 == 1) {
            bytes[at + (int)(pv_fuzz_number(input) % (unsigned)piece)] ^=
                (uint8_t)(1U << pv_fuzz_byte(input) % 8);
            whole = false;
        }
        if (choice % 8 == 2) { /* torn off here */
            *ret_over = true;
            return false;
        }
        PV_ASSERT(BIO_write(SSL_get_rbio(server), bytes + at, piece) == piece);
        at += piece;
        ERR_clear_error();
        int result = SSL_do_handshake(server);
        if (result != 1 && SSL_get_error(server, result) != SSL_ERROR_WANT_READ) {
            *ret_over = true;
        }
    }
    return whole;
}

static void carry_down(SSL *server, SSL *client)
{
    uint8_t bytes[16 * 1024];
    int size = BIO_read(SSL_get_wbio(server), bytes, sizeof bytes);
    if (size > 0) { PV_ASSERT(BIO_write(SSL_get_rbio(client), bytes, size) == size); }
}

static void check_finished(SSL *server)
{
    const uint8_t *protocol = NULL;
    unsigned size = 0;
    X509 *certificate = SSL_get1_peer_certificate(server);
    SSL_get0_alpn_selected(server, &protocol, &size);
    PV_ASSERT(certificate != NULL && SSL_get_verify_result(server) == X509_V_OK);
    PV_ASSERT(size == 2 && memcmp(protocol, "h2", 2) == 0);
    X509_free(certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ends both;
    if (both.server == NULL) { both = make_ends(); }
    pv_view input = pv_view_of(data, size);
    uint8_t choice = pv_fuzz_byte(&input);
    SSL *client = SSL_new(both.client);
    SSL *server = edge_tls_session(both.server, true);
    PV_ASSERT(client != NULL && server != NULL);
    SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if ((choice & 1) != 0) { SSL_set_max_proto_version(client, TLS1_2_VERSION); }
    if ((choice & 2) != 0) { SSL_set_tlsext_host_name(client, "partner.example"); }
    SSL_set_connect_state(client);
    bool whole = true;
    bool over = false;
    for (int round = 0; round < ROUNDS && !over; round++) {
        ERR_clear_error();
        (void)SSL_do_handshake(client);
        whole = carry_up(client, server, &input, &over) && whole;
        carry_down(server, client);
    }
    if (SSL_is_init_finished(server)) { check_finished(server); }
    PV_ASSERT(!whole || SSL_is_init_finished(server));
    SSL_free(client);
    SSL_free(server);
    ERR_clear_error();
    return 0;
}
