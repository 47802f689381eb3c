/* tls.h — internal to server/edge: what tls.c (contexts) and names.c (which of them, from which files) share. */
#ifndef PV_SERVER_EDGE_TLS_H
#define PV_SERVER_EDGE_TLS_H

#include "server/edge/edge.h"
#include "server/edge/limits.h"

#include <openssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A name that a certificate is for, "*." in front for a wildcard. */
typedef struct edge_name {
    char *text; /* lower case */
    SSL_CTX *context;
} edge_name;

/* Contexts read from the files at one time. References are counted by the edge's thread. */
typedef struct edge_tls {
    size_t refers;
    X509_STORE *roots;
    STACK_OF(X509_NAME) * root_names;
    X509 *own_root;                           /* of the server's own certificate; NULL: not known */
    SSL_CTX *contexts[PV_EDGE_PAIRS_MAX + 1]; /* the first is for those who name nothing we know */
    size_t context_count;
    edge_name *names; /* sorted */
    size_t name_count, name_capacity;
} edge_tls;

/* Reads all files. On failure nothing is kept. */
PV_MUST_USE pv_status edge_tls_load(const pv_edge_tls *files, pv_error *error, edge_tls **ret_tls);
edge_tls *edge_tls_refer(edge_tls *tls);
void edge_tls_release(edge_tls *tls); /* NULL is permitted */

/* A session that waits for a client's hello; NULL: no memory. */
SSL *edge_tls_session(edge_tls *tls, bool demands_certificate);

/* A number that changes when one of the files, or the list of the folder, does. */
uint64_t edge_tls_signature(const pv_edge_tls *files);

/* Within tls.c and names.c. */
PV_MUST_USE pv_status edge_tls_add_pair(edge_tls *tls, const pv_edge_tls *files,
                                        const char *certificate, const char *key, pv_error *error);
PV_MUST_USE pv_status edge_tls_add_folder(edge_tls *tls, const pv_edge_tls *files, pv_error *error);
SSL_CTX *edge_tls_named(const edge_tls *tls, const char *name); /* NULL: none */
void edge_tls_free_names(edge_tls *tls);
pv_status edge_refuse_file(pv_error *error, const char *path,
                           const char *why); /* NULL: OpenSSL's word */

#ifdef __cplusplus
}
#endif
#endif
