/* limits.h — every bound of the RPC runtime and every channel argument it sets, each with its
 * reason. "Core" is the gRPC C core, version 1.51. */
#ifndef PV_SERVER_RPC_LIMITS_H
#define PV_SERVER_RPC_LIMITS_H

enum {
    /* --- calls --- */

    /* Requests for a new call that are outstanding at the core. A burst larger than this waits
     * inside the core, where neither deadline nor disconnect frees a call; each slot costs about
     * two kilobytes. */
    PV_RPC_OUTSTANDING_REQUESTS = 256,

    /* Calls open at once; beyond it a call is answered RESOURCE_EXHAUSTED. An idle stream costs
     * about 13 kB in the core and 18 kB here: a quarter of a gigabyte in all. */
    PV_RPC_CALLS_MAX = 8192,

    /* Calls open at once on one connection. Counted here because the core's own limit holds only
     * after the client has acknowledged SETTINGS. Above the advertised number, since a call ends
     * here a moment after the client has seen its end. */
    PV_RPC_CALLS_PER_CONNECTION_MAX = 256,

    /* Advertised as SETTINGS_MAX_CONCURRENT_STREAMS. What clients assume before they have read it, and
     * what an edge in front holds them to from the first frame on. */
    PV_RPC_CONCURRENT_STREAMS = 100,

    /* What a refused client is told to wait when the server is full. */
    PV_RPC_OVERLOAD_RETRY_MS = 1000,

    /* --- memory --- */

    /* Largest request of a method that does not say otherwise (MethodRule.request_bytes_max). */
    PV_RPC_REQUEST_BYTES_DEFAULT = 256 * 1024,

    /* Largest message sent. Our own lists and streams stay far below it; a client may have asked
     * for more than its own limit of 4 MiB only by mistake of ours. */
    PV_RPC_RESPONSE_BYTES_MAX = 4 * 1024 * 1024,

    /* Ceiling of a call's arena when the configuration names none: decoded messages are up to 48
     * times their packed size, so 16 MiB lets an honest default-sized request through and stops
     * the others. */
    PV_RPC_ARENA_BYTES_DEFAULT = 16 * 1024 * 1024,

    /* Arenas kept for reuse between calls. */
    PV_RPC_ARENA_POOL = 256,

    /* Call records kept for reuse beyond the outstanding ones. */
    PV_RPC_RECORD_POOL = 1024,

    /* Trailing metadata that an application may add to one call. */
    PV_RPC_TRAILERS_MAX = 8,

    /* Initial metadata, likewise. */
    PV_RPC_HEADERS_MAX = 4,

    /* Error details and message together, as sent. A client on gRPC 1.51 refuses trailers above
     * 8 KiB altogether, and the bytes travel as base64. */
    PV_RPC_DETAILS_BYTES_MAX = 4096,

    /* Room to build them in. */
    PV_RPC_DETAILS_ARENA_BYTES = 256 * 1024,

    /* Message text of an error; it travels twice (grpc-message and google.rpc.Status). */
    PV_RPC_MESSAGE_BYTES_MAX = 512,

    /* --- connections --- */

    /* Peer records kept, one per connection. Each pins the connection's auth context (some 6
     * kB). */
    PV_RPC_PEERS_MAX = 4096,

    /* Longest leaf certificate in PEM. A P-256 leaf is about 1 kB. */
    PV_RPC_CERTIFICATE_PEM_MAX = 16 * 1024,

    /* Topics that wait to be looked at by the polling thread; beyond it all idle streams are
     * woken. */
    PV_RPC_WAKE_TOPICS_MAX = 1024,

    /* Slots of the table of idle streams by topic. A power of two. */
    PV_RPC_IDLE_SLOTS = 4096,

    /* Least time between two heartbeats of a stream; less is rounded up to it. */
    PV_RPC_HEARTBEAT_MS_MIN = 10,

    /* Lines of the core's own log per second; the core lets remote peers cause them. */
    PV_RPC_CORE_LOG_LINES_PER_SECOND = 10
};

/* Channel arguments, in milliseconds and bytes where the core says so. */
enum {
    /* Request and response headers; the core's default, kept, because a larger block costs the
     * quadratic header parser of 1.51 more time. */
    PV_RPC_ARG_METADATA_BYTES = 8192,

    /* A handshake holds 60 to 100 kB and no honest client needs more than a few round trips. */
    PV_RPC_ARG_HANDSHAKE_TIMEOUT_MS = 5000,

    /* Connections without a call: a handshake costs 5 ms of CPU, an idle connection 110 kB. */
    PV_RPC_ARG_CONNECTION_IDLE_MS = 15 * 60 * 1000,

    /* Clients reconnect twice a day, so that certificates and addresses are looked at again; not
     * more often, because a handshake costs as much CPU as two hundred calls. */
    PV_RPC_ARG_CONNECTION_AGE_MS = 12 * 3600 * 1000,
    PV_RPC_ARG_CONNECTION_AGE_GRACE_MS = 5 * 60 * 1000,

    /* Finds peers that have gone without a word (NAT, power loss) while their streams are open. */
    PV_RPC_ARG_KEEPALIVE_MS = 60 * 1000,
    PV_RPC_ARG_KEEPALIVE_TIMEOUT_MS = 10 * 1000,

    /* Clients may ping every ten seconds; with the core's default of five minutes the usual client
     * keepalive of a minute is sent away with "too_many_pings". */
    PV_RPC_ARG_PING_INTERVAL_MS = 10 * 1000,
    PV_RPC_ARG_PING_STRIKES = 2,

    /* A drain waits no longer for connections when no call has been open for this time: whoever has a call on
     * its way has been told to go, or is seen, by then. */
    PV_RPC_DRAIN_QUIET_MS = 1000,
    PV_RPC_DRAIN_LOOK_MS = 100, /* between two looks at that */

    /* Only identity (bit 0): a compressed message makes 1.51 inflate without a bound before it
     * looks at the size. Compressed requests are answered UNIMPLEMENTED. */
    PV_RPC_ARG_COMPRESSION_BITSET = 1,

    /* Memory that the core gives to connections before it refuses new ones. */
    PV_RPC_ARG_RESOURCE_QUOTA_BYTES = 512 * 1024 * 1024
};

#endif
