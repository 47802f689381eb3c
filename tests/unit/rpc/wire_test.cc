// What only a hand-made HTTP/2 client can send.
#include "fixture.h"
#include "raw.h"
#include "server/rpc/limits.h"

namespace {

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string &payload)
{
    std::string bytes;
    bytes.push_back(static_cast<char>(payload.size() >> 16));
    bytes.push_back(static_cast<char>(payload.size() >> 8));
    bytes.push_back(static_cast<char>(payload.size()));
    bytes.push_back(static_cast<char>(type));
    bytes.push_back(static_cast<char>(flags));
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<char>(stream >> shift));
    }
    return bytes + payload;
}

// A header field without compression (RFC 7541, section 6.2.2).
std::string field(const std::string &name, const std::string &value)
{
    std::string bytes(1, '\0');
    bytes.push_back(static_cast<char>(name.size()));
    bytes += name;
    bytes.push_back(static_cast<char>(value.size()));
    return bytes + value;
}

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, END_STREAM = 1, END_HEADERS = 4 };

std::string open_call(const std::string &path)
{
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, "") +
           frame(HEADERS, END_HEADERS, 1,
                 field(":method", "POST") + field(":scheme", "http") + field(":path", path) +
                     field(":authority", "localhost") + field("te", "trailers") +
                     field("content-type", "application/grpc"));
}

// The prefix of a gRPC message.
std::string prefix(uint8_t compressed, uint32_t size)
{
    std::string bytes(1, static_cast<char>(compressed));
    for (int shift = 24; shift >= 0; shift -= 8) {
        bytes.push_back(static_cast<char>(size >> shift));
    }
    return bytes;
}

} // namespace

class WireTest : public RpcTest {};

TEST_F(WireTest, AMessageCutOffByItsOwnClientCountsForNothing)
{
    // The core drops the part without a sign, so a client that does this has sent what was whole. A
    // connection that breaks is another matter: see below.
    start();
    std::string whole = prefix(0, 3) + std::string("\x0a\x01x", 3);
    std::string part = prefix(0, 100) + std::string("\x0a\x01x", 3);
    std::string sent = open_call("/purvey.test.v1.EchoService/Collect") + frame(DATA, 0, 1, whole) +
                       frame(DATA, END_STREAM, 1, part);
    exchange_bytes(pv_rpc_server_port(server), sent, 300);
    ASSERT_TRUE(app.wait_finished(1));
    EXPECT_EQ(app.finished()[0].messages_in, 1u);
    sent = open_call("/purvey.test.v1.EchoService/Echo") + frame(DATA, END_STREAM, 1, part);
    exchange_bytes(pv_rpc_server_port(server), sent, 300);
    ASSERT_TRUE(app.wait_finished(2));
    EXPECT_EQ(app.finished()[1].reason, "CARDINALITY_VIOLATION");
}

TEST_F(WireTest, AnHonestUploadByHandIsFinished)
{
    start();
    std::string whole = prefix(0, 3) + std::string("\x0a\x01x", 3);
    std::string sent = open_call("/purvey.test.v1.EchoService/Collect") + frame(DATA, 0, 1, whole) +
                       frame(DATA, END_STREAM, 1, whole);
    exchange_bytes(pv_rpc_server_port(server), sent, 300);
    ASSERT_TRUE(app.wait_finished(1));
    EXPECT_EQ(app.finished()[0].code, PV_CODE_OK);
    EXPECT_EQ(app.finished()[0].messages_in, 2u);
}

TEST_F(WireTest, AResetUploadIsNotFinished)
{
    std::atomic<int> finishes{0};
    app.run = [&](pv_call *call) {
        if (pv_exchange_of(call)->phase == PV_PHASE_FINISH) { finishes++; }
        pv_rpc_done(call, pv_rpc_step(call));
    };
    start();
    std::string whole = prefix(0, 3) + std::string("\x0a\x01x", 3);
    std::string sent = open_call("/purvey.test.v1.EchoService/Collect") + frame(DATA, 0, 1, whole) +
                       frame(RST_STREAM, 0, 1, std::string("\0\0\0\x08", 4));
    exchange_bytes(pv_rpc_server_port(server), sent, 300);
    // And one whose connection simply ends.
    exchange_bytes(pv_rpc_server_port(server),
                   open_call("/purvey.test.v1.EchoService/Collect") + frame(DATA, 0, 1, whole),
                   100);
    ASSERT_TRUE(app.wait_finished(2));
    EXPECT_EQ(finishes, 0);
    EXPECT_EQ(app.finished()[0].code, PV_CODE_CANCELLED);
    EXPECT_EQ(app.finished()[1].code, PV_CODE_CANCELLED);
}

TEST_F(WireTest, ACompressedFlagWithoutAnEncodingIsNoMessage)
{
    start();
    std::string sent = open_call("/purvey.test.v1.EchoService/Echo") +
                       frame(DATA, END_STREAM, 1, prefix(1, 3) + std::string("\x0b\x01x", 3));
    exchange_bytes(pv_rpc_server_port(server), sent, 300);
    ASSERT_TRUE(app.wait_finished(1));
    EXPECT_NE(app.finished()[0].code, PV_CODE_OK);
    EXPECT_EQ(app.finished()[0].messages_out, 0u);
}

TEST_F(WireTest, OneConnectionCannotHaveMoreCallsThanItsShare)
{
    // All in one go, before the client has acknowledged any limit.
    start();
    std::string sent = open_call("/purvey.test.v1.EchoService/Collect");
    std::string headers = sent.substr(sent.find(":method") - 2); // the payload of the HEADERS frame
    const uint32_t calls = 300;
    for (uint32_t i = 1; i < calls; i++) {
        sent += frame(HEADERS, END_HEADERS, 2 * i + 1, headers);
    }
    exchange_bytes(pv_rpc_server_port(server), sent, 500);
    ASSERT_TRUE(app.wait_finished(calls));
    size_t refused = 0;
    for (const Finished &one : app.finished()) { refused += one.reason == "QUEUE_FULL" ? 1 : 0; }
    EXPECT_EQ(refused, calls - PV_RPC_CALLS_PER_CONNECTION_MAX);
}

TEST_F(WireTest, OddPathsAreUnknownMethods)
{
    start();
    size_t calls = 0;
    for (const char *path : {"", "a/b", "//", "/%2f", "*", "/purvey.test.v1.EchoService/Echo?x"}) {
        exchange_bytes(pv_rpc_server_port(server),
                       open_call(path) + frame(DATA, END_STREAM, 1, prefix(0, 0)), 100);
        ASSERT_TRUE(app.wait_finished(++calls)) << path;
        EXPECT_EQ(app.finished().back().code, PV_CODE_UNIMPLEMENTED);
        EXPECT_EQ(app.finished().back().method, "unknown");
    }
    EXPECT_EQ(app.admitted, 0);
}
