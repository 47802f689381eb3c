#include "server/edge/frames.h"

#include "base/time.h"
#include "tests/hostile/h2.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace h2;

constexpr int64_t kBegin = 1000 * PV_NS_PER_S;
constexpr int64_t kUnit = PV_NS_PER_S / 100; // in which a bucket gains one of a hundred per second

// Bytes of a side, so long after those before.
struct Piece {
    pv_frames_side side;
    std::string bytes;
    int64_t after_ns = 0;
};
using Pieces = std::vector<Piece>;

Piece client(const std::string &bytes, int64_t after_ns = 0)
{
    return {PV_FRAMES_CLIENT, bytes, after_ns};
}

Piece server(const std::string &bytes, int64_t after_ns = 0)
{
    return {PV_FRAMES_SERVER, bytes, after_ns};
}

Pieces operator+(Pieces pieces, const Pieces &more)
{
    pieces.insert(pieces.end(), more.begin(), more.end());
    return pieces;
}

Pieces times(size_t count, const Pieces &pieces)
{
    Pieces all;
    for (size_t i = 0; i < count; i++) { all.insert(all.end(), pieces.begin(), pieces.end()); }
    return all;
}

struct Connection {
    Connection() { pv_frames_init(&frames, &limits, now_ns); }

    // Reads in pieces of at most `step` bytes, the first of `first`. Sums up what has passed of the side.
    pv_frames_breach read(const Piece &piece, size_t step = SIZE_MAX, size_t first = SIZE_MAX)
    {
        now_ns += piece.after_ns;
        pv_frames_breach breach = PV_FRAMES_OK;
        for (size_t at = 0; at < piece.bytes.size();) {
            size_t size = std::min(at == 0 ? std::min(first, step) : step, piece.bytes.size() - at);
            // A copy of its own, so that a sanitizer sees a byte read too many.
            std::vector<uint8_t> bytes(piece.bytes.begin() + (ptrdiff_t)at,
                                       piece.bytes.begin() + (ptrdiff_t)(at + size));
            size_t part = SIZE_MAX;
            breach = pv_frames_read(&frames, piece.side, bytes.data(), bytes.size(), now_ns, &part);
            EXPECT_LE(part, size);
            EXPECT_TRUE(breach != PV_FRAMES_OK || part == size);
            passed += part;
            at += size;
        }
        return breach;
    }

    pv_frames_breach read(const Pieces &pieces, size_t step = SIZE_MAX)
    {
        pv_frames_breach breach = PV_FRAMES_OK;
        for (const Piece &piece : pieces) { breach = read(piece, step); }
        return breach;
    }

    size_t finish(const std::string &bytes)
    {
        size_t taken = pv_frames_finish(&frames, reinterpret_cast<const uint8_t *>(bytes.data()),
                                        bytes.size(), now_ns);
        EXPECT_TRUE(pv_frames_at_boundary(&frames, PV_FRAMES_SERVER));
        return taken;
    }

    pv_frames frames;
    pv_frames_limits limits = pv_frames_limits_default();
    int64_t now_ns = kBegin;
    size_t passed = 0;
};

uint32_t nth(size_t index)
{
    return (uint32_t)(2 * index + 1);
}

std::string headers(uint32_t stream, uint8_t flags = END_HEADERS, size_t size = 3)
{
    return frame(HEADERS, flags, stream, std::string(size, 'h'));
}

std::string empty_data(uint32_t stream, uint8_t flags = 0)
{
    return frame(DATA, flags, stream);
}

std::string unknown(size_t size = 3)
{
    return frame(0x42, 0, 0, std::string(size, 'u'));
}

// A connection as every honest client begins it; one of its control frames is gone.
const Pieces kBegun = {client(preface()), server(settings()), client(settings_ack()),
                       server(settings_ack())};

Pieces open_streams(size_t count, size_t from = 0)
{
    std::string bytes;
    for (size_t i = from; i < from + count; i++) { bytes += headers(nth(i)); }
    return {client(bytes)};
}

