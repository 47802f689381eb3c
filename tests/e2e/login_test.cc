// From an invitation to a profile that works, with the real programs: whom the secret is told to, what is kept, what
// goes on after a crash, what is said when it fails.
#include "client/cli/keys.h"
#include "tests/e2e/house.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <sstream>
#include <thread>

#include <openssl/core_names.h>
#include <openssl/evp.h>

namespace purvey {
namespace {

namespace fs = std::filesystem;

// The home of one person.
class Person {
  public:
    explicit Person(const House &house) : home(fresh_folder("person")), house_(house) {}
    Outcome purvey(const std::vector<std::string> &arguments,
                   const std::vector<std::string> &more = {}) const
    {
        std::vector<std::string> command = {cli_program()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        std::vector<std::string> environment = more; // the first one counts
        environment.push_back("XDG_CONFIG_HOME=" + home);
        return run(command, environment);
    }
    std::vector<std::string> login_arguments(const std::string &invitation,
                                             const std::vector<std::string> &more = {}) const
    {
        std::vector<std::string> arguments = {
            "login",     "--invite",       invitation, "--server", house_.on.enrol_address,
            "--partner", house_.on.address};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
    Outcome login(const std::string &invitation, const std::vector<std::string> &more = {}) const
    {
        return purvey(login_arguments(invitation, more));
    }
    std::string path(const std::string &name) const { return home + "/purvey/" + name; }
    // Of the certificate in use by the profile.
    std::string certificate_id(const std::string &profile = "default") const
    {
        Outcome who = purvey({"whoami", "-o", "json", "--profile", profile});
        EXPECT_EQ(who.code, 0) << who.err;
        std::shared_ptr<json_t> all(json_loads(who.out.c_str(), 0, nullptr), json_decref);
        const char *id =
            json_string_value(json_object_get(json_object_get(all.get(), "certificate"), "id"));
        return id == nullptr ? "" : id;
    }
    const std::string home;

  private:
    const House &house_;
};

class Login : public ::testing::Test {
  protected:
    static void SetUpTestSuite()
    {
        setenv("PURVEYD_ENROL_ATTEMPTS", "0", 1); // one machine, many people
        house = new House;
        if (house->ready) { account = open_account("Acme", &group); }
    }
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(house->ready); }

    static std::string open_account(const std::string &name, std::string *ret_group)
    {
        Answer made = call(house->of_operator(), "CreateAccount",
                           form(R"({"type": "RESELLER", "name": "%s"})", name.c_str()));
        EXPECT_TRUE(made.ok()) << made.told();
        *ret_group = made.text("account.administrators_group_id");
        return made.text("account.id");
    }
    static Answer invite(const std::string &name, const std::string &account_id = account,
                         const std::string &group_id = group)
    {
        Answer invited =
            call(house->of_operator(), "InviteMembership",
                 form(R"({"account_id": "%s", "name": "%s", "email": "%s@example.com",
                          "group_ids": ["%s"]})",
                      account_id.c_str(), name.c_str(), name.c_str(), group_id.c_str()));
        EXPECT_TRUE(invited.ok()) << invited.told();
        return invited;
    }
    // How many certificates the member has been given, in whatever state.
    static size_t certificates_of(const Answer &invited)
    {
        Answer list = call(
            house->of_operator(), "ListCertificates",
            form(R"({"filter": "membership_id = \"%s\""})", invited.text("membership.id").c_str()));
        EXPECT_TRUE(list.ok()) << list.told();
        return list.count("certificates");
    }
    static House *house;
    static std::string account, group;
};

House *Login::house = nullptr;
std::string Login::account, Login::group;

TEST_F(Login, MakesAProfileThatWorks)
{
    Person ada(*house);
    Outcome done = ada.login(invite("Ada").text("invitation_token"), {"--label", "notebook"});
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.out.rfind("you are Ada of Acme: profile default, crt_", 0), 0U) << done.out;
    EXPECT_EQ(done.err, "");
    EXPECT_NE(ada.purvey({"whoami"}).out.find("notebook"), std::string::npos);
    EXPECT_EQ(ada.purvey({"doctor"}).code, 0);
    Outcome list = ada.purvey({"profile", "list"});
    EXPECT_NE(list.out.find("* default       Acme"), std::string::npos) << list.out;
    struct stat about = {};
    ASSERT_EQ(stat(ada.path("profiles/default/current/key.pem").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0600U);
    ASSERT_EQ(stat(ada.path("profiles/default").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0700U);
    EXPECT_EQ(read_file(ada.path("profiles/default/current/server-ca.pem")),
              read_file(house->authority("server-ca.pem")));
    EXPECT_FALSE(fs::exists(ada.path("profiles/default/1/request.pem")));
}

// The invitation may come from a file or a pipe, so that it stands in no list of processes.
TEST_F(Login, TakesTheInvitationFromAFile)
{
    Person ada(*house);
    write_file(ada.home + "/invitation", "  " + invite("Filed").text("invitation_token") + "\n");
    Outcome done =
        ada.purvey(ada.login_arguments("@" + ada.home + "/invitation"), {"PURVEY_CERT=/elsewhere"});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.err, "PURVEY_CERT is set, and takes the place of what the profile says\n");
}

TEST_F(Login, OnePersonInTwoAccountsHasACertificateForEach)
{
    std::string other_group;
    std::string other = open_account("Lyra", &other_group);
    Person ada(*house);
    Outcome first = ada.login(invite("Both").text("invitation_token"), {"--profile", "acme"});
    ASSERT_EQ(first.code, 0) << first.err;
    Outcome second = ada.login(invite("Both", other, other_group).text("invitation_token"),
                               {"--profile", "lyra"});
    ASSERT_EQ(second.code, 0) << second.err;
    EXPECT_NE(ada.certificate_id("acme"), ada.certificate_id("lyra"));
    auto account_of = [&](std::vector<std::string> flags,
                          const std::vector<std::string> &environment) {
        flags.insert(flags.begin(), "whoami");
        std::string out = ada.purvey(flags, environment).out;
        return out.find("account      Lyra") != std::string::npos ? "lyra" : "acme";
    };
    EXPECT_STREQ(account_of({}, {}), "acme") << "the first profile is the current one";
    EXPECT_STREQ(account_of({"--profile", "lyra"}, {}), "lyra");
    EXPECT_STREQ(account_of({}, {"PURVEY_PROFILE=lyra"}), "lyra");
    ASSERT_EQ(ada.purvey({"profile", "use", "lyra"}).code, 0);
    EXPECT_STREQ(account_of({}, {}), "lyra");
    EXPECT_STREQ(account_of({"--profile", "acme"}, {"PURVEY_PROFILE=lyra"}), "acme");
    ASSERT_EQ(ada.purvey({"profile", "remove", "lyra", "--yes"}).code, 0);
    EXPECT_FALSE(fs::exists(ada.path("profiles/lyra")));
    EXPECT_EQ(ada.purvey({"whoami"}).code, 2) << "default is current again, and is not there";
    EXPECT_STREQ(account_of({"--profile", "acme"}, {}), "acme");
}

struct Refusal {
    std::string what, invitation;
    std::vector<std::string> more;
    int code;
    std::string told;
};

TEST_F(Login, SaysWhyNot)
{
    const std::string open = invite("Open").text("invitation_token");
    const std::string secret = open.substr(0, open.find('.')), print = open.substr(open.find('.'));
    Answer taken_back = invite("TakenBack");
    Answer revoked =
        call(house->of_operator(), "RevokeMembership",
             form(R"({"membership_id": "%s"})", taken_back.text("membership.id").c_str()));
    ASSERT_TRUE(revoked.ok()) << revoked.told();
    const std::string used = invite("Used").text("invitation_token");
    ASSERT_EQ(Person(*house).login(used).code, 0);
    std::string other_print = print;
    other_print[1] = other_print[1] == '0' ? '1' : '0';
    const char none_open[] = "There is no open invitation with this token";
    const Refusal rows[] = {
        {"unknown", "pvinv_" + std::string(64, '0') + print, {}, 4, none_open},
        {"used", used, {}, 4, none_open},
        {"taken back", taken_back.text("invitation_token"), {}, 4, none_open},
        {"half of it", secret, {}, 2, "that is no whole invitation"},
        {"cut", open.substr(0, open.size() - 1), {}, 2, "that is no whole invitation"},
        {"of another server", secret + other_print, {}, 5, "Nothing was sent to it"},
        {"where calls go", open, {"--server", house->on.address}, 2, "nobody enrols there"},
        {"nobody there", open, {"--server", "127.0.0.1:1"}, 6, "Connection refused"},
        {"no address", open, {"--server", "localhost"}, 2, "is not HOST:PORT"},
        {"another name", open, {"--server-name", "other.example"}, 5, "not for other.example"},
        {"no name for a folder", open, {"--profile", "../x"}, 2, "no name for a profile"},
        {"no file", "@/none", {}, 2, "the invitation cannot be read from /none"},
    };
    for (const Refusal &row : rows) {
        SCOPED_TRACE(row.what);
        Person who(*house);
        Outcome refused = who.login(row.invitation, row.more);
        EXPECT_EQ(refused.code, row.code) << refused.err;
        EXPECT_NE(refused.err.find(row.told), std::string::npos) << refused.err;
        EXPECT_EQ(refused.out, "");
        EXPECT_FALSE(fs::exists(who.path("config"))) << "a profile was left behind";
    }
    Person last(*house);
    Outcome unwritten = last.purvey(last.login_arguments(open), {"XDG_CONFIG_HOME=/proc/none"});
    EXPECT_EQ(unwritten.code, 4);
    EXPECT_NE(unwritten.err.find("Cannot make the folder /proc/none"), std::string::npos)
        << unwritten.err;
    EXPECT_EQ(last.login(open).code, 0) << "all those attempts have not used it up";
    EXPECT_EQ(last.login(open).code, 2) << "the profile is there";
}

// Each state that a crash can leave behind.
TEST_F(Login, GoesOnWhereItWasBrokenOff)
{
    Answer invited = invite("Broken");
    const std::string token = invited.text("invitation_token");
    Person ada(*house);
    ASSERT_EQ(ada.login(token, {"--server", "127.0.0.1:1"}).code, 6);
    const std::string pair = ada.path("profiles/default/1/");
    const std::string key = read_file(pair + "key.pem"), request = read_file(pair + "request.pem");
    ASSERT_NE(request, "");
    // The answer was lost: the service has given the certificate, and nobody knows of it here.
    Answer lost = call(house->visit(), "Enroll",
                       form(R"({"invitation_token": "%s", "csr_pem": %s})", token.c_str(),
                            purvey::quoted(request).c_str()));
    ASSERT_TRUE(lost.ok()) << lost.told();
    Outcome done = ada.login(token);
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(ada.certificate_id(), lost.text("certificate.id"));
    EXPECT_EQ(read_file(ada.path("profiles/default/current/key.pem")), key);
    // It died before the profile was written, and before the request was removed.
    fs::remove(ada.path("config"));
    write_file(pair + "request.pem", request);
    ASSERT_EQ(ada.login(token).code, 0);
    EXPECT_EQ(ada.certificate_id(), lost.text("certificate.id"));
    EXPECT_EQ(certificates_of(invited), 1U);
}

// Killed again and again: what is left is one profile with one certificate.
TEST_F(Login, SurvivesBeingKilled)
{
    Answer invited = invite("Killed");
    Person ada(*house);
    std::vector<std::string> command = {cli_program()};
    for (const std::string &one : ada.login_arguments(invited.text("invitation_token"))) {
        command.push_back(one);
    }
    for (int wait_ms = 0; wait_ms < 120; wait_ms += 5) {
        pid_t process =
            begin(command, {"XDG_CONFIG_HOME=" + ada.home}, ada.home + "/out", ada.home + "/err");
        std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        kill(process, SIGKILL);
        waitpid(process, nullptr, 0);
    }
    Outcome last = ada.login(invited.text("invitation_token"));
    bool was_done = last.err.find("there is a profile default already") != std::string::npos;
    EXPECT_TRUE(last.code == 0 || was_done) << last.err;
    EXPECT_NE(ada.certificate_id(), "");
    EXPECT_EQ(certificates_of(invited), 1U);
}

TEST_F(Login, AWrongPartnerAddressIsPutRightByTheSameCommand)
{
    Answer invited = invite("Partner");
    const std::string token = invited.text("invitation_token");
    Person ada(*house);
    Outcome first = ada.login(token, {"--partner", "127.0.0.1:1"});
    EXPECT_EQ(first.code, 6) << first.err;
    EXPECT_NE(first.err.find("with another --partner, goes on from here"), std::string::npos)
        << first.err;
    ASSERT_EQ(ada.login(token).code, 0);
    EXPECT_EQ(ada.purvey({"doctor"}).code, 0);
    EXPECT_EQ(certificates_of(invited), 1U);
}

// Without --partner calls go where the portal says.
TEST_F(Login, ThePortalSaysWhereCallsGo)
{
    House own;
    ASSERT_TRUE(own.ready);
    Answer brand =
        call(own.of_operator(), "CreateBrand",
             form(R"({"name": "House", "api_address": "https://%s/v1"})", own.on.address));
    ASSERT_TRUE(brand.ok()) << brand.told();
    Answer shown = call(own.of_operator(), "PublishBrand",
                        form(R"({"brand_id": "%s"})", brand.text("brand.id").c_str()));
    ASSERT_TRUE(shown.ok()) << shown.told();
    Answer me = call(own.of_operator(), "WhoAmI", "{}");
    Answer invited =
        call(own.of_operator(), "InviteMembership",
             form(R"({"name": "Eve", "email": "eve@example.com", "group_ids": ["%s"]})",
                  me.text("account.administrators_group_id").c_str()));
    ASSERT_TRUE(invited.ok()) << invited.told();
    Person eve(own);
    Outcome done = eve.purvey(
        {"login", "--invite", invited.text("invitation_token"), "--server", own.on.enrol_address});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_NE(read_file(eve.path("config")).find(std::string("server = ") + own.on.address + "\n"),
              std::string::npos);
}

TEST_F(Login, ALostCertificateIsReplacedInItsProfile)
{
    Answer invited = invite("Lost");
    Person ada(*house);
    ASSERT_EQ(ada.login(invited.text("invitation_token")).code, 0);
    const std::string before = ada.certificate_id();
    Outcome asked = ada.purvey({"cert", "revoke", before});
    EXPECT_EQ(asked.code, 2) << "nobody can be asked";
    EXPECT_NE(asked.err.find("you are locked out here"), std::string::npos) << asked.err;
    ASSERT_EQ(ada.purvey({"cert", "revoke", before, "--yes"}).code, 0);
    Outcome sick = ada.purvey({"doctor", "-o", "json"});
    EXPECT_EQ(sick.code, 5);
    EXPECT_NE(sick.out.find("CERTIFICATE_REVOKED"), std::string::npos) << sick.out;
    Answer again = call(house->of_operator(), "CreateInvitation",
                        form(R"({"membership_id": "%s"})", invited.text("membership.id").c_str()));
    ASSERT_TRUE(again.ok()) << again.told();
    const std::string token = again.text("invitation_token");
    EXPECT_EQ(ada.login(token).code, 2) << "the profile is there";
    ASSERT_EQ(ada.login(token, {"--replace"}).code, 0);
    EXPECT_NE(ada.certificate_id(), before);
    EXPECT_EQ(ada.purvey({"doctor"}).code, 0);
}

// --- renewal ---

std::vector<std::string> clock_ahead(long days)
{
    return {"PURVEY_TEST_CLOCK=" + std::to_string(days * 86400),
            "ASAN_OPTIONS=verify_asan_link_order=0",
            "LD_PRELOAD=" + fs::absolute("tests/e2e/clock.so").string()};
}

TEST_F(Login, RenewalPutsANewPairInPlaceOfTheOld)
{
    Answer invited = invite("Renews");
    Person ada(*house);
    ASSERT_EQ(ada.login(invited.text("invitation_token")).code, 0);
    const std::string before = ada.certificate_id();
    const std::string key = read_file(ada.path("profiles/default/current/key.pem"));
    const std::string config = read_file(ada.path("config"));
    Outcome done = ada.purvey({"cert", "renew"});
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(done.out.rfind("renewed: crt_", 0), 0U) << done.out;
    EXPECT_NE(ada.certificate_id(), before);
    EXPECT_NE(read_file(ada.path("profiles/default/current/key.pem")), key);
    EXPECT_EQ(read_file(ada.path("profiles/default/1/key.pem")), key) << "the old pair stays";
    EXPECT_EQ(read_file(ada.path("config")), config);
    EXPECT_EQ(ada.purvey({"doctor"}).code, 0);
    ASSERT_EQ(ada.purvey({"cert", "renew"}).code, 0) << "and again";
    EXPECT_FALSE(fs::exists(ada.path("profiles/default/1")));
    EXPECT_EQ(certificates_of(invited), 3U);
}

TEST_F(Login, RenewalIfDueIsSilentUntilHalfOfTheLifeIsOver)
{
    Answer invited = invite("Cron");
    Person ada(*house);
    ASSERT_EQ(ada.login(invited.text("invitation_token")).code, 0);
    const std::string before = ada.certificate_id();
    for (long days : {0, 44}) {
        Outcome early = ada.purvey({"cert", "renew", "--if-due"}, clock_ahead(days));
        EXPECT_EQ(early.code, 0) << early.err;
        EXPECT_EQ(early.out + early.err, "");
    }
    EXPECT_EQ(ada.certificate_id(), before);
    Outcome due = ada.purvey({"cert", "renew", "--if-due"}, clock_ahead(46));
    EXPECT_EQ(due.code, 0) << due.err;
    EXPECT_EQ(due.out.rfind("renewed: ", 0), 0U);
    EXPECT_NE(ada.certificate_id(), before);
    Outcome late = ada.purvey({"cert", "renew", "--if-due"}, clock_ahead(500));
    EXPECT_EQ(late.code, 5);
    EXPECT_NE(late.err.find("expired at"), std::string::npos) << late.err;
    EXPECT_NE(late.err.find("purvey login --replace"), std::string::npos) << late.err;
}

// What was broken off goes on with the same key; what does not work changes nothing.
TEST_F(Login, RenewalGoesOnWhereItWasBrokenOff)
{
    Answer invited = invite("Breaks");
    Person ada(*house);
    ASSERT_EQ(ada.login(invited.text("invitation_token")).code, 0);
    const std::string before = ada.certificate_id();
    Outcome gone = ada.purvey({"cert", "renew", "--server", "127.0.0.1:1"});
    EXPECT_EQ(gone.code, 6) << gone.err;
    const std::string key = read_file(ada.path("profiles/default/2/key.pem"));
    ASSERT_NE(key, "");
    EXPECT_EQ(ada.certificate_id(), before) << "the old pair is still in use";
    ASSERT_EQ(ada.purvey({"cert", "renew"}).code, 0);
    EXPECT_EQ(read_file(ada.path("profiles/default/current/key.pem")), key);
    std::vector<std::string> command = {cli_program(), "cert", "renew"};
    for (int wait_ms = 0; wait_ms < 120; wait_ms += 10) {
        pid_t process =
            begin(command, {"XDG_CONFIG_HOME=" + ada.home}, ada.home + "/out", ada.home + "/err");
        std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        kill(process, SIGKILL);
        waitpid(process, nullptr, 0);
        EXPECT_NE(ada.certificate_id(), "") << "killed after " << wait_ms << " ms";
    }
    Outcome last = ada.purvey({"cert", "renew"});
    EXPECT_EQ(last.code, 0) << last.err;
    EXPECT_EQ(ada.purvey({"doctor"}).code, 0);
}

TEST_F(Login, OnlyWhatAProfileKeepsCanBeRenewed)
{
    Person ada(*house);
    std::vector<std::string> own = house->environment(house->people.operator_);
    own.push_back("XDG_CONFIG_HOME=" + ada.home);
    Outcome refused = run({cli_program(), "cert", "renew"}, own);
    EXPECT_EQ(refused.code, 2) << refused.err;
    EXPECT_NE(refused.err.find("purvey profile add NAME"), std::string::npos) << refused.err;
    Outcome added =
        ada.purvey({"profile", "add", "operator", "--server", house->on.address, "--ca",
                    house->authority("server-ca.pem"), "--cert", house->people.operator_.cert_path,
                    "--key", house->people.operator_.key_path});
    EXPECT_EQ(added.code, 0) << added.err;
    Outcome list = ada.purvey({"profile", "list"});
    EXPECT_NE(list.out.find("* operator"), std::string::npos) << list.out;
    EXPECT_NE(list.out.find("Administrator"), std::string::npos) << list.out;
    EXPECT_EQ(ada.purvey({"cert", "renew"}).code, 0);
    EXPECT_EQ(ada.purvey({"doctor"}).code, 0);
    EXPECT_TRUE(call(house->of_operator(), "WhoAmI", "{}").ok()) << "the old one still works";
}

// --- keys stay here ---

// The secret number of a key, as bytes.
std::string secret_of(const std::string &key_path)
{
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_error error;
    pv_error_init(&error, arena);
    EVP_PKEY *key = nullptr;
    EXPECT_TRUE(pv_is_ok(pv_keys_read(key_path.c_str(), &error, &key)));
    BIGNUM *number = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number), 1);
    std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
    BN_bn2bin(number, reinterpret_cast<unsigned char *>(bytes.data()));
    BN_clear_free(number);
    EVP_PKEY_free(key);
    pv_arena_destroy(arena);
    return bytes;
}

// The forms in which a key could be found: its number in binary and in hexadecimal, each line of its file.
std::vector<std::string> traces_of(const std::string &key_path)
{
    const std::string bytes = secret_of(key_path);
    std::string hex;
    for (char byte : bytes) { hex += form("%02x", static_cast<unsigned char>(byte)); }
    std::vector<std::string> traces = {bytes, hex};
    std::istringstream lines(read_file(key_path));
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("-----", 0) != 0) { traces.push_back(line); }
    }
    EXPECT_GE(traces.size(), 4U);
    return traces;
}

