// Rights that end while somebody calls: a member is removed, a group is emptied, an account's last administrator tries
// to go, a certificate is revoked under load. What was taken is gone for the first call after the answer, on open
// connections and streams; what was not taken goes on.
#include "client/cli/keys.h"
#include "tests/e2e/house.h"
#include "tests/hostile/h2.h"

#include <atomic>
#include <thread>

namespace purvey {
namespace {

constexpr char kWhoAmI[] = "/purvey.account.v1.IdentityService/WhoAmI";
constexpr char kListHubs[] = "/purvey.product.v1.HubService/ListHubs";
constexpr int kWaitMs = 10000;

class Rights : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { house = new House; }
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(house->ready); }

    static std::string membership_of(const std::string &certificate_id)
    {
        return call(house->of_operator(), "GetCertificate",
                    form(R"({"certificate_id": "%s"})", certificate_id.c_str()))
            .text("certificate.membership_id");
    }
    static Answer by_operator(const std::string &method, const std::string &request)
    {
        return call(house->of_operator(), method, request);
    }
    static std::string id(const char *field, const std::string &value)
    {
        return form(R"({"%s": "%s"})", field, value.c_str());
    }
    // A call of one whose connection may be closed at any moment: one that this cuts off is made again.
    static Answer call_refused(pv_client *client, const std::string &method)
    {
        Answer refused = call(client, method, "{}");
        return refused.code == PV_CODE_UNAVAILABLE ? call(client, method, "{}") : refused;
    }
    static House *house;
};

House *Rights::house = nullptr;

TEST_F(Rights, ARemovedMemberIsRefusedAtItsNextCallAndItsStreamEnds)
{
    actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Removes");
    std::string certificate_id;
    Identity identity = house->admit(vendor.account_id, kEverything, &certificate_id);
    pv_client *client = house->connect(&identity);
    ASSERT_TRUE(call(client, "WhoAmI", "{}").ok());
    Stream events(client, "WatchEvents", 20000);
    ASSERT_TRUE(events.send("{}") && events.half_close());
    ASSERT_NE(events.receive().json, nullptr);
    Answer removed =
        by_operator("RemoveMembership", id("membership_id", membership_of(certificate_id)));
    ASSERT_TRUE(removed.ok()) << removed.told();
    EXPECT_EQ(call_refused(client, "WhoAmI").reason, "MEMBERSHIP_ENDED");
    while (events.receive().json != nullptr) {}
    EXPECT_EQ(events.finish().reason, "MEMBERSHIP_ENDED");
    EXPECT_TRUE(call(vendor.client, "WhoAmI", "{}").ok()) << "nobody else is touched";
}

TEST_F(Rights, AnEmptiedGroupGivesNothingFromTheNextCallOnAndTheConnectionStays)
{
    actor distributor = house->join(PV_ACCOUNT_TYPE_DISTRIBUTOR, "Empties");
    std::string certificate_id;
    Identity identity = house->admit(
        distributor.account_id, R"([{"module": "PRODUCT", "grant": "MANAGE"}])", &certificate_id);
    h2::Tls tls(identity.certificate, identity.key);
    h2::Options options;
    options.tls = &tls;
    h2::Peer peer(house->on.address, options);
    const auto end_of = [&](uint32_t stream, const char *path) {
        peer.send(h2::window_update(0, 1 << 20) + h2::call(stream, path));
        EXPECT_TRUE(peer.read_end(kWaitMs, stream));
        return peer.seen().end_of(stream);
    };
    peer.send(h2::preface());
    EXPECT_EQ(end_of(1, kListHubs), "status 0");
    Answer membership =
        by_operator("GetMembership", id("membership_id", membership_of(certificate_id)));
    const std::string group = membership.text("membership.group_ids.0");
    Answer emptied = by_operator(
        "UpdateGroup", form(R"({"group_id": "%s", "update_mask": "permissions"})", group.c_str()));
    ASSERT_TRUE(emptied.ok()) << emptied.told();
    EXPECT_EQ(end_of(3, kListHubs), "status 7") << "PERMISSION_DENIED";
    EXPECT_EQ(end_of(5, kWhoAmI), "status 0") << "who it is, it still is";
    Answer filled = by_operator(
        "UpdateGroup",
        form(R"({"group_id": "%s", "permissions": [{"module": "PRODUCT", "grant": "VIEW"}]})",
             group.c_str()));
    ASSERT_TRUE(filled.ok()) << filled.told();
    EXPECT_EQ(end_of(7, kListHubs), "status 0");
    EXPECT_EQ(peer.seen().goaway, std::nullopt);
}

TEST_F(Rights, AnAccountsLastAdministratorStaysWhoeverWantsItGone)
{
    actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Keeps");
    Answer me = call(vendor.client, "WhoAmI", "{}");
    const std::string membership = id("membership_id", me.text("membership.id"));
    const std::string user = id("user_id", me.text("user.id"));
    const std::string emptied = form(R"({"membership_id": "%s", "update_mask": "group_ids"})",
                                     me.text("membership.id").c_str());
    (void)house->admit(vendor.account_id, kEverything); // one with all rights, in another group
    const struct {
        pv_client *client;
        const char *method;
        std::string request;
    } attempts[] = {
        {vendor.client, "LeaveMembership", "{}"},
        {vendor.client, "RemoveMembership", membership},
        {vendor.client, "DeactivateUser", user},
        {vendor.client, "UpdateMembership", emptied},
        {house->of_operator(), "RemoveMembership", membership},
        {house->of_operator(), "DeactivateUser", user},
        {house->of_operator(), "UpdateMembership", emptied},
    };
    for (const auto &[client, method, request] : attempts) {
        Answer refused = call(client, method, request);
        EXPECT_EQ(refused.code, PV_CODE_FAILED_PRECONDITION) << method;
        EXPECT_EQ(refused.reason, "LAST_MANAGER") << method << ": " << refused.told();
        Answer still = call(vendor.client, "WhoAmI", "{}");
        EXPECT_TRUE(still.ok()) << method << ": " << still.told();
    }
}

