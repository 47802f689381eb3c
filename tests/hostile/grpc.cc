// What only gRPC makes of HTTP/2 (doc/PROTOCOL-HTTP2.md of the gRPC project): headers, messages, and calls that are
// left hanging in each phase.
#include "tests/hostile/cases.h"

#include <thread>

using namespace h2; // NOLINT: rows of bytes

namespace purvey {

namespace {

// The call is cut off after `sent`, and the connection still good for another.
std::function<std::string(const Target &)> cancelled_after(const std::string &sent,
                                                           const std::string &path)
{
    return [=](const Target &target) {
        Peer peer(target.address(), target.options());
        peer.send(sent);
        peer.read_until([](const Seen &seen) { return seen.settings_acks > 0; }, 2000);
        // What the first call's answer has used up of the connection's window is given back.
        peer.send(rst_stream(1) + window_update(0, 1 << 24) + call(3, path));
        peer.read_end(5000, 3);
        return peer.seen().end_of(3);
    };
}

std::vector<Case> of_headers(const std::string &path)
{
    const Fields honest = request(path);
    const std::string begin = preface();
    const std::string body = data(1, message(""));
    const auto call_with = [&](const std::string &name, const std::string &value) {
        return begin + open_call(1, with(honest, name, value)) + body;
    };
    const auto call_without = [&](const std::string &name) {
        return begin + open_call(1, without(honest, name)) + body;
    };
    std::vector<Case> cases = {
        // Headers.
        {"TeMissing", "status 2", kSame, call_without("te")},
        {"TeOther", "status 2", kSame, call_with("te", "frobnicate")},
        {"TeLong", "status 2", kSame, call_with("te", "x" + std::string(8000, 'y'))},
        {"ContentTypeMissing", "status 0", kSame, call_without("content-type")},
        {"ContentTypeOfAPage", "status 0", kSame, call_with("content-type", "text/html")},
        {"ContentTypeOfJson", "status 0", kSame,
         call_with("content-type", "application/grpc+json")},
        {"MethodGet", "status 2", kSame, call_with(":method", "GET")},
        {"MethodPut", "status 2", kSame, call_with(":method", "PUT")},
        {"MethodUnknown", "status 2", kSame, call_with(":method", "HOSTILE")},
        {"SchemeOther", "status 2", kSame, call_with(":scheme", "gopher")},
        {"AuthorityMissing", "status 2", kSame, call_without(":authority")},
        {"PathMissing", "status 2", kSame, call_without(":path")},
        {"MethodMissing", "status 2", kSame, call_without(":method")},
        {"SchemeMissing", "status 2", kSame, call_without(":scheme")},
        {"AcceptEncodingUnknown", "status 0", kSame,
         call_with("grpc-accept-encoding", "nobody-knows")},
        {"EncodingUnknown", "status 0", kSame, call_with("grpc-encoding", "nobody-knows")},
        {"EncodingGzipOfAPlainMessage", "status 12", kSame, call_with("grpc-encoding", "gzip")},
        // Timeouts.
        {"TimeoutOfWords", "status 0", kSame, call_with("grpc-timeout", "15 seconds")},
        {"TimeoutZero", "status 4", kSame, call_with("grpc-timeout", "0n")},
        {"TimeoutHuge", "status 0", kSame, call_with("grpc-timeout", "99999999H")},
        {"TimeoutOfTooManyDigits", "status 0", kSame,
         call_with("grpc-timeout", "999999999999999999999H")},
        {"TimeoutNegative", "status 0", kSame, call_with("grpc-timeout", "-1S")},
        {"TimeoutEmpty", "status 0", kSame, call_with("grpc-timeout", "")},
    };
    // Paths: an exact match or nothing.
    int number = 0;
    for (const std::string &odd :
         {std::string(), std::string("/"), std::string("//"), std::string("*"), std::string("a/b"),
          path + "/", path + "?x=1", path + "%2f", "/" + path, path.substr(1),
          path + std::string("\0", 1), std::string("/../..") + path,
          std::string("http://localhost") + path, std::string("/\xff\xfe")}) {
        cases.push_back({"PathOdd" + std::to_string(++number), "status 12", kSame,
                         begin + open_call(1, with(honest, ":path", odd)) + body});
    }
    return cases;
}

std::vector<Case> of_messages(const std::string &path)
{
    const Fields honest = request(path);
    const std::string begin = preface();
    const std::string open_ = begin + open_call(1, honest);
    const std::string chat = begin + open_call(1, request(kChatPath));
    const std::string list_services = message(std::string("\x3a\x01*", 3));
    const std::string four_gigabytes("\0\xff\xff\xff\xff"
                                     "abc",
                                     8);
    return {
        // Messages.
        {"MessageFlagSeven", "status 0", kSame, open_ + data(1, message("", 7))},
        {"MessageFlagCompressed", "status 0", kSame, open_ + data(1, message("", 1))},
        {"MessageGzipped", "status 12", kSame,
         begin + open_call(1, with(honest, "grpc-encoding", "gzip")) +
             data(1, message(std::string(100, '\x1f'), 1))},
        {"MessageOfFourGigabytes", "open", kSame, open_ + frame(DATA, 0, 1, four_gigabytes)},
        {"MessageOfFourGigabytesEnds", "status 12", kSame,
         open_ + frame(DATA, END_STREAM, 1, four_gigabytes)},
        {"MessageTruncated", "status 12", kSame,
         open_ + frame(DATA, END_STREAM, 1, std::string("\0\0\0\0\x64", 5) + "abc")},
        {"MessagePrefixTruncated", "status 12", kSame,
         open_ + frame(DATA, END_STREAM, 1, std::string("\0\0", 2))},
        {"MessageMissing", "status 12", kSame, begin + open_call(1, honest, END_STREAM)},
        {"MessagesTwo", "status 0", kSame, open_ + data(1, message("") + message(""))},
        {"MessageNotOfItsType", "status 3", kSame, chat + data(1, message("\xff\xff\xff"))},
        {"MessageInOneByteFrames", "status 0", kSame,
         open_ + frame(DATA, 0, 1, std::string("\0", 1)) +
             repeat(frame(DATA, 0, 1, std::string("\0", 1)), 4) + frame(DATA, END_STREAM, 1)},
        {"HalfCloseNever", "status 0", kSame, open_ + data(1, message(""), false)},
        {"MessageNever", "open", kSame, open_},
        {"TrailersOfAClient", "status 0", kSame,
         open_ + data(1, message(""), false) +
             frame(HEADERS, END_HEADERS | END_STREAM, 1, field("x-trailer", "a"))},
        {"HeadersTwice", kEnds, kCalm,
         chat + frame(HEADERS, END_HEADERS, 1, block(request(kChatPath)))},
        // More than the window allows, of one message that is larger than any may be: of its stream or, when the core
        // reads faster than it refuses, of the connection (RFC 9113, 6.9.1).
        {"WindowOverflow", "rst 1|status 8|status 12|close", kSame,
         open_ + frame(DATA, 0, 1, std::string("\0\x7f\xff\xff\xff", 5)) +
             repeat(frame(DATA, 0, 1, std::string(16384, 'x')), 300),
         1, nullptr, 2 * kPeerKib},
        {"EmptyMessagesBeyondNumber", "rst 1|status 0", kSame,
         open_ + repeat(frame(DATA, 0, 1, repeat(message(""), 3000)), 20)},
        // Answers that nobody takes.
        {"WindowZeroForEver", "open", kSame, "", 1,
         [=](const Target &target) {
             Peer peer(target.address(), target.options());
             peer.send(std::string(kMagic) + settings({{INITIAL_WINDOW_SIZE, 0}}) +
                       open_call(1, request(kChatPath)));
             peer.send(data(1, repeat(list_services, 4000), false), 1000);
             peer.read_end(500);
             return peer.seen().end_of();
         }},
        {"AnswersNeverRead", "open", kSame, "", 1,
         [=](const Target &target) {
             Options options = target.options();
             options.reads = false;
             Peer peer(target.address(), options);
             peer.send(std::string(kMagic) + settings({{INITIAL_WINDOW_SIZE, 0x7fffffff}}) +
                       window_update(0, 0x7fff0000) + open_call(1, request(kChatPath)));
             peer.send(data(1, repeat(list_services, 20000), false), 1000);
             std::this_thread::sleep_for(std::chrono::milliseconds(500));
             return peer.seen().end_of();
         }},
        // Cancelled in each phase; the connection carries the next call.
        {"CancelledAfterHeaders", "status 0", kSame, "", 3, cancelled_after(open_, path)},
        {"CancelledInsideThePrefix", "status 0", kSame, "", 3,
         cancelled_after(open_ + frame(DATA, 0, 1, std::string("\0\0", 2)), path)},
        {"CancelledInsideTheMessage", "status 0", kSame, "", 3,
         cancelled_after(open_ + frame(DATA, 0, 1, std::string("\0\0\0\0\x64", 5) + "abc"), path)},
        {"CancelledBeforeTheHalfClose", "status 0", kSame, "", 3,
         cancelled_after(open_ + data(1, message(""), false), path)},
        {"CancelledAfterTheAnswer", "status 0", kSame, "", 3,
         cancelled_after(begin + call(1, path), path)},
        {"CancelledInsideAStream", "status 0", kSame, "", 3,
         cancelled_after(chat + data(1, repeat(list_services, 100), false), path)},
    };
}

} // namespace

std::vector<Case> grpc_cases(const std::string &path)
{
    std::vector<Case> cases = of_headers(path);
    for (Case &one : of_messages(path)) { cases.push_back(std::move(one)); }
    return cases;
}

} // namespace purvey
