// Whatever can stand between a partner's machine and the service is provoked, with the real programs, and `purvey
// doctor` must find it and say it by its name.
#include "base/time.h"
#include "client/cli/trouble.h"
#include "tests/e2e/house.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

namespace purvey {
namespace {

constexpr long kDay = 86400;

// Takes connections at a port of its own and does one thing with each.
class Peer {
  public:
    enum Manner { kSilent, kCloses, kSpeaksHttp, kTakesNobody };
    explicit Peer(Manner manner) : manner_(manner), socket_(socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        PV_ASSERT(bind(socket_, reinterpret_cast<sockaddr *>(&address), size) == 0);
        PV_ASSERT(listen(socket_, manner == kTakesNobody ? 0 : 16) == 0);
        PV_ASSERT(getsockname(socket_, reinterpret_cast<sockaddr *>(&address), &size) == 0);
        target = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        if (manner == kTakesNobody) {
            fill(address);
        } else {
            thread_ = std::thread([this] { serve(); });
        }
    }
    ~Peer()
    {
        shutdown(socket_, SHUT_RDWR); // accept returns
        if (thread_.joinable()) { thread_.join(); }
        for (int one : held_) { close(one); }
        close(socket_);
    }
    Peer(const Peer &) = delete;
    Peer &operator=(const Peer &) = delete;
    std::string target;

