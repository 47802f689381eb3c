// The authority of a running server: another one takes over, the server's own certificate is replaced, and nobody's
// call fails; what a retired one issued is refused at once. Clients call all the while, on connections that stay and on
// new ones.
#include "base/digest.h"
#include "client/cli/keys.h"
#include "tests/e2e/house.h"

#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <thread>

namespace purvey {
namespace {

constexpr int kWaitMs = 20000;

using Clock = std::chrono::steady_clock;

bool eventually(const std::function<bool()> &condition)
{
    for (Clock::time_point begun = Clock::now();
         Clock::now() - begun < std::chrono::milliseconds(kWaitMs);) {
        if (condition()) { return true; }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return condition();
}

// Clients that call again and again until they are told to stop: with each identity one on a connection that stays, and
// one that connects anew for every call.
class Callers {
  public:
    explicit Callers(const House &house)
        : address_(house.on.address), roots_(read_file(house.authority("server-ca.pem")))
    {
    }
    ~Callers() { stop(); }
    void add(const Identity &identity)
    {
        threads_.emplace_back([this, identity] { run(identity, false); });
        threads_.emplace_back([this, identity] { run(identity, true); });
    }
    void stop()
    {
        stopping_ = true;
        for (std::thread &thread : threads_) { thread.join(); }
        threads_.clear();
    }
    int calls() const { return calls_; }
    int failed() const { return failed_; }
    std::string told()
    {
        std::lock_guard<std::mutex> held(lock_);
        return told_;
    }
    // Waits until so many more calls were made.
    void more(int count)
    {
        int before = calls_;
        EXPECT_TRUE(eventually([&] { return calls_ - before >= count; })) << told();
    }

  private:
    pv_client *connect(const Identity &identity)
    {
        pv_arena *arena = pv_arena_create(1 << 20);
        pv_client_tls tls = {};
        tls.ca = roots_.c_str();
        tls.certificate = identity.certificate.c_str();
        tls.key = identity.key.c_str();
        pv_client_config config = {};
        config.target = address_.c_str();
        config.tls = &tls;
        pv_error error;
        pv_error_init(&error, arena);
        pv_client *client = nullptr;
        PV_ASSERT(pv_is_ok(pv_client_create(&config, &error, &client)));
        pv_arena_destroy(arena);
        return client;
    }
    void run(const Identity &identity, bool anew)
    {
        pv_client *client = connect(identity);
        while (!stopping_) {
            if (anew) {
                // The edge lets fifty of a source in each second.
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
                pv_client_destroy(client);
                client = connect(identity);
            }
            Answer answer = call(client, "WhoAmI", "{}", 10000);
            calls_++;
            if (answer.ok()) { continue; }
            failed_++;
            std::lock_guard<std::mutex> held(lock_);
            told_ = answer.told();
        }
        pv_client_destroy(client);
    }

    std::string address_, roots_, told_;
    std::mutex lock_;
    std::vector<std::thread> threads_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> calls_{0}, failed_{0};
};

class AuthorityOfServer : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(house.ready); }

