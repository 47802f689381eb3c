// Header blocks that lie or swell (RFC 7541), and fields that no client of gRPC sends.
#include "tests/hostile/cases.h"

using namespace h2; // NOLINT: rows of bytes

namespace purvey {

namespace {

std::string bytes_of(std::initializer_list<int> values)
{
    std::string result;
    for (int value : values) { result.push_back(static_cast<char>(value)); }
    return result;
}

// HEADERS on stream 1 with this block.
std::string with_block(const std::string &bytes)
{
    return preface() + frame(HEADERS, END_HEADERS, 1, bytes);
}

// A block above the size of a frame, as HEADERS and CONTINUATION.
std::string in_pieces(uint32_t stream, const std::string &bytes, size_t piece = 16384)
{
    std::string result =
        frame(HEADERS, bytes.size() <= piece ? END_HEADERS : 0, stream, bytes.substr(0, piece));
    for (size_t at = piece; at < bytes.size(); at += piece) {
        result += frame(CONTINUATION, at + piece >= bytes.size() ? END_HEADERS : 0, stream,
                        bytes.substr(at, piece));
    }
    return result;
}

} // namespace

std::vector<Case> hpack_cases(const std::string &path)
{
    const Fields honest = request(path);
    const std::string whole = block(honest);
    const std::string body = data(1, message(""));
    // A call with one more field.
    const auto call_with = [&](const std::string &name, const std::string &value) {
        return preface() + open_call(1, with(honest, name, value)) + body;
    };
    const std::string entry = bytes_of({0x40}) + text("x-filler") + text(std::string(4000, 'x'));
    return {
        // Indices and integers.
        {"IndexZero", kEnds, kSame, with_block(bytes_of({0x80}))},
        {"IndexBeyondTheTable", kEnds, kSame, with_block(bytes_of({0xfe}))},
        {"IndexInTheThousands", kEnds, kSame, with_block(integer(100000, 7, 0x80))},
        {"NameIndexBeyondTheTable", kEnds, kSame, with_block(integer(200, 6, 0x40) + text("a"))},
        {"IntegerOverflow", kEnds, kSame,
         with_block(bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}))},
        {"IntegerOfManyZeros", kEnds, kSame,
         with_block(bytes_of({0xff}) + std::string(60, '\x80') + bytes_of({0}))},
        {"IntegerWithoutEnd", kEnds, kSame, with_block(bytes_of({0xff, 0x80, 0x80}))},
        {"TextBeyondTheBlock", kEnds, kSame, with_block(bytes_of({0, 0x7f, 0xff, 0x7f}) + "abc")},
        {"TextOfTwoGigabytes", kEnds, kSame,
         with_block(bytes_of({0, 0x7f, 0x80, 0xff, 0xff, 0xff, 0x07}) + "abc")},
        {"BlockEndsInsideAField", kEnds, kSame, with_block(whole + bytes_of({0}))},
        {"EmptyBlock", "status 2", kSame, with_block("") + body},
        // Sizes of the dynamic table.
        {"TableSizeAboveTheLimit", kEnds, kSame,
         with_block(integer(1000000, 5, 0x20) + whole) + body},
        {"TableSizeThrice", kEnds, kSame, with_block(bytes_of({0x20, 0x20, 0x20}) + whole) + body},
        {"TableSizeStorm", kEnds, kSame, with_block(std::string(16384, '\x20'))},
        {"TableSizeInTheMiddle", "status 0", kSame,
         with_block(whole.substr(0, whole.size()) + bytes_of({0x20})) + body},
        // Huffman codes.
        {"HuffmanEndInsideText", "status 0", kSame,
         with_block(whole + bytes_of({0}) + text("x-a") +
                    bytes_of({0x84, 0xff, 0xff, 0xff, 0xff})) +
             body},
        {"HuffmanPaddedTooLong", "status 0", kSame,
         with_block(whole + bytes_of({0}) + text("x-a") + bytes_of({0x82, 0x1f, 0xff})) + body},
        {"HuffmanExpansion", "status 0", kSame,
         preface() +
             in_pieces(1, whole + bytes_of({0}) + text("x-a") + integer(7000, 7, 0x80) +
                              std::string(7000, '\0')) +
             body},
        // Sizes.
        {"MetadataOfNineKiB", "status 0", kSame, call_with("x-large", std::string(9 * 1024, 'x'))},
        // The limit of eight holds from the acknowledgement of SETTINGS on.
        {"MetadataOfNineKiBAfterTheAck", kEnds, kSame, "", 1,
         [=](const Target &target) {
             Peer peer(target.address(), target.options());
             peer.send(preface());
             peer.read_until([](const Seen &seen) { return seen.settings_acks > 0; }, 2000);
             peer.send(settings_ack() +
                       open_call(1, with(honest, "x-large", std::string(9 * 1024, 'x'))) + body);
             peer.read_close(2000);
             return peer.seen().end_of();
         }},
        {"MetadataInManyFields", "status 0", kSame,
         preface() + in_pieces(1, whole + repeat(field("a", "b"), 3000)) + body},
        {"PathOfEightKiB", "status 12", kSame,
         preface() + open_call(1, with(honest, ":path", "/" + std::string(8000, 'p'))) + body},
        {"TableBomb", kEnds, kSame, with_block(whole + entry + std::string(10000, '\xbe')) + body},
        {"TableBombOnManyStreams", kEnds, kSame, "", 1,
         [=](const Target &target) {
             Peer peer(target.address(), target.options());
             peer.send(with_block(whole + entry) + body);
             for (uint32_t i = 1; i < 50; i++) {
                 peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1,
                                 whole + std::string(10000, '\xbe')));
             }
             peer.read_until([](const Seen &seen) { return seen.streams.size() >= 50; }, 5000);
             return peer.seen().end_of(99);
         }},
        // Bytes in names and values.
        {"BadBase64", kEnds, kSame, call_with("x-data-bin", "!!!not base64!!!")},
        {"NulInAValue", "status 0", kSame, call_with("x-a", std::string("a\0b", 3))},
        {"LineEndInAValue", "status 0", kSame, call_with("x-a", "a\r\nx-b: c")},
        {"HighBytesInAValue", "status 0", kSame, call_with("x-a", "\xff\xfe\x80")},
        {"UpperCaseName", "status 0", kSame, call_with("X-Upper", "a")},
        {"SpaceInAName", "status 0", kSame, call_with("x a", "b")},
        {"NulInAName", "status 0", kSame, call_with(std::string("x\0a", 3), "b")},
        {"EmptyName", "status 0", kSame, call_with("", "b")},
        // Pseudo-headers.
        {"PathTwice", "status 12", kSame,
         with_block(whole + field(":path", "/other/Method")) + body},
        {"UnknownPseudoHeader", "status 0", kSame, call_with(":hostile", "a")},
        {"StatusInARequest", "status 0", kSame, call_with(":status", "200")},
        {"PseudoHeaderAfterTheOthers", "status 0", kSame,
         with_block(block(without(honest, ":path")) + field(":path", path)) + body},
        {"ConnectionHeader", "status 0", kSame, call_with("connection", "keep-alive")},
        {"ReservedByGrpc", "status 0", kSame, call_with("grpc-status", "0")},
    };
}

} // namespace purvey
