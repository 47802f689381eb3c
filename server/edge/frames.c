#include "server/edge/frames.h"

#include "base/time.h"
#include "server/edge/frame_rules.h"

#include <string.h>

enum { FRAME_HEADER_SIZE = 9, PREFACE_SIZE = 24 };

/* RFC 9113, section 6.5.2. */
enum { SETTING_MAX_FRAME_SIZE = 5 };

static const uint8_t preface[PREFACE_SIZE + 1] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* --- bytes --- */

static uint32_t number(const uint8_t *bytes, size_t size)
{
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) { value = value << 8 | bytes[i]; }
    return value;
}

/* Adds bytes to the lane's buffer until it holds `wanted`; returns how many it took. */
static size_t gather(pv_frames_lane *lane, size_t wanted, const uint8_t *bytes, size_t size)
{
    size_t missing = wanted - lane->buffered;
    size_t taken = size < missing ? size : missing;
    memcpy(lane->buffer + lane->buffered, bytes, taken);
    lane->buffered = (uint8_t)(lane->buffered + taken);
    return taken;
}

static void server_setting(pv_frames *frames, const uint8_t *setting)
{
    uint32_t value = number(setting + 2, 4);
    if (number(setting, 2) == SETTING_MAX_FRAME_SIZE && value > frames->data_bytes_max) {
        frames->data_bytes_max = value;
    }
}

/* Takes payload; that of the server's SETTINGS is read, all other is skipped. */
static size_t read_payload(pv_frames *frames, pv_frames_side side, const uint8_t *bytes,
                           size_t size)
{
    pv_frames_lane *lane = &frames->lanes[side];
    size_t taken = size < lane->left ? size : lane->left;
    if (side == PV_FRAMES_SERVER && lane->type == PV_FRAME_SETTINGS) {
        taken = gather(lane, PV_FRAME_SETTING_SIZE, bytes, taken);
        if (lane->buffered == PV_FRAME_SETTING_SIZE) { server_setting(frames, lane->buffer); }
    }
    lane->left -= (uint32_t)taken;
    if (lane->buffered == PV_FRAME_SETTING_SIZE || lane->left == 0) { lane->buffered = 0; }
    return taken;
}

static pv_frames_breach read_header(pv_frames *frames, pv_frames_side side, int64_t now_ns)
{
    pv_frames_lane *lane = &frames->lanes[side];
    pv_frame_header frame = {
        .length = number(lane->buffer, 3),
        .type = lane->buffer[3],
        .flags = lane->buffer[4],
        .stream = number(lane->buffer + 5, 4) & INT32_MAX,
    };
    lane->buffered = 0;
    lane->type = frame.type;
    lane->left = frame.length;
    return side == PV_FRAMES_CLIENT ? pv_frame_rules_client(frames, &frame, now_ns)
                                    : pv_frame_rules_server(frames, &frame, now_ns);
}

static size_t read_preface(pv_frames *frames, const uint8_t *bytes, size_t size,
                           pv_frames_breach *ret_breach)
{
    size_t missing = (size_t)PREFACE_SIZE - frames->preface_seen;
    size_t taken = size < missing ? size : missing;
    if (memcmp(preface + frames->preface_seen, bytes, taken) != 0) {
        *ret_breach = PV_FRAMES_PREFACE;
    }
    frames->preface_seen = (uint8_t)(frames->preface_seen + taken);
    return taken;
}

pv_frames_breach pv_frames_read(pv_frames *frames, pv_frames_side side, const uint8_t *bytes,
                                size_t size, int64_t now_ns, size_t *ret_passed)
{
    pv_frames_lane *lane = &frames->lanes[side];
    pv_frames_breach breach = (pv_frames_breach)frames->breach;
    size_t at = 0;
    size_t frame_at = 0; /* where what is under way began, as far as it is in these bytes */
    if (side == PV_FRAMES_CLIENT && size > 0) { frames->heard_ns = now_ns; }
    while (at < size && breach == PV_FRAMES_OK) {
        if (side == PV_FRAMES_CLIENT && frames->preface_seen < PREFACE_SIZE) {
            at += read_preface(frames, bytes, size, &breach);
        } else if (lane->left > 0) {
            at += read_payload(frames, side, bytes + at, size - at);
        } else {
            frame_at = at;
            if (side == PV_FRAMES_CLIENT && lane->buffered == 0 && lane->block_stream == 0) {
                frames->frame_ns = now_ns;
            }
            at += gather(lane, FRAME_HEADER_SIZE, bytes + at, size - at);
            if (lane->buffered == FRAME_HEADER_SIZE) { breach = read_header(frames, side, now_ns); }
            if (breach != PV_FRAMES_OK) { /* back to what has passed of the header */
                lane->left = 0;
                lane->buffered = (uint8_t)(FRAME_HEADER_SIZE - (at - frame_at));
            }
        }
    }
    frames->breach = (uint8_t)breach;
    *ret_passed = breach == PV_FRAMES_OK ? size : frame_at;
    return breach;
}

