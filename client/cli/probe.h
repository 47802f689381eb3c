/* probe.h — one look at a server without gRPC: its name, a connection, the TLS handshake, and what the server shows.
 * Nothing is sent but the handshake, so it may be used on a server that is not trusted yet.
 *
 * The server's certificate is not checked on the way, but with pv_probe_check afterwards, so that whatever is wrong
 * can be told. Roots are files (PEM).
 *
 * Memory: texts live in the arena; the chain is freed by pv_probe_close. Threads: one; SIGPIPE is ignored meanwhile.
 * Time: `wait_ms` for connection and handshake together; a name is looked for as long as the system's resolver does.
 * Reasons: those of trouble.h from ADDRESS_INVALID on. */
#ifndef PV_CLIENT_CLI_PROBE_H
#define PV_CLIENT_CLI_PROBE_H

#include "base/error.h"
#include "base/time.h"
#include "client/cli/invitation.h"

#include <openssl/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_PROBE_WAIT_MS = 10 * 1000, PV_PROBE_WAIT_MS_MAX = 10 * 60 * 1000 };

typedef struct pv_probe_options {
    const char *target;           /* "host:port" */
    const char *server_name;      /* asked for and expected instead of the host; NULL: the host */
    const char *certificate_path; /* shown to the server, with its key; NULL: none */
    const char *key_path;
    int64_t wait_ms; /* 0: PV_PROBE_WAIT_MS; more than PV_PROBE_WAIT_MS_MAX counts as that */
} pv_probe_options;

/* How far it came. */
typedef enum pv_probe_step {
    PV_PROBE_NOTHING = 0,
    PV_PROBE_NAMED,     /* the host's name has an address */
    PV_PROBE_CONNECTED, /* something listens there */
    PV_PROBE_SECURED,   /* the handshake ended, with HTTP/2 agreed on; the chain is there */
    PV_PROBE_ADMITTED   /* the server said something: it has let the certificate in */
} pv_probe_step;

typedef struct pv_probe {
    pv_probe_step step;
    const char *name;       /* to be found in the server's certificate */
    const char *address;    /* that was connected to */
    const char *tls;        /* "TLSv1.3" */
    STACK_OF(X509) * chain; /* leaf first; NULL: none was shown */
} pv_probe;

/* Looks. Zero-initialise the probe. It is filled as far as it came, also when the status is not OK; close it in any
 * case. */
PV_MUST_USE pv_status pv_probe_run(const pv_probe_options *options, pv_arena *arena,
                                   pv_error *error, pv_probe *probe);

void pv_probe_close(pv_probe *probe);

/* Holds the chain against the roots, the name and the time, in this order: SERVER_ROOT_WRONG, SERVER_NAME_WRONG,
 * SERVER_EXPIRED, SERVER_NOT_YET_VALID; ROOT_INVALID for a file that holds none. `ret_end` is when the first
 * certificate of the chain ends. */
PV_MUST_USE pv_status pv_probe_check(const pv_probe *probe, const char *roots_path, pv_time now,
                                     pv_arena *arena, pv_error *error, pv_time *ret_end);

/* ROOT_INVALID unless the file holds certificates. */
PV_MUST_USE pv_status pv_probe_check_roots(const char *roots_path, pv_error *error);

/* The certificate of the chain that has an invitation's fingerprint, as PEM in the arena.
 * FINGERPRINT_WRONG. */
PV_MUST_USE pv_status pv_probe_find(const pv_probe *probe,
                                    const uint8_t fingerprint[PV_FINGERPRINT_SIZE], pv_arena *arena,
                                    pv_error *error, const char **ret_pem);

#ifdef __cplusplus
}
#endif
#endif
