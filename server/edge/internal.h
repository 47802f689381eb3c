/* internal.h — what the files of server/edge share; nothing outside includes it. Everything here belongs to the edge's
 * thread but for three things: the registry (its own lock), the mailbox (its own lock) and the counters (atomic). */
#ifndef PV_SERVER_EDGE_INTERNAL_H
#define PV_SERVER_EDGE_INTERNAL_H

#include "base/time.h"
#include "server/edge/edge.h"
#include "server/edge/frames.h"
#include "server/edge/limits.h"
#include "server/edge/tls.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/epoll.h>

/* --- what an event of epoll points to --- */

typedef struct edge_watch {
    int fd; /* -1: closed */
    uint32_t events;
    void (*ready)(pv_edge *edge, struct edge_watch *watch, uint32_t events);
} edge_watch;

bool edge_watch_add(pv_edge *edge, edge_watch *watch, uint32_t events);
void edge_watch_set(pv_edge *edge, edge_watch *watch,
                    uint32_t events); /* a call only if it changes */
void edge_watch_close(edge_watch *watch);

/* --- timer.c: a heap of moments --- */

typedef struct edge_timer {
    int64_t due_ns; /* monotonic */
    size_t place;   /* in the heap, from 1; 0: not set */
    void (*fire)(pv_edge *edge, struct edge_timer *timer);
} edge_timer;

typedef struct edge_timers {
    edge_timer **heap; /* from 1 */
    size_t count, capacity;
} edge_timers;

void edge_timer_set(edge_timers *timers, edge_timer *timer, int64_t due_ns);
void edge_timer_clear(edge_timers *timers, edge_timer *timer);
edge_timer *edge_timer_due(const edge_timers *timers, int64_t now_ns); /* NULL: none */
int64_t edge_timer_next_ns(const edge_timers *timers);                 /* INT64_MAX: none */

/* --- parties.c: sources and certificates, with what is open of each --- */

typedef struct edge_connection edge_connection;

/* Tokens that come at a rate, up to a burst. */
typedef struct edge_bucket {
    int64_t full_ns; /* when it is full again; a token moves it on */
} edge_bucket;

/* Takes a token; false: there is none. */
bool edge_bucket_take(edge_bucket *bucket, int64_t per_second, int64_t burst, int64_t now_ns);

typedef struct edge_party {
    uint8_t key[PV_EDGE_DIGEST_SIZE];
    struct edge_party *hash_next;
    struct edge_party *older, *newer; /* while nothing is open */
    edge_connection *first;           /* by edge_connection.of_certificate; sources keep no list */
    size_t open;
    edge_bucket handshakes;
    uint64_t breaches;
    uint64_t breaches_logged;
    int64_t log_ns; /* when breaches may be logged again */
} edge_party;

typedef struct edge_parties {
    edge_party **slots;
    size_t slot_count; /* a power of two */
    edge_party *oldest, *newest;
    size_t idle;
} edge_parties;

void edge_parties_init(edge_parties *parties, size_t expected);
void edge_parties_deinit(edge_parties *parties);
edge_party *edge_party_find(const edge_parties *parties, const uint8_t key[PV_EDGE_DIGEST_SIZE]);
edge_party *edge_party_take(edge_parties *parties,
                            const uint8_t key[PV_EDGE_DIGEST_SIZE]); /* open + 1 */
void edge_party_give(edge_parties *parties, edge_party *party);      /* open - 1 */

/* --- registry.c: the records that the core asks for --- */

typedef struct edge_record {
    uint64_t number;
    struct edge_record *hash_next;
    pv_view server_name; /* behind this struct */
    bool has_certificate;
    uint8_t certificate_sha256[PV_EDGE_DIGEST_SIZE];
    char address[PV_EDGE_ADDRESS_SIZE];
} edge_record;

typedef struct edge_registry {
    pthread_mutex_t lock;
    edge_record **slots;
    size_t slot_count;
    uint64_t last_number;
    char prefix[64]; /* of every socket's name; holds the nonce */
} edge_registry;

void edge_registry_init(edge_registry *registry, size_t expected);
void edge_registry_deinit(edge_registry *registry);
/* Makes the record of a connection, under a number of its own. */
edge_record *edge_registry_add(edge_registry *registry, const char *address, pv_view server_name,
                               const uint8_t *certificate_sha256);
void edge_registry_remove(edge_registry *registry, edge_record *record);
/* Name of the socket of a record, without the NUL that makes it abstract. */
size_t edge_registry_name(const edge_registry *registry, const edge_record *record, char *ret_name,
                          size_t capacity);

/* bio.c — what OpenSSL reads and writes through: the client's socket. */
BIO_METHOD *edge_bio_method(void);
bool edge_bio_attach(const BIO_METHOD *method, SSL *ssl, edge_connection *connection);

/* --- connections --- */

typedef enum edge_state {
    EDGE_HANDSHAKE = 0,
    EDGE_CONNECTING = 1, /* to the core */
    EDGE_OPEN = 2,
    EDGE_ENDING = 3,    /* the frame under way to the client, and GOAWAY behind it */
    EDGE_FLUSHING = 4,  /* the last bytes to the client */
    EDGE_LINGERING = 5, /* until it closes, or time is up */
    EDGE_DEAD = 6       /* freed at the end of the pass */
} edge_state;

/* Bytes that wait for one side; memory only while there are some. */
typedef struct edge_waiting {
    uint8_t *bytes;
    size_t at, size;
} edge_waiting;

typedef struct edge_listener {
    edge_watch watch;
    edge_timer pause;
    char *core_path;
    bool demands_certificate;
    int port;
} edge_listener;

