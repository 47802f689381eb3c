/* edge.h — the edge of the service: it accepts connections, ends TLS, looks at the HTTP/2 frame headers that pass,
 * and gives each connection a UNIX-socket connection of its own to the core that serves it. Bytes are forwarded
 * unchanged both ways. It knows neither what is served nor by whom, and stands on base and OpenSSL alone.
 *
 * Identity: the edge verifies the client's chain, takes the SHA-256 of the leaf, writes a record of the connection,
 * binds its socket to an abstract name that holds 128 random bits of this process and a number that is never used
 * again, and only then connects to the core. The core sees that name as its peer and finds the record by it
 * (pv_edge_find). The record is gone before the name is free again. Nothing about identity travels in bytes that a
 * client could write. The core's socket must stand in a folder that only this user may enter; the edge in turn
 * refuses to talk to a socket of another user.
 *
 * Threads: one thread of its own, which owns every connection. All functions marked "any thread" may be called from
 * anywhere between pv_edge_create and pv_edge_destroy; the others belong to the owner of the edge.
 * Limits: server/edge/limits.h, each with its reason. The process's SIGPIPE must be ignored. */
#ifndef PV_SERVER_EDGE_EDGE_H
#define PV_SERVER_EDGE_EDGE_H

#include "base/error.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_EDGE_DIGEST_SIZE = 32,
    PV_EDGE_ADDRESS_SIZE = 64,     /* "ipv6:[...]:65535" with its NUL */
    PV_EDGE_SERVER_NAME_SIZE = 256 /* a DNS name with its NUL */
};

typedef struct pv_edge pv_edge;

/* Where connections come in, and the policy for those that do. */
typedef struct pv_edge_listener {
    const char *address;   /* "127.0.0.1:20443", "[::]:20443"; port 0 takes a free one */
    const char *core_path; /* UNIX socket of the core that serves what comes in here */
    /* Clients must show a certificate that the roots vouch for. Without: they are asked for none, their records have
     * none, and they are sent the root that the server's certificate comes from. */
    bool demands_certificate;
} pv_edge_listener;

/* Files in PEM. They are read again by pv_edge_reload. */
typedef struct pv_edge_tls {
    const char *
        client_roots; /* roots that clients' chains must end in; intermediates come from the clients */
    /* Intermediates that no client's chain may contain any more; NULL or not there: none. */
    const char *client_refused;
    const char *
        certificate; /* the server's chain, leaf first: for clients that name no server, or an unknown one */
    const char *key; /* its key: P-256, mode 0600 */
    const char
        *folder; /* more of them, NAME.pem with NAME.key, chosen by the name that a client asks for
                                 (SNI), exact or by wildcard; NULL or not there: none */
    const char *
        root; /* that `certificate` comes from: sent behind it to clients that are asked for no certificate, who
                         may know nothing of it but its digest; NULL: not sent */
    bool tls12; /* also TLS 1.2, with ECDHE and AEAD only; else TLS 1.3 alone */
} pv_edge_tls;

/* Bounds that depend on the installation; 0 stands for the default in limits.h. */
typedef struct pv_edge_bounds {
    size_t connections;                 /* in all, in whatever state */
    size_t connections_per_source;      /* of one IPv4 address or IPv6 /64 */
    size_t connections_per_certificate; /* after the handshake */
    size_t handshakes_per_second;       /* of one source; ten seconds' worth may come at once */
} pv_edge_bounds;

/* A client that was refused in its handshake or for its certificate. Not who merely went away. */
typedef struct pv_edge_refusal {
    const char *address; /* "ipv4:127.0.0.1:4242" */
    const char *why;     /* in words: "certificate verify failed: certificate has expired" */
    const uint8_t *
        certificate_sha256; /* of the leaf that was shown; NULL: none. Whether the client holds its key is not
                                          known where the chain was refused. */
} pv_edge_refusal;

