// The edge in front of the real server: what a revocation closes, which TLS is spoken, new files without a restart, and
// that the core answers nobody who did not come through it.
#include "base/digest.h"
#include "client/cli/keys.h"
#include "purvey/catalog.pv.h"
#include "server/identity/authority.h"
#include "server/identity/bootstrap.h"
#include "storage/lmdb/lmdb.h"
#include "storage/schema.h"
#include "tests/e2e/house.h"
#include "tests/hostile/h2.h"
#include "tests/unit/rpc/certificates.h"

#include <csignal>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace purvey {
namespace {

constexpr char kWhoAmI[] = "/purvey.account.v1.IdentityService/WhoAmI";
constexpr char kWatchEvents[] = "/purvey.event.v1.EventService/WatchEvents";
constexpr int kWaitMs = 10000;

constexpr int64_t kDayNs = INT64_C(86400) * PV_NS_PER_S;

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

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

// An open connection with a stream of events that has begun.
std::unique_ptr<h2::Peer> watcher(const std::string &address, const Identity &identity)
{
    h2::Tls tls(identity.certificate, identity.key);
    auto peer = std::make_unique<h2::Peer>(address, options_of(tls));
    peer->send(h2::preface() + h2::call(1, kWatchEvents));
    EXPECT_TRUE(peer->read_until(
        [](const h2::Seen &seen) {
            auto stream = seen.streams.find(1);
            return stream != seen.streams.end() && stream->second.data_bytes > 0;
        },
        kWaitMs));
    EXPECT_FALSE(peer->seen().closed);
    return peer;
}

Identity operator_of(const std::string &data)
{
    return Identity{read_file(data + "/operator.pem"), read_file(data + "/operator.key")};
}

// SHA-256 of the certificate that the server shows to who asks for this name.
std::array<uint8_t, PV_SHA256_SIZE> shown_for(const House &house, const std::string &name)
{
    const Identity identity = operator_of(house.on.data);
    h2::Tls tls(identity.certificate, identity.key);
    tls.server_name = name;
    const std::string der = h2::Peer(house.on.address, options_of(tls)).seen().server_certificate;
    std::array<uint8_t, PV_SHA256_SIZE> digest;
    pv_sha256(pv_view_of(der.data(), der.size()), digest.data());
    return digest;
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
    const Identity lost = house.admit(vendor.account_id, kEverything, &certificate_id);
    auto idle = caller(house, lost);
    auto streaming = watcher(house.on.address, lost);
    auto other = caller(house, house.admit(vendor.account_id, kEverything));
    ASSERT_TRUE(call(house.of_operator(), "RevokeCertificate",
                     form(R"({"certificate_id": "%s", "reason": "lost"})", certificate_id.c_str()))
                    .ok());
    const Clock::time_point answered = Clock::now();
    double idle_ms = 0, streaming_ms = 0;
    const auto await = [&](h2::Peer *peer, double *ret_ms) {
        EXPECT_TRUE(peer->read_close(kWaitMs));
        *ret_ms = ms_since(answered);
        EXPECT_EQ(peer->seen().goaway, h2::NO_ERROR);
    };
    std::thread beside([&] { await(idle.get(), &idle_ms); });
    await(streaming.get(), &streaming_ms);
    beside.join();
    // The promise is 100 ms; a machine that is busy with other tests gets a second.
    printf("closed after the answer of RevokeCertificate: idle %.0f ms, with a stream %.0f ms\n",
           idle_ms, streaming_ms);
    EXPECT_LT(std::max(idle_ms, streaming_ms), 1000);
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

TEST_F(EdgeOfServer, TheNameThatAClientAsksForChoosesTheCertificateAndNewFilesNeedNoRestart)
{
    auto open = caller(house, operator_of(house.on.data));
    uint32_t stream = 1;
    const auto still_served = [&] {
        stream += 2;
        open->send(h2::call(stream, kWhoAmI));
        return open->read_end(kWaitMs, stream) && open->seen().end_of(stream) == "status 0";
    };
    const Authority authority("more");
    const Certificate one = authority.issue("DNS:one.example");
    const Certificate two = authority.issue("DNS:two.example");
    const Certificate renewed = authority.issue("DNS:two.example");
    const auto fallback = shown_for(house, "one.example");
    const std::string folder = house.folder("certificates");
    const auto put = [&](const std::string &name, const Certificate &certificate) {
        write_file(folder + "/" + name + ".key.new", certificate.key);
        write_file(folder + "/" + name + ".pem.new", certificate.pem);
        std::filesystem::rename(folder + "/" + name + ".key.new", folder + "/" + name + ".key");
        std::filesystem::rename(folder + "/" + name + ".pem.new", folder + "/" + name + ".pem");
    };
    const auto comes_to_show = [&](const std::string &name, const Certificate &certificate) {
        const Clock::time_point begun = Clock::now();
        while (shown_for(house, name) != certificate.sha256) {
            if (ms_since(begun) > kWaitMs) { return false; }
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        return true;
    };
    ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
    put("one", one);
    put("two", two);
    ASSERT_EQ(kill(house.on.process, SIGHUP), 0);
    EXPECT_TRUE(comes_to_show("one.example", one)) << house.log();
    EXPECT_TRUE(comes_to_show("two.example", two)) << house.log();
    for (const char *other : {"three.example", "", "localhost"}) {
        EXPECT_EQ(shown_for(house, other), fallback) << other;
    }
    EXPECT_TRUE(still_served());
    put("two", renewed); // and no signal
    EXPECT_TRUE(comes_to_show("two.example", renewed)) << house.log();
    EXPECT_EQ(shown_for(house, "one.example"), one.sha256);
    EXPECT_TRUE(still_served());
    EXPECT_EQ(open->seen().goaway, std::nullopt);
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
    const Identity identity = operator_of(house.on.data);
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
    auto open = caller(house, operator_of(house.on.data));
    int code = -1;
    std::thread ender([&] { code = house.stop(SIGTERM); });
    EXPECT_TRUE(open->read_close(kWaitMs));
    ender.join();
    EXPECT_EQ(code, 0);
    EXPECT_EQ(open->seen().goaway, h2::NO_ERROR);
}

// Nobody waits for ten minutes: a peer on the C core that rests does not hear that it should go.
TEST_F(EdgeOfServer, APeerThatDoesNotLookHoldsNoDrainUp)
{
    ASSERT_EQ(house.stop(SIGTERM), 0);
    setenv("PURVEYD_DRAIN", "10m", 1);
    EXPECT_TRUE(house.start());
    unsetenv("PURVEYD_DRAIN");
    auto deaf = caller(house, operator_of(house.on.data));
    EXPECT_EQ(house.stop(SIGTERM), 0);
}

// A platform begun so long ago that its operator's certificate, of a day, ends in `left_ns`.
void begin_platform(const std::string &data, pv_arena *arena, int64_t left_ns)
{
    const std::string folder = data + "/authority", key = data + "/operator.key",
                      store_folder = data + "/store";
    pv_error error;
    pv_error_init(&error, arena);
    pv_authority_options files = {};
    files.folder = folder.c_str();
    files.trust_domain = "purvey.internal";
    files.now.utc_ns = pv_time_now().utc_ns - kDayNs;
    pv_authority *authority = nullptr;
    ASSERT_EQ(mkdir(data.c_str(), 0700), 0);
    ASSERT_TRUE(pv_is_ok(pv_authority_init(&files, &error))) << error.message;
    ASSERT_TRUE(pv_is_ok(pv_authority_load(folder.c_str(), arena, &error, &authority)));
    char *csr = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_keys_create(key.c_str(), &error)));
    ASSERT_TRUE(pv_is_ok(pv_keys_request(key.c_str(), arena, &error, &csr)));
    char why[PV_LMDB_ERROR_SIZE];
    pv_lmdb_options create = {};
    create.create = true;
    pv_store *store = nullptr;
    pv_schema schema = {};
    schema.objects = pv_catalog__objects;
    schema.object_count = pv_catalog__object_count;
    ASSERT_TRUE(pv_is_ok(pv_lmdb_open(store_folder.c_str(), &create, &store, why))) << why;
    ASSERT_TRUE(pv_is_ok(pv_schema_apply(store, &schema, why))) << why;
    pv_id_source ids = {};
    ids.random = pv_random_bytes;
    pv_bootstrap_options what = {};
    what.trust_domain = files.trust_domain;
    what.operator_name = "Operator";
    what.user_name = "Administrator";
    what.user_email = "";
    what.csr = pv_view_text(csr);
    what.lifetime_days = 1;
    what.now.utc_ns = pv_time_now().utc_ns - kDayNs + left_ns;
    what.ids = &ids;
    pv_bootstrapped made = {};
    ASSERT_TRUE(
        pv_is_ok(pv_bootstrap(store, pv_authority_signer(authority), &what, arena, &error, &made)))
        << error.message;
    write_file(data + "/operator.pem", std::string(made.certificate_pem) + made.chain_pem);
    pv_store_close(store);
    pv_authority_close(authority);
}

TEST(EdgeOfServerInTime, AnExpiredCertificatesConnectionsEndAtItsHour)
{
    constexpr int64_t kLeftNs = 12 * PV_NS_PER_S; // for a server to start on a busy machine
    pv_arena *arena = pv_arena_create(64 * 1024 * 1024);
    const std::string folder = fresh_folder("expiry"), data = folder + "/data";
    const std::string program = server_program();
    const Clock::time_point begun = Clock::now();
    begin_platform(data, arena, kLeftNs);
    platform on = {};
    on.arena = arena;
    on.server_path = program.c_str();
    on.folder = folder.c_str();
    on.data = data.c_str();
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_TRUE(platform_start(&on));
    const Identity identity = operator_of(data);
    auto streaming = watcher(on.address, identity);
    h2::Tls tls(identity.certificate, identity.key);
    h2::Peer idle(on.address, options_of(tls));
    idle.send(h2::preface() + h2::call(1, kWhoAmI));
    EXPECT_TRUE(idle.read_end(kWaitMs));
    EXPECT_EQ(idle.seen().end_of(), "status 0");
    EXPECT_TRUE(idle.read_close(2 * kWaitMs));
    const double idle_ms = ms_since(begun);
    EXPECT_TRUE(streaming->read_close(kWaitMs));
    const double streaming_ms = ms_since(begun);
    printf("closed behind the hour: idle %.0f ms, with a stream %.0f ms\n", idle_ms - kLeftNs / 1e6,
           streaming_ms - kLeftNs / 1e6);
    // Certificates count in seconds.
    EXPECT_GT(std::min(idle_ms, streaming_ms), kLeftNs / 1e6 - 1500);
    EXPECT_LT(std::max(idle_ms, streaming_ms), kLeftNs / 1e6 + 5000);
    EXPECT_EQ(idle.seen().goaway, h2::NO_ERROR);
    h2::Peer late(on.address, options_of(tls));
    late.send(h2::preface());
    EXPECT_TRUE(late.read_close(kWaitMs));
    EXPECT_EQ(late.seen().alert, 45) << "certificate_expired (RFC 8446, section 6.2)";
    platform_stop(&on, SIGTERM);
    pv_arena_destroy(arena);
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace purvey
