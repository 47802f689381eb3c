/* stream.h — loads of messages on one stream, straight on the C core. */
#ifndef PV_TESTS_BENCH_STREAM_H
#define PV_TESTS_BENCH_STREAM_H

#include "tests/bench/load.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What both echo servers send for one request of a stream down. */
enum { STREAM_MESSAGES = 100000 };

/* Sends the request and reads all messages. `calls` of the result are messages. */
load_result stream_down(const load_target *target, const char *path, pv_view request);

/* Sends the message STREAM_MESSAGES times and takes one answer. */
load_result stream_up(const load_target *target, const char *path, pv_view message);

/* What readers cost that do not read: resident memory of the server, in bytes, before and at times after. */
enum { SLOW_STREAMS = 20, SLOW_SAMPLES = 3 };
typedef struct slow_result {
    int64_t before;
    int64_t after[SLOW_SAMPLES];
} slow_result;

/* Opens SLOW_STREAMS streams down, reads one message of each and then nothing. */
slow_result stream_slow(const load_target *target, const char *path, pv_view request);

/* Milliseconds from the last message that was read. */
extern const int slow_sample_ms[SLOW_SAMPLES];

#ifdef __cplusplus
}
#endif
#endif