// Streams opened and reset by the client.
Pieces reset_streams(size_t count, size_t from = 0)
{
    std::string bytes;
    for (size_t i = from; i < from + count; i++) { bytes += headers(nth(i)) + rst_stream(nth(i)); }
    return {client(bytes)};
}

// Streams opened, answered, and then reset by one side.
Pieces answered_and_reset(size_t count, pv_frames_side side)
{
    Pieces all;
    for (size_t i = 0; i < count; i++) {
        all.push_back(client(headers(nth(i))));
        all.push_back(server(headers(nth(i), END_HEADERS | END_STREAM)));
        all.push_back({side, rst_stream(nth(i))});
    }
    return all;
}

struct Row {
    const char *what;
    Pieces allowed; // goes on
    Piece over;     // ends the connection at its first frame
    pv_frames_breach breach;
};

// Reads `pieces` in steps and `over` with a first step of its own; all ends the same way.
void expect_breach(const Row &row, size_t step, size_t first)
{
    Connection connection;
    ASSERT_EQ(connection.read(row.allowed, step), PV_FRAMES_OK) << row.what;
    ASSERT_TRUE(pv_frames_at_boundary(&connection.frames, PV_FRAMES_SERVER)) << row.what;
    connection.passed = 0;
    ASSERT_EQ(connection.read(row.over, step, first), row.breach)
        << row.what << " cut at " << first;
    EXPECT_LT(connection.passed, 9u) << row.what; // not even the header
    if (first >= 9 && step >= 9) { EXPECT_EQ(connection.passed, 0u) << row.what; }

    // Of the server's frame at fault the client gets the rest if it has got the beginning; and no more than that.
    const std::string rest = row.over.bytes.substr(connection.passed);
    bool begun = row.over.side == PV_FRAMES_SERVER && connection.passed > 0;
    EXPECT_EQ(connection.finish(rest + ping()), begun ? rest.size() : 0)
        << row.what << " cut at " << first;

    // For ever, and for both sides; nothing is awaited any more.
    for (pv_frames_side side : {PV_FRAMES_CLIENT, PV_FRAMES_SERVER}) {
        connection.passed = 0;
        EXPECT_EQ(connection.read({side, ping(), PV_NS_PER_S}), row.breach) << row.what;
        EXPECT_EQ(connection.passed, 0u) << row.what;
    }
    EXPECT_EQ(pv_frames_deadline_ns(&connection.frames), INT64_MAX) << row.what;
    EXPECT_EQ(pv_frames_tick(&connection.frames, INT64_MAX), row.breach) << row.what;
}

void expect_breaches(const std::vector<Row> &rows)
{
    for (const Row &row : rows) {
        expect_breach(row, SIZE_MAX, SIZE_MAX);
        for (size_t step : {1, 2, 3, 5, 8, 9, 10, 100}) { expect_breach(row, step, step); }
        for (size_t first = 1; first < std::min<size_t>(row.over.bytes.size(), 20); first++) {
            expect_breach(row, SIZE_MAX, first);
        }
    }
}

TEST(Frames, AConnectionBeginsWithThePrefaceAndSettings)
{
    for (size_t wrong = 0; wrong < kMagic.size(); wrong++) {
        for (size_t step : {SIZE_MAX, (size_t)1, (size_t)7}) {
            Connection connection;
            std::string bytes = preface();
            bytes[wrong] = (char)(bytes[wrong] ^ 0x20);
            EXPECT_EQ(connection.read(client(bytes), step), PV_FRAMES_PREFACE) << wrong;
            EXPECT_LE(connection.passed, wrong) << wrong;
        }
    }
    const Pieces magic = {client(std::string(kMagic))};
    expect_breaches({
        {"PING first", magic, client(ping()), PV_FRAMES_PREFACE},
        {"HEADERS first", magic, client(headers(1)), PV_FRAMES_PREFACE},
        {"ACK first", magic + Pieces{server(settings())}, client(settings_ack()),
         PV_FRAMES_PREFACE},
        {"the preface twice", kBegun, client(std::string(kMagic)), PV_FRAMES_FRAME_SIZE},
    });
}

