// The edge in front of the real server: what a revocation closes, which TLS is spoken, new files without a restart, and
// that the core answers nobody who did not come through it.
#include "tests/e2e/house.h"
#include "tests/hostile/h2.h"

#include <csignal>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace purvey {
namespace {

constexpr char kWhoAmI[] = "/purvey.account.v1.IdentityService/WhoAmI";
constexpr int kWaitMs = 10000;

h2::Options options_of(const h2::Tls &tls)
{
    h2::Options options;
    options.tls = &tls;
    return options;
}

// An open connection that has made a call.
std::unique_ptr<h2::Peer> caller(const House &house, const Identity &identity)
{
    h2::Tls tls(identity.certificate, identity.key);
    auto peer = std::make_unique<h2::Peer>(house.on.address, options_of(tls));
    peer->send(h2::preface() + h2::call(1, kWhoAmI));
    EXPECT_TRUE(peer->read_end(kWaitMs));
    EXPECT_EQ(peer->seen().end_of(), "status 0");
    return peer;
}

size_t times(const std::string &text, const std::string &part)
{
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        count++;
    }
    return count;
}

bool eventually_logs(const House &house, const std::string &part, size_t count)
{
    for (int waited = 0; waited < kWaitMs; waited += 20) {
        if (times(house.log(), part) >= count) { return true; }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

class EdgeOfServer : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(house.ready); }
    House house;
};

TEST_F(EdgeOfServer, ARevokedCertificatesConnectionsAreClosedAndNoOthers)
{
    actor vendor = house.join(PV_ACCOUNT_TYPE_VENDOR, "Revoked");
    std::string certificate_id;
    auto open = caller(house, house.admit(vendor.account_id, kEverything, &certificate_id));
    auto other = caller(house, house.admit(vendor.account_id, kEverything));
    ASSERT_TRUE(call(house.of_operator(), "RevokeCertificate",
                     form(R"({"certificate_id": "%s", "reason": "lost"})", certificate_id.c_str()))
                    .ok());
    EXPECT_TRUE(open->read_close(kWaitMs));
    EXPECT_EQ(open->seen().goaway, h2::NO_ERROR);
    other->send(h2::call(3, kWhoAmI));
    EXPECT_TRUE(other->read_end(kWaitMs, 3));
    EXPECT_EQ(other->seen().end_of(3), "status 0");
}

TEST_F(EdgeOfServer, ADeactivatedAccountsConnectionsAreClosed)
{
    actor vendor = house.join(PV_ACCOUNT_TYPE_VENDOR, "Paused");
    auto first = caller(house, house.admit(vendor.account_id, kEverything));
    auto second = caller(house, house.admit(vendor.account_id, kEverything));
    ASSERT_TRUE(call(house.of_operator(), "DeactivateAccount",
                     form(R"({"account_id": "%s"})", vendor.account_id))
                    .ok());
    EXPECT_TRUE(first->read_close(kWaitMs));
    EXPECT_TRUE(second->read_close(kWaitMs));
    EXPECT_TRUE(call(house.of_operator(), "WhoAmI", "{}").ok());
}

TEST_F(EdgeOfServer, FilesThatChangeAreReadWithoutARestart)
{
    const std::string folder = house.folder("certificates");
    ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
    write_file(folder + "/more.key", read_file(house.authority("server.key")));
    write_file(folder + "/more.pem", read_file(house.authority("server.pem")));
    EXPECT_TRUE(eventually_logs(house, "\"certificates reloaded\"", 1)) << house.log();
    const size_t before = times(house.log(), "\"certificates reloaded\"");
    ASSERT_EQ(kill(house.on.process, SIGHUP), 0);
    EXPECT_TRUE(eventually_logs(house, "\"certificates reloaded\"", before + 1)) << house.log();
    write_file(folder + "/more.pem", "spoiled");
    EXPECT_TRUE(eventually_logs(house, "more.pem", 1)) << house.log();
    EXPECT_TRUE(call(house.of_operator(), "WhoAmI", "{}").ok());
}

TEST_F(EdgeOfServer, TheCoreAnswersNobodyWhoDidNotComeThroughTheEdge)
{
    const std::string path = house.folder("run");
    struct stat facts = {};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0700u);
    // A path of at most 107 bytes to the same folder.
    const std::string link = "/tmp/pv-core-" + std::to_string(getpid());
    std::filesystem::create_directory_symlink(path, link);
    h2::Peer stranger("unix:" + link + "/core.sock");
    ASSERT_TRUE(stranger.seen().connected);
    stranger.send(h2::preface() + h2::call(1, kWhoAmI) +
                  h2::call(3, "/grpc.health.v1.Health/Check"));
    EXPECT_TRUE(stranger.read_end(kWaitMs, 3));
    EXPECT_EQ(stranger.seen().end_of(1), "status 16");
    EXPECT_EQ(stranger.seen().end_of(3), "status 16") << "not even what is public";
    std::filesystem::remove(link);
}

TEST_F(EdgeOfServer, OldTlsIsSpokenOnlyWhereTheSettingSaysSo)
{
    const Identity identity{read_file(house.on.data + std::string("/operator.pem")),
                            read_file(house.on.data + std::string("/operator.key"))};
    h2::Tls old(identity.certificate, identity.key);
    SSL_CTX_set_max_proto_version(old.context.get(), TLS1_2_VERSION);
    EXPECT_FALSE(h2::Peer(house.on.address, options_of(old)).seen().connected);
    ASSERT_EQ(house.stop(SIGTERM), 0);
    setenv("PURVEYD_TLS_MIN", "1.2", 1);
    EXPECT_TRUE(house.start());
    unsetenv("PURVEYD_TLS_MIN");
    EXPECT_TRUE(h2::Peer(house.on.address, options_of(old)).seen().connected);
}

TEST_F(EdgeOfServer, ADrainTellsTheClientToGo)
{
    auto open = caller(house, Identity{read_file(house.on.data + std::string("/operator.pem")),
                                       read_file(house.on.data + std::string("/operator.key"))});
    int code = -1;
    std::thread ender([&] { code = house.stop(SIGTERM); });
    EXPECT_TRUE(open->read_close(kWaitMs));
    ender.join();
    EXPECT_EQ(code, 0);
    EXPECT_EQ(open->seen().goaway, h2::NO_ERROR);
}

} // namespace
} // namespace purvey