typedef struct pv_edge_config {
    const pv_edge_listener *listeners;
    size_t listener_count; /* 1 to PV_EDGE_LISTENERS_MAX */
    pv_edge_tls tls;
    pv_edge_bounds bounds;
    /* Told of each refusal, on the edge's thread, which it must not hold up. May be NULL. */
    void (*refused)(void *context, const pv_edge_refusal *refusal);
    void *refused_context;
} pv_edge_config;

extern const pv_reason
    pv_edge_reason_files; /* a certificate, key or root cannot be used; the message names it */
extern const pv_reason pv_edge_reason_listen; /* an address cannot be listened on */

/* Reads the files and takes the ports; nothing is accepted before pv_edge_start. Everything in `config` is copied. */
PV_MUST_USE pv_status pv_edge_create(const pv_edge_config *config, pv_error *error,
                                     pv_edge **ret_edge);

/* Begins to accept. */
void pv_edge_start(pv_edge *edge);

/* The port that was taken. */
int pv_edge_port(const pv_edge *edge, size_t listener);

/* Accepts no more, and ends handshakes; what is open goes on until its client or the core ends it: a core that drains
 * tells its clients to go (GOAWAY) through the edge. Any thread. */
void pv_edge_drain(pv_edge *edge);

/* Connections that are open, in whatever state. Any thread. */
size_t pv_edge_open(const pv_edge *edge);

/* Closes what is open and frees everything; answers that are on their way are flushed for at most
 * PV_EDGE_FLUSH_MS. NULL is permitted. */
void pv_edge_destroy(pv_edge *edge);

/* Reads all certificates, keys and roots again; connections from now on use them, open ones stay. On failure the old
 * ones stay, and `error` says why. Not from two threads at once. */
PV_MUST_USE pv_status pv_edge_reload(pv_edge *edge, pv_error *error);

/* Whether a file, or the folder of pairs, has changed since they were last read (well or not). Same thread rule. */
bool pv_edge_files_changed(const pv_edge *edge);

/* Closes every connection of the certificate with this SHA-256 within PV_EDGE_CLOSE_MS, which leaves an answer that
 * is being given time to arrive. Any thread; cheap. */
void pv_edge_close_certificate(pv_edge *edge, const uint8_t sha256[PV_EDGE_DIGEST_SIZE]);

/* What is known of a connection. */
typedef struct pv_edge_peer {
    char address[PV_EDGE_ADDRESS_SIZE]; /* "ipv4:127.0.0.1:4242" */
    char server_name
        [PV_EDGE_SERVER_NAME_SIZE]; /* that the client asked for (SNI), lower case; "" if none */
    bool has_certificate;           /* verified */
    uint8_t certificate_sha256[PV_EDGE_DIGEST_SIZE]; /* of the leaf's DER */
} pv_edge_peer;

/* The record of the connection whose socket has this name, as the core writes it ("unix-abstract:..."). False: there
 * is none. Any thread; in constant time. */
PV_MUST_USE bool pv_edge_find(pv_edge *edge, const char *name, pv_edge_peer *ret_peer);

/* What has happened since the start. */
typedef struct pv_edge_counts {
    uint64_t accepted;
    uint64_t established;       /* handshakes that succeeded */
    uint64_t handshakes_failed; /* by TLS, ALPN or time */
    uint64_t refused_total;     /* no room in all, or no descriptor */
    uint64_t refused_source;    /* too many of one source, or too fast */
    uint64_t refused_certificate;
    uint64_t core_unreachable;
    uint64_t breaches; /* of the limits on frames */
    uint64_t expired;  /* closed because their certificate had ended */
    uint64_t closed_by_request;
    uint64_t accept_errors;
} pv_edge_counts;

/* Any thread. */
void pv_edge_count(const pv_edge *edge, pv_edge_counts *ret_counts);

#ifdef __cplusplus
}
#endif
#endif