TEST(Frames, SizesOfFramesAreBound)
{
    const std::string full(16384, 'x'), over(16385, 'x');
    const Pieces one = kBegun + open_streams(1);
    const Pieces raised = one + Pieces{server(settings({{MAX_FRAME_SIZE, 20000}}))};
    expect_breaches({
        {"DATA", one + Pieces{client(frame(DATA, 0, 1, full))}, client(frame(DATA, 0, 1, over)),
         PV_FRAMES_FRAME_SIZE},
        {"HEADERS", kBegun + Pieces{client(headers(1, END_HEADERS, 16384))},
         client(headers(3, END_HEADERS, 16385)), PV_FRAMES_FRAME_SIZE},
        {"unknown", kBegun + Pieces{client(unknown(16384))}, client(unknown(16385)),
         PV_FRAMES_FRAME_SIZE},
        {"a length that is a lie", kBegun, client(frame_header(0xffffff, DATA, 0, 1)),
         PV_FRAMES_FRAME_SIZE},
        {"DATA as the server allows",
         raised + Pieces{client(frame(DATA, 0, 1, std::string(20000, 'x')))},
         client(frame(DATA, 0, 1, std::string(20001, 'x'))), PV_FRAMES_FRAME_SIZE},
        {"HEADERS as for DATA", raised, client(headers(3, END_HEADERS, 16385)),
         PV_FRAMES_FRAME_SIZE},
        {"what the server has allowed stays allowed: the client may not know yet",
         raised + Pieces{server(settings({{INITIAL_WINDOW_SIZE, 1}, {MAX_FRAME_SIZE, 16384}})),
                         client(frame(DATA, 0, 1, std::string(20000, 'x')))},
         client(frame(DATA, 0, 1, std::string(20001, 'x'))), PV_FRAMES_FRAME_SIZE},
    });
    // Of the server's frames none.
    Connection connection;
    EXPECT_EQ(connection.read(one + Pieces{server(frame(DATA, 0, 1, std::string(1 << 20, 'x')))}),
              PV_FRAMES_OK);
}

TEST(Frames, WhatATypeForbidsIsMalformed)
{
    std::vector<Row> rows;
    const auto malformed = [&rows](const char *what, const std::string &bytes) {
        rows.push_back({what, kBegun + open_streams(2), client(bytes), PV_FRAMES_MALFORMED});
    };
    const auto sized = [](uint8_t type, uint32_t stream, size_t size) {
        return frame(type, 0, stream, std::string(size, 'x'));
    };
    malformed("DATA without stream", sized(DATA, 0, 3));
    malformed("HEADERS without stream", sized(HEADERS, 0, 3));
    malformed("PRIORITY without stream", sized(PRIORITY, 0, 5));
    malformed("short PRIORITY", sized(PRIORITY, 1, 4));
    malformed("RST_STREAM without stream", sized(RST_STREAM, 0, 4));
    malformed("long RST_STREAM", sized(RST_STREAM, 1, 5));
    malformed("SETTINGS on a stream", frame(SETTINGS, 0, 1));
    malformed("SETTINGS of seven bytes", sized(SETTINGS, 0, 7));
    malformed("33 SETTINGS", sized(SETTINGS, 0, 198));
    malformed("ACK with SETTINGS", frame(SETTINGS, ACK, 0, std::string(6, 'x')));
    malformed("PUSH_PROMISE", sized(PUSH_PROMISE, 1, 8));
    malformed("short PING", sized(PING, 0, 7));
    malformed("PING on a stream", sized(PING, 1, 8));
    malformed("GOAWAY on a stream", sized(GOAWAY, 1, 8));
    malformed("short WINDOW_UPDATE", sized(WINDOW_UPDATE, 0, 3));
    expect_breaches(rows);

    Connection connection;
    EXPECT_EQ(connection.read(kBegun + Pieces{client(sized(SETTINGS, 0, 192)), client(headers(1)),
                                              client(priority(9, 1)), client(window_update(0, 1)),
                                              client(window_update(1, 1)), client(goaway(0, 0))}),
              PV_FRAMES_OK);
}

