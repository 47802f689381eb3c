// What a gRPC client sees through the edge while the core is not there, and when it comes back.
#include "server/edge/edge.h"
#include "tests/unit/rpc/fixture.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace {

bool find(void *edge, const char *name, pv_rpc_front_peer *ret_peer)
{
    pv_edge_peer peer;
    if (!pv_edge_find(static_cast<pv_edge *>(edge), name, &peer)) { return false; }
    memcpy(ret_peer->address, peer.address, sizeof peer.address);
    return true;
}

class CoreBehindEdge : public RpcTest {
  protected:
    CoreBehindEdge()
    {
        signal(SIGPIPE, SIG_IGN);
        PV_ASSERT(mkdtemp(folder_.data()) != nullptr);
        core_path_ = folder_ + "/core.sock";
        core_address_ = "unix:" + core_path_;
        server_certificate = servers_.issue("DNS:localhost");
        const std::string pem = write("server.pem", server_certificate.pem);
        const std::string key = write("server.key", server_certificate.key);
        pv_edge_listener listener = {"127.0.0.1:0", core_path_.c_str(), false};
        pv_edge_config edge_config = {};
        edge_config.listeners = &listener;
        edge_config.listener_count = 1;
        edge_config.tls.client_roots = edge_config.tls.certificate = pem.c_str(); // nobody is asked
        edge_config.tls.key = key.c_str();
        PV_ASSERT(pv_is_ok(pv_edge_create(&edge_config, &arena_.error, &edge_)));
        pv_edge_start(edge_);
        front_ = {edge_, find};
        config.front = &front_;
        config.address = core_address_.c_str();
    }
    ~CoreBehindEdge() override
    {
        stop(); // it asks the edge who calls
        pv_edge_destroy(edge_);
        std::filesystem::remove_all(folder_);
    }
    std::string write(const std::string &name, const std::string &text)
    {
        const std::string path = folder_ + "/" + name;
        std::ofstream(path) << text;
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        return path;
    }
    // A client that has never had a connection.
    pv_client *newcomer()
    {
        const std::string target = "127.0.0.1:" + std::to_string(pv_edge_port(edge_, 0));
        pv_client_tls files = {};
        files.ca = servers_.pem().c_str();
        files.server_name = "localhost";
        pv_client_config settings = {};
        settings.target = target.c_str();
        settings.deadline_ms = 20000;
        settings.tls = &files;
        return client_with(settings);
    }
    pv_code code_of_call(pv_client *client)
    {
        Arena arena;
        std::string text;
        return echo(client, "hello", &text, arena).code;
    }
    bool comes_to_serve(pv_client *client)
    {
        return eventually([&] { return code_of_call(client) == PV_CODE_OK; });
    }
    void end_core()
    {
        pv_rpc_server_destroy(server);
        server = nullptr;
    }

    std::string folder_ = "/tmp/pv-core-XXXXXX"; // the path of a UNIX socket has 107 bytes
    Arena arena_;
    Authority servers_{"servers"};
    std::string core_path_, core_address_;
    pv_rpc_front front_ = {};
    pv_edge *edge_ = nullptr;
};

TEST_F(CoreBehindEdge, ClientsAreToldUnavailableAndComeBackByThemselves)
{
    pv_client *early = newcomer();
    EXPECT_EQ(code_of_call(early), PV_CODE_UNAVAILABLE) << "there was never a core";
    start();
    EXPECT_TRUE(comes_to_serve(early));
    for (int restarts = 0; restarts < 2; restarts++) {
        end_core();
        EXPECT_EQ(code_of_call(early), PV_CODE_UNAVAILABLE) << "it had a connection";
        EXPECT_EQ(code_of_call(newcomer()), PV_CODE_UNAVAILABLE) << "it had none";
        start();
        EXPECT_TRUE(comes_to_serve(early));
        EXPECT_EQ(code_of_call(newcomer()), PV_CODE_OK);
    }
    pv_edge_counts counts;
    pv_edge_count(edge_, &counts);
    EXPECT_GE(counts.core_unreachable, 3u);
    EXPECT_EQ(counts.breaches, 0u);
}

} // namespace
