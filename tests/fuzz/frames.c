/* The accountant of HTTP/2 frames against the slow reference of frames_reference.c: both sides of a connection, cut
 * anywhere, must end at the same frame for the same reason, and wait for the same things until the same instants. */
#include "tests/fuzz/frames.h"

#include "base/time.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { MOMENTS_MAX = 1000, ARENA_BYTES = 512 << 20 };

/* Small, so that a short input reaches them. */
static pv_frames_limits small_limits(void)
{
    return (pv_frames_limits){
        .frame_bytes = 40,
        .block_bytes = 50,
        .continuations = 2,
        .settings_bytes = 12,
        .streams = 3,
        .resets_per_second = 100,
        .resets_burst = 3,
        .controls_per_second = 50,
        .controls_burst = 5,
        .controls_earned = 2,
        .controls_earned_max = 7,
        .preface_ns = 100 * PV_NS_PER_MS,
        .settings_ns = 150 * PV_NS_PER_MS,
        .frame_ns = 80 * PV_NS_PER_MS,
        .data_ns = 120 * PV_NS_PER_MS,
        .ping_ns = 90 * PV_NS_PER_MS,
        .idle_ns = 200 * PV_NS_PER_MS,
    };
}

/* --- from the input to moments --- */

typedef struct script {
    moments to;
    int64_t now_ns;
    uint32_t next_stream;
    size_t frame_at; /* the moment at which the last frame begins */
} script;

static void add(script *script, bool tick, pv_frames_side side, uint8_t byte)
{
    if (script->to.count == MOMENTS_MAX) { return; }
    script->to.all[script->to.count++] = (moment){tick, side, byte, script->now_ns};
}

static void add_number(script *script, pv_frames_side side, uint32_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) { add(script, false, side, (uint8_t)(value >> (8 * i))); }
}

static void add_header(script *script, pv_frames_side side, uint32_t length, uint8_t type,
                       uint8_t flags, uint32_t stream)
{
    add_number(script, side, length, 3);
    add(script, false, side, type);
    add(script, false, side, flags);
    add_number(script, side, stream, 4);
}

/* The length that a type has, or one that the input says. */
static uint32_t length_of(uint8_t type, uint8_t choice)
{
    static const uint8_t natural[] = {5, 7, 5, 4, 6, 4, 8, 8, 4, 7};
    if (choice < 128) { return type < sizeof natural ? natural[type] : 3; }
    return choice == 255 ? 0x10000 : choice - 128U;
}

/* The stream a frame names: a low one, the next, the one opened last, or none; the input may lie. */
static uint32_t stream_of(script *script, pv_frames_side side, uint8_t type, uint8_t choice)
{
    bool connection = type == 4 || type == 6 || type == 7 || (type == 8 && choice >= 192);
    if (choice < 32) { return choice; }
    if (choice < 96) { return choice % 8 * 2 + 1; }
    if (connection) { return 0; }
    if (type != 1 || side == PV_FRAMES_SERVER) {
        return script->next_stream < 2 ? 1 : script->next_stream - 2;
    }
    script->next_stream += 2;
    return script->next_stream - 2;
}

static void add_frame(script *script, pv_frames_side side, pv_view *input)
{
    uint8_t type = pv_fuzz_byte(input) % 12;
    uint8_t flags = pv_fuzz_byte(input);
    uint32_t stream = stream_of(script, side, type, pv_fuzz_byte(input));
    uint32_t length = length_of(type, pv_fuzz_byte(input));
    script->frame_at = script->to.count;
    add_header(script, side, length, type, flags, stream | (uint32_t)(flags & 128) << 24);
    for (uint32_t i = 0; i < length && i < 256; i++) {
        uint8_t byte = i % 6 == 1 ? 5 : 0; /* SETTINGS_MAX_FRAME_SIZE, if they are SETTINGS */
        add(script, false, side, type == 4 && i % 6 == 5 ? pv_fuzz_byte(input) : byte);
    }
}

/* The last frame, and what came after it, some more times: limits are on many of a kind. */
static void repeat(script *script, uint8_t times)
{
    size_t end = script->to.count;
    for (uint8_t i = 0; i < times; i++) {
        for (size_t at = script->frame_at; at < end; at++) {
            const moment *again = &script->to.all[at];
            add(script, again->tick, again->side, again->byte);
        }
    }
}

