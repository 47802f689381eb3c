/* peers.h — clients that send bytes of their own instead of calls through a library: many handshakes, many connections
 * that rest, and attacks, each bounded in count and time. Against servers that echo (generated.c), by TLS. */
#ifndef PV_TESTS_BENCH_PEERS_H
#define PV_TESTS_BENCH_PEERS_H

#include "tests/bench/load.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct peers_handshakes {
    double per_second;
    double server_ms; /* CPU time of one */
} peers_handshakes;

/* Connects so often, one after the other, with a full handshake each. False: one failed. */
bool peers_shake_hands(const load_target *target, size_t count, peers_handshakes *ret);

/* KiB of server memory for one connection that rests after HTTP/2 has begun, over so many of them; below 0: one
 * failed. */
double peers_idle_kib(const load_target *target, size_t count);

typedef struct peers_attack {
    const char *name;
    double seconds;          /* that it lasted */
    double server_s;         /* CPU time of the server beyond what the neighbour's calls cost */
    double memory_mib;       /* highest resident memory during it, less that before */
    double neighbour_p99_ms; /* of calls of another client, one at a time */
    size_t neighbour_calls, neighbour_failed;
    char end[32]; /* how the attacker was ended, in the words of h2::Seen::end_of */
} peers_attack;

enum { PEERS_ATTACKS = 9 }; /* the first is none: a neighbour alone */

/* Runs one of the attacks on a fresh server. `call_us` is what a call of the neighbour costs the server. */
peers_attack peers_run_attack(const load_target *target, size_t index, double call_us);

#ifdef __cplusplus
}
#endif
#endif
