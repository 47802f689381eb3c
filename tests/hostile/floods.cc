// Much of what is harmless once. Each flood is as long as it takes to see that nothing stops it; the edge ends it
// long before.
#include "tests/hostile/cases.h"

using namespace h2; // NOLINT: rows of bytes

namespace purvey {

namespace {

// As many streams as one connection may hold open at once.
constexpr int64_t kStreamsKib = 4 * 1024;

// As many resets as the edge lets one connection have at once, 200, each of some 30 KiB until the core is done with it.
constexpr int64_t kResetsKib = 8 * 1024;

// For the answers that a peer finds which has not read before.
constexpr int kUnreadMs = 3000;

using Piece = std::function<std::string(uint32_t)>;

struct Flood {
    std::string begin;  // after the SETTINGS of both sides
    Piece piece;        // of a number, from 0 on
    std::string finish; // that the server may go on after the last piece
    uint32_t count;
    uint32_t batch = 64; // pieces that go out together
    bool reads = true;
    bool acknowledges = true;
    int timeout_ms = 30000;
};

uint32_t odd(uint32_t number)
{
    return 2 * number + 1;
}

std::string pour(const Target &target, const Flood &flood)
{
    Options options = target.options();
    options.reads = flood.reads;
    options.acknowledges = false; // by hand, between two frames of ours
    Peer peer(target.address(), options);
    bool open = peer.send(preface());
    const auto greeted = [&](const Seen &seen) {
        return seen.settings_acks > 0 && !seen.settings.empty();
    };
    if (flood.reads) { peer.read_until(greeted, 2000); }
    open = open && peer.send((flood.acknowledges ? settings_ack() : "") + flood.begin);
    for (uint32_t i = 0; open && i < flood.count && !peer.seen().goaway; i += flood.batch) {
        std::string bytes;
        for (uint32_t j = i; j < i + flood.batch; j++) { bytes += flood.piece(j); }
        open = peer.send(bytes, flood.timeout_ms);
    }
    // What was sent last must have been read by the server: an answer to a PING says so.
    open = open && !peer.seen().goaway && peer.send(flood.finish + ping());
    peer.read_until(
        [=](const Seen &seen) { return seen.goaway || (open && flood.reads && seen.pongs > 0); },
        flood.reads ? flood.timeout_ms : kUnreadMs);
    return peer.seen().end_of(0);
}

std::function<std::string(const Target &)> poured(const Flood &flood)
{
    return [=](const Target &target) { return pour(target, flood); };
}

Flood of(const Piece &piece, uint32_t count)
{
    Flood flood;
    flood.piece = piece;
    flood.count = count;
    return flood;
}

Flood after(const std::string &begin, Flood flood)
{
    flood.begin = begin;
    return flood;
}

// Inside a header block.
Flood inside_block(const std::string &block_begin, Flood flood)
{
    flood.begin = frame(HEADERS, 0, 1, block_begin);
    flood.finish = frame(CONTINUATION, END_HEADERS, 1);
    return flood;
}

Flood unread(Flood flood)
{
    flood.reads = false;
    return flood;
}

Flood without_ack(Flood flood)
{
    flood.acknowledges = false;
    return flood;
}

// So many connections, one after the other; the end of the last one. Who connects too often is refused for a while,
// so each flood has an address of its own.
std::function<std::string(const Target &)> connections(int count, const char *source,
                                                       const Tls *tls)
{
    return [=](const Target &target) {
        std::string end = "open";
        for (int i = 0; i < count; i++) {
            Options options;
            options.tls = tls;
            options.source = source;
            Peer peer(target.address(), options);
            if (tls != nullptr) { peer.read_close(1000); }
            end = peer.seen().end_of();
        }
        return end;
    };
}

} // namespace

std::vector<Case> flood_cases(const std::string &path)
{
    const std::string fields = block(request(path));
    const std::string chat_fields = block(request(kChatPath));
    const auto opened = [=](uint32_t i) {
        return frame(HEADERS, END_HEADERS, odd(i), chat_fields);
    };
    const auto twice = [](const Piece &first, const Piece &second) {
        return [=](uint32_t i) { return first(i) + second(i); };
    };
    const std::string chat = frame(HEADERS, END_HEADERS, 1, chat_fields);
    const auto reset_by = [=](const std::string &name, const Piece &provoke) {
        return Case{"MadeYouReset" + name,
                    kEnds,
                    kSame,
                    "",
                    0,
                    poured(of(twice(opened, provoke), 4000)),
                    kStreamsKib};
    };
    static const Tls stranger;
    return {
        {"RapidReset", nullptr, kCalmed, "", 0,
         poured(of(twice(opened, [](uint32_t i) { return rst_stream(odd(i)); }), 20000)),
         kResetsKib},
        {"RapidResetOfWholeCalls", nullptr, kCalmed, "", 0,
         poured(of([=](uint32_t i) { return call(odd(i), path) + rst_stream(odd(i)); }, 20000)),
         kResetsKib},
        {"StreamsBeforeTheAck", nullptr, kCalmed, "", 0, poured(without_ack(of(opened, 20000))),
         kStreamsKib},
        {"StreamsAfterTheAck", nullptr, kCalmed, "", 0, poured(of(opened, 20000)), kStreamsKib},
        reset_by("ByWindowUpdateOfNothing", [](uint32_t i) { return window_update(odd(i), 0); }),
        reset_by("ByWindowOverflow", [](uint32_t i) { return window_update(odd(i), 0x7fffffff); }),
        reset_by("ByPriorityOnItself", [](uint32_t i) { return priority(odd(i), odd(i)); }),
        reset_by("ByDataAfterTheEnd",
                 [](uint32_t i) {
                     return frame(DATA, END_STREAM, odd(i)) + frame(DATA, 0, odd(i), "x");
                 }),
        reset_by("ByHeadersAfterTheEnd",
                 [=](uint32_t i) {
                     return frame(DATA, END_STREAM, odd(i)) +
                            frame(HEADERS, END_HEADERS, odd(i), chat_fields);
                 }),
        {"Pings", nullptr, kCalmed, "", 0, poured(of([](uint32_t) { return ping(); }, 100000))},
        {"PingsNotRead", nullptr, kCalmed, "", 0,
         poured(unread(of([](uint32_t) { return ping(); }, 200000))), kStreamsKib},
        {"Settings", "open", kCalmed, "", 0,
         poured(of([](uint32_t) { return settings(); }, 100000))},
        {"SettingsNotRead", "open", kCalmed, "", 0,
         poured(unread(of([](uint32_t) { return settings(); }, 200000)))},
        {"SettingsOfManyValues", "open", kCalmed, "", 0,
         poured(of(
             [](uint32_t i) {
                 return settings(std::vector<std::pair<uint16_t, uint32_t>>(
                     1000, {INITIAL_WINDOW_SIZE, i % 65536}));
             },
             2000))},
        {"SettingsAcks", "open", kCalmed, "", 0,
         poured(of([](uint32_t) { return settings_ack(); }, 100000))},
        {"EmptyData", "open", kCalmed, "", 0,
         poured(after(chat, of([](uint32_t) { return frame(DATA, 0, 1); }, 100000)))},
        {"DataOfOneByte", "open", kSame, "", 0,
         poured(after(chat,
                      of([](uint32_t) { return frame(DATA, 0, 1, std::string(1, '\0')); }, 50000))),
         kStreamsKib},
        {"PaddedEmptyData", "open", kCalmed, "", 0,
         poured(
             after(chat, of([](uint32_t) { return frame(DATA, PADDED, 1, std::string(1, '\0')); },
                            50000)))},
        {"WindowUpdates", "open", kCalmed, "", 0,
         poured(of([](uint32_t) { return window_update(0, 1); }, 100000))},
        {"WindowUpdatesOfAStream", "open", kCalmed, "", 0,
         poured(after(chat, of([](uint32_t) { return window_update(1, 1); }, 100000)))},
        {"Priorities", "open", kCalmed, "", 0,
         poured(of([](uint32_t i) { return priority(odd(i), 0); }, 100000))},
        {"ResetsOfIdleStreams", "open", kCalmed, "", 0,
         poured(of([](uint32_t i) { return rst_stream(odd(i)); }, 100000))},
        {"FramesOfUnknownTypes", "open", kCalmed, "", 0,
         poured(of([](uint32_t) { return frame(0x42, 0, 0, "x"); }, 100000))},
        {"EmptyContinuations", nullptr, kCalmed, "", 0,
         poured(
             inside_block(fields, of([](uint32_t) { return frame(CONTINUATION, 0, 1); }, 100000)))},
        // A value of a quarter of a gigabyte, of which four megabytes come: the core reads them again with each
        // frame.
        {"ContinuationsOfMegabytes", nullptr, kCalmed, "", 0,
         poured(inside_block(
             fields + std::string(1, '\0') + text("x-filler") + integer(1 << 28, 7),
             of([](uint32_t) { return frame(CONTINUATION, 0, 1, std::string(16384, 'x')); },
                256)))},
        {"VarintWithoutEnd", nullptr, kCalmed, "", 0,
         poured(inside_block(
             "\xff",
             of([](uint32_t) { return frame(CONTINUATION, 0, 1, std::string(16384, '\x80')); },
                64)))},
        {"ConnectAndClose", "open", kSame, "", 0, connections(500, "127.0.0.3", nullptr),
         kStreamsKib * 3},
        {"HandshakesWithoutCertificate", nullptr, "alert 116", "", 0,
         connections(50, "127.0.0.4", &stranger)},
    };
}

} // namespace purvey
