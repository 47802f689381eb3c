#include "tests/fuzz/frames.h"

#include "base/time.h"

#include <string.h>

/* A frame as it stands in the whole string of its side. */
typedef struct frame {
    pv_frames_side side;
    size_t begins;   /* its place among the bytes of its side */
    size_t first;    /* the moment of its first byte, */
    size_t known;    /* of the last of its header, */
    size_t finished; /* of its last byte: SIZE_MAX if that never comes */
    uint32_t length, stream;
    uint8_t type, flags;
    const uint8_t *payload;
} frame;

/* A connection up to a moment. */
typedef struct telling {
    const moments *of;
    size_t count; /* moments looked at */
    uint8_t *bytes[2];
    size_t *moment_of[2]; /* of each byte */
    size_t size[2];
    frame *frames[2];
    size_t frame_count[2];
    verdict found;
} telling;

static int64_t time_of(const telling *of, size_t moment)
{
    return of->of->all[moment].now_ns;
}

static const char magic[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* Splits the string of a side into frames, whole or not; a piece of a header is none. */
static void split(telling *of, pv_frames_side side)
{
    const uint8_t *bytes = of->bytes[side];
    size_t at = side == PV_FRAMES_CLIENT ? strlen(magic) : 0;
    while (at + 9 <= of->size[side]) {
        const uint8_t *head = bytes + at;
        frame *next = &of->frames[side][of->frame_count[side]++];
        *next = (frame){
            .side = side,
            .begins = at,
            .first = of->moment_of[side][at],
            .known = of->moment_of[side][at + 8],
            .length = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2],
            .type = head[3],
            .flags = head[4],
            .stream = (uint32_t)(head[5] & 127) << 24 | (uint32_t)head[6] << 16 |
                      (uint32_t)head[7] << 8 | head[8],
            .payload = head + 9,
        };
        at += 9 + (size_t)next->length;
        next->finished = at <= of->size[side] ? of->moment_of[side][at - 1] : SIZE_MAX;
    }
}

static telling tell(const moments *moments, size_t count)
{
    telling of = {.of = moments, .count = count};
    for (int side = 0; side < 2; side++) {
        of.bytes[side] = pv_arena_alloc(moments->arena, count + 1);
        of.moment_of[side] = pv_arena_alloc(moments->arena, (count + 1) * sizeof(size_t));
        of.frames[side] = pv_arena_alloc(moments->arena, (count / 9 + 1) * sizeof(frame));
        PV_ASSERT(of.bytes[side] != NULL && of.moment_of[side] != NULL && of.frames[side] != NULL);
    }
    for (size_t i = 0; i < count; i++) {
        const moment *at = &moments->all[i];
        if (at->tick) { continue; }
        of.moment_of[at->side][of.size[at->side]] = i;
        of.bytes[at->side][of.size[at->side]++] = at->byte;
    }
    split(&of, PV_FRAMES_CLIENT);
    split(&of, PV_FRAMES_SERVER);
    return of;
}

/* --- what was before a frame: each question goes through the whole past --- */

static bool before(const frame *a, const frame *b)
{
    return a->known < b->known;
}

/* Calls `see` with all frames of both sides in the order in which they were known, up to `last` and with it;
 * NULL: all. */
typedef void see_frame(const telling *of, const frame *frame, void *state);
static void past(const telling *of, const frame *last, see_frame *see, void *state)
{
    size_t at[2] = {0, 0};
    for (;;) {
        const frame *next = NULL;
        for (int side = 0; side < 2; side++) {
            const frame *candidate = &of->frames[side][at[side]];
            if (at[side] < of->frame_count[side] && (next == NULL || before(candidate, next))) {
                next = candidate;
            }
        }
        if (next == NULL || (last != NULL && before(last, next))) { return; }
        see(of, next, state);
        at[next->side]++;
    }
}

typedef struct life {
    uint32_t stream;
    bool open, client_ended, server_ended;
    size_t closed; /* with which moment */
} life;

static bool ends(const frame *frame)
{
    return (frame->type == 0 || frame->type == 1) && (frame->flags & 1) != 0;
}

