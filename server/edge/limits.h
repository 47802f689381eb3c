/* limits.h — every bound of the edge but those on frames (frames.h), each with its reason. Times in milliseconds. */
#ifndef PV_SERVER_EDGE_LIMITS_H
#define PV_SERVER_EDGE_LIMITS_H

enum {
    /* --- connections: defaults of pv_edge_bounds --- */

    /* In all. An idle one costs below 50 KiB here and in the core together: 400 MiB. */
    PV_EDGE_CONNECTIONS = 8192,

    /* Of one source: an eighth of all, so that it takes eight to fill the house; a partner behind one address has
     * one connection per process. */
    PV_EDGE_CONNECTIONS_PER_SOURCE = 1024,

    /* Of one certificate: a fleet of workers shares one; more are a fault or an attack. */
    PV_EDGE_CONNECTIONS_PER_CERTIFICATE = 256,

    /* New connections of one source per second, in the long run. A full handshake costs 2.4 ms of CPU: one source
     * takes an eighth of a core at most. */
    PV_EDGE_HANDSHAKES_PER_SECOND = 50,

    /* Seconds' worth of them that may come at once: after a restart 500 clients behind one address are back without a
     * refusal. */
    PV_EDGE_HANDSHAKE_BURST_S = 10,

    /* Handshakes under way, in all; each holds some 60 KiB. One more closes the one that has waited longest: a peer
     * that is slow on purpose keeps nobody out. */
    PV_EDGE_HANDSHAKES = 1024,

    /* Listeners of one edge. */
    PV_EDGE_LISTENERS_MAX = 4,

    /* Sources and certificates remembered while they have no connection: for rates and counts of breaches. */
    PV_EDGE_PARTIES_IDLE = 4096,

    /* Connections taken from the backlog in one pass, so that those that are open are served in between. */
    PV_EDGE_ACCEPTS_PER_PASS = 64,

    /* Handshake steps in one pass; a step is up to 2 ms of CPU, and open connections wait for it. */
    PV_EDGE_HANDSHAKE_STEPS_PER_PASS = 2,

    /* --- time --- */

    /* From accept to the end of the handshake: it takes two round trips. */
    PV_EDGE_HANDSHAKE_MS = 5000,

    /* Until the core takes a connection: it accepts on its polling thread, between calls. */
    PV_EDGE_CORE_CONNECT_MS = 5000,
    PV_EDGE_CORE_RETRY_MS = 10, /* between two tries when its backlog is full */

    /* A peer that takes nothing of what waits for it. TCP itself would wait for a quarter of an hour. */
    PV_EDGE_STALL_MS = 30 * 1000,

    /* From the wish to close a certificate's connections to their end; the promise is 100 ms. */
    PV_EDGE_CLOSE_MS = 75,

    /* For the last bytes to a peer that is sent away, and then for its side to close: a socket closed with bytes
     * unread would take back what was sent. */
    PV_EDGE_FLUSH_MS = 1000,

    /* No accept after an error that only others can mend (no memory, no descriptor in the system). */
    PV_EDGE_ACCEPT_PAUSE_MS = 100,

    /* Longest time between two looks at a connection, so that an expiry is found even when the wall clock jumps. */
    PV_EDGE_LOOK_MS = 60 * 1000,

    /* --- bytes --- */

    /* Read at once, and so the most that waits in one direction of a connection: the other side is not read while
     * bytes wait. Holds four full frames or TLS records. */
    PV_EDGE_BUFFER_BYTES = 64 * 1024,

    /* Bytes taken from one connection in one pass. */
    PV_EDGE_PASS_BYTES = 256 * 1024,

    /* Unsent bytes in the kernel's buffer of a client's socket: enough to keep the line busy until the next pass. */
    PV_EDGE_UNSENT_BYTES = 128 * 1024,

    /* Taken and thrown away from a client that is sent away, while it has not closed. */
    PV_EDGE_LINGER_BYTES = 1024 * 1024,

    /* --- TLS --- */

    /* Certificates in a client's chain beside its leaf. */
    PV_EDGE_CHAIN_DEPTH = 3,

    /* TLS messages of a client after the handshake (key updates): a client renews its keys after millions of
     * records. */
    PV_EDGE_TLS_MESSAGES_PER_SECOND = 1,
    PV_EDGE_TLS_MESSAGES_BURST = 16,

    /* Pairs in the folder of certificates; each costs 28 KiB and 2 ms of a reload. */
    PV_EDGE_PAIRS_MAX = 256,

    /* --- the log --- */

    /* Why a handshake was refused, in words: two sentences of OpenSSL. */
    PV_EDGE_WHY_SIZE = 160,

    /* Lines about handshakes and refusals per second: remote peers cause them. */
    PV_EDGE_LOG_LINES_PER_SECOND = 10,

    /* Between two lines about breaches by one certificate. */
    PV_EDGE_BREACH_LOG_MS = 60 * 1000
};

#endif