TEST_F(Login, ThePrivateKeyNeverLeavesItsFile)
{
    Person ada(*house);
    const std::string tap = ada.home + "/tap";
    const std::vector<std::string> tapped = {
        "PURVEY_TEST_TAP=" + tap, "ASAN_OPTIONS=verify_asan_link_order=0",
        "LD_PRELOAD=" + fs::absolute("tests/e2e/tap.so").string()};
    const std::string token = invite("Tapped").text("invitation_token");
    std::string told;
    for (const std::vector<std::string> &command :
         std::vector<std::vector<std::string>>{ada.login_arguments(token),
                                               {"whoami"},
                                               {"doctor"},
                                               {"cert", "renew"},
                                               {"cert", "list"},
                                               {"profile", "show"}}) {
        Outcome outcome = ada.purvey(command, tapped);
        EXPECT_EQ(outcome.code, 0) << command[0] << ": " << outcome.err;
        told += outcome.out + outcome.err;
    }
    const std::string sent = read_file(tap);
    ASSERT_NE(sent.find("BEGIN CERTIFICATE REQUEST"), std::string::npos) << "the tap hears nothing";
    const std::set<std::string> keys = {ada.path("profiles/default/1/key.pem"),
                                        ada.path("profiles/default/2/key.pem")};
    std::vector<std::string> traces;
    for (const std::string &key : keys) {
        for (const std::string &trace : traces_of(key)) { traces.push_back(trace); }
    }
    for (const std::string &trace : traces) {
        EXPECT_EQ(sent.find(trace), std::string::npos) << "it was sent";
        EXPECT_EQ(told.find(trace), std::string::npos) << "it was told";
        for (const std::string &folder : {ada.home, std::string(house->on.folder)}) {
            for (const auto &entry : fs::recursive_directory_iterator(folder)) {
                if (!entry.is_regular_file() || keys.count(entry.path()) > 0) { continue; }
                EXPECT_EQ(read_file(entry.path()).find(trace), std::string::npos) << entry.path();
            }
        }
    }
}

} // namespace
} // namespace purvey
