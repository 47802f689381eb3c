#include "tests/hostile/h2.h"

#include <algorithm>

namespace h2 {

const std::string_view kMagic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

namespace {

constexpr size_t kFrameBytes = 16384;

} // namespace

std::string number(uint32_t value, int bytes)
{
    std::string result;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        result.push_back(static_cast<char>(value >> shift & 0xff));
    }
    return result;
}

std::string repeat(std::string_view piece, size_t times)
{
    std::string result;
    result.reserve(piece.size() * times);
    for (size_t i = 0; i < times; i++) { result += piece; }
    return result;
}

std::string frame_header(uint32_t length, uint8_t type, uint8_t flags, uint32_t stream)
{
    return number(length, 3) + number(type, 1) + number(flags, 1) + number(stream, 4);
}

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload)
{
    return frame_header(static_cast<uint32_t>(payload.size()), type, flags, stream).append(payload);
}

std::string settings(const std::vector<std::pair<uint16_t, uint32_t>> &values)
{
    std::string payload;
    for (const auto &[name, value] : values) { payload += number(name, 2) + number(value, 4); }
    return frame(SETTINGS, 0, 0, payload);
}

std::string settings_ack()
{
    return frame(SETTINGS, ACK, 0);
}

std::string ping()
{
    return frame(PING, 0, 0, "hostile!");
}

std::string rst_stream(uint32_t stream, uint32_t code)
{
    return frame(RST_STREAM, 0, stream, number(code, 4));
}

std::string window_update(uint32_t stream, uint32_t increment)
{
    return frame(WINDOW_UPDATE, 0, stream, number(increment, 4));
}

std::string goaway(uint32_t last_stream, uint32_t code)
{
    return frame(GOAWAY, 0, 0, number(last_stream, 4) + number(code, 4));
}

std::string priority(uint32_t stream, uint32_t parent)
{
    return frame(PRIORITY, 0, stream, number(parent, 4) + '\x10');
}

std::string preface()
{
    return std::string(kMagic) + settings();
}

std::string integer(uint64_t value, int prefix_bits, uint8_t pattern)
{
    const uint64_t most = (UINT64_C(1) << prefix_bits) - 1;
    if (value < most) { return std::string(1, static_cast<char>(pattern | value)); }
    std::string result(1, static_cast<char>(pattern | most));
    for (value -= most; value >= 128; value >>= 7) {
        result.push_back(static_cast<char>(0x80 | (value & 0x7f)));
    }
    result.push_back(static_cast<char>(value));
    return result;
}

std::string text(std::string_view value)
{
    return integer(value.size(), 7).append(value);
}

std::string field(std::string_view name, std::string_view value)
{
    return std::string(1, '\0') + text(name) + text(value);
}

Fields request(const std::string &path)
{
    return {{":method", "POST"},          {":scheme", "http"}, {":path", path},
            {":authority", "localhost"},  {"te", "trailers"},  {"content-type", "application/grpc"},
            {"user-agent", "hostile/1.0"}};
}

Fields with(Fields fields, const std::string &name, const std::string &value)
{
    for (auto &one : fields) {
        if (one.first == name) {
            one.second = value;
            return fields;
        }
    }
    fields.emplace_back(name, value);
    return fields;
}

Fields without(Fields fields, const std::string &name)
{
    fields.erase(std::remove_if(fields.begin(), fields.end(),
                                [&](const auto &one) { return one.first == name; }),
                 fields.end());
    return fields;
}

std::string block(const Fields &fields)
{
    std::string result;
    for (const auto &[name, value] : fields) { result += field(name, value); }
    return result;
}

std::string open_call(uint32_t stream, const Fields &fields, uint8_t more_flags)
{
    return frame(HEADERS, static_cast<uint8_t>(END_HEADERS | more_flags), stream, block(fields));
}

std::string message(std::string_view payload, uint8_t compressed)
{
    return (number(compressed, 1) + number(static_cast<uint32_t>(payload.size()), 4))
        .append(payload);
}

std::string data(uint32_t stream, std::string_view bytes, bool end)
{
    std::string result;
    do {
        std::string_view piece = bytes.substr(0, kFrameBytes);
        bytes.remove_prefix(piece.size());
        result += frame(DATA, end && bytes.empty() ? END_STREAM : 0, stream, piece);
    } while (!bytes.empty());
    return result;
}

std::string call(uint32_t stream, const std::string &path, std::string_view payload)
{
    return open_call(stream, request(path)) + data(stream, message(payload));
}

} // namespace h2