TEST(Frames, StreamsAreOddAndRisingAndOpenedBeforeTheyAreUsed)
{
    const Pieces two = kBegun + Pieces{client(headers(1) + headers(5))};
    const Pieces closed = two + Pieces{client(rst_stream(1) + empty_data(5, END_STREAM)),
                                       server(headers(5, END_HEADERS | END_STREAM))};
    const Pieces trailers = two + Pieces{client(headers(1, END_HEADERS | END_STREAM))};
    expect_breaches({
        {"HEADERS, even", two, client(headers(6)), PV_FRAMES_STREAM_ID},
        {"HEADERS, between", two, client(headers(3)), PV_FRAMES_STREAM_ID},
        {"HEADERS, open", two, client(headers(5)), PV_FRAMES_STREAM_ID},
        {"HEADERS, closed", closed, client(headers(5, END_HEADERS | END_STREAM)),
         PV_FRAMES_STREAM_ID},
        {"trailers twice", trailers, client(headers(1, END_HEADERS | END_STREAM)),
         PV_FRAMES_STREAM_ID},
        {"DATA, even", two, client(data(2, "x")), PV_FRAMES_STREAM_ID},
        {"DATA, idle", two, client(data(7, "x")), PV_FRAMES_STREAM_ID},
        {"RST_STREAM, even", two, client(rst_stream(2)), PV_FRAMES_STREAM_ID},
        {"RST_STREAM, idle", two, client(rst_stream(7)), PV_FRAMES_STREAM_ID},
        {"WINDOW_UPDATE, even", two, client(window_update(2, 1)), PV_FRAMES_STREAM_ID},
        {"WINDOW_UPDATE, idle", two, client(window_update(7, 1)), PV_FRAMES_STREAM_ID},
        // What is still under way when a stream closes is no fault.
        {"late frames", closed + Pieces{client(data(1, "x") + window_update(5, 1) + rst_stream(5))},
         client(headers(5)), PV_FRAMES_STREAM_ID},
    });
    Connection connection;
    EXPECT_EQ(connection.read(two + Pieces{client(headers(0x7fffffff))}), PV_FRAMES_OK);
    EXPECT_EQ(pv_frames_last_stream(&connection.frames), 0x7fffffffu);
}

TEST(Frames, AHeaderBlockIsSmallAndInOnePiece)
{
    const auto part = [](size_t size, uint8_t flags = 0, uint32_t stream = 1) {
        return frame(CONTINUATION, flags, stream, std::string(size, 'c'));
    };
    const Pieces open = kBegun + Pieces{client(headers(1, 0, 16000))};
    const std::string four = part(0) + part(0) + part(0) + part(0);
    expect_breaches({
        {"another stream's", open, client(part(1, 0, 3)), PV_FRAMES_BLOCK_BROKEN},
        {"another type", open, client(ping()), PV_FRAMES_BLOCK_BROKEN},
        {"another block", open, client(headers(3)), PV_FRAMES_BLOCK_BROKEN},
        {"an unknown type", open, client(unknown()), PV_FRAMES_BLOCK_BROKEN},
        {"outside", kBegun + Pieces{client(headers(1))}, client(part(1)), PV_FRAMES_BLOCK_BROKEN},
        {"behind its end", open + Pieces{client(part(0, END_HEADERS))}, client(part(1)),
         PV_FRAMES_BLOCK_BROKEN},
        {"size", open + Pieces{client(part(384))}, client(part(1)), PV_FRAMES_BLOCK_SIZE},
        {"size at the end", open + Pieces{client(part(384))}, client(part(1, END_HEADERS)),
         PV_FRAMES_BLOCK_SIZE},
        {"count", open + Pieces{client(four)}, client(part(0)), PV_FRAMES_CONTINUATIONS},
        {"count at the end", open + Pieces{client(four)}, client(part(0, END_HEADERS)),
         PV_FRAMES_CONTINUATIONS},
        {"each block on its own",
         open + Pieces{client(part(0) + part(0) + part(0) + part(0, END_HEADERS)),
                       client(headers(3, 0, 16000) + part(384, END_HEADERS, 3) + headers(5, 0))},
         client(part(0, 0, 3)), PV_FRAMES_BLOCK_BROKEN},
    });
}

