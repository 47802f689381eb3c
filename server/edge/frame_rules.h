/* frame_rules.h — what a frame means to the accountant of frames.h: whether it is allowed, what it counts for, which
 * stream it opens or ends. For frames.c only. */
#ifndef PV_SERVER_EDGE_FRAME_RULES_H
#define PV_SERVER_EDGE_FRAME_RULES_H

#include "server/edge/frames.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Types of frames (RFC 9113, section 6). */
enum {
    PV_FRAME_DATA = 0,
    PV_FRAME_HEADERS = 1,
    PV_FRAME_PRIORITY = 2,
    PV_FRAME_RST_STREAM = 3,
    PV_FRAME_SETTINGS = 4,
    PV_FRAME_PUSH_PROMISE = 5,
    PV_FRAME_PING = 6,
    PV_FRAME_GOAWAY = 7,
    PV_FRAME_WINDOW_UPDATE = 8,
    PV_FRAME_CONTINUATION = 9
};

enum { PV_FRAME_SETTING_SIZE = 6 };

typedef struct pv_frame_header {
    uint32_t length;
    uint8_t type;
    uint8_t flags;
    uint32_t stream;
} pv_frame_header;

/* Accounts for a frame whose header is complete, before its payload is there. */
PV_MUST_USE pv_frames_breach pv_frame_rules_client(pv_frames *frames, const pv_frame_header *frame,
                                                   int64_t now_ns);

/* The same for the server, which is ours: it is looked at for what it means for the client, not for errors. */
PV_MUST_USE pv_frames_breach pv_frame_rules_server(pv_frames *frames, const pv_frame_header *frame,
                                                   int64_t now_ns);

#ifdef __cplusplus
}
#endif
#endif
