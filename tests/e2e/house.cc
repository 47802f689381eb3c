#include "tests/e2e/house.h"

#include "client/cli/keys.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

extern char **environ;

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 256 * 1024 * 1024;
constexpr int kRunMs = 30000;

// Tests run in the folder that holds the programs as the build laid them out.
std::string program(const char *path)
{
    char *real = realpath(path, nullptr);
    PV_ASSERT(real != nullptr);
    std::string result = real;
    free(real);
    return result;
}

std::vector<char *> pointers(const std::vector<std::string> &texts)
{
    std::vector<char *> result;
    for (const std::string &text : texts) { result.push_back(const_cast<char *>(text.c_str())); }
    result.push_back(nullptr);
    return result;
}

int wait_for(pid_t process)
{
    int status = 0;
    for (int waited = 0; waited < kRunMs; waited += 5) {
        if (waitpid(process, &status, WNOHANG) == process) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    kill(process, SIGKILL);
    waitpid(process, &status, 0);
    return -1;
}

} // namespace

const char kEverything[] =
    R"([{"module": "ACCOUNT", "grant": "MANAGE"}, {"module": "CONTRACT", "grant": "MANAGE"},
    {"module": "PRODUCT", "grant": "MANAGE"}, {"module": "ORDER", "grant": "MANAGE"},
    {"module": "USAGE", "grant": "MANAGE"}, {"module": "AUDIT", "grant": "MANAGE"}])";

std::string server_program()
{
    return program("server/purveyd");
}
std::string cli_program()
{
    return program("client/cli/purvey");
}
std::string demo_program()
{
    return program("client/demo/demo");
}

std::string fresh_folder(const std::string &name)
{
    const char *base = getenv("TEST_TMPDIR");
    std::string path = std::string(base == nullptr ? "/tmp" : base) + "/" + name + "-XXXXXX";
    PV_ASSERT(mkdtemp(path.data()) != nullptr);
    return path;
}

std::string read_file(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    return content.str();
}

void write_file(const std::string &path, const std::string &content, unsigned mode)
{
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    PV_ASSERT(chmod(path.c_str(), mode) == 0);
}

pid_t begin(const std::vector<std::string> &command, const std::vector<std::string> &environment,
            const std::string &out_path, const std::string &err_path)
{
    posix_spawn_file_actions_t actions;
    PV_ASSERT(posix_spawn_file_actions_init(&actions) == 0);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_path.c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_path.c_str(), flags, 0600);
    std::vector<std::string> all = environment;
    for (char **entry = environ; *entry != nullptr; entry++) { all.emplace_back(*entry); }
    pid_t process = 0;
    int error = posix_spawn(&process, command[0].c_str(), &actions, nullptr,
                            pointers(command).data(), pointers(all).data());
    posix_spawn_file_actions_destroy(&actions);
    PV_ASSERT(error == 0);
    return process;
}

Outcome run(const std::vector<std::string> &command, const std::vector<std::string> &environment)
{
    std::string folder = fresh_folder("run");
    Outcome outcome;
    outcome.code = wait_for(begin(command, environment, folder + "/out", folder + "/err"));
    outcome.out = read_file(folder + "/out");
    outcome.err = read_file(folder + "/err");
    std::filesystem::remove_all(folder);
    return outcome;
}

::testing::AssertionResult one_sentence_of(const std::string &name, const Outcome &outcome)
{
    std::istringstream lines(outcome.err);
    std::string line;
    int sentences = 0;
    bool its_own = true;
    while (std::getline(lines, line)) {
        if (line.rfind("{\"time\":", 0) == 0) { continue; } // the server's log, for programs
        sentences++;
        its_own = its_own && line.rfind(name + ": ", 0) == 0;
    }
    if (sentences == 1 && its_own && outcome.code > 0) {
        return ::testing::AssertionSuccess() << outcome.err;
    }
    return ::testing::AssertionFailure() << "exit code " << outcome.code << ", stderr:\n"
                                         << outcome.err;
}

House::House(const std::string &usage) : arena_(pv_arena_create(kArenaBytes))
{
    people.platform = &on;
    people.survey = &seen;
    people.quiet = true;
    static const std::string server = server_program();
    static const std::string cli = cli_program();
    if (const char *folder = getenv("TEST_TMPDIR")) { setenv("TMPDIR", folder, 1); }
    if (!platform_begin(&on, arena_, server.c_str(), cli.c_str())) { return; }
    if (usage.empty()) {
        ready = actor_operator(&people.operator_, &on);
        return;
    }
    ready = survey_read(arena_, pv_arena_dup(arena_, pv_view_text(usage.c_str())), &seen) &&
            chain_people(&people) && chain_contracts(&people) && chain_products(&people) &&
            chain_subscriptions(&people);
}

House::~House()
{
    for (pv_client *client : clients_) { pv_client_destroy(client); }
    chain_end(&people);
    platform_stop(&on, SIGTERM);
    if (on.folder != nullptr) { std::filesystem::remove_all(on.folder); }
    pv_arena_destroy(arena_);
}

actor House::join(pv_account_type type, const std::string &name)
{
    actor who = {};
    const char *kept = pv_arena_dup(arena_, pv_view_text(name.c_str()));
    const char *slug = pv_arena_printf(arena_, "joined-%d", ++joined_);
    PV_ASSERT(actor_join(&who, &people.operator_, type, kept, slug));
    clients_.push_back(who.client);
    return who;
}