TEST(Frames, AHundredStreamsAreOpenAtOnceAndNoMore)
{
    const Pieces start = {client(preface()), server(settings())};
    const Pieces full = start + open_streams(100);
    const Piece more = client(headers(nth(100)));
    const Pieces half = {client(empty_data(1, END_STREAM))};
    const Pieces answer = {server(headers(1, END_HEADERS | END_STREAM))};
    const Pieces again = {client(headers(nth(100)))};
    const Piece even_more = client(headers(nth(101)));
    expect_breaches({
        {"before the ACK", full, more, PV_FRAMES_STREAMS},
        {"after it", full + Pieces{client(settings_ack())}, more, PV_FRAMES_STREAMS},
        {"before the server's SETTINGS", Pieces{client(preface())} + open_streams(100), more,
         PV_FRAMES_STREAMS},
        {"the client has ended one", full + half, more, PV_FRAMES_STREAMS},
        {"the server has", full + answer, more, PV_FRAMES_STREAMS},
        {"both have", full + half + answer + again, even_more, PV_FRAMES_STREAMS},
        {"both have, the server first", full + answer + half + again, even_more, PV_FRAMES_STREAMS},
        {"trailers of the client",
         full + answer + Pieces{client(headers(1, END_HEADERS | END_STREAM))} + again, even_more,
         PV_FRAMES_STREAMS},
        {"DATA of the server ends it", full + half + Pieces{server(data(1, "x"))} + again,
         even_more, PV_FRAMES_STREAMS},
        {"the client has reset one", full + Pieces{client(rst_stream(1))} + again, even_more,
         PV_FRAMES_STREAMS},
        {"the server has reset one", full + Pieces{server(rst_stream(1))} + again, even_more,
         PV_FRAMES_STREAMS},
        {"one end or reset makes room once",
         full + half + answer + half + answer +
             Pieces{client(rst_stream(1) + rst_stream(1)), server(rst_stream(1))} + again,
         even_more, PV_FRAMES_STREAMS},
        {"one that ends with its HEADERS",
         start + open_streams(99) +
             Pieces{client(headers(nth(99), END_HEADERS | END_STREAM)),
                    server(headers(nth(99), END_HEADERS | END_STREAM))} +
             again,
         even_more, PV_FRAMES_STREAMS},
    });
    // For ever, oldest and newest first by turns.
    Connection connection;
    std::deque<uint32_t> waiting;
    ASSERT_EQ(connection.read(start), PV_FRAMES_OK);
    for (size_t i = 0; i < 5000; i++) {
        ASSERT_EQ(connection.read(client(headers(nth(i), END_HEADERS | END_STREAM))), PV_FRAMES_OK);
        waiting.push_back(nth(i));
        if (waiting.size() < 100) { continue; }
        uint32_t answered = i % 2 == 0 ? waiting.front() : waiting.back();
        i % 2 == 0 ? waiting.pop_front() : waiting.pop_back();
        ASSERT_EQ(connection.read(server(headers(answered, END_HEADERS | END_STREAM))),
                  PV_FRAMES_OK);
    }
    EXPECT_EQ(connection.read(Pieces{client(headers(nth(5000)))}), PV_FRAMES_OK);
    EXPECT_EQ(connection.read(Pieces{client(headers(nth(5001)))}), PV_FRAMES_STREAMS);
}