static void live(const telling *of, const frame *frame, void *state)
{
    life *life = state;
    (void)of;
    if (frame->stream != life->stream) { return; }
    bool client = frame->side == PV_FRAMES_CLIENT;
    bool was_open = life->open;
    if (client && frame->type == 1) { life->open = life->closed == SIZE_MAX; }
    if (!life->open) { return; }
    if (ends(frame) && client) { life->client_ended = true; }
    if (ends(frame) && !client) { life->server_ended = true; }
    bool reset = frame->type == 3 && was_open;
    if (reset || (life->client_ended && life->server_ended)) {
        life->open = false;
        life->closed = frame->known;
    }
}

/* The life of a stream before `frame`; behind the whole past if it is NULL. */
static life life_before(const telling *of, uint32_t stream, const frame *frame)
{
    telling cut = *of;
    life life = {.stream = stream, .closed = SIZE_MAX};
    for (int side = 0; side < 2 && frame != NULL; side++) {
        cut.frame_count[side] = 0;
        while (cut.frame_count[side] < of->frame_count[side] &&
               before(&of->frames[side][cut.frame_count[side]], frame)) {
            cut.frame_count[side]++;
        }
    }
    past(&cut, NULL, live, &life);
    return life;
}

/* Whether frames of the client up to here are allowed is known; so its HEADERS open streams or end them. */
static size_t open_before(const telling *of, const frame *frame, uint32_t *ret_last)
{
    size_t count = 0;
    *ret_last = 0;
    for (size_t i = 0; i < of->frame_count[PV_FRAMES_CLIENT]; i++) {
        const struct frame *opens = &of->frames[PV_FRAMES_CLIENT][i];
        if (frame != NULL && !before(opens, frame)) { break; }
        if (opens->type != 1 || opens->stream <= *ret_last) { continue; }
        *ret_last = opens->stream;
        count += life_before(of, opens->stream, frame).open;
    }
    return count;
}

/* The HEADERS whose block is open at a frame; NULL: none is. */
static const frame *block_before(const telling *of, pv_frames_side side, const frame *frame,
                                 uint32_t *ret_bytes, uint32_t *ret_pieces)
{
    const struct frame *block = NULL;
    for (size_t i = 0; i < of->frame_count[side]; i++) {
        const struct frame *part = &of->frames[side][i];
        if (frame != NULL && !before(part, frame)) { break; }
        if (part->type == 1) {
            block = part->stream == 0 ? NULL : part; /* the server's may be anything */
            *ret_bytes = *ret_pieces = 0;
        }
        if (part->type != 1 && part->type != 9) { continue; }
        *ret_bytes += part->length;
        *ret_pieces += part->type == 9;
        if ((part->flags & 4) != 0) { block = NULL; }
    }
    return block;
}

/* --- counting --- */

typedef enum kind { NOTHING, CONTROL, RESET, HALF_RESET, ACKNOWLEDGEMENT } kind;

static kind kind_of(const telling *of, const frame *frame)
{
    life life = life_before(of, frame->stream, frame);
    bool client = frame->side == PV_FRAMES_CLIENT;
    bool acknowledges = (frame->flags & 1) != 0;
    if (frame->type == 3) {
        if (!life.open && !client) { return NOTHING; }
        return !life.open || life.server_ended ? HALF_RESET : RESET;
    }
    if (!client || frame->type == 1 || frame->type == 9) { return NOTHING; }
    if (frame->type == 0) {
        bool last = life.open && !life.client_ended && (frame->flags & 1) != 0;
        return (frame->flags & 8) != 0 || (frame->length == 0 && !last) ? CONTROL : NOTHING;
    }
    return (frame->type == 4 || frame->type == 6) && acknowledges ? ACKNOWLEDGEMENT : CONTROL;
}

typedef struct account {
    int64_t level_ns[2]; /* control frames, resets */
    int64_t at_ns[2];
    uint32_t earned;
    uint32_t awaited[2]; /* SETTINGS, PING */
    int64_t awaited_since[2];
    pv_frames_breach breach; /* by the last frame */
} account;

