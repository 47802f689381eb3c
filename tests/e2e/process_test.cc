// The server as a process: killed under load nothing that it acknowledged is lost and nothing happens
// twice; ended it drains; what it cannot start on it says in one sentence.
#include "tests/e2e/house.h"

#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <thread>

namespace purvey {
namespace {

namespace fs = std::filesystem;

// --- kill -9 ---

// What a writer asked for, and whether it was told that it is done.
struct Wanted {
    std::string name;
    std::string request_id;
    std::string account_id; // empty: no answer came
};

Answer ask_for(pv_client *client, const Wanted &wanted)
{
    return call(client, "CreateAccount",
                form(R"({"type": "VENDOR", "name": "%s", "external_id": "%s", "request_id": "%s"})",
                     wanted.name.c_str(), wanted.name.c_str(), wanted.request_id.c_str()),
                5000);
}

// Writes until the server is gone.
void write_under_load(pv_client *client, const std::string &prefix, std::vector<Wanted> *ret_wanted)
{
    for (int i = 0; i < 10000; i++) {
        Wanted wanted = {prefix + std::to_string(i), uuid(), ""};
        Answer answer = ask_for(client, wanted);
        wanted.account_id = answer.text("account.id");
        ret_wanted->push_back(wanted);
        if (!answer.ok()) {
            EXPECT_TRUE(answer.code == PV_CODE_UNAVAILABLE ||
                        answer.code == PV_CODE_DEADLINE_EXCEEDED)
                << answer.told();
            return;
        }
    }
}

Identity operator_identity(const House &house)
{
    return Identity{read_file(house.folder("operator.pem")),
                    read_file(house.folder("operator.key"))};
}

// Reads the feed over a stream until the server is gone or `upto` is reached; goes on behind its token.
// Expects no gap and no repetition.
void watch(pv_client *client, std::string *token, uint64_t *last, uint64_t upto)
{
    Stream stream(client, "WatchEvents", 20000);
    stream.send(form(R"({"resume_token": "%s"})", token->c_str()));
    stream.half_close();
    while (upto == 0 || *last < upto) {
        Answer message = stream.receive();
        if (message.json == nullptr) { break; }
        for (size_t i = 0; i < message.count("events"); i++) {
            uint64_t sequence = std::strtoull(
                message.text("events." + std::to_string(i) + ".sequence").c_str(), nullptr, 10);
            EXPECT_EQ(sequence, *last + 1) << "the feed has a gap or a repetition";
            *last = sequence;
        }
        *token = message.text("resume_token");
    }
}

constexpr int kRounds = 20, kWriters = 4;

// One round of writers, and one that watches, until the server is killed; it is started again.
std::vector<Wanted> kill_under_load(House &house, int round, std::string *token, uint64_t *last)
{
    const Identity identity = operator_identity(house);
    std::vector<std::vector<Wanted>> wanted(kWriters);
    std::vector<std::thread> threads;
    pv_client *watching = house.connect(&identity);
    threads.emplace_back([&] { watch(watching, token, last, 0); });
    for (int i = 0; i < kWriters; i++) {
        pv_client *client = house.connect(&identity);
        std::vector<Wanted> *own = &wanted[static_cast<size_t>(i)];
        threads.emplace_back([=] { write_under_load(client, form("w%d-%d-", round, i), own); });
    }
    // Another moment in every round, without a random source.
    std::this_thread::sleep_for(std::chrono::milliseconds(40 + 3 * round));
    EXPECT_EQ(house.stop(SIGKILL), -SIGKILL);
    for (std::thread &thread : threads) { thread.join(); }
    EXPECT_TRUE(house.start()) << house.log();
    std::vector<Wanted> all;
    for (const std::vector<Wanted> &own : wanted) { all.insert(all.end(), own.begin(), own.end()); }
    return all;
}

// Asks again for what got no answer, and for every fifth of what did: that is answered from the first time.
void ask_again(const House &house, std::vector<Wanted> *wanted)
{
    for (size_t i = 0; i < wanted->size(); i++) {
        Wanted &one = (*wanted)[i];
        bool in_doubt = one.account_id.empty();
        if (!in_doubt && i % 5 != 0) { continue; }
        Answer again = ask_for(house.of_operator(), one);
        ASSERT_TRUE(again.ok()) << again.told();
        if (!in_doubt) {
            EXPECT_TRUE(again.replayed);
            EXPECT_EQ(again.text("account.id"), one.account_id);
        }
        one.account_id = again.text("account.id");
    }
}

void expect_every_account_once(const House &house, const std::vector<Wanted> &all)
{
    std::map<std::string, std::vector<std::string>> accounts;
    std::string token;
    do {
        Answer page = call(house.of_operator(), "ListAccounts",
                           form(R"({"page_size": 1000, "page_token": "%s"})", token.c_str()));
        ASSERT_TRUE(page.ok()) << page.told();
        for (size_t i = 0; i < page.count("accounts"); i++) {
            std::string place = "accounts." + std::to_string(i);
            accounts[page.text(place + ".name")].push_back(page.text(place + ".id"));
        }
        token = page.text("next_page_token");
    } while (!token.empty());
    for (const Wanted &one : all) {
        ASSERT_EQ(accounts[one.name].size(), 1u) << one.name;
        EXPECT_EQ(accounts[one.name][0], one.account_id) << one.name;
    }
    // Beside them there is the operator itself.
    EXPECT_EQ(accounts.size(), all.size() + 1) << "there are accounts that nobody asked for";
}

// Each creation is one event, and the numbers have no gap. Gives the last number.
uint64_t expect_every_event_once(const House &house, const std::vector<Wanted> &all)
{
    uint64_t sequence = 0;
    std::map<std::string, int> created;
    for (const Answer &page : feed_pages(house.of_operator())) {
        for (size_t i = 0; i < page.count("events"); i++) {
            std::string place = "events." + std::to_string(i);
            EXPECT_EQ(page.text(place + ".sequence"), std::to_string(++sequence));
            bool creation =
                page.text(place + ".method").find("CreateAccount") != std::string::npos &&
                page.text(place + ".object_id").compare(0, 4, "acc_") == 0;
            if (creation) { created[page.text(place + ".object_id")]++; }
        }
    }
    for (const Wanted &one : all) { EXPECT_EQ(created[one.account_id], 1) << one.name; }
    EXPECT_EQ(created.size(), all.size());
    return sequence;
}

TEST(KilledServer, KeepsWhatItAcknowledgedAndDoesNothingTwiceAndItsFeedHasNoGap)
{
    House house;
    ASSERT_TRUE(house.ready);
    std::vector<Wanted> all;
    std::string token;
    uint64_t last = 0;
    for (int round = 0; round < kRounds; round++) {
        SCOPED_TRACE("round " + std::to_string(round));
        std::vector<Wanted> wanted = kill_under_load(house, round, &token, &last);
        ASSERT_NO_FATAL_FAILURE(ask_again(house, &wanted));
        all.insert(all.end(), wanted.begin(), wanted.end());
    }
    expect_every_account_once(house, all);
    uint64_t sequence = expect_every_event_once(house, all);
    // The stream that was cut off in every round saw the same.
    const Identity identity = operator_identity(house);
    watch(house.connect(&identity), &token, &last, sequence);
    EXPECT_EQ(last, sequence);
    EXPECT_GT(all.size(), static_cast<size_t>(kRounds * kWriters)) << "the writers hardly wrote";
}

// --- SIGTERM ---

TEST(EndedServer, DrainsAnOpenEventStreamWithinItsGraceAndEndsWell)
{
    House house;
    ASSERT_TRUE(house.ready);
    Stream events(house.of_operator(), "WatchEvents");
    ASSERT_TRUE(events.send("{}") && events.half_close());
    ASSERT_NE(events.receive().json, nullptr);
    Answer end;
    std::thread reader([&] {
        while (events.receive().json != nullptr) {}
        end = events.finish();
    });
    auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(house.stop(SIGTERM), 0) << house.log();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10))
        << "the grace of its settings";
    reader.join();
    EXPECT_EQ(end.code, PV_CODE_UNAVAILABLE) << end.told();
    EXPECT_EQ(end.reason, "SERVER_DRAINING") << end.told();
}

