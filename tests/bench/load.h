/* load.h — a closed-loop load on one unary method, straight on the C core, and what the server's process paid for
 * it. Used for the yardstick and for purveyd alike, so that the client is the same in every comparison. */
#ifndef PV_TESTS_BENCH_LOAD_H
#define PV_TESTS_BENCH_LOAD_H

#include "base/view.h"

#include <grpc/grpc.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct load_target {
    const char *address; /* "127.0.0.1:20443" */
    const char *ca;      /* PEM texts */
    const char *certificate;
    const char *key;
    pid_t server;       /* whose CPU time is counted */
    size_t connections; /* that calls go over by turns; 0: one; at most LOAD_CONNECTIONS_MAX */
} load_target;

enum { LOAD_CONNECTIONS_MAX = 8 };

typedef struct load_result {
    size_t calls;
    size_t failed;     /* calls whose status was not OK */
    int first_failure; /* its status code */
    double wall_s;
    double server_us_per_call; /* user and system time of the server's process */
    double p50_us;
    double p99_us;
    size_t answer_bytes; /* of the last answer */
} load_result;

/* Sends `count` requests, `in_flight` at a time, over the target's connections. `requests` is cycled through when
 * there are fewer of them than `count`. */
load_result load_run(const load_target *target, const char *path, const pv_view *requests,
                     size_t request_count, size_t count, size_t in_flight);

/* A channel with a connection of its own. */
grpc_channel *load_connect(const load_target *target);

/* User and system time of a process so far, in seconds. */
double load_cpu_s(pid_t process);

#ifdef __cplusplus
}
#endif
#endif