static void charge(account *account, int bucket, int64_t now_ns, int64_t cost_ns, int64_t most_ns)
{
    int64_t level_ns = account->level_ns[bucket] - (now_ns - account->at_ns[bucket]);
    account->level_ns[bucket] = (level_ns < 0 ? 0 : level_ns) + cost_ns;
    account->at_ns[bucket] = now_ns;
    if (account->level_ns[bucket] > most_ns) {
        account->breach = bucket == 0 ? PV_FRAMES_CONTROLS : PV_FRAMES_RESETS;
    }
}

static void count(const telling *of, const frame *frame, void *state)
{
    account *account = state;
    const pv_frames_limits *limits = of->of->limits;
    int64_t now_ns = time_of(of, frame->known);
    int64_t control_ns = PV_NS_PER_S / limits->controls_per_second;
    int64_t reset_ns = PV_NS_PER_S / limits->resets_per_second;
    kind kind = kind_of(of, frame);
    int awaited = frame->type == 4 ? 0 : 1;
    bool server = frame->side == PV_FRAMES_SERVER;
    if (server && frame->type < 2 && frame->length > 0) {
        uint64_t earned = account->earned + (uint64_t)limits->controls_earned *
                                                (1 + frame->length / limits->frame_bytes);
        account->earned =
            earned > limits->controls_earned_max ? limits->controls_earned_max : (uint32_t)earned;
    }
    if (server && (frame->type == 4 || frame->type == 6) && (frame->flags & 1) == 0) {
        if (account->awaited[awaited]++ == 0) { account->awaited_since[awaited] = now_ns; }
    }
    if (kind == ACKNOWLEDGEMENT && account->awaited[awaited] > 0) {
        account->awaited[awaited]--;
        account->awaited_since[awaited] = now_ns;
        return;
    }
    if (kind == CONTROL || kind == ACKNOWLEDGEMENT) {
        if (account->earned > 0) {
            account->earned--;
        } else {
            charge(account, 0, now_ns, control_ns, control_ns * limits->controls_burst);
        }
    }
    if (kind == RESET || kind == HALF_RESET) {
        charge(account, 1, now_ns, kind == RESET ? reset_ns : reset_ns / 2,
               reset_ns * limits->resets_burst);
    }
}

static account account_of(const telling *of, const frame *last)
{
    account account = {.at_ns = {of->of->begin_ns, of->of->begin_ns}};
    past(of, last, count, &account);
    return account;
}

/* --- rules --- */

static uint32_t data_bytes_max(const telling *of, const frame *frame)
{
    uint32_t most = of->of->limits->frame_bytes;
    for (size_t i = 0; i < of->frame_count[PV_FRAMES_SERVER]; i++) {
        const struct frame *settings = &of->frames[PV_FRAMES_SERVER][i];
        for (size_t at = 0; settings->type == 4 && at + 6 <= settings->length; at += 6) {
            size_t end = settings->begins + 9 + at + 5;
            if (end >= of->size[PV_FRAMES_SERVER] ||
                of->moment_of[PV_FRAMES_SERVER][end] > frame->known) {
                continue;
            }
            const uint8_t *entry = settings->payload + at;
            uint32_t value = (uint32_t)entry[2] << 24 | (uint32_t)entry[3] << 16 |
                             (uint32_t)entry[4] << 8 | entry[5];
            if (entry[0] == 0 && entry[1] == 5 && value > most) { most = value; }
        }
    }
    return most;
}

static bool malformed(const telling *of, const frame *frame)
{
    bool connection = frame->stream == 0;
    uint32_t length = frame->length;
    switch (frame->type) {
    case 0:
    case 1:
    case 9: return connection;
    case 2: return connection || length != 5;
    case 3: return connection || length != 4;
    case 4:
        return !connection || length % 6 != 0 || length > of->of->limits->settings_bytes ||
               ((frame->flags & 1) != 0 && length > 0);
    case 5: return true;
    case 6: return !connection || length != 8;
    case 7: return !connection;
    case 8: return length != 4;
    default: return false;
    }
}

