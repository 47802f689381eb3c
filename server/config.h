/* config.h — purveyd's settings: one table gives name, default and meaning; a value comes from a flag, else
 * from the environment, else from the file, else from the default. An unknown name is an error that names
 * the nearest known one. */
#ifndef PV_SERVER_CONFIG_H
#define PV_SERVER_CONFIG_H

#include "base/arena.h"
#include "base/log.h"
#include "server/pipeline/pipeline.h"
#include "server/resolve/resolve.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texts live in the arena given to pv_config_read. */
typedef struct pv_config {
    const char
        *data; /* folder of the store and of the server's certificate, made by `purvey init` */
    const char *listen; /* address and port, e.g. "127.0.0.1:20443" */
    const char *
        enrol_listen; /* the same for clients without a certificate, for PUBLIC methods; "": nowhere */
    size_t enrol_attempts;    /* PUBLIC writes of one source per minute; 0: any number */
    bool tls12;               /* TLS 1.2 as well as 1.3 */
    const char *certificates; /* folder of more server certificates; "": `data`/certificates */
    size_t connections;       /* these four: 0 for the edge's default */
    size_t connections_per_source;
    size_t connections_per_certificate;
    size_t handshakes_per_source; /* per second */
    const char *port_file;        /* where to write the ports that were taken; "" for nowhere */
    pv_log_level log_level;
    bool reflection;        /* serve grpc.reflection */
    int64_t drain_ms;       /* grace for calls at work after SIGTERM */
    pv_retention retention; /* how long answers, events and audit entries are kept */
    size_t map_bytes;       /* address space for the store: a bound on its size, not memory */
    bool resolves;          /* domains can be verified */
    pv_resolver resolver;   /* through this */
    struct sockaddr_in dns; /* the server that is asked; borrowed by the resolver */
} pv_config;

typedef enum pv_config_outcome {
    PV_CONFIG_RUN = 0, /* go on with the settings */
    PV_CONFIG_DONE =
        1, /* --help, --version, --check-config or --print-config has answered on stdout */
    PV_CONFIG_WRONG = 2 /* a sentence was written to stderr */
} pv_config_outcome;

/* Reads flags (--name value or --name=value), the environment (PURVEYD_NAME) and the file named by --config
 * (lines "name = value", "#" begins a comment). */
pv_config_outcome pv_config_read(int argc, char **argv, pv_arena *arena, pv_config *ret_config);

#ifdef __cplusplus
}
#endif
#endif
