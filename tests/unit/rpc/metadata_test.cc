// What an application sends beside its messages, and the two settings for services that everybody may
// call: no client certificates, larger requests.
#include "fixture.h"

#include "server/rpc/limits.h"

namespace {

const char bytes[] = {'\0', '\n', '\xff'};

pv_view value_of(const pv_client_pair *pairs, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, key) == 0) { return pairs[i].value; }
    }
    return pv_view_of(nullptr, 0);
}

} // namespace

class MetadataTest : public RpcTest {
  protected:
    Arena arena;
    pv_client_metadata metadata = {};
    pv_client_options options = {};

    void expect_both()
    {
        pv_view bytes_view = pv_view_of(bytes, sizeof bytes);
        EXPECT_TRUE(pv_view_equal(value_of(metadata.initial, metadata.initial_count, "x-text"),
                                  pv_view_text("first")));
        EXPECT_TRUE(pv_view_equal(value_of(metadata.initial, metadata.initial_count, "x-some-bin"),
                                  bytes_view));
        EXPECT_TRUE(pv_view_equal(value_of(metadata.trailing, metadata.trailing_count, "x-end-bin"),
                                  bytes_view));
    }
};

static bool add_all(pv_call *call)
{
    pv_view some = pv_view_of(bytes, sizeof bytes);
    return pv_rpc_header(call, "x-text", pv_view_text("first")) &&
           pv_rpc_header(call, "x-some-bin", some) && pv_rpc_trailer_bytes(call, "x-end-bin", some);
}

TEST_F(MetadataTest, HeadersAndTrailersOfAUnaryCallMayHoldBytes)
{
    app.run = [](pv_call *call) {
        EXPECT_TRUE(add_all(call));
        EXPECT_FALSE(pv_rpc_header(call, "Not Legal", pv_view_text("x")));
        EXPECT_FALSE(pv_rpc_header(call, "x-text", pv_view_text("new\nline")));
        EXPECT_FALSE(pv_rpc_trailer_bytes(call, "x-text", pv_view_text("new\nline")));
        pv_rpc_done(call, pv_rpc_step(call));
    };
    start();
    options.ret_metadata = &metadata;
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(client(), "x", &text, arena, &options)));
    expect_both();
}

TEST_F(MetadataTest, ARefusedCallSendsThemToo)
{
    app.admit = [](pv_call *call) {
        EXPECT_TRUE(add_all(call));
        return pv_status_of(PV_CODE_PERMISSION_DENIED);
    };
    start();
    options.ret_metadata = &metadata;
    std::string text;
    EXPECT_EQ(echo(client(), "x", &text, arena, &options).code, PV_CODE_PERMISSION_DENIED);
    expect_both();
}

TEST_F(MetadataTest, HeadersAreLimited)
{
    app.run = [](pv_call *call) {
        for (int i = 0; i < PV_RPC_HEADERS_MAX; i++) {
            EXPECT_TRUE(pv_rpc_header(call, "x-text", pv_view_text("one")));
        }
        EXPECT_FALSE(pv_rpc_header(call, "x-text", pv_view_text("one more")));
        pv_rpc_done(call, pv_rpc_step(call));
    };
    start();
    std::string text;
    EXPECT_TRUE(pv_is_ok(echo(client(), "x", &text, arena)));
}

TEST_F(MetadataTest, AStreamTakesHeadersUntilItHasAnswered)
{
    std::atomic<int> taken{0}, refused{0};
    app.admit = [](pv_call *call) {
        if (call->state == nullptr) { EXPECT_TRUE(add_all(call)); }
        return pv_ok();
    };
    app.run = [&](pv_call *call) {
        (pv_rpc_header(call, "x-step", pv_view_text("1")) ? taken : refused)++;
        pv_rpc_done(call, pv_rpc_step(call));
    };
    start();
    options.ret_metadata = &metadata;
    pv_echo_request request = request_of("x");
    request.count = 3;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_echo_client_repeat_open(client(), arena, &options, &request, &call, nullptr)));
    pv_echo_response *response = nullptr;
    do {
        ASSERT_TRUE(pv_is_ok(pv_echo_client_repeat_receive(call, arena, &response)));
    } while (response != nullptr);
    EXPECT_TRUE(pv_is_ok(pv_client_finish(call)));
    expect_both();
    EXPECT_EQ(taken, 1);
    EXPECT_EQ(refused, 3);
}

TEST_F(MetadataTest, TheServersDefaultLimitOfRequestsCanBeRaised)
{
    config.request_bytes_max = 2 * PV_RPC_REQUEST_BYTES_DEFAULT;
    start();
    // The echo's own rule refuses the text, so the message has passed the runtime's limit.
    std::string text, long_text(PV_RPC_REQUEST_BYTES_DEFAULT + 1000, 'x');
    EXPECT_EQ(echo(client(), long_text, &text, arena).code, PV_CODE_INVALID_ARGUMENT);
    std::string longer(2 * PV_RPC_REQUEST_BYTES_DEFAULT + 1000, 'x');
    EXPECT_EQ(echo(client(), longer, &text, arena).code, PV_CODE_RESOURCE_EXHAUSTED);
}

TEST_F(MetadataTest, OnRequestNobodyIsAskedForACertificate)
{
    std::atomic<bool> has{true};
    app.admit = [&](pv_call *call) {
        has = call->peer->has_certificate;
        return pv_ok();
    };
    config.without_client_certificates = true;
    start(true);
    std::string where = target(), text;
    pv_client_tls files = {};
    files.ca = authority->pem().c_str();
    files.server_name = "localhost";
    pv_client_config settings = {};
    settings.target = where.c_str();
    settings.tls = &files;
    EXPECT_TRUE(pv_is_ok(echo(client_with(settings), "x", &text, arena)));
    EXPECT_FALSE(has);
    // A client that has one is served too, but it is not asked for.
    has = true;
    EXPECT_TRUE(pv_is_ok(echo(client(), "x", &text, arena)));
    EXPECT_FALSE(has);
}

TEST(ServerWithoutAuthorityTest, IsNotStartedUnlessItAsksForNoCertificates)
{
    Authority authority("test authority");
    Certificate certificate = authority.issue("DNS:localhost");
    pv_rpc_tls files = {nullptr, certificate.pem.c_str(), certificate.key.c_str()};
    pv_rpc_config config = {};
    config.address = "127.0.0.1:0";
    config.tls = &files;
    static const pv_service *const services[] = {&pv_echo_service__service};
    Arena arena;
    pv_rpc_server *server = nullptr;
    EXPECT_FALSE(
        pv_is_ok(pv_rpc_server_create(&config, services, 1, nullptr, &arena.error, &server)));
    config.without_client_certificates = true;
    ASSERT_TRUE(
        pv_is_ok(pv_rpc_server_create(&config, services, 1, nullptr, &arena.error, &server)));
    pv_rpc_server_destroy(server);
}