struct edge_connection {
    edge_watch client, core;
    edge_timer timer;
    edge_state state;
    const edge_listener *listener;
    SSL *ssl;
    edge_tls *tls; /* while the handshake needs it */
    edge_party *source;
    edge_party *certificate; /* NULL: none */
    edge_record *record;     /* while the core may ask for it */
    edge_waiting to_core, to_client;
    pv_frames frames;

    /* Edge-triggered events: what a socket has to give or take, as far as is known. */
    bool client_readable, client_writable, client_gone;
    bool core_readable, core_writable, core_gone;
    bool queued;                        /* in the list of handshakes or of relays */
    bool more;                          /* the pass took its share and left some */
    bool breached;                      /* the code of its GOAWAY */
    bool has_shown;                     /* a certificate was shown and refused */
    uint8_t shown[PV_EDGE_DIGEST_SIZE]; /* its digest */
    bool tls_abused;                    /* more TLS messages than a client needs */
    size_t pass_bytes;                  /* taken from the client in this pass */
    edge_bucket tls_messages;

    int64_t accepted_ns;
    int64_t deadline_ns; /* of the state; INT64_MAX: none */
    int64_t stalled_ns;  /* when bytes began to wait for the client; INT64_MAX: none do */
    int64_t expires_ns;  /* wall clock; INT64_MAX: never */
    int64_t core_retry_ns;

    edge_connection *next;          /* in a list of what is to be done */
    edge_connection *older, *newer; /* handshakes in order of age, or all others */
    edge_connection *of_certificate_next, **of_certificate_link;
    char address[PV_EDGE_ADDRESS_SIZE];
};

typedef struct edge_list {
    edge_connection *first, *last;
} edge_list;

typedef struct edge_ring {
    edge_connection *oldest, *newest;
    size_t count;
} edge_ring;

/* What other threads have to say. */
typedef struct edge_mailbox {
    pthread_mutex_t lock;
    edge_watch watch; /* an eventfd */
    uint8_t (*digests)[PV_EDGE_DIGEST_SIZE];
    size_t digest_count, digest_capacity;
    edge_tls *tls; /* NULL: no new one */
    bool drain, end;
} edge_mailbox;

struct pv_edge {
    pv_edge_bounds bounds;
    pv_edge_tls files; /* texts are ours */
    uint64_t signature;
    edge_listener listeners[PV_EDGE_LISTENERS_MAX];
    size_t listener_count;
    void (*refused)(void *context, const pv_edge_refusal *refusal);
    void *refused_context;
    int epoll;
    int reserve; /* a descriptor to give up when there is none for accept; -1: given up */
    pthread_t thread;
    bool started;

    edge_mailbox mailbox;
    edge_registry registry;
    pv_edge_counts counts; /* moved by edge_count alone */
    uint64_t open;

    /* Of the thread. */
    int64_t now_ns; /* monotonic, taken once a pass */
    edge_tls *tls;
    edge_timers timers;
    edge_parties sources, certificates;
    edge_ring handshaking, settled;
    edge_list handshakes, relays, dead;
    bool ending;
    BIO_METHOD *bio;
    edge_bucket log_lines;
    uint64_t log_left_out;
    pv_frames_limits frame_limits;
    uint8_t buffer[PV_EDGE_BUFFER_BYTES];
};

static inline void edge_count(uint64_t *counter, int64_t by)
{
    (void)__atomic_fetch_add(counter, (uint64_t)by, __ATOMIC_RELAXED);
}

/* edge.c */
void edge_list_push(edge_list *list, edge_connection *connection);
edge_connection *edge_list_pop(edge_list *list);
void edge_ring_push(edge_ring *ring, edge_connection *connection);
void edge_ring_remove(edge_ring *ring, edge_connection *connection);

/* listen.c */
pv_status edge_listen(edge_listener *listener, const pv_edge_listener *config, pv_error *error);
void edge_listen_start(pv_edge *edge, edge_listener *listener);
void edge_listen_stop(pv_edge *edge);

/* connection.c */
void edge_connection_begin(pv_edge *edge, const edge_listener *listener, int fd,
                           const char *address, edge_party *source);
void edge_connection_handshake(pv_edge *edge, edge_connection *connection);
void edge_connection_schedule(pv_edge *edge, edge_connection *connection);

/* relay.c */
void edge_relay(pv_edge *edge, edge_connection *connection);
/* While it is EDGE_ENDING: passes on what is left of the frame under way, then says GOAWAY and finishes. */
void edge_relay_end(pv_edge *edge, edge_connection *connection);
/* To the client, now or, for what does not go now, later. False: the connection is lost. */
bool edge_send(pv_edge *edge, edge_connection *connection, const uint8_t *bytes, size_t size);
bool edge_flush(pv_edge *edge, edge_connection *connection);
void edge_waiting_clear(edge_waiting *waiting);

/* close.c */
void edge_close(pv_edge *edge, edge_connection *connection); /* at once, without a word */
void edge_send_away(pv_edge *edge, edge_connection *connection, bool breach); /* with GOAWAY */
void edge_finish(pv_edge *edge, edge_connection *connection); /* what waits, close_notify, close */
void edge_linger(pv_edge *edge, edge_connection *connection);
void edge_breach(pv_edge *edge, edge_connection *connection, const char *name);
void edge_close_soon(pv_edge *edge, edge_connection *connection);

/* log.c */
void edge_log_refused(pv_edge *edge, const char *address, const char *why);
void edge_log_breach(pv_edge *edge, const edge_connection *connection, edge_party *party,
                     const char *name);

#endif