TEST(Frames, ResetsAreHundredASecondAndTwoHundredAtOnce)
{
    const Pieces burst = kBegun + reset_streams(200);
    const Pieces opened = kBegun + open_streams(1);
    const Piece over = client(rst_stream(nth(201)));
    const Pieces next = open_streams(1, 201);
    Pieces by_server = kBegun;
    for (size_t i = 0; i < 200; i++) {
        by_server = by_server + Pieces{client(headers(nth(i))), server(rst_stream(nth(i)))};
    }
    const Pieces late = times(400, {client(rst_stream(1))});
    expect_breaches({
        {"by the client", burst + next, over, PV_FRAMES_RESETS},
        {"by the server", by_server + next, server(rst_stream(nth(201))), PV_FRAMES_RESETS},
        {"by both together", by_server + next, over, PV_FRAMES_RESETS},
        {"a hundredth of a second later there is one more",
         burst + Pieces{client(headers(nth(200)) + rst_stream(nth(200)), kUnit)} + next, over,
         PV_FRAMES_RESETS},
        {"not a moment sooner", burst + next, client(rst_stream(nth(201)), kUnit - 1),
         PV_FRAMES_RESETS},
        {"never more than the burst",
         burst + Pieces{client(ping(), 100 * PV_NS_PER_S)} + reset_streams(200, 202) +
             open_streams(1, 402),
         client(rst_stream(nth(402))), PV_FRAMES_RESETS},
        {"answered ones count half",
         kBegun + answered_and_reset(400, PV_FRAMES_CLIENT) + Pieces{client(headers(nth(400)))},
         client(rst_stream(nth(400))), PV_FRAMES_RESETS},
        {"answered ones that the server resets too",
         kBegun + answered_and_reset(400, PV_FRAMES_SERVER) + Pieces{client(headers(nth(400)))},
         server(rst_stream(nth(400))), PV_FRAMES_RESETS},
        {"closed ones count half",
         opened + Pieces{server(rst_stream(1))} + times(398, {client(rst_stream(1))}),
         client(rst_stream(1)), PV_FRAMES_RESETS},
        {"the server's echo counts nothing", burst + times(100, {server(rst_stream(1))}) + next,
         over, PV_FRAMES_RESETS},
    });
}

TEST(Frames, ControlFramesAreHundredASecondAndFourHundredAtOnce)
{
    const Pieces one = kBegun + open_streams(1);
    const std::string all[] = {ping(),
                               settings(),
                               priority(1, 3),
                               window_update(0, 1),
                               window_update(1, 1),
                               goaway(0, 0),
                               unknown(0),
                               unknown(100),
                               empty_data(1),
                               frame(DATA, PADDED, 1, std::string(9, 'x')),
                               settings_ack(),
                               frame(PING, ACK, 0, std::string(8, 'p')),
                               data(1, "", true)};
    std::vector<Row> rows;
    for (const std::string &control : all) {
        // The last of them, an empty DATA that ends its stream, is free once.
        Pieces free = control == data(1, "", true) ? Pieces{client(control)} : Pieces{};
        rows.push_back({"a burst", one + free + times(399, {client(control)}), client(control),
                        PV_FRAMES_CONTROLS});
    }
    const Pieces burst = one + times(399, {client(ping())});
    const Pieces asked = {
        server(settings() + ping() + ping()),
        client(settings_ack() + frame(PING, ACK, 0, "12345678") + frame(PING, ACK, 0, "12345678"))};
    rows.push_back({"later one more", burst + Pieces{client(ping(), kUnit)}, client(ping()),
                    PV_FRAMES_CONTROLS});
    rows.push_back({"not sooner", burst, client(ping(), kUnit - 1), PV_FRAMES_CONTROLS});
    rows.push_back(
        {"what was asked for is free", burst + asked, client(settings_ack()), PV_FRAMES_CONTROLS});
    rows.push_back({"calls are no control frames",
                    burst + open_streams(50, 1) + times(2000, {client(data(1, "x", false))}),
                    client(ping()), PV_FRAMES_CONTROLS});
    rows.push_back({"three for each frame of an answer",
                    burst + Pieces{server(headers(1) + data(1, "x", false))} +
                        times(6, {client(window_update(0, 1))}),
                    client(ping()), PV_FRAMES_CONTROLS});
    rows.push_back({"more for a large one",
                    burst + Pieces{server(frame(DATA, 0, 1, std::string(2 * 16384, 'x')))} +
                        times(9, {client(ping())}),
                    client(ping()), PV_FRAMES_CONTROLS});
    rows.push_back({"nothing for an empty one",
                    burst + Pieces{server(empty_data(1) + headers(1, END_HEADERS, 0))},
                    client(ping()), PV_FRAMES_CONTROLS});
    rows.push_back({"not without end",
                    burst + times(2000, {server(data(1, "x", false))}) +
                        times(3072, {client(window_update(0, 1))}),
                    client(ping()), PV_FRAMES_CONTROLS});
    expect_breaches(rows);
}