// Many revocations at once, each with callers that race it: no call that began after the answer succeeds, and no
// stream goes on.
TEST_F(Rights, NoCallBegunAfterTheAnswerOfARevocationSucceeds)
{
    constexpr int kWorkers = 4, kRevocations = 60, kRacers = 2;
    actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Races");
    std::string first_id;
    const Identity first = house->admit(vendor.account_id, kEverything, &first_id);
    const std::string membership = membership_of(first_id);
    std::atomic<int> revocations{0}, before{0}, after{0}, escapes{0}, streams{0};
    std::atomic<int> wrong{0};
    const auto issue = [&](const std::string &folder, int number, std::string *ret_id) {
        pv_arena *arena = pv_arena_create(1 << 20);
        pv_error error;
        pv_error_init(&error, arena);
        const std::string path = folder + "/" + std::to_string(number) + ".key";
        char *csr = nullptr;
        PV_ASSERT(pv_is_ok(pv_keys_create(path.c_str(), &error)));
        PV_ASSERT(pv_is_ok(pv_keys_request(path.c_str(), arena, &error, &csr)));
        Answer issued =
            by_operator("IssueCertificate", form(R"({"membership_id": "%s", "csr_pem": %s})",
                                                 membership.c_str(), quoted(csr).c_str()));
        pv_arena_destroy(arena);
        EXPECT_TRUE(issued.ok()) << issued.told();
        *ret_id = issued.text("certificate.id");
        return Identity{issued.text("certificate_pem") + issued.text("chain_pem"), read_file(path)};
    };
    const std::string roots = read_file(house->authority("server-ca.pem"));
    const auto trial = [&](const std::string &folder, int number) {
        std::string certificate_id;
        const Identity identity = issue(folder, number, &certificate_id);
        pv_arena *arena = pv_arena_create(1 << 20);
        pv_error error;
        pv_error_init(&error, arena);
        pv_client_tls tls = {};
        tls.ca = roots.c_str();
        tls.certificate = identity.certificate.c_str();
        tls.key = identity.key.c_str();
        pv_client_config config = {};
        config.target = house->on.address;
        config.tls = &tls;
        pv_client *client = nullptr;
        PV_ASSERT(pv_is_ok(pv_client_create(&config, &error, &client)));
        EXPECT_TRUE(call(client, "WhoAmI", "{}").ok());
        {
            Stream events(client, "WatchEvents", 20000);
            EXPECT_TRUE(events.send("{}") && events.half_close());
            EXPECT_NE(events.receive().json, nullptr);
            std::atomic<bool> answered{false};
            std::vector<std::thread> racers;
            for (int i = 0; i < kRacers; i++) {
                racers.emplace_back([&] {
                    for (bool refused = false; !refused;) {
                        const bool late = answered;
                        const Answer answer = call(client, "WhoAmI", "{}");
                        refused = answer.code == PV_CODE_UNAUTHENTICATED;
                        (late ? after : before)++;
                        if (late && !refused && answer.code != PV_CODE_UNAVAILABLE) {
                            escapes++;
                            break;
                        }
                    }
                });
            }
            Answer revoked =
                by_operator("RevokeCertificate", form(R"({"certificate_id": "%s", "reason": "x"})",
                                                      certificate_id.c_str()));
            answered = true;
            Answer first_after = call_refused(client, "WhoAmI");
            after++;
            escapes += first_after.code == PV_CODE_UNAUTHENTICATED ? 0 : 1;
            wrong += revoked.ok() ? 0 : 1;
            for (std::thread &racer : racers) { racer.join(); }
            while (events.receive().json != nullptr) {}
            const pv_code end = events.finish().code;
            streams += end == PV_CODE_UNAUTHENTICATED || end == PV_CODE_UNAVAILABLE ? 1 : 0;
        }
        pv_client_destroy(client);
        pv_arena_destroy(arena);
        revocations++;
    };
    std::vector<std::thread> workers;
    for (int worker = 0; worker < kWorkers; worker++) {
        workers.emplace_back([&] {
            const std::string folder = fresh_folder("race");
            for (int number = 0; number < kRevocations; number++) { trial(folder, number); }
        });
    }
    for (std::thread &worker : workers) { worker.join(); }
    printf("%d revocations; calls before the answer %d, after it %d; escapes %d\n",
           revocations.load(), before.load(), after.load(), escapes.load());
    EXPECT_EQ(revocations, kWorkers * kRevocations);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(escapes, 0);
    EXPECT_EQ(streams, revocations) << "every stream ended";
    EXPECT_GT(after, 0);
    EXPECT_TRUE(call(house->connect(&first), "WhoAmI", "{}").ok()) << "the member's other one";
}

} // namespace
} // namespace purvey