    Outcome authority(std::vector<std::string> words)
    {
        std::vector<std::string> command = {cli_program(), "authority"};
        command.insert(command.end(), words.begin(), words.end());
        command.insert(command.end(), {"--data", house.on.data});
        return run(command);
    }
    // SHA-256 of the certificate in this state, or of this name; "" if there is none.
    std::string shown(const std::string &what)
    {
        Outcome list = authority({"show", "-o", "json"});
        EXPECT_EQ(list.code, 0) << list.err;
        std::istringstream lines(list.out);
        for (std::string line; std::getline(lines, line);) {
            std::shared_ptr<json_t> row(json_loads(line.c_str(), 0, nullptr), json_decref);
            if (row == nullptr) { return "no JSON: " + line; }
            const char *name = "", *state = "", *sha256 = "";
            (void)json_unpack(row.get(), "{s:s, s?s, s:s}", "certificate", &name, "state", &state,
                              "sha256", &sha256);
            if (what == name || what == state) { return sha256; }
        }
        return "";
    }
    // Prepares and activates another one, and waits until the server signs with it.
    std::string rotate()
    {
        EXPECT_EQ(authority({"prepare"}).code, 0);
        Outcome activated = authority({"activate"});
        EXPECT_EQ(activated.code, 0) << activated.err;
        std::string active = shown("active");
        EXPECT_TRUE(eventually([&] {
            return house.log().find("\"issuer_sha256\":\"" + active) != std::string::npos;
        })) << house.log();
        return active;
    }
    std::string issuer_of(const std::string &certificate_id)
    {
        return call(house.of_operator(), "GetCertificate",
                    form(R"({"certificate_id": "%s"})", certificate_id.c_str()))
            .text("certificate.issuer_sha256");
    }
    // SHA-256 of the certificate that OpenSSL's own client is shown.
    std::string shown_to_openssl(const std::string &server_name)
    {
        Outcome seen =
            run({"/usr/bin/openssl", "s_client", "-connect", house.on.address, "-servername",
                 server_name, "-alpn", "h2", "-CAfile", house.authority("server-ca.pem"), "-cert",
                 house.folder("operator.pem"), "-cert_chain", house.folder("operator.pem"), "-key",
                 house.folder("operator.key"), "-showcerts"});
        size_t begin = seen.out.find("-----BEGIN CERTIFICATE-----");
        size_t end = seen.out.find("-----END CERTIFICATE-----");
        if (begin == std::string::npos || end == std::string::npos) { return seen.err; }
        std::string path = fresh_folder("shown") + "/shown.pem";
        write_file(path, seen.out.substr(begin, end + 26 - begin));
        return fingerprint(path);
    }
    static std::string fingerprint(const std::string &path)
    {
        Outcome out =
            run({"/usr/bin/openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256"});
        std::string hex;
        for (char c : out.out.substr(out.out.find('=') + 1)) {
            if (isxdigit(c)) { hex += static_cast<char>(tolower(c)); }
        }
        return hex;
    }

