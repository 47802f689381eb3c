#include "server/edge/frame_rules.h"

#include "base/time.h"

#include <string.h>

/* Flags of RFC 9113, section 6. */
enum { FLAG_ACK = 1, FLAG_END_STREAM = 1, FLAG_END_HEADERS = 4, FLAG_PADDED = 8 };

/* An entry of pv_frames.streams: half the id, which is odd, and who has ended the stream. */
#define CLIENT_ENDED (UINT32_C(1) << 30)
#define SERVER_ENDED (UINT32_C(1) << 31)
#define HALF_ID (CLIENT_ENDED - 1)

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- allowances --- */

/* Takes from a bucket that holds `burst` units of `unit_ns` each; false: there is not enough in it. A bucket is the
 * instant at which it will be full again. */
static bool take(int64_t *full_ns, int64_t cost_ns, int64_t burst_ns, int64_t now_ns)
{
    int64_t full_then_ns = later(*full_ns, now_ns) + cost_ns;
    if (full_then_ns - now_ns > burst_ns) { return false; }
    *full_ns = full_then_ns;
    return true;
}

static pv_frames_breach count_control(pv_frames *frames, int64_t now_ns)
{
    if (frames->controls_earned > 0) {
        frames->controls_earned--;
        return PV_FRAMES_OK;
    }
    int64_t unit_ns = PV_NS_PER_S / frames->limits->controls_per_second;
    bool taken =
        take(&frames->controls_ns, unit_ns, unit_ns * frames->limits->controls_burst, now_ns);
    return taken ? PV_FRAMES_OK : PV_FRAMES_CONTROLS;
}

static pv_frames_breach count_reset(pv_frames *frames, bool answered, int64_t now_ns)
{
    int64_t unit_ns = PV_NS_PER_S / frames->limits->resets_per_second;
    bool taken = take(&frames->resets_ns, answered ? unit_ns / 2 : unit_ns,
                      unit_ns * frames->limits->resets_burst, now_ns);
    return taken ? PV_FRAMES_OK : PV_FRAMES_RESETS;
}

static void earn_controls(pv_frames *frames, uint32_t answer_bytes)
{
    const pv_frames_limits *limits = frames->limits;
    uint32_t room = limits->controls_earned_max - frames->controls_earned;
    uint32_t earned = (1 + answer_bytes / limits->frame_bytes) * limits->controls_earned;
    frames->controls_earned += earned < room ? earned : room;
}

/* --- open streams --- */

/* The entry of an open stream; NULL: it is not open. */
static uint32_t *find_stream(pv_frames *frames, uint32_t stream)
{
    uint32_t half = stream >> 1;
    uint32_t low = 0;
    uint32_t high = frames->stream_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if ((frames->streams[middle] & HALF_ID) < half) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < frames->stream_count && (frames->streams[low] & HALF_ID) == half;
    return found && (stream & 1) == 1 ? &frames->streams[low] : NULL;
}

static void close_stream(pv_frames *frames, uint32_t *entry, int64_t now_ns)
{
    uint32_t *end = frames->streams + frames->stream_count;
    memmove(entry, entry + 1, (size_t)(end - (entry + 1)) * sizeof *entry);
    frames->stream_count--;
    if (frames->stream_count == 0) { frames->idle_ns = now_ns; }
}

static void end_side(pv_frames *frames, uint32_t *entry, uint32_t side_ended, int64_t now_ns)
{
    *entry |= side_ended;
    if ((~*entry & (CLIENT_ENDED | SERVER_ENDED)) == 0) { close_stream(frames, entry, now_ns); }
}

static pv_frames_breach reset_stream(pv_frames *frames, pv_frames_side side, uint32_t stream,
                                     int64_t now_ns)
{
    uint32_t *entry = find_stream(frames, stream);
    if (entry == NULL && side == PV_FRAMES_SERVER) { return PV_FRAMES_OK; }
    bool answered = entry == NULL || (*entry & SERVER_ENDED) != 0;
    if (entry != NULL) { close_stream(frames, entry, now_ns); }
    return count_reset(frames, answered, now_ns);
}

/* --- header blocks --- */

static void block_begins(pv_frames_lane *lane, const pv_frame_header *frame)
{
    lane->block_stream = (frame->flags & FLAG_END_HEADERS) == 0 ? frame->stream : 0;
    lane->block_bytes = frame->length;
    lane->continuations = 0;
}

static pv_frames_breach block_continues(pv_frames *frames, pv_frames_lane *lane,
                                        const pv_frame_header *frame)
{
    lane->block_bytes += frame->length;
    lane->continuations++;
    if (lane->continuations > frames->limits->continuations) { return PV_FRAMES_CONTINUATIONS; }
    if (lane->block_bytes > frames->limits->block_bytes) { return PV_FRAMES_BLOCK_SIZE; }
    if ((frame->flags & FLAG_END_HEADERS) != 0) { lane->block_stream = 0; }
    return PV_FRAMES_OK;
}