  private:
    // The queue of those that wait to be taken is full: the kernel does not answer the next one.
    void fill(const sockaddr_in &address)
    {
        for (int i = 0; i < 8; i++) {
            held_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
            (void)connect(held_.back(), reinterpret_cast<const sockaddr *>(&address),
                          sizeof address);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    void serve()
    {
        for (int one; (one = accept(socket_, nullptr, nullptr)) >= 0;) {
            char bytes[4096];
            held_.push_back(one);
            if (manner_ == kSilent || recv(one, bytes, sizeof bytes, 0) <= 0) { continue; }
            static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
            if (manner_ == kSpeaksHttp) {
                (void)send(one, answer, sizeof answer - 1, MSG_NOSIGNAL);
            }
            shutdown(one, SHUT_WR);
        }
    }
    Manner manner_;
    int socket_;
    std::vector<int> held_;
    std::thread thread_;
};

// OpenSSL's own server, with the true certificate of the house.
class OtherServer {
  public:
    OtherServer(const House &house, const std::vector<std::string> &flags)
        : folder_(fresh_folder("other-server"))
    {
        std::vector<std::string> command = {"/usr/bin/openssl",
                                            "s_server",
                                            "-www",
                                            "-accept",
                                            "127.0.0.1:0",
                                            "-cert",
                                            house.authority("server.pem"),
                                            "-key",
                                            house.authority("server.key")};
        command.insert(command.end(), flags.begin(), flags.end());
        process_ = begin(command, {"OPENSSL_CONF=/dev/null"}, folder_ + "/out", folder_ + "/err");
        for (int i = 0; i < 500 && target.empty(); i++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            std::string out = read_file(folder_ + "/out");
            size_t at = out.find("ACCEPT ");
            size_t end = out.find('\n', at == std::string::npos ? 0 : at);
            if (at != std::string::npos && end != std::string::npos) {
                target = out.substr(at + 7, end - at - 7);
            }
        }
    }
    ~OtherServer()
    {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
    OtherServer(const OtherServer &) = delete;
    OtherServer &operator=(const OtherServer &) = delete;
    std::string target;

  private:
    std::string folder_;
    pid_t process_ = 0;
};

class Doctor : public ::testing::Test {
  protected:
    static void SetUpTestSuite()
    {
        house = new House;
        if (!house->ready) { return; }
        home = fresh_folder("home");
        actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Vega");
        account = vendor.account_id;
        save(house->admit(account, kEverything, &certificate_id), "me");
        other = fresh_folder("other") + "/data";
        PV_ASSERT(run({cli_program(), "init", "--data", other}).code == 0);
    }
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(house->ready); }

    static std::string file(const std::string &name) { return home + "/" + name; }
    static void save(const Identity &identity, const std::string &name)
    {
        write_file(file(name + ".pem"), identity.certificate);
        write_file(file(name + ".key"), identity.key);
    }
    static std::vector<std::string> environment(const std::vector<std::string> &more)
    {
        std::vector<std::string> all = {
            "XDG_CONFIG_HOME=" + home, std::string("PURVEY_SERVER=") + house->on.address,
            "PURVEY_CA=" + house->authority("server-ca.pem"), "PURVEY_CERT=" + file("me.pem"),
            "PURVEY_KEY=" + file("me.key")};
        all.insert(all.begin(), more.begin(), more.end()); // the first one counts
        return all;
    }
    static std::vector<std::string> clock_ahead(long seconds)
    {
        return {"PURVEY_TEST_CLOCK=" + std::to_string(seconds),
                "ASAN_OPTIONS=verify_asan_link_order=0",
                "LD_PRELOAD=" + std::filesystem::absolute("tests/e2e/clock.so").string()};
    }
    static std::shared_ptr<json_t> examine(const std::vector<std::string> &flags,
                                           const std::vector<std::string> &more,
                                           Outcome *ret_outcome)
    {
        std::vector<std::string> command = {cli_program(), "doctor", "-o", "json"};
        command.insert(command.end(), flags.begin(), flags.end());
        *ret_outcome = run(command, environment(more));
        return {json_loads(ret_outcome->out.c_str(), 0, nullptr), json_decref};
    }
    // "level REASON" of everything that has a reason.
    static std::set<std::string> reasons(json_t *all)
    {
        std::set<std::string> found;
        size_t index;
        json_t *one;
        json_array_foreach(json_object_get(all, "findings"), index, one)
        {
            const char *reason = json_string_value(json_object_get(one, "reason"));
            const char *next = json_string_value(json_object_get(one, "next"));
            if (reason == nullptr) { continue; }
            EXPECT_NE(next, nullptr) << reason << " says nothing of what to do";
            found.insert(std::string(json_string_value(json_object_get(one, "level"))) + " " +
                         reason);
        }
        return found;
    }
    static House *house;
    static std::string home, other, account, certificate_id;
};

House *Doctor::house = nullptr;
std::string Doctor::home, Doctor::other, Doctor::account, Doctor::certificate_id;

TEST_F(Doctor, FindsNothingWhenAllIsWell)
{
    Outcome outcome;
    auto all = examine({}, {}, &outcome);
    ASSERT_NE(all, nullptr) << outcome.out << outcome.err;
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    EXPECT_EQ(reasons(all.get()), std::set<std::string>());
    EXPECT_TRUE(json_is_true(json_object_get(all.get(), "ok")));
    EXPECT_EQ(outcome.err, "");
    Outcome told = run({cli_program(), "doctor"}, environment({}));
    for (const char *check : {"profile", "root", "key", "certificate", "connection", "tls",
                              "server", "identity", "clock", "health", "release", "rights"}) {
        EXPECT_NE(told.out.find(std::string("ok       ") + check), std::string::npos) << check;
    }
    EXPECT_EQ(told.code, 0);
}

struct Row {
    std::set<std::string> found; // all reasons
    int code;                    // of the first problem
    std::vector<std::string> flags;
    std::vector<std::string> environment = {};
};

TEST_F(Doctor, NamesEveryTrouble)
{
    write_file(file("empty"), "");
    write_file(file("open.key"), read_file(file("me.key")), 0644);
    std::filesystem::create_directories(file("broken/purvey"));
    write_file(file("broken/purvey/config"), "[default]\nsever = x\n");
    save(house->admit(account, "[]"), "nobody");
    std::string revoked_id;
    save(house->admit(account, kEverything, &revoked_id), "revoked");
    ASSERT_TRUE(call(house->of_operator(), "RevokeCertificate",
                     form(R"({"certificate_id": "%s", "reason": "lost"})", revoked_id.c_str()))
                    .ok());
    Peer silent(Peer::kSilent), closes(Peer::kCloses), http(Peer::kSpeaksHttp),
        nobody(Peer::kTakesNobody);
    OtherServer old(*house, {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}), web(*house, {});
    ASSERT_NE(old.target, "");
    ASSERT_NE(web.target, "");
    const std::string foreign = other + "/operator";
    const std::vector<Row> rows = {
        {{"PROBLEM PROFILE_MISSING"}, 2, {"--profile", "nowhere"}},
        {{"PROBLEM PROFILE_INVALID"}, 2, {}, {"XDG_CONFIG_HOME=" + file("broken")}},
        {{"PROBLEM SETTING_MISSING"}, 2, {}, {"PURVEY_KEY="}},
        {{"PROBLEM ROOT_INVALID"}, 2, {"--ca", file("empty")}},
        {{"PROBLEM KEY_INVALID"}, 5, {"--key", file("none")}},
        {{"PROBLEM KEY_EXPOSED"}, 5, {"--key", file("open.key")}},
        {{"PROBLEM KEY_MISMATCH"}, 5, {"--key", foreign + ".key"}},
        {{"PROBLEM CERTIFICATE_INVALID"}, 5, {"--cert", file("empty")}},
        {{"PROBLEM ADDRESS_INVALID"}, 2, {"--server", "localhost"}},
        {{"PROBLEM NAME_UNKNOWN"}, 6, {"--server", std::string(70, 'x') + ":1"}},
        {{"PROBLEM CONNECTION_REFUSED"}, 6, {"--server", "127.0.0.1:1"}},
        {{"PROBLEM CONNECTION_TIMEOUT"}, 6, {"--server", silent.target, "--deadline", "300ms"}},
        {{"PROBLEM CONNECTION_TIMEOUT"}, 6, {"--server", nobody.target, "--deadline", "300ms"}},
        {{"PROBLEM CONNECTION_FAILED"}, 6, {"--server", "255.255.255.255:9"}},
        {{"PROBLEM TLS_ABSENT"}, 6, {"--server", http.target}},
        {{"PROBLEM TLS_FAILED"}, 6, {"--server", closes.target}},
        {{"PROBLEM TLS_VERSION"}, 6, {"--server", old.target}},
        {{"PROBLEM ALPN_MISSING"}, 6, {"--server", web.target}},
        {{"PROBLEM SERVER_ROOT_WRONG"}, 5, {"--ca", other + "/authority/server-ca.pem"}},
        {{"PROBLEM SERVER_NAME_WRONG"}, 5, {"--server-name", "elsewhere.example"}},
        {{"PROBLEM CERTIFICATE_REJECTED"},
         5,
         {"--cert", foreign + ".pem", "--key", foreign + ".key"}},
        {{"PROBLEM CERTIFICATE_REVOKED"},
         5,
         {"--cert", file("revoked.pem"), "--key", file("revoked.key")}},
        {{"PROBLEM RIGHTS_MISSING"},
         5,
         {"--cert", file("nobody.pem"), "--key", file("nobody.key")}},
        {{"PROBLEM CLOCK_WRONG"}, 4, {}, clock_ahead(7200)},
        {{"PROBLEM CLOCK_WRONG"}, 4, {}, clock_ahead(-120)},
        {{"warning CERTIFICATE_EXPIRING", "PROBLEM CLOCK_WRONG"}, 4, {}, clock_ahead(60 * kDay)},
        {{"PROBLEM CERTIFICATE_EXPIRED", "warning SERVER_EXPIRING"},
         5,
         {},
         clock_ahead(390 * kDay)},
        {{"PROBLEM CERTIFICATE_EXPIRED", "PROBLEM SERVER_EXPIRED"}, 5, {}, clock_ahead(500 * kDay)},
        {{"PROBLEM CERTIFICATE_NOT_YET_VALID", "PROBLEM SERVER_NOT_YET_VALID"},
         5,
         {},
         clock_ahead(-kDay)},
    };
    std::set<std::string> provoked;
    for (const Row &row : rows) {
        SCOPED_TRACE(*row.found.rbegin());
        Outcome outcome;
        auto all = examine(row.flags, row.environment, &outcome);
        ASSERT_NE(all, nullptr) << outcome.out << outcome.err;
        EXPECT_EQ(outcome.code, row.code) << outcome.out;
        std::set<std::string> found = reasons(all.get());
        for (const std::string &one : row.found) { EXPECT_EQ(found.count(one), 1U) << outcome.out; }
        for (const std::string &one : found) { provoked.insert(one.substr(one.find(' ') + 1)); }
        EXPECT_EQ(outcome.err, "");
    }
    // Those of the login have a test of their own; a service that is not ready cannot be kept so, and is a unit test's.
    const std::set<std::string> elsewhere = {"FILE_UNWRITTEN", "FINGERPRINT_WRONG", "NOT_KEPT",
                                             "ENROLMENT_ELSEWHERE", "NOT_SERVING"};
    for (size_t i = 0; i < pv_trouble_count; i++) {
        EXPECT_EQ(provoked.count(pv_troubles[i]->name) + elsewhere.count(pv_troubles[i]->name), 1U)
            << pv_troubles[i]->name;
    }
}

// What may be called, what not, and why: role, group, scope.
TEST_F(Doctor, SaysOfEveryMethodWhyNot)
{
    Answer group = call(house->of_operator(), "CreateGroup",
                        form(R"({"account_id": "%s", "name": "Orders",
                                 "permissions": [{"module": "ORDER", "grant": "MANAGE"}]})",
                             account.c_str()));
    Answer user =
        call(house->of_operator(), "CreateUser",
             form(R"({"account_id": "%s", "name": "Bo", "kind": "SERVICE", "group_ids": ["%s"]})",
                  account.c_str(), group.text("group.id").c_str()));
    ASSERT_TRUE(user.ok()) << user.told();
    Outcome request = run({cli_program(), "cert", "request", "--key", file("bo.key")});
    ASSERT_EQ(request.code, 0) << request.err;
    Answer issued =
        call(house->of_operator(), "IssueCertificate",
             form(R"({"membership_id": "%s", "csr_pem": %s,
                                  "scopes": [{"module": "ORDER", "grant": "VIEW"}]})",
                  user.text("membership.id").c_str(), purvey::quoted(request.out).c_str()));
    ASSERT_TRUE(issued.ok()) << issued.told();
    write_file(file("bo.pem"), issued.text("certificate_pem") + issued.text("chain_pem"));
    Outcome told =
        run({cli_program(), "doctor", "--methods"},
            environment({"PURVEY_CERT=" + file("bo.pem"), "PURVEY_KEY=" + file("bo.key")}));
    EXPECT_EQ(told.code, 0) << told.out << told.err;
    for (const char *line : {
             "yes order get\n",
             "no  order approve: needs ACT of ORDER; your certificate's scopes leave VIEW\n",
             "no  user list: needs VIEW of ACCOUNT; your groups give nothing\n",
             "no  account create: for accounts of type OPERATOR; yours is VENDOR\n",
             "ORDER VIEW (the groups give MANAGE, the certificate's scopes no more)",
         }) {
        EXPECT_NE(told.out.find(line), std::string::npos) << line << "\n" << told.out;
    }
}

TEST_F(Doctor, AServerThatEndsInTheMiddleIsNoReasonToHang)
{
    auto begun = std::chrono::steady_clock::now();
    Peer silent(Peer::kSilent);
    Outcome outcome;
    examine({"--server", silent.target, "--deadline", "200ms"}, {}, &outcome);
    EXPECT_EQ(outcome.code, 6);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

} // namespace
} // namespace purvey