static void play(script *script, pv_view input)
{
    if ((pv_fuzz_byte(&input) & 15) != 0) {
        const char *hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        for (size_t i = 0; i < strlen(hello); i++) {
            add(script, false, PV_FRAMES_CLIENT, (uint8_t)hello[i]);
        }
        add_header(script, PV_FRAMES_CLIENT, 0, 4, 0, 0);
    }
    while (input.size > 0 && script->to.count < MOMENTS_MAX) {
        uint8_t choice = pv_fuzz_byte(&input);
        pv_frames_side side = (choice & 128) != 0 ? PV_FRAMES_SERVER : PV_FRAMES_CLIENT;
        switch (choice % 8) {
        case 0: script->now_ns += (int64_t)pv_fuzz_byte(&input) * PV_NS_PER_MS / 2; break;
        case 1: add(script, true, side, 0); break;
        case 2: add(script, false, side, pv_fuzz_byte(&input)); break;
        case 3: repeat(script, (uint8_t)(choice / 8 % 8)); break;
        default: add_frame(script, side, &input);
        }
    }
}

/* --- the accountant's way --- */

static uint32_t shuffle(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

/* How many moments from `at` on may be read at once: bytes of one side at one time. */
static size_t run_length(const moments *of, size_t at)
{
    size_t end = at;
    while (end < of->count && !of->all[end].tick && of->all[end].side == of->all[at].side &&
           of->all[end].now_ns == of->all[at].now_ns) {
        end++;
    }
    return end - at;
}

static void compare_state(const moments *of, const pv_frames *frames, size_t count)
{
    PV_ASSERT(pv_frames_deadline_ns(frames) == reference_deadline_ns(of, count));
    for (int side = 0; side < 2; side++) {
        PV_ASSERT(pv_frames_at_boundary(frames, (pv_frames_side)side) ==
                  reference_at_boundary(of, count, (pv_frames_side)side));
    }
}

/* After the end, what is under way to the client is finished, and no more. `at`: the first moment that did not pass. */
static void compare_finish(const moments *of, pv_frames *frames, size_t at)
{
    for (; at < of->count; at++) {
        const moment *now = &of->all[at];
        if (now->tick || now->side != PV_FRAMES_SERVER) { continue; }
        size_t taken = reference_at_boundary(of, at, PV_FRAMES_SERVER) ? 0 : 1;
        PV_ASSERT(pv_frames_finish(frames, &now->byte, 1, now->now_ns) == taken);
        if (taken == 0) { return; }
    }
}

static void compare(const moments *of, uint32_t seed)
{
    verdict expected = reference_verdict(of);
    size_t read[2] = {0, 0};
    pv_frames frames;
    pv_frames_init(&frames, of->limits, of->begin_ns);
    for (size_t at = 0; at < of->count;) {
        const moment *now = &of->all[at];
        size_t size = 1;
        size_t passed = 0;
        pv_frames_breach breach;
        if (shuffle(&seed) % 32 == 0) { compare_state(of, &frames, at); }
        if (now->tick) {
            compare_state(of, &frames, at);
            breach = pv_frames_tick(&frames, now->now_ns);
        } else {
            uint8_t bytes[300];
            size = run_length(of, at);
            size_t piece = shuffle(&seed) % 4 == 0 ? sizeof bytes : 1 + shuffle(&seed) % 24;
            if (size > piece) { size = piece; }
            for (size_t i = 0; i < size; i++) { bytes[i] = of->all[at + i].byte; }
            breach = pv_frames_read(&frames, now->side, bytes, size, now->now_ns, &passed);
        }
        bool here = expected.moment >= at && expected.moment < at + size;
        PV_ASSERT(breach == (here ? expected.breach : PV_FRAMES_OK));
        PV_ASSERT(breach != PV_FRAMES_OK || now->tick || passed == size);
        if (breach != PV_FRAMES_OK) {
            size_t before =
                expected.frame_at > read[now->side] ? expected.frame_at : read[now->side];
            PV_ASSERT(now->tick || read[now->side] + passed == before);
            PV_ASSERT(pv_frames_deadline_ns(&frames) == INT64_MAX);
            compare_finish(of, &frames, at + passed);
            return;
        }
        read[now->side] += passed;
        at += size;
    }
    PV_ASSERT(expected.breach == PV_FRAMES_OK);
    PV_ASSERT(pv_frames_last_stream(&frames) == expected.last_stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    uint32_t seed = pv_fuzz_number(&input);
    pv_frames_limits limits = seed % 8 == 0 ? pv_frames_limits_default() : small_limits();
    script script = {.now_ns = PV_NS_PER_S, .next_stream = 1};
    script.to = (moments){
        .arena = arena,
        .limits = &limits,
        .begin_ns = script.now_ns,
        .all = pv_arena_alloc(arena, MOMENTS_MAX * sizeof(moment)),
    };
    PV_ASSERT(script.to.all != NULL);
    play(&script, input);
    compare(&script.to, seed);
    pv_arena_destroy(arena);
    return 0;
}