TEST(EndedServer, LosesNothingOfTheWritesThatItTook)
{
    House house;
    ASSERT_TRUE(house.ready);
    const Identity identity = operator_identity(house);
    std::vector<Wanted> wanted;
    pv_client *client = house.connect(&identity);
    std::thread writer([&] { write_under_load(client, "t", &wanted); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(house.stop(SIGTERM), 0);
    writer.join();
    ASSERT_TRUE(house.start());
    for (const Wanted &one : wanted) {
        Answer again = ask_for(house.of_operator(), one);
        ASSERT_TRUE(again.ok()) << again.told();
        if (!one.account_id.empty()) { EXPECT_EQ(again.text("account.id"), one.account_id); }
    }
    EXPECT_EQ(call(house.of_operator(), "ListAccounts", R"({"page_size": 1000})").count("accounts"),
              wanted.size() + 1);
}

TEST(EndedServer, AnUploadInItsMiddleIsKeptAsFarAsItWasStored)
{
    setenv("PURVEYD_DRAIN", "500ms",
           1); // an upload has no end of its own: it is cut off after the grace
    House house(usage_file());
    unsetenv("PURVEYD_DRAIN");
    ASSERT_TRUE(house.ready);
    pv_client *vendor = house.people.vendors[0].client;
    Answer made =
        call(vendor, "CreateUsageReport",
             form(R"({"product_id": "%s", "contract_id": "%s", "name": "October", "currency": "USD",
                                "period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z"})",
                  house.seen.vendors[0].product_id, house.seen.vendors[0].contract_id));
    ASSERT_TRUE(made.ok()) << made.told();
    std::string id = made.text("report.id");
    std::string of_report = form(R"({"report_id": "%s"})", id.c_str());
    {
        Stream upload(vendor, "UploadUsageRecords");
        upload.send(form(
            R"({"report_id": "%s", "request_id": "%s", "records": [{"record_id": "one", "mpn": "VM-0/Hours",
            "subscription_external_id": "CUST-0", "quantity": "1", "amount": "1", "start_time": "2026-10-03T00:00:00Z",
            "end_time": "2026-10-04T00:00:00Z"}]})",
            id.c_str(), uuid().c_str()));
        for (int tries = 0;
             tries < 2000 && call(vendor, "GetUsageUpload", of_report).text("records") != "1";
             tries++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        EXPECT_EQ(house.stop(SIGTERM), 0);
        EXPECT_EQ(upload.receive().json, nullptr);
        EXPECT_EQ(upload.finish().code, PV_CODE_UNAVAILABLE);
    }
    ASSERT_TRUE(house.start());
    vendor = house.people.vendors[0].client;
    Answer stored = call(vendor, "GetUsageUpload", of_report);
    EXPECT_EQ(stored.text("records"), "1");
    EXPECT_NE(stored.text("complete"), "true");
}