/* --- deadlines --- */

static void sooner(int64_t deadline_ns, pv_frames_breach breach, int64_t *deadline_ns_min,
                   pv_frames_breach *breach_min)
{
    if (deadline_ns >= *deadline_ns_min) { return; }
    *deadline_ns_min = deadline_ns;
    *breach_min = breach;
}

/* The first deadline, and what it is a breach of to let it pass. */
static int64_t first_deadline(const pv_frames *frames, pv_frames_breach *ret_breach)
{
    const pv_frames_limits *limits = frames->limits;
    const pv_frames_lane *lane = &frames->lanes[PV_FRAMES_CLIENT];
    int64_t first_ns = INT64_MAX;
    *ret_breach = PV_FRAMES_OK;
    if (frames->breach != PV_FRAMES_OK) { return first_ns; }
    if (!frames->settings_seen) {
        sooner(frames->begin_ns + limits->preface_ns, PV_FRAMES_PREFACE_LATE, &first_ns,
               ret_breach);
    }
    if (frames->settings_unacknowledged > 0) {
        sooner(frames->settings_ns + limits->settings_ns, PV_FRAMES_SETTINGS_LATE, &first_ns,
               ret_breach);
    }
    if (lane->left > 0 && lane->type == PV_FRAME_DATA) {
        sooner(frames->heard_ns + limits->data_ns, PV_FRAMES_DATA_LATE, &first_ns, ret_breach);
    } else if (frames->settings_seen && !pv_frames_at_boundary(frames, PV_FRAMES_CLIENT)) {
        sooner(frames->frame_ns + limits->frame_ns, PV_FRAMES_FRAME_LATE, &first_ns, ret_breach);
    }
    if (frames->pings_unanswered > 0) {
        int64_t silent_ns = frames->ping_ns > frames->heard_ns ? frames->ping_ns : frames->heard_ns;
        sooner(silent_ns + limits->ping_ns, PV_FRAMES_PING_LATE, &first_ns, ret_breach);
    }
    if (frames->stream_count == 0) {
        sooner(frames->idle_ns + limits->idle_ns, PV_FRAMES_IDLE, &first_ns, ret_breach);
    }
    return first_ns;
}

int64_t pv_frames_deadline_ns(const pv_frames *frames)
{
    pv_frames_breach breach;
    return first_deadline(frames, &breach);
}

pv_frames_breach pv_frames_tick(pv_frames *frames, int64_t now_ns)
{
    pv_frames_breach breach;
    bool passed = first_deadline(frames, &breach) <= now_ns;
    if (passed && breach != PV_FRAMES_OK) { frames->breach = (uint8_t)breach; }
    return (pv_frames_breach)frames->breach;
}

/* --- the rest --- */

pv_frames_limits pv_frames_limits_default(void)
{
    return (pv_frames_limits){
        .frame_bytes = PV_FRAMES_FRAME_BYTES_MAX,
        .block_bytes = PV_FRAMES_BLOCK_BYTES_MAX,
        .continuations = PV_FRAMES_CONTINUATIONS_MAX,
        .settings_bytes = PV_FRAMES_SETTINGS_BYTES_MAX,
        .streams = PV_FRAMES_STREAMS_MAX,
        .resets_per_second = PV_FRAMES_RESETS_PER_SECOND,
        .resets_burst = PV_FRAMES_RESETS_BURST,
        .controls_per_second = PV_FRAMES_CONTROLS_PER_SECOND,
        .controls_burst = PV_FRAMES_CONTROLS_BURST,
        .controls_earned = PV_FRAMES_CONTROLS_EARNED,
        .controls_earned_max = PV_FRAMES_CONTROLS_EARNED_MAX,
        .preface_ns = PV_FRAMES_PREFACE_MS * PV_NS_PER_MS,
        .settings_ns = PV_FRAMES_SETTINGS_MS * PV_NS_PER_MS,
        .frame_ns = PV_FRAMES_FRAME_MS * PV_NS_PER_MS,
        .data_ns = PV_FRAMES_DATA_MS * PV_NS_PER_MS,
        .ping_ns = PV_FRAMES_PING_MS * PV_NS_PER_MS,
        .idle_ns = PV_FRAMES_IDLE_MS * PV_NS_PER_MS,
    };
}