/* What is wrong with a frame of the client whatever came before it in number. */
static pv_frames_breach fault_of(const telling *of, const frame *frame)
{
    const pv_frames_limits *limits = of->of->limits;
    uint32_t last = 0, bytes = 0, pieces = 0;
    size_t open = open_before(of, frame, &last);
    const struct frame *block = block_before(of, PV_FRAMES_CLIENT, frame, &bytes, &pieces);
    uint32_t most = frame->type == 0 ? data_bytes_max(of, frame) : limits->frame_bytes;
    bool first = frame == of->frames[PV_FRAMES_CLIENT];
    if (first && (frame->type != 4 || (frame->flags & 1) != 0)) { return PV_FRAMES_PREFACE; }
    if (frame->length > most) { return PV_FRAMES_FRAME_SIZE; }
    if ((block != NULL) != (frame->type == 9)) { return PV_FRAMES_BLOCK_BROKEN; }
    if (block != NULL && block->stream != frame->stream) { return PV_FRAMES_BLOCK_BROKEN; }
    if (malformed(of, frame)) { return PV_FRAMES_MALFORMED; }
    bool uses = frame->type == 0 || frame->type == 3 || (frame->type == 8 && frame->stream != 0);
    if ((uses || frame->type == 1) && frame->stream % 2 == 0) { return PV_FRAMES_STREAM_ID; }
    if (uses && frame->stream > last) { return PV_FRAMES_STREAM_ID; }
    if (frame->type == 9) {
        if (pieces + 1 > limits->continuations) { return PV_FRAMES_CONTINUATIONS; }
        return bytes + frame->length > limits->block_bytes ? PV_FRAMES_BLOCK_SIZE : PV_FRAMES_OK;
    }
    if (frame->type != 1) { return PV_FRAMES_OK; }
    if (frame->length > limits->block_bytes) { return PV_FRAMES_BLOCK_SIZE; }
    if (frame->stream > last) {
        return open + 1 > limits->streams ? PV_FRAMES_STREAMS : PV_FRAMES_OK;
    }
    life life = life_before(of, frame->stream, frame);
    bool trailers = life.open && !life.client_ended && (frame->flags & 1) != 0;
    return trailers ? PV_FRAMES_OK : PV_FRAMES_STREAM_ID;
}

/* --- deadlines --- */

static void consider(int64_t at_ns, pv_frames_breach breach, int64_t *first_ns,
                     pv_frames_breach *ret_breach)
{
    if (at_ns < *first_ns) {
        *first_ns = at_ns;
        *ret_breach = breach;
    }
}

/* Where what the client has begun and not finished began, as a moment; SIZE_MAX: nothing is. */
static size_t unfinished(const telling *of, pv_frames_side side, bool *ret_data)
{
    uint32_t bytes = 0, pieces = 0;
    *ret_data = false;
    size_t start = side == PV_FRAMES_CLIENT ? strlen(magic) : 0;
    if (of->size[side] < start) { return 0; }
    const frame *last =
        of->frame_count[side] > 0 ? &of->frames[side][of->frame_count[side] - 1] : NULL;
    size_t end = last == NULL ? start : last->begins + 9 + last->length;
    const frame *block = block_before(of, side, NULL, &bytes, &pieces);
    bool inside = last != NULL && last->finished == SIZE_MAX;
    if (inside) { *ret_data = last->type == 0; }
    if (block != NULL) { return block->first; }
    if (inside) { return last->first; }
    return end < of->size[side] ? of->moment_of[side][end] : SIZE_MAX;
}

static int64_t idle_since(const telling *of)
{
    int64_t since_ns = of->of->begin_ns;
    for (size_t i = 0; i < of->frame_count[PV_FRAMES_CLIENT]; i++) {
        const frame *opens = &of->frames[PV_FRAMES_CLIENT][i];
        if (opens->type != 1) { continue; }
        life life = life_before(of, opens->stream, NULL);
        if (life.closed != SIZE_MAX && time_of(of, life.closed) > since_ns) {
            since_ns = time_of(of, life.closed);
        }
    }
    return since_ns;
}