// --- what a server does not start on ---

Outcome serve(const std::string &data)
{
    return run({server_program(), "--data", data, "--listen", "127.0.0.1:0"});
}

class Unstartable : public ::testing::Test {
  protected:
    void SetUp() override
    {
        data = fresh_folder("data") + "/data";
        ASSERT_EQ(run({cli_program(), "init", "--data", data}).code, 0);
    }
    // The sentence, which must be the only one, name `what` and come with an exit code.
    void refuses(const std::string &what, const std::string &folder = "")
    {
        Outcome outcome = serve(folder.empty() ? data : folder);
        EXPECT_TRUE(one_sentence_of("purveyd", outcome));
        EXPECT_NE(outcome.err.find(what), std::string::npos) << outcome.err;
    }
    std::string data;
};

TEST_F(Unstartable, ASecondServerOnOneStoreSaysSoAndTheFirstGoesOn)
{
    House house;
    ASSERT_TRUE(house.ready);
    refuses("store", house.on.data);
    EXPECT_TRUE(call(house.of_operator(), "WhoAmI", "{}").ok());
    Outcome init = run({cli_program(), "init", "--data", house.on.data});
    EXPECT_TRUE(one_sentence_of("purvey", init)) << "init on a folder in use";
    EXPECT_TRUE(
        call(house.of_operator(), "CreateAccount", R"({"type": "VENDOR", "name": "Still here"})")
            .ok());
}