void pv_frames_init(pv_frames *frames, const pv_frames_limits *limits, int64_t now_ns)
{
    PV_ASSERT(limits->streams <= PV_FRAMES_STREAMS_MAX && limits->frame_bytes > 0);
    PV_ASSERT(limits->resets_per_second > 0 && limits->controls_per_second > 0);
    memset(frames, 0, sizeof *frames);
    frames->limits = limits;
    frames->data_bytes_max = limits->frame_bytes;
    frames->begin_ns = frames->heard_ns = frames->idle_ns = now_ns;
    frames->resets_ns = frames->controls_ns = now_ns;
}

const char *pv_frames_breach_name(pv_frames_breach breach)
{
    switch (breach) {
    case PV_FRAMES_OK: return "none";
    case PV_FRAMES_PREFACE: return "no HTTP/2 preface";
    case PV_FRAMES_FRAME_SIZE: return "frame too large";
    case PV_FRAMES_MALFORMED: return "malformed frame";
    case PV_FRAMES_STREAM_ID: return "wrong stream id";
    case PV_FRAMES_BLOCK_BROKEN: return "broken header block";
    case PV_FRAMES_BLOCK_SIZE: return "header block too large";
    case PV_FRAMES_CONTINUATIONS: return "too many CONTINUATION frames";
    case PV_FRAMES_STREAMS: return "too many open streams";
    case PV_FRAMES_RESETS: return "too many resets";
    case PV_FRAMES_CONTROLS: return "too many control frames";
    case PV_FRAMES_PREFACE_LATE: return "preface not in time";
    case PV_FRAMES_SETTINGS_LATE: return "SETTINGS not acknowledged in time";
    case PV_FRAMES_FRAME_LATE: return "frame not finished in time";
    case PV_FRAMES_DATA_LATE: return "DATA frame not finished in time";
    case PV_FRAMES_PING_LATE: return "PING not answered in time";
    case PV_FRAMES_IDLE: return "idle";
    }
    return "none";
}

uint32_t pv_frames_last_stream(const pv_frames *frames)
{
    return frames->last_stream;
}

bool pv_frames_at_boundary(const pv_frames *frames, pv_frames_side side)
{
    const pv_frames_lane *lane = &frames->lanes[side];
    bool begun = side == PV_FRAMES_SERVER || frames->preface_seen == PREFACE_SIZE;
    return begun && lane->left == 0 && lane->buffered == 0 && lane->block_stream == 0;
}

size_t pv_frames_finish(pv_frames *frames, const uint8_t *bytes, size_t size, int64_t now_ns)
{
    pv_frames_lane *lane = &frames->lanes[PV_FRAMES_SERVER];
    size_t at = 0;
    while (at < size && !pv_frames_at_boundary(frames, PV_FRAMES_SERVER)) {
        if (lane->left > 0) {
            at += read_payload(frames, PV_FRAMES_SERVER, bytes + at, size - at);
        } else {
            at += gather(lane, FRAME_HEADER_SIZE, bytes + at, size - at);
            if (lane->buffered == FRAME_HEADER_SIZE) {
                (void)read_header(frames, PV_FRAMES_SERVER, now_ns);
            }
        }
    }
    return at;
}

void pv_frames_goaway(const pv_frames *frames, uint32_t code, uint8_t *ret_bytes)
{
    const uint8_t header[FRAME_HEADER_SIZE] = {0, 0, 8, PV_FRAME_GOAWAY, 0, 0, 0, 0, 0};
    memcpy(ret_bytes, header, sizeof header);
    uint32_t numbers[] = {frames->last_stream, code};
    for (size_t i = 0; i < 8; i++) {
        ret_bytes[FRAME_HEADER_SIZE + i] = (uint8_t)(numbers[i / 4] >> (24 - 8 * (i % 4)));
    }
}