static int64_t first_deadline(const telling *of, pv_frames_breach *ret_breach)
{
    const pv_frames_limits *limits = of->of->limits;
    account account = account_of(of, NULL);
    int64_t first_ns = INT64_MAX;
    size_t heard = of->size[PV_FRAMES_CLIENT];
    int64_t heard_ns =
        heard == 0 ? of->of->begin_ns : time_of(of, of->moment_of[PV_FRAMES_CLIENT][heard - 1]);
    *ret_breach = PV_FRAMES_OK;
    bool greeted = of->frame_count[PV_FRAMES_CLIENT] > 0;
    if (!greeted) {
        consider(of->of->begin_ns + limits->preface_ns, PV_FRAMES_PREFACE_LATE, &first_ns,
                 ret_breach);
    }
    if (account.awaited[0] > 0) {
        consider(account.awaited_since[0] + limits->settings_ns, PV_FRAMES_SETTINGS_LATE, &first_ns,
                 ret_breach);
    }
    bool data = false;
    size_t begun = unfinished(of, PV_FRAMES_CLIENT, &data);
    if (greeted && begun != SIZE_MAX && data) {
        consider(heard_ns + limits->data_ns, PV_FRAMES_DATA_LATE, &first_ns, ret_breach);
    } else if (greeted && begun != SIZE_MAX) {
        consider(time_of(of, begun) + limits->frame_ns, PV_FRAMES_FRAME_LATE, &first_ns,
                 ret_breach);
    }
    if (account.awaited[1] > 0) {
        int64_t since_ns =
            heard_ns > account.awaited_since[1] ? heard_ns : account.awaited_since[1];
        consider(since_ns + limits->ping_ns, PV_FRAMES_PING_LATE, &first_ns, ret_breach);
    }
    uint32_t last = 0;
    if (open_before(of, NULL, &last) == 0) {
        consider(idle_since(of) + limits->idle_ns, PV_FRAMES_IDLE, &first_ns, ret_breach);
    }
    return first_ns;
}

/* --- verdicts --- */

int64_t reference_deadline_ns(const moments *of, size_t count)
{
    pv_frames_breach breach;
    telling telling = tell(of, count);
    return first_deadline(&telling, &breach);
}

bool reference_at_boundary(const moments *of, size_t count, pv_frames_side side)
{
    bool data = false;
    telling telling = tell(of, count);
    return unfinished(&telling, side, &data) == SIZE_MAX;
}

/* The frame that a moment makes known; NULL: none. */
static const frame *known_with(const telling *of, size_t moment)
{
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < of->frame_count[side]; i++) {
            if (of->frames[side][i].known == moment) { return &of->frames[side][i]; }
        }
    }
    return NULL;
}

verdict reference_verdict(const moments *of)
{
    telling whole = tell(of, of->count);
    verdict found = {.breach = PV_FRAMES_OK, .moment = of->count};
    for (size_t i = 0; i < strlen(magic) && i < whole.size[PV_FRAMES_CLIENT]; i++) {
        if (whole.bytes[PV_FRAMES_CLIENT][i] == (uint8_t)magic[i]) { continue; }
        found = (verdict){PV_FRAMES_PREFACE, whole.moment_of[PV_FRAMES_CLIENT][i], 0, 0};
        break;
    }
    for (size_t i = 0; i < found.moment; i++) {
        const frame *frame = known_with(&whole, i);
        pv_frames_breach breach = PV_FRAMES_OK;
        if (of->all[i].tick) {
            telling until = tell(of, i);
            if (first_deadline(&until, &breach) > of->all[i].now_ns) { breach = PV_FRAMES_OK; }
        } else if (frame != NULL) {
            if (frame->side == PV_FRAMES_CLIENT) { breach = fault_of(&whole, frame); }
            if (breach == PV_FRAMES_OK) { breach = account_of(&whole, frame).breach; }
        }
        if (breach != PV_FRAMES_OK) {
            found = (verdict){breach, i, frame == NULL ? 0 : frame->begins, 0};
        }
    }
    telling until = tell(of, found.moment);
    (void)open_before(&until, NULL, &found.last_stream);
    return found;
}