/* --- frames of the client --- */

static pv_frames_breach open_stream(pv_frames *frames, const pv_frame_header *frame)
{
    if (frames->stream_count >= frames->limits->streams) { return PV_FRAMES_STREAMS; }
    bool ends = (frame->flags & FLAG_END_STREAM) != 0;
    frames->last_stream = frame->stream;
    frames->streams[frames->stream_count] = frame->stream >> 1 | (ends ? CLIENT_ENDED : 0);
    frames->stream_count++;
    return PV_FRAMES_OK;
}

static pv_frames_breach client_headers(pv_frames *frames, const pv_frame_header *frame,
                                       int64_t now_ns)
{
    if (frame->length > frames->limits->block_bytes) { return PV_FRAMES_BLOCK_SIZE; }
    block_begins(&frames->lanes[PV_FRAMES_CLIENT], frame);
    if (frame->stream > frames->last_stream) { return open_stream(frames, frame); }
    /* Trailers: once, at the end of an open stream. */
    uint32_t *entry = find_stream(frames, frame->stream);
    if (entry == NULL || (*entry & CLIENT_ENDED) != 0 || (frame->flags & FLAG_END_STREAM) == 0) {
        return PV_FRAMES_STREAM_ID;
    }
    end_side(frames, entry, CLIENT_ENDED, now_ns);
    return PV_FRAMES_OK;
}

static pv_frames_breach client_data(pv_frames *frames, const pv_frame_header *frame, int64_t now_ns)
{
    uint32_t *entry = find_stream(frames, frame->stream);
    bool ends =
        entry != NULL && (frame->flags & FLAG_END_STREAM) != 0 && (*entry & CLIENT_ENDED) == 0;
    if (ends) { end_side(frames, entry, CLIENT_ENDED, now_ns); }
    bool padded = (frame->flags & FLAG_PADDED) != 0; /* may be nothing else: gRPC never pads */
    return padded || (frame->length == 0 && !ends) ? count_control(frames, now_ns) : PV_FRAMES_OK;
}

/* An acknowledgement is the server's wish if it has asked, else a control frame like others. */
static pv_frames_breach client_acknowledges(pv_frames *frames, uint32_t *awaited, int64_t *since_ns,
                                            int64_t now_ns)
{
    if (*awaited == 0) { return count_control(frames, now_ns); }
    (*awaited)--;
    *since_ns = now_ns;
    return PV_FRAMES_OK;
}

/* Which lengths and streams a type may have; a row's `size` is the only one unless it is ANY. */
enum { ANY = UINT32_MAX };
typedef struct shape {
    uint32_t size;
    bool on_stream, on_connection;
} shape;

static bool well_formed(const pv_frame_header *frame)
{
    static const shape shapes[] = {
        [PV_FRAME_DATA] = {ANY, true, false},       [PV_FRAME_HEADERS] = {ANY, true, false},
        [PV_FRAME_PRIORITY] = {5, true, false},     [PV_FRAME_RST_STREAM] = {4, true, false},
        [PV_FRAME_SETTINGS] = {ANY, false, true},   [PV_FRAME_PUSH_PROMISE] = {ANY, false, false},
        [PV_FRAME_PING] = {8, false, true},         [PV_FRAME_GOAWAY] = {ANY, false, true},
        [PV_FRAME_WINDOW_UPDATE] = {4, true, true}, [PV_FRAME_CONTINUATION] = {ANY, true, false},
    };
    if (frame->type >= sizeof shapes / sizeof *shapes) { return true; }
    const shape *allowed = &shapes[frame->type];
    if (allowed->size != (uint32_t)ANY && allowed->size != frame->length) { return false; }
    return frame->stream == 0 ? allowed->on_connection : allowed->on_stream;
}

/* Whether a frame names a stream that the client cannot have or has not opened. PRIORITY may (RFC 9113, 5.1). */
static bool stream_wrong(const pv_frames *frames, const pv_frame_header *frame)
{
    bool even = (frame->stream & 1) == 0;
    switch (frame->type) {
    case PV_FRAME_HEADERS: return even;
    case PV_FRAME_DATA:
    case PV_FRAME_RST_STREAM:
    case PV_FRAME_WINDOW_UPDATE:
        return frame->stream != 0 && (even || frame->stream > frames->last_stream);
    default: return false;
    }
}