// What is awaited, how long, and what ends the waiting.
TEST(Frames, WhatIsAwaitedComesInTime)
{
    const Pieces one = kBegun + open_streams(1);
    const struct {
        const char *what;
        Pieces pieces;
        int64_t wait_ms; // from the last piece
        pv_frames_breach breach;
    } rows[] = {
        {"the preface", {}, PV_FRAMES_PREFACE_MS, PV_FRAMES_PREFACE_LATE},
        {"SETTINGS",
         {client(std::string(kMagic), PV_NS_PER_S)},
         PV_FRAMES_PREFACE_MS - 1000,
         PV_FRAMES_PREFACE_LATE},
        {"the ACK",
         {client(preface()), server(settings(), PV_NS_PER_S), client(ping(), PV_NS_PER_S)},
         PV_FRAMES_SETTINGS_MS - 1000,
         PV_FRAMES_SETTINGS_LATE},
        {"the second ACK",
         {client(preface()), server(settings() + settings()), client(settings_ack(), PV_NS_PER_S)},
         PV_FRAMES_SETTINGS_MS,
         PV_FRAMES_SETTINGS_LATE},
        {"a frame header", one + Pieces{client("\1"), client("\1", PV_NS_PER_S)},
         PV_FRAMES_FRAME_MS - 1000, PV_FRAMES_FRAME_LATE},
        {"a payload", one + Pieces{client(frame_header(8, PING, 0, 0)), client("x", PV_NS_PER_S)},
         PV_FRAMES_FRAME_MS - 1000, PV_FRAMES_FRAME_LATE},
        {"a header block",
         one + Pieces{client(headers(3, 0)), client(frame(CONTINUATION, 0, 3), PV_NS_PER_S)},
         PV_FRAMES_FRAME_MS - 1000, PV_FRAMES_FRAME_LATE},
        {"DATA", one + Pieces{client(frame_header(100, DATA, 0, 1)), client("x", PV_NS_PER_S)},
         PV_FRAMES_DATA_MS, PV_FRAMES_DATA_LATE},
        {"an answer to PING", one + Pieces{server(ping()), client(headers(3), PV_NS_PER_S)},
         PV_FRAMES_PING_MS, PV_FRAMES_PING_LATE},
        {"a stream", kBegun + Pieces{client(ping(), PV_NS_PER_S)}, PV_FRAMES_IDLE_MS - 1000,
         PV_FRAMES_IDLE},
        {"a stream after the last",
         one + Pieces{client(ping(), PV_NS_PER_S), client(rst_stream(1), PV_NS_PER_S)},
         PV_FRAMES_IDLE_MS, PV_FRAMES_IDLE},
        {"an answer while a call is open", one, -1, PV_FRAMES_OK},
        {"an answered PING", one + Pieces{server(ping()), client(frame(PING, ACK, 0, "12345678"))},
         -1, PV_FRAMES_OK},
        {"the end of a block",
         one + Pieces{client(headers(3, 0)), client(frame(CONTINUATION, END_HEADERS, 3))}, -1,
         PV_FRAMES_OK},
    };
    for (const auto &row : rows) {
        for (size_t step : {SIZE_MAX, (size_t)1}) {
            Connection connection;
            ASSERT_EQ(connection.read(row.pieces, step), PV_FRAMES_OK) << row.what;
            int64_t deadline_ns = pv_frames_deadline_ns(&connection.frames);
            if (row.wait_ms < 0) {
                EXPECT_EQ(deadline_ns, INT64_MAX) << row.what;
                continue;
            }
            EXPECT_EQ(deadline_ns, connection.now_ns + row.wait_ms * PV_NS_PER_MS) << row.what;
            EXPECT_EQ(pv_frames_tick(&connection.frames, deadline_ns - 1), PV_FRAMES_OK)
                << row.what;
            EXPECT_EQ(pv_frames_tick(&connection.frames, deadline_ns), row.breach) << row.what;
            EXPECT_EQ(connection.read(client("x")), row.breach) << row.what;
        }
    }
}

