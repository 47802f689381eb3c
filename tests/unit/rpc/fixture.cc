#include "fixture.h"

#include <chrono>

extern "C" {
static pv_status on_admit(void *app, pv_call *call)
{
    static_cast<App *>(app)->admitted++;
    if (call->context == nullptr) { static_cast<App *>(app)->opened++; }
    call->context = static_cast<pv_context *>(app);
    return static_cast<App *>(app)->admit(call);
}

static void on_run(void *app, pv_call *call)
{
    static_cast<App *>(app)->steps++;
    static_cast<App *>(app)->run(call);
}

static void on_release(void *app, pv_call *call)
{
    EXPECT_EQ(call->context, app);
    static_cast<App *>(app)->released++;
}

static void on_finished(void *app, const pv_call *call, const pv_rpc_summary *summary)
{
    static_cast<App *>(app)->add(call, summary);
}
}

void App::add(const pv_call *, const pv_rpc_summary *summary)
{
    std::lock_guard<std::mutex> guard(lock_);
    finished_.push_back({summary->method, summary->reason, summary->code, summary->bytes_in,
                         summary->bytes_out, summary->messages_in, summary->messages_out});
    changed_.notify_all();
}

std::vector<Finished> App::finished()
{
    std::lock_guard<std::mutex> guard(lock_);
    return finished_;
}

bool App::wait_finished(size_t count)
{
    std::unique_lock<std::mutex> guard(lock_);
    return changed_.wait_for(guard, std::chrono::seconds(20),
                             [&] { return finished_.size() >= count; });
}

RpcTest::~RpcTest()
{
    stop();
}

void RpcTest::start(bool tls)
{
    tls_ = tls;
    static const pv_service *const services[] = {&pv_echo_service__service};
    pv_rpc_hooks hooks = {&app, on_admit, on_run, on_release, on_finished};
    Arena arena;
    pv_rpc_tls files = {};
    if (tls) {
        authority.reset(new Authority("test authority"));
        server_certificate = authority->issue("DNS:localhost");
        client_certificate = authority->issue("URI:spiffe://test/account/acc_1/user/usr_1");
        files.ca = authority->pem().c_str();
        files.certificate = server_certificate.pem.c_str();
        files.key = server_certificate.key.c_str();
        config.tls = &files;
    }
    if (config.address == nullptr) { config.address = "127.0.0.1:0"; }
    config.error_domain = "echo.test";
    pv_status status = pv_rpc_server_create(&config, services, 1, &hooks, &arena.error, &server);
    ASSERT_TRUE(pv_is_ok(status)) << arena.error.message;
    config.tls = nullptr;
    pv_rpc_server_start(server);
}

void RpcTest::stop()
{
    for (pv_client *one : clients_) { pv_client_destroy(one); }
    clients_.clear();
    pv_rpc_server_destroy(server);
    server = nullptr;
}

std::string RpcTest::target() const
{
    return "127.0.0.1:" + std::to_string(pv_rpc_server_port(server));
}

pv_client *RpcTest::client()
{
    pv_client_config settings = {};
    std::string where = target();
    settings.target = where.c_str();
    settings.deadline_ms = 20000;
    pv_client_tls files = {};
    if (tls_) {
        files.ca = authority->pem().c_str();
        files.certificate = client_certificate.pem.c_str();
        files.key = client_certificate.key.c_str();
        files.server_name = "localhost";
        settings.tls = &files;
    }
    return client_with(settings);
}

pv_client *RpcTest::client_with(const pv_client_config &settings)
{
    Arena arena;
    pv_client *made = nullptr;
    pv_status status = pv_client_create(&settings, &arena.error, &made);
    EXPECT_TRUE(pv_is_ok(status));
    clients_.push_back(made);
    return made;
}

bool eventually(const std::function<bool()> &holds)
{
    for (int i = 0; i < 1000; i++) {
        if (holds()) { return true; }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

pv_echo_request request_of(const char *text)
{
    pv_echo_request request = PV_ECHO_REQUEST__INIT;
    request.text = const_cast<char *>(text);
    return request;
}

pv_echo_request request_of(const std::string &text)
{
    return request_of(text.c_str());
}

pv_status RpcTest::echo(pv_client *client, const std::string &text, std::string *ret_text,
                        Arena &arena, const pv_client_options *options)
{
    pv_echo_request request = request_of(text);
    pv_echo_response *response = nullptr;
    pv_status status =
        pv_echo_client_echo(client, arena, options, &request, &response, &arena.error);
    if (pv_is_ok(status)) { *ret_text = response->text; }
    return status;
}
