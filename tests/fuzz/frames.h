/* frames.h — bytes of both sides of a connection with their times, and what the rules of server/edge/frames.h say of
 * them: a second, slow telling of the same rules, which looks at the whole connection at once and remembers everything.
 * It shares the names of the first and no code. */
#ifndef PV_TESTS_FUZZ_FRAMES_H
#define PV_TESTS_FUZZ_FRAMES_H

#include "base/arena.h"
#include "server/edge/frames.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A byte, or a look at the deadlines. */
typedef struct moment {
    bool tick;
    pv_frames_side side;
    uint8_t byte;
    int64_t now_ns;
} moment;

typedef struct moments {
    pv_arena *arena; /* what the reference needs comes from here */
    const pv_frames_limits *limits;
    int64_t begin_ns;
    moment *all;
    size_t count;
} moments;

typedef struct verdict {
    pv_frames_breach breach; /* PV_FRAMES_OK: none */
    size_t moment;           /* with which it is known */
    size_t frame_at;         /* bytes of that side before the frame at fault */
    uint32_t last_stream;    /* at that moment, or in the end */
} verdict;

/* What ends the connection. */
verdict reference_verdict(const moments *of);

/* The first deadline behind the first `count` moments, which end nothing; INT64_MAX: none. */
int64_t reference_deadline_ns(const moments *of, size_t count);

/* Whether no frame and no header block of a side is unfinished there. */
bool reference_at_boundary(const moments *of, size_t count, pv_frames_side side);

#ifdef __cplusplus
}
#endif
#endif