Identity House::admit(const std::string &account_id, const std::string &grants,
                      std::string *ret_certificate_id, std::string *ret_user_id)
{
    Answer group = call(of_operator(), "CreateGroup",
                        form(R"({"account_id": "%s", "name": "Testers", "permissions": %s})",
                             account_id.c_str(), grants.c_str()));
    EXPECT_TRUE(group.ok()) << group.told();
    Answer user = call(
        of_operator(), "CreateUser",
        form(R"({"account_id": "%s", "name": "Tester", "kind": "SERVICE", "group_ids": ["%s"]})",
             account_id.c_str(), group.text("group.id").c_str()));
    EXPECT_TRUE(user.ok()) << user.told();
    std::string path = std::string(on.folder) + "/admitted-" + std::to_string(++joined_) + ".key";
    pv_error error;
    pv_error_init(&error, arena_);
    char *csr = nullptr;
    PV_ASSERT(pv_is_ok(pv_keys_create(path.c_str(), &error)));
    PV_ASSERT(pv_is_ok(pv_keys_request(path.c_str(), arena_, &error, &csr)));
    json_t *request = json_pack("{s:s, s:s}", "membership_id", user.text("membership.id").c_str(),
                                "csr_pem", csr);
    char *text = json_dumps(request, 0);
    Answer issued = call(of_operator(), "IssueCertificate", text);
    free(text);
    json_decref(request);
    EXPECT_TRUE(issued.ok()) << issued.told();
    if (ret_certificate_id != nullptr) { *ret_certificate_id = issued.text("certificate.id"); }
    if (ret_user_id != nullptr) { *ret_user_id = user.text("user.id"); }
    return Identity{issued.text("certificate_pem") + issued.text("chain_pem"), read_file(path)};
}

pv_client *House::connect(const Identity *identity, const std::string &server_roots)
{
    return open(on.address, identity, server_roots);
}

pv_client *House::visit()
{
    return open(on.enrol_address, nullptr, "");
}

pv_client *House::open(const char *address, const Identity *identity,
                       const std::string &server_roots)
{
    std::string roots = server_roots.empty() ? read_file(authority("server-ca.pem")) : server_roots;
    pv_client_tls tls = {};
    tls.ca = roots.c_str();
    if (identity != nullptr) {
        tls.certificate = identity->certificate.c_str();
        tls.key = identity->key.c_str();
    }
    pv_client_config config = {};
    config.target = address;
    config.tls = &tls;
    pv_error error;
    pv_error_init(&error, arena_);
    pv_client *client = nullptr;
    PV_ASSERT(pv_is_ok(pv_client_create(&config, &error, &client)));
    clients_.push_back(client);
    return client;
}

int House::stop(int signal_number)
{
    int status = 0;
    PV_ASSERT(on.process > 0 && kill(on.process, signal_number) == 0);
    PV_ASSERT(waitpid(on.process, &status, 0) == on.process);
    on.process = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool House::start()
{
    return platform_start(&on) && (people.vendors == nullptr ? actor_connect(&people.operator_)
                                                             : chain_reconnect(&people));
}

std::vector<std::string> House::environment(const actor &who) const
{
    return {std::string("PURVEY_SERVER=") + on.address, "PURVEY_CA=" + authority("server-ca.pem"),
            std::string("PURVEY_CERT=") + who.cert_path, std::string("PURVEY_KEY=") + who.key_path};
}

std::string usage_file(int rows, const std::string &prefix)
{
    std::string path = fresh_folder("usage") + "/usage.csv";
    std::ofstream file(path);
    file << "BilledCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,"
            "ChargePeriodStart,"
            "ChargePeriodEnd,ConsumedQuantity,ConsumedUnit,ProviderName,Id,ServiceName,SkuId,"
            "SubAccountId\n";
    for (int i = 0; i < rows; i++) {
        file << form("0.%011d,USD,2026-10-01 00:00:00,2026-11-01 00:00:00,Usage,2026-10-%02d "
                     "00:00:00,2026-10-%02d 12:00:00,"
                     "1.%02d,Hours,%s,%s%d,Compute,VM-%d,CUST-%d\n",
                     i + 1, i % 28 + 1, i % 28 + 1, i % 100, i % 2 == 0 ? "Vega" : "Lyra",
                     prefix.c_str(), i + 1, i / 2 % 2, i / 2 % 3);
    }
    return path;
}

std::vector<Answer> feed_pages(pv_client *client)
{
    std::vector<Answer> pages;
    std::string token;
    do {
        pages.push_back(call(client, "ListEvents",
                             form(R"({"page_size": 1000, "resume_token": "%s"})", token.c_str())));
        token = pages.back().text("resume_token");
    } while (pages.back().ok() && pages.back().text("more") == "true");
    return pages;
}

uint64_t last_event(pv_client *client)
{
    uint64_t last = 0;
    for (const Answer &page : feed_pages(client)) {
        size_t count = page.count("events");
        if (count > 0) {
            last = std::strtoull(
                page.text("events." + std::to_string(count - 1) + ".sequence").c_str(), nullptr,
                10);
        }
    }
    return last;
}

} // namespace purvey