TEST_F(Unstartable, ADamagedDataFileIsSaid)
{
    std::string path = data + "/store/data.mdb";
    ASSERT_TRUE(fs::exists(path));
    std::string good = read_file(path);
    write_file(path, std::string(4096, 'x') + good.substr(4096));
    refuses("store");
    write_file(path, good.substr(0, good.size() / 2));
    refuses("store");
    write_file(path, good.substr(0, 100));
    refuses("store");
    write_file(path, "");
    refuses("store");
    write_file(path, good);
    fs::remove(path);
    refuses("store");
}

TEST_F(Unstartable, AFolderThatIsNoStoreIsSaid)
{
    std::string empty = fresh_folder("empty");
    refuses(empty, empty);
    EXPECT_TRUE(fs::is_empty(empty)) << "something was left in it";
    refuses("/no/such/folder", "/no/such/folder");
    write_file(empty + "/file", "x");
    refuses(empty + "/file", empty + "/file");
    EXPECT_TRUE(one_sentence_of("purveyd", run({server_program()}))) << "no --data";
}

TEST_F(Unstartable, AMissingOrSpoiledFileOfTheAuthorityIsNamed)
{
    for (const char *name :
         {"root.pem", "issuing.pem", "issuing.key", "server.pem", "server.key"}) {
        std::string path = data + "/authority/" + name;
        std::string good = read_file(path);
        fs::remove(path);
        refuses(name);
        write_file(path, "spoiled\n");
        refuses(strncmp(name, "server", 6) == 0 ? "server" : name);
        write_file(path, good);
    }
    chmod((data + "/authority/issuing.key").c_str(), 0644);
    refuses("issuing.key");
}

TEST_F(Unstartable, AnAddressInUseAndSettingsThatAreWrongAreSaid)
{
    House house;
    ASSERT_TRUE(house.ready);
    Outcome in_use = run({server_program(), "--data", data, "--listen", house.on.address});
    EXPECT_TRUE(one_sentence_of("purveyd", in_use));
    EXPECT_NE(in_use.err.find(house.on.address), std::string::npos) << in_use.err;
    const std::vector<std::string> wrong[] = {
        {"--listen", "nowhere"}, {"--drain", "soon"},    {"--nonsense", "1"},
        {"--map-size", "0GiB"},  {"--log-level"},        {"stray"},
        {"--keep-events", "0d"}, {"--keep-audit", "90"}, {"--keep-answers", "ever"},
    };
    for (const std::vector<std::string> &words : wrong) {
        std::vector<std::string> command = {server_program(), "--data", data};
        command.insert(command.end(), words.begin(), words.end());
        Outcome outcome = run(command);
        EXPECT_TRUE(one_sentence_of("purveyd", outcome)) << words[0];
        EXPECT_EQ(outcome.code, 2) << words[0];
    }
}

TEST_F(Unstartable, InitNeverWritesOverAFolder)
{
    std::string before = read_file(data + "/authority/root.pem");
    EXPECT_TRUE(one_sentence_of("purvey", run({cli_program(), "init", "--data", data})));
    EXPECT_EQ(read_file(data + "/authority/root.pem"), before);
}

} // namespace
} // namespace purvey
