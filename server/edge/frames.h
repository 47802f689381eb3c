/* frames.h — the accountant of one HTTP/2 connection: it looks at the frame headers that pass in both directions and
 * says when the client has gone beyond what an honest one does. It knows no header compression and no gRPC, changes
 * no byte and holds none back: what it lets pass is forwarded as it came.
 *
 * A pure function of bytes and time: no I/O, no clock, no allocation. Input may be cut anywhere; a connection cut into
 * single bytes ends at the same frame as one read at once. A breach is for ever: nothing passes after it.
 *
 * State: a pv_frames is some 120 bytes and four for each stream that may be open: whether a stream is open is known
 * exactly, so that no sequence of resets and ends makes room for one stream too many.
 * Threads: one at a time. Times: nanoseconds of a clock that never goes back. Limits: frame_limits.h. */
#ifndef PV_SERVER_EDGE_FRAMES_H
#define PV_SERVER_EDGE_FRAMES_H

#include "base/status.h"
#include "server/edge/frame_limits.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pv_frames_side { PV_FRAMES_CLIENT, PV_FRAMES_SERVER } pv_frames_side;

/* What ended a connection. pv_frames_breach_name gives the text for people. */
typedef enum pv_frames_breach {
    PV_FRAMES_OK = 0,

    /* What a client may never send. */
    PV_FRAMES_PREFACE,       /* does not begin with HTTP/2's 24 bytes and SETTINGS */
    PV_FRAMES_FRAME_SIZE,    /* a frame larger than the server has allowed */
    PV_FRAMES_MALFORMED,     /* a length, or a stream id of zero or not, that the type forbids */
    PV_FRAMES_STREAM_ID,     /* even, reused or falling, or a frame on a stream not yet opened */
    PV_FRAMES_BLOCK_BROKEN,  /* another frame inside a header block; CONTINUATION outside */
    PV_FRAMES_BLOCK_SIZE,    /* a header block too large */
    PV_FRAMES_CONTINUATIONS, /* a header block in too many pieces */

    /* Too much of what is allowed. */
    PV_FRAMES_STREAMS,  /* open at once */
    PV_FRAMES_RESETS,   /* streams reset, by the client or because of it */
    PV_FRAMES_CONTROLS, /* frames that carry no part of a call */

    /* Too late. */
    PV_FRAMES_PREFACE_LATE,
    PV_FRAMES_SETTINGS_LATE, /* the server's SETTINGS are not acknowledged */
    PV_FRAMES_FRAME_LATE,    /* a header block or a frame other than DATA, unfinished */
    PV_FRAMES_DATA_LATE,     /* silent inside a DATA frame */
    PV_FRAMES_PING_LATE,     /* silent since the server's PING */
    PV_FRAMES_IDLE           /* without an open stream */
} pv_frames_breach;

/* The bounds; the defaults with their reasons stand in frame_limits.h. */
typedef struct pv_frames_limits {
    uint32_t frame_bytes;
    uint32_t block_bytes;
    uint32_t continuations;
    uint32_t settings_bytes;
    uint32_t streams; /* at most PV_FRAMES_STREAMS_MAX */
    uint32_t resets_per_second, resets_burst;
    uint32_t controls_per_second, controls_burst;
    uint32_t controls_earned; /* by each frame of an answer, and each frame_bytes of it */
    uint32_t controls_earned_max;
    int64_t preface_ns, settings_ns, frame_ns, data_ns, ping_ns, idle_ns;
} pv_frames_limits;

/* One direction. For frames.c only. */
typedef struct pv_frames_lane {
    uint8_t buffer[9]; /* a frame header, or a setting of six bytes, as far as it is there */
    uint8_t buffered;
    uint8_t type; /* of the frame whose payload is under way */
    uint8_t continuations;
    uint32_t left;         /* bytes of its payload to come */
    uint32_t block_stream; /* whose header block is unfinished; 0: none */
    uint32_t block_bytes;
} pv_frames_lane;

/* The state of one connection. For frames.c only. */
typedef struct pv_frames {
    const pv_frames_limits *limits;
    pv_frames_lane lanes[2]; /* by pv_frames_side */
    uint8_t preface_seen;
    bool settings_seen;
    uint8_t breach;
    uint32_t last_stream;
    uint32_t data_bytes_max; /* the largest SETTINGS_MAX_FRAME_SIZE the server has sent */
    uint32_t settings_unacknowledged, pings_unanswered;
    uint32_t controls_earned;
    int64_t resets_ns, controls_ns; /* when these buckets will be full again */
    int64_t begin_ns;
    int64_t settings_ns, ping_ns; /* since when acknowledgement or answer is awaited */
    int64_t frame_ns;             /* when the client's unfinished frame or block began */
    int64_t heard_ns;             /* of the client, last */
    int64_t idle_ns;              /* when the last stream closed */
    uint32_t stream_count;
    uint32_t streams[PV_FRAMES_STREAMS_MAX]; /* open, ascending; half the id and two flags */
} pv_frames;

/* The numbers of frame_limits.h. */
pv_frames_limits pv_frames_limits_default(void);

/* Begins a connection. `limits` is borrowed for as long as it lasts. */
void pv_frames_init(pv_frames *frames, const pv_frames_limits *limits, int64_t now_ns);

/* Takes the next bytes of a side. PV_FRAMES_OK: all may be forwarded. Else the connection is to be ended, and of these
 * bytes only the first `*ret_passed`, those before the frame at fault, may be forwarded. */
PV_MUST_USE pv_frames_breach pv_frames_read(pv_frames *frames, pv_frames_side side,
                                            const uint8_t *bytes, size_t size, int64_t now_ns,
                                            size_t *ret_passed);

/* When pv_frames_tick is to be called if nothing is read before; INT64_MAX: never. */
int64_t pv_frames_deadline_ns(const pv_frames *frames);

/* Looks at the deadlines. */
PV_MUST_USE pv_frames_breach pv_frames_tick(pv_frames *frames, int64_t now_ns);

/* A few words, static: "too many resets". */
const char *pv_frames_breach_name(pv_frames_breach breach);

/* The highest stream that the client has opened; 0: none. */
uint32_t pv_frames_last_stream(const pv_frames *frames);

/* Whether a frame may be put in behind what was read of a side: no frame and no header block is unfinished. */
bool pv_frames_at_boundary(const pv_frames *frames, pv_frames_side side);

/* When the connection is to be ended: how many of the next bytes of the server's side belong to what the client has
 * begun to receive, a frame or a header block; behind it, at the boundary, a frame may be put in. No rule is asked. */
PV_MUST_USE size_t pv_frames_finish(pv_frames *frames, const uint8_t *bytes, size_t size,
                                    int64_t now_ns);

/* Error codes of GOAWAY (RFC 9113, section 7). */
enum { PV_FRAMES_NO_ERROR = 0, PV_FRAMES_ENHANCE_YOUR_CALM = 11 };

enum { PV_FRAMES_GOAWAY_SIZE = 17 };

/* Writes a GOAWAY frame that names the last stream; `ret_bytes` has PV_FRAMES_GOAWAY_SIZE bytes. */
void pv_frames_goaway(const pv_frames *frames, uint32_t code, uint8_t *ret_bytes);

#ifdef __cplusplus
}
#endif
#endif
