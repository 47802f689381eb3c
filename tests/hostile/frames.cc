// Frames that are not as they should be (RFC 9113, sections 4 to 6).
#include "tests/hostile/cases.h"

using namespace h2; // NOLINT: rows of bytes

namespace purvey {

namespace {

// The core takes no padded DATA: it resets the stream, which the runtime may see as its end.
constexpr char kUnpadded[] = "rst 1|status 0|status 12";

std::string headers_frame(uint8_t flags, uint32_t stream, const std::string &payload)
{
    return frame(HEADERS, flags, stream, payload);
}

// Lengths, header blocks in pieces, stream ids, DATA.
std::vector<Case> of_calls(const std::string &path)
{
    const std::string block_ = block(request(path));
    const std::string begin = preface();
    const std::string open_ = begin + open_call(1, request(path));
    const std::string chat = begin + open_call(1, request(kChatPath));
    const std::string done = begin + call(1, path);
    return {
        // Length and frame header.
        {"HalfFrameHeader", "open", kSame, begin + std::string("\0\0\x08", 3)},
        {"LongestFrameOfData", kEnds, kCalm,
         begin + frame_header(0xffffff, DATA, 0, 1) + std::string(4096, 'x')},
        {"LongestFrameOfSettings", kEnds, kCalm,
         begin + frame_header(0xffffff, SETTINGS, 0, 0) + std::string(4096, 'x')},
        {"LongestFrameOfHeaders", kEnds, kCalm,
         begin + frame_header(0xffffff, HEADERS, END_HEADERS, 1) + std::string(4096, 'x')},
        {"LongestFrameOfAnUnknownType", kEnds, kCalm,
         begin + frame_header(0xffffff, 0x42, 0, 1) + std::string(4096, 'x')},
        {"DataAboveTheFrameSize", kEnds, kCalmed,
         chat + frame(DATA, 0, 1, message(std::string(20000, 'x')))},
        // Header blocks in pieces.
        {"HeadersWithoutEnd", "open", kSame, begin + headers_frame(0, 1, block_)},
        {"HeadersInThreePieces", "status 0", kSame,
         begin + headers_frame(0, 1, block_.substr(0, 20)) +
             frame(CONTINUATION, 0, 1, block_.substr(20, 30)) +
             frame(CONTINUATION, END_HEADERS, 1, block_.substr(50)) + data(1, message(""))},
        {"PingInsideABlock", kEnds, kCalm,
         begin + headers_frame(0, 1, block_.substr(0, 20)) + ping()},
        {"DataInsideABlock", kEnds, kCalm,
         begin + headers_frame(0, 1, block_.substr(0, 20)) + frame(DATA, 0, 1, "x")},
        {"UnknownFrameInsideABlock", kEnds, kCalm,
         begin + headers_frame(0, 1, block_.substr(0, 20)) + frame(0x42, 0, 1, "x")},
        {"ContinuationOfAnotherStream", kEnds, kCalm,
         begin + headers_frame(0, 1, block_.substr(0, 20)) +
             frame(CONTINUATION, END_HEADERS, 3, block_.substr(20))},
        {"ContinuationFirst", kEnds, kCalm, begin + frame(CONTINUATION, END_HEADERS, 1, block_)},
        {"ContinuationAfterTheEnd", kEnds, kCalm,
         open_ + frame(CONTINUATION, END_HEADERS, 1, block_)},
        // Stream ids.
        {"HeadersOnStreamZero", "open", kCalm, begin + headers_frame(END_HEADERS, 0, block_)},
        {"EvenStream", "open", kCalm, begin + call(2, path), 2},
        {"StreamReused", "status 0", kCalm, done + call(1, path)},
        {"StreamsFalling", "open", kCalm, begin + call(5, path) + call(3, path), 3},
        {"StreamWithReservedBit", "status 0", kSame, begin + call(0x80000001, path)},
        {"LastStreamOfAll", "status 0", kSame, begin + call(0x7fffffff, path), 0x7fffffff},
        // DATA.
        {"DataOnStreamZero", "open", kCalm, begin + frame(DATA, 0, 0, "x")},
        {"DataOnAnIdleStream", "open", kCalm, begin + frame(DATA, 0, 1, "x")},
        {"DataOnAClosedStream", "status 0", kSame, done + frame(DATA, 0, 1, message("x"))},
        {"DataAfterTheHalfClose", "status 0", kSame,
         begin + open_call(1, request(kChatPath), END_STREAM) + frame(DATA, 0, 1, message(""))},
        {"DataPaddedBeyondItsEnd", kUnpadded, kSame,
         chat + frame(DATA, PADDED, 1, std::string("\xff") + "xx")},
        {"DataPaddedWithoutALength", kUnpadded, kSame, chat + frame(DATA, PADDED, 1)},
        {"DataWithHonestPadding", kUnpadded, kSame,
         open_ + frame(DATA, PADDED | END_STREAM, 1, "\x02" + message("") + std::string(2, '\0'))},
        {"HeadersPaddedBeyondTheirEnd", kEnds, kSame,
         begin + headers_frame(END_HEADERS | PADDED, 1, "\xff" + block_.substr(0, 100))},
        {"HeadersWithHonestPadding", kEnds, kSame,
         begin + headers_frame(END_HEADERS | PADDED, 1, "\x02" + block_ + std::string(2, '\0')) +
             data(1, message(""))},
    };
}

// Frames beside calls.
std::vector<Case> of_control(const std::string &path)
{
    const std::string block_ = block(request(path));
    const std::string begin = preface();
    const std::string open_ = begin + open_call(1, request(path));
    const std::string chat = begin + open_call(1, request(kChatPath));
    const std::string done = begin + call(1, path);
    return {
        // PRIORITY, which RFC 9113 has retired: it is still read over.
        {"PriorityOnItself", "status 0", kSame, open_ + priority(1, 1) + data(1, message(""))},
        {"PriorityOnStreamZero", "open", kCalm, begin + priority(0, 1)},
        {"PriorityOfAWrongSize", "open", kCalm, begin + frame(PRIORITY, 0, 1, "\1\2\3")},
        {"HeadersWithPriorityOnItself", "status 0", kSame,
         begin + headers_frame(END_HEADERS | HAS_PRIORITY, 1, number(1, 4) + '\x10' + block_) +
             data(1, message(""))},
        {"HeadersTooShortForTheirPriority", kEnds, kSame,
         begin + headers_frame(END_HEADERS | HAS_PRIORITY, 1, "\1\2")},
        // RST_STREAM.
        {"ResetBeforeHeaders", "open", kCalm, begin + rst_stream(1)},
        {"ResetOfStreamZero", "open", kCalm, begin + rst_stream(0)},
        {"ResetOfAWrongSize", kEnds, kCalm, open_ + frame(RST_STREAM, 0, 1, "\1\2")},
        {"ResetOfAnEndedStream", "open|status 0", kSame, done + rst_stream(1)},
        // SETTINGS.
        {"SettingsOnAStream", kEnds, kCalm, begin + frame(SETTINGS, 0, 1)},
        {"SettingsOfAWrongSize", kEnds, kCalm, begin + frame(SETTINGS, 0, 0, "\1\2\3\4\5")},
        {"SettingsAckWithBytes", kEnds, kCalm,
         begin + frame(SETTINGS, ACK, 0, std::string(6, '\0'))},
        {"SettingsFrameSizeZero", kEnds, kSame,
         std::string(kMagic) + settings({{MAX_FRAME_SIZE, 0}}) + call(1, path)},
        {"SettingsFrameSizeHuge", kEnds, kSame,
         std::string(kMagic) + settings({{MAX_FRAME_SIZE, 0xffffffff}}) + call(1, path)},
        {"SettingsWindowHuge", kEnds, kSame,
         std::string(kMagic) + settings({{INITIAL_WINDOW_SIZE, 0xffffffff}}) + call(1, path)},
        {"SettingsPushTwo", kEnds, kSame, std::string(kMagic) + settings({{2, 2}}) + call(1, path)},
        {"SettingsUnknown", "status 0", kSame,
         std::string(kMagic) + settings({{0x99, 7}, {0xfe03, 1}}) + call(1, path)},
        {"SettingsTableHuge", "status 0", kSame,
         std::string(kMagic) + settings({{HEADER_TABLE_SIZE, 0xffffffff}}) + call(1, path)},
        {"SettingsAckUnasked", "status 0", kSame,
         begin + settings_ack() + settings_ack() + settings_ack() + call(1, path)},
        // PING, GOAWAY, WINDOW_UPDATE.
        {"PingOnAStream", "open", kCalm, begin + frame(PING, 0, 1, "hostile!")},
        {"PingOfAWrongSize", kEnds, kCalm, begin + frame(PING, 0, 0, "short")},
        {"PingAckUnasked", "status 0", kSame,
         begin + frame(PING, ACK, 0, "hostile!") + call(1, path)},
        {"GoawayOnAStream", "open", kCalm,
         begin + frame(GOAWAY, 0, 1, number(0, 4) + number(0, 4))},
        {"GoawayOfAWrongSize", kEnds, kSame, begin + frame(GOAWAY, 0, 0, "\1\2\3")},
        {"GoawayAndThenACall", "status 0", kSame, begin + goaway(0, NO_ERROR) + call(1, path)},
        {"WindowUpdateOfNothing", kEnds, kSame, open_ + window_update(1, 0)},
        {"WindowUpdateOfNothingForAll", kEnds, kSame, begin + window_update(0, 0)},
        {"WindowUpdateOfAWrongSize", kEnds, kCalm, begin + frame(WINDOW_UPDATE, 0, 0, "\1\2")},
        {"WindowUpdateBeyondTheLargest", "open", kSame, begin + window_update(0, 0x7fffffff)},
        {"WindowUpdateOfAStreamBeyondTheLargest", "open", kSame,
         chat + window_update(1, 0x7fffffff)},
        {"WindowUpdateOfAnIdleStream", "open", kCalm, begin + window_update(7, 1)},
        // What only servers send, and what nobody sends.
        {"PushPromiseOfAClient", "open", kCalm,
         begin + frame(PUSH_PROMISE, END_HEADERS, 1, number(2, 4) + block_)},
        {"UnknownFrames", "status 0", kSame,
         begin + frame(0x0a, 0xff, 0, "x") + frame(0xff, 0xff, 77, std::string(16384, 'x')) +
             call(1, path)},
    };
}

} // namespace

std::vector<Case> frame_cases(const std::string &path)
{
    std::vector<Case> cases = of_calls(path);
    for (Case &one : of_control(path)) { cases.push_back(std::move(one)); }
    return cases;
}

} // namespace purvey