static pv_frames_breach client_settings(pv_frames *frames, const pv_frame_header *frame,
                                        int64_t now_ns)
{
    bool acknowledges = (frame->flags & FLAG_ACK) != 0;
    if (acknowledges && frame->length != 0) { return PV_FRAMES_MALFORMED; }
    if (frame->length > frames->limits->settings_bytes ||
        frame->length % PV_FRAME_SETTING_SIZE != 0) {
        return PV_FRAMES_MALFORMED;
    }
    if (acknowledges) {
        return client_acknowledges(frames, &frames->settings_unacknowledged, &frames->settings_ns,
                                   now_ns);
    }
    return count_control(frames, now_ns);
}

/* Rules that hold for all types. */
static pv_frames_breach check_client_frame(pv_frames *frames, const pv_frame_header *frame)
{
    const pv_frames_lane *lane = &frames->lanes[PV_FRAMES_CLIENT];
    if (!frames->settings_seen &&
        (frame->type != PV_FRAME_SETTINGS || (frame->flags & FLAG_ACK) != 0)) {
        return PV_FRAMES_PREFACE;
    }
    bool data = frame->type == PV_FRAME_DATA;
    if (frame->length > (data ? frames->data_bytes_max : frames->limits->frame_bytes)) {
        return PV_FRAMES_FRAME_SIZE;
    }
    bool inside = lane->block_stream != 0;
    if (inside != (frame->type == PV_FRAME_CONTINUATION) ||
        (inside && frame->stream != lane->block_stream)) {
        return PV_FRAMES_BLOCK_BROKEN;
    }
    if (!well_formed(frame)) { return PV_FRAMES_MALFORMED; }
    return stream_wrong(frames, frame) ? PV_FRAMES_STREAM_ID : PV_FRAMES_OK;
}

pv_frames_breach pv_frame_rules_client(pv_frames *frames, const pv_frame_header *frame,
                                       int64_t now_ns)
{
    pv_frames_breach breach = check_client_frame(frames, frame);
    if (breach != PV_FRAMES_OK) { return breach; }
    frames->settings_seen = true;
    switch (frame->type) {
    case PV_FRAME_DATA: return client_data(frames, frame, now_ns);
    case PV_FRAME_HEADERS: return client_headers(frames, frame, now_ns);
    case PV_FRAME_CONTINUATION:
        return block_continues(frames, &frames->lanes[PV_FRAMES_CLIENT], frame);
    case PV_FRAME_RST_STREAM: return reset_stream(frames, PV_FRAMES_CLIENT, frame->stream, now_ns);
    case PV_FRAME_SETTINGS: return client_settings(frames, frame, now_ns);
    case PV_FRAME_PING:
        if ((frame->flags & FLAG_ACK) != 0) {
            return client_acknowledges(frames, &frames->pings_unanswered, &frames->ping_ns, now_ns);
        }
        return count_control(frames, now_ns);
    default: return count_control(frames, now_ns);
    }
}

/* --- frames of the server --- */

static void server_answers(pv_frames *frames, const pv_frame_header *frame, int64_t now_ns)
{
    if (frame->length > 0) { earn_controls(frames, frame->length); }
    uint32_t *entry = find_stream(frames, frame->stream);
    if ((frame->flags & FLAG_END_STREAM) != 0 && entry != NULL) {
        end_side(frames, entry, SERVER_ENDED, now_ns);
    }
}

static void server_asks(uint32_t *awaited, int64_t *since_ns, int64_t now_ns)
{
    if (*awaited == 0) { *since_ns = now_ns; }
    (*awaited)++;
}

pv_frames_breach pv_frame_rules_server(pv_frames *frames, const pv_frame_header *frame,
                                       int64_t now_ns)
{
    pv_frames_lane *lane = &frames->lanes[PV_FRAMES_SERVER];
    bool acknowledges = (frame->flags & FLAG_ACK) != 0;
    switch (frame->type) {
    case PV_FRAME_HEADERS:
        block_begins(lane, frame);
        server_answers(frames, frame, now_ns);
        break;
    case PV_FRAME_DATA: server_answers(frames, frame, now_ns); break;
    case PV_FRAME_CONTINUATION:
        if ((frame->flags & FLAG_END_HEADERS) != 0) { lane->block_stream = 0; }
        break;
    case PV_FRAME_SETTINGS:
        if (!acknowledges) {
            server_asks(&frames->settings_unacknowledged, &frames->settings_ns, now_ns);
        }
        break;
    case PV_FRAME_PING:
        if (!acknowledges) { server_asks(&frames->pings_unanswered, &frames->ping_ns, now_ns); }
        break;
    case PV_FRAME_RST_STREAM: return reset_stream(frames, PV_FRAMES_SERVER, frame->stream, now_ns);
    default: break;
    }
    return PV_FRAMES_OK;
}
