/* attempts.h — how often one source may try what needs no certificate: a bucket for each, of a minute's attempts, that
 * fills up within a minute. A source is an IPv4 address, or the /64 that an IPv6 site owns at least; what has no
 * address is one source together.
 *
 * The table has a fixed size. When it is full, the source whose bucket is fullest makes room: mostly one that could be
 * forgotten anyway, and whoever comes from that many addresses has that many buckets in any case.
 * Threads: one. The struct begins zeroed. */
#ifndef PV_SERVER_PIPELINE_ATTEMPTS_H
#define PV_SERVER_PIPELINE_ATTEMPTS_H

#include "base/time.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ATTEMPTS_SOURCES_MAX = 1024, ATTEMPTS_KEY_SIZE = 9 };

typedef struct attempts_source {
    uint8_t key[ATTEMPTS_KEY_SIZE];
    int64_t full_ns; /* when its bucket will be full, by the monotonic clock */
} attempts_source;

typedef struct attempts_table {
    uint32_t per_minute; /* 0: any number */
    attempts_source sources[ATTEMPTS_SOURCES_MAX];
} attempts_table;

/* Takes one attempt of the source with this address ("ipv4:192.0.2.1:4242", "ipv6:[2001:db8::1]:4242"). False: it has
 * none left, and *ret_wait_ms is how long until the next. */
PV_MUST_USE bool attempts_take(attempts_table *table, const char *address, int64_t now_ns,
                               int64_t *ret_wait_ms);

#ifdef __cplusplus
}
#endif
#endif