    House house;
};

TEST_F(AuthorityOfServer, ThreeFollowOneAnotherWithoutAFailedCallAndARetiredOneIsDeadAtOnce)
{
    actor vendor = house.join(PV_ACCOUNT_TYPE_VENDOR, "Vega");
    std::string id;
    std::vector<Identity> people = {house.admit(vendor.account_id, kEverything, &id)};
    std::vector<std::string> issuers = {shown("active")};
    EXPECT_EQ(issuer_of(id), issuers[0]);
    Callers callers(house);
    callers.add(people[0]);
    callers.more(50);
    for (int i = 0; i < 3; i++) {
        issuers.push_back(rotate());
        people.push_back(house.admit(vendor.account_id, kEverything, &id));
        EXPECT_EQ(issuer_of(id), issuers.back()) << "what is issued now is by the new one";
        callers.add(people.back());
        callers.more(100);
    }
    EXPECT_EQ(authority({"retire", issuers[1]}).code, 4) << "it is in use";
    EXPECT_EQ(authority({"retire", issuers[3], "-o", "json"}).code, 4) << "it signs";
    callers.more(50);
    callers.stop();
    EXPECT_GE(callers.calls(), 400);
    EXPECT_EQ(callers.failed(), 0) << callers.told();

    // One that is in other hands: all that it issued is refused, the others' calls go on.
    pv_client *lost = house.connect(&people[1]);
    ASSERT_TRUE(call(lost, "WhoAmI", "{}").ok());
    Stream events(house.connect(&people[1]), "WatchEvents", 20000);
    ASSERT_TRUE(events.send("{}") && events.half_close());
    ASSERT_NE(events.receive().json, nullptr);
    Callers others(house);
    for (int i : {0, 2, 3}) { others.add(people[i]); }
    others.more(30);
    Outcome retired = authority({"retire", issuers[1].substr(0, 12), "--compromised"});
    ASSERT_EQ(retired.code, 0) << retired.err;
    EXPECT_NE(retired.err.find("reads it now"), std::string::npos) << retired.err;
    ASSERT_TRUE(eventually([&] {
        return house.log().find("\"refused_issuers\":1") != std::string::npos;
    })) << house.log();
    Answer refused = call(lost, "WhoAmI", "{}", 4000);
    EXPECT_TRUE(refused.reason == "CERTIFICATE_ISSUER_REFUSED" ||
                refused.code == PV_CODE_UNAVAILABLE)
        << refused.told();
    while (events.receive().json != nullptr) {}
    EXPECT_FALSE(events.finish().ok());
    Answer shut_out = call(house.connect(&people[1]), "WhoAmI", "{}", 4000);
    EXPECT_EQ(shut_out.code, PV_CODE_UNAVAILABLE) << "not even the handshake: " << shut_out.told();
    others.more(60);
    others.stop();
    EXPECT_EQ(others.failed(), 0) << others.told();
    EXPECT_EQ(shown("retired"), issuers[1]);
    // It stays so when the server starts again.
    ASSERT_EQ(house.stop(SIGTERM), 0);
    ASSERT_TRUE(house.start()) << house.log();
    EXPECT_EQ(call(house.connect(&people[1]), "WhoAmI", "{}", 4000).code, PV_CODE_UNAVAILABLE);
    for (int i : {0, 2, 3}) { EXPECT_TRUE(call(house.connect(&people[i]), "WhoAmI", "{}").ok()); }
}

TEST_F(AuthorityOfServer, ItsOwnCertificateIsReplacedTenTimesWithoutAFailedCall)
{
    Callers callers(house);
    const Identity me = {read_file(house.folder("operator.pem")),
                         read_file(house.folder("operator.key"))};
    callers.add(me);
    callers.add(me);
    std::string before = shown("server");
    EXPECT_EQ(shown_to_openssl("localhost"), before);
    for (int i = 0; i < 10; i++) {
        Outcome renewed = authority({"renew-server"});
        ASSERT_EQ(renewed.code, 0) << renewed.err;
        const std::string now = shown("server");
        EXPECT_NE(now, before);
        EXPECT_TRUE(eventually([&] { return shown_to_openssl("localhost") == now; })) << i;
        callers.more(30);
        before = now;
    }
    // A key that does not belong to the certificate: the old pair stays, and the log says so.
    const std::string key = read_file(house.authority("server.key"));
    write_file(house.authority("server.key"), read_file(house.authority("issuing.key")));
    EXPECT_TRUE(eventually([&] {
        return house.log().find("certificates not reloaded, the old ones stay") !=
               std::string::npos;
    })) << house.log();
    EXPECT_EQ(shown_to_openssl("localhost"), before);
    // Half a file.
    write_file(house.authority("server.key"), key.substr(0, key.size() / 2));
    callers.more(50);
    EXPECT_EQ(shown_to_openssl("localhost"), before);
    write_file(house.authority("server.key"), key);
    ASSERT_EQ(kill(house.on.process, SIGHUP), 0);
    callers.more(50);
    callers.stop();
    EXPECT_EQ(callers.failed(), 0) << callers.told();
    EXPECT_GE(callers.calls(), 400);
    EXPECT_EQ(authority({"renew-server", "--host", "UPPER.example"}).code, 1);
    ASSERT_EQ(authority({"renew-server", "--host", "purvey.example"}).code, 0);
    Outcome names = run({"/usr/bin/openssl", "x509", "-in", house.authority("server.pem"), "-noout",
                         "-ext", "subjectAltName"});
    EXPECT_NE(names.out.find("DNS:purvey.example"), std::string::npos) << names.out;
    ASSERT_EQ(authority({"renew-server"}).code, 0);
    EXPECT_EQ(run({"/usr/bin/openssl", "x509", "-in", house.authority("server.pem"), "-noout",
                   "-ext", "subjectAltName"})
                  .out,
              names.out)
        << "a renewal keeps the names";
}

TEST_F(AuthorityOfServer,
       AForeignClientIsShownTheCertificateOfTheNameItAsksForAlsoAfterItWasReplaced)
{
    const std::string folder = house.folder("certificates");
    ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
    const auto make = [&](const std::string &host) {
        Outcome made =
            run({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=x", "-addext",
                 "subjectAltName=DNS:" + host, "-keyout", folder + "/" + host + ".key.new", "-out",
                 folder + "/" + host + ".pem.new"});
        EXPECT_EQ(made.code, 0) << made.err;
        ASSERT_EQ(chmod((folder + "/" + host + ".key.new").c_str(), 0600), 0);
        for (const char *suffix : {".key", ".pem"}) {
            std::filesystem::rename(folder + "/" + host + suffix + ".new",
                                    folder + "/" + host + suffix);
        }
    };
    for (const char *host : {"one.example", "two.example", "two.example"}) {
        make(host);
        const std::string now = fingerprint(folder + "/" + host + ".pem");
        EXPECT_TRUE(eventually([&] { return shown_to_openssl(host) == now; }))
            << host << ": " << shown_to_openssl(host);
    }
    EXPECT_EQ(shown_to_openssl("one.example"), fingerprint(folder + "/one.example.pem"));
    EXPECT_EQ(shown_to_openssl("other.example"), shown("server"));
}

TEST_F(AuthorityOfServer, UsesAndDaysAreToldAndSurviveARestart)
{
    actor vendor = house.join(PV_ACCOUNT_TYPE_VENDOR, "Used");
    std::string id;
    const Identity identity = house.admit(vendor.account_id, kEverything, &id);
    const auto get = [&](const char *field) {
        return call(house.of_operator(), "GetCertificate",
                    form(R"({"certificate_id": "%s"})", id.c_str()))
            .text(std::string("certificate.") + field);
    };
    EXPECT_EQ(get("last_use_time"), "");
    EXPECT_EQ(get("days_left"), "89") << "a second less than ninety days";
    ASSERT_TRUE(call(house.connect(&identity), "WhoAmI", "{}").ok());
    EXPECT_TRUE(eventually([&] { return !get("last_use_time").empty(); }));
    EXPECT_EQ(get("last_peer_address").rfind("ipv4:127.0.0.1:", 0), 0u) << get("last_peer_address");
    const std::string first = get("first_use_time");
    ASSERT_EQ(house.stop(SIGKILL), -SIGKILL);
    ASSERT_TRUE(house.start());
    EXPECT_EQ(get("first_use_time"), first);
    EXPECT_EQ(get("last_use_time"), first);
    Outcome list = run({cli_program(), "certificate", "list", "-o", "json"},
                       house.environment(house.people.operator_));
    EXPECT_NE(list.out.find("\"last_use_time\""), std::string::npos) << list.out << list.err;
    EXPECT_NE(list.out.find("\"days_left\""), std::string::npos);
    EXPECT_EQ(run({cli_program(), "store", "check", "--data", house.on.data}).code, 0);
}

TEST_F(AuthorityOfServer, AnOperatorWhoseOwnCertificatesAreRefusedIsLetInAgain)
{
    const std::string lost = shown("active"), out = fresh_folder("readmitted");
    ASSERT_EQ(authority({"prepare"}).code, 0);
    Outcome retired = authority({"retire", lost, "--compromised"});
    ASSERT_EQ(retired.code, 0) << retired.err;
    ASSERT_TRUE(eventually([&] { return !call(house.of_operator(), "WhoAmI", "{}", 4000).ok(); }))
        << house.log();
    EXPECT_EQ(authority({"readmit", "--out", out}).code, 4) << "a server runs";
    ASSERT_EQ(house.stop(SIGTERM), 0);
    Outcome readmitted = authority({"readmit", "--out", out});
    ASSERT_EQ(readmitted.code, 0) << readmitted.err;
    EXPECT_NE(authority({"readmit", "--out", out}).code, 0) << "nothing is written over";
    ASSERT_TRUE(platform_start(&house.on));
    const Identity again = {read_file(out + "/operator.pem"), read_file(out + "/operator.key")};
    pv_client *client = house.connect(&again);
    Answer me = call(client, "WhoAmI", "{}");
    ASSERT_TRUE(me.ok()) << me.told();
    Answer certificate =
        call(client, "GetCertificate",
             form(R"({"certificate_id": "%s"})", me.text("certificate.id").c_str()));
    EXPECT_EQ(certificate.text("certificate.issuer_sha256"), shown("active"));
    EXPECT_TRUE(call(client, "CreateAccount", R"({"type": "VENDOR", "name": "New"})").ok());
    EXPECT_EQ(run({cli_program(), "store", "check", "--data", house.on.data}).code, 0);
}

} // namespace
} // namespace purvey