TEST(Frames, AFrameMayBePutInOnlyBetweenFramesAndBlocks)
{
    Connection connection;
    const auto expect = [&](pv_frames_side side, const std::string &bytes,
                            std::set<size_t> places) {
        for (size_t i = 0; i < bytes.size(); i++) {
            ASSERT_EQ(connection.read({side, bytes.substr(i, 1), 0}), PV_FRAMES_OK);
            EXPECT_EQ(pv_frames_at_boundary(&connection.frames, side), places.count(i + 1) == 1)
                << i;
        }
    };
    EXPECT_FALSE(pv_frames_at_boundary(&connection.frames, PV_FRAMES_CLIENT));
    EXPECT_TRUE(pv_frames_at_boundary(&connection.frames, PV_FRAMES_SERVER));
    expect(PV_FRAMES_CLIENT, preface() + headers(1, 0) + frame(CONTINUATION, END_HEADERS, 1, "c"),
           {24, 33, 55});
    expect(PV_FRAMES_SERVER,
           settings({{MAX_FRAME_SIZE, 1 << 14}}) + headers(1, 0) + frame(CONTINUATION, 0, 1) +
               frame(CONTINUATION, END_HEADERS, 1) + ping(),
           {15, 45, 62});
}

TEST(Frames, WhatTheClientHasBegunToReceiveIsFinishedAndNothingBehindIt)
{
    const std::string block = headers(1, 0) + frame(CONTINUATION, END_HEADERS, 1, "c");
    for (const std::string &item : {settings({{MAX_FRAME_SIZE, 1 << 14}}), block, ping()}) {
        for (size_t begun = 0; begun <= item.size(); begun++) {
            Connection connection;
            ASSERT_EQ(connection.read({PV_FRAMES_SERVER, item.substr(0, begun), 0}), PV_FRAMES_OK);
            EXPECT_EQ(connection.finish(item.substr(begun) + ping()),
                      begun == 0 ? 0 : item.size() - begun);
        }
    }
}

TEST(Frames, GoawayNamesTheLastStream)
{
    Connection connection;
    uint8_t bytes[PV_FRAMES_GOAWAY_SIZE];
    EXPECT_EQ(pv_frames_last_stream(&connection.frames), 0u);
    ASSERT_EQ(connection.read(kBegun + Pieces{client(headers(0x01020305))}), PV_FRAMES_OK);
    EXPECT_EQ(pv_frames_last_stream(&connection.frames), 0x01020305u);
    for (uint32_t code : {(uint32_t)PV_FRAMES_NO_ERROR, (uint32_t)PV_FRAMES_ENHANCE_YOUR_CALM}) {
        pv_frames_goaway(&connection.frames, code, bytes);
        EXPECT_EQ(std::string(bytes, bytes + sizeof bytes), goaway(0x01020305, code));
    }
}

TEST(Frames, EveryBreachHasItsName)
{
    std::set<std::string> names;
    for (int breach = PV_FRAMES_OK; breach <= PV_FRAMES_IDLE; breach++) {
        names.insert(pv_frames_breach_name((pv_frames_breach)breach));
    }
    EXPECT_EQ(names.size(), (size_t)PV_FRAMES_IDLE + 1);
}

} // namespace
