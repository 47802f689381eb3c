// What a certificate will say is durable before it is signed: purveyd is killed at every step on the way to a
// certificate in turn, and whatever the step was, the repeated call gives exactly one.
#include "client/cli/keys.h"
#include "tests/e2e/house.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <functional>
#include <set>

namespace purvey {
namespace {

constexpr int kStepsMax = 100; // on the way to one certificate; there are about thirty

struct Key {
    std::string path;
    std::string csr;
};

class Issuance : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(house.ready);
        membership_id = call(house.of_operator(), "WhoAmI", "{}").text("certificate.membership_id");
        ASSERT_NE(membership_id, "");
        ASSERT_EQ(house.stop(SIGKILL), -SIGKILL);
        begin();
    }

    Key make_key()
    {
        Key key;
        key.path = fresh_folder("key") + "/key";
        pv_arena *arena = pv_arena_create(1024 * 1024);
        pv_error error;
        pv_error_init(&error, arena);
        char *csr = nullptr;
        PV_ASSERT(pv_is_ok(pv_keys_create(key.path.c_str(), &error)));
        PV_ASSERT(pv_is_ok(pv_keys_request(key.path.c_str(), arena, &error, &csr)));
        key.csr = quoted(csr);
        pv_arena_destroy(arena);
        return key;
    }

    // Starts the server with what can kill it.
    void begin()
    {
        char library[4096];
        PV_ASSERT(realpath("tests/fault/libdie.so", library) != nullptr);
        setenv("LD_PRELOAD", library, 1);
        setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
        setenv("DIE_AT", die_at.c_str(), 1);
        setenv("PURVEYD_ENROL_ATTEMPTS", "0", 1);
        bool started = house.start();
        for (const char *name : {"LD_PRELOAD", "ASAN_OPTIONS", "DIE_AT"}) { unsetenv(name); }
        ASSERT_TRUE(started);
    }

    // All certificates of the membership that are or may become something, by "id serial".
    std::set<std::string> certificates(const std::string &of)
    {
        std::set<std::string> found;
        Answer list =
            call(house.of_operator(), "ListCertificates",
                 form(R"({"page_size": 1000, "filter": "membership_id = \"%s\""})", of.c_str()));
        EXPECT_TRUE(list.ok()) << list.told();
        for (size_t i = 0; i < list.count("certificates"); i++) {
            std::string at = "certificates." + std::to_string(i);
            if (list.text(at + ".state") == "SUPERSEDED") { continue; }
            found.insert(list.text(at + ".id") + " " + list.text(at + ".serial"));
        }
        return found;
    }

    // What one round is about: its call, and the membership whose certificates count.
    struct Round {
        std::function<Answer()> make;
        std::function<Answer()> with_another_key; // none: not tried
        std::string membership_id;
        size_t before; // certificates that were there
    };

    // Kills at step 1, 2, 3 ... until the call gets through.
    void sweep(const std::function<Round()> &begin_round)
    {
        int intents = 0;
        for (int step = 1; step < kStepsMax; step++) {
            SCOPED_TRACE("step " + std::to_string(step));
            Round round = begin_round();
            ASSERT_FALSE(::testing::Test::HasFailure());
            write_file(die_at, std::to_string(step));
            Answer first = round.make();
            std::filesystem::remove(die_at);
            if (first.ok()) {
                EXPECT_GT(step, 8) << "there are more steps than these";
                EXPECT_GT(intents, 0) << "some deaths leave an intent";
                return;
            }
            EXPECT_EQ(house.stop(0), -SIGKILL) << first.told();
            begin();
            std::set<std::string> left = certificates(round.membership_id);
            ASSERT_LE(left.size(), round.before + 1);
            if (left.size() > round.before) {
                intents++;
                if (round.with_another_key) {
                    EXPECT_EQ(round.with_another_key().reason, "INVITATION_INVALID");
                }
            }
            Answer again = round.make();
            ASSERT_TRUE(again.ok()) << again.told();
            std::set<std::string> made = certificates(round.membership_id);
            EXPECT_EQ(made.size(), round.before + 1);
            for (const std::string &one : left) {
                EXPECT_EQ(made.count(one), 1u) << "what was intended is what was signed";
            }
            EXPECT_EQ(
                made.count(again.text("certificate.id") + " " + again.text("certificate.serial")),
                1u);
            EXPECT_EQ(round.make().text("certificate_pem"), again.text("certificate_pem"));
        }
        ADD_FAILURE() << "it never got through";
    }

    House house;
    std::string membership_id; // of the operator
    std::string die_at = fresh_folder("die") + "/at";
};

TEST_F(Issuance, AnEnrolmentSurvivesAKillAtEveryStep)
{
    Answer group = call(house.of_operator(), "CreateGroup",
                        form(R"({"name": "G", "permissions": %s})", kEverything));
    int round = 0;
    sweep([&] {
        Answer invited =
            call(house.of_operator(), "InviteMembership",
                 form(R"({"name": "Grace", "email": "g%d@x.example", "group_ids": ["%s"]})",
                      ++round, group.text("group.id").c_str()));
        EXPECT_TRUE(invited.ok()) << invited.told();
        std::string token = invited.text("invitation_token");
        auto enroll = [this, token](const Key &key) {
            return call(house.visit(), "Enroll",
                        form(R"({"invitation_token": "%s", "csr_pem": %s})", token.c_str(),
                             key.csr.c_str()));
        };
        Key key = make_key();
        return Round{[=] { return enroll(key); }, [=] { return enroll(make_key()); },
                     invited.text("membership.id"), 0};
    });
}

TEST_F(Issuance, AnIssueSurvivesAKillAtEveryStep)
{
    sweep([&] {
        std::string request = form(R"({"membership_id": "%s", "csr_pem": %s, "request_id": "%s"})",
                                   membership_id.c_str(), make_key().csr.c_str(), uuid().c_str());
        return Round{[=] { return call(house.of_operator(), "IssueCertificate", request); },
                     nullptr, membership_id, certificates(membership_id).size()};
    });
}

TEST_F(Issuance, ARenewalSurvivesAKillAtEveryStep)
{
    sweep([&] {
        Key old = make_key();
        Answer issued = call(house.of_operator(), "IssueCertificate",
                             form(R"({"membership_id": "%s", "csr_pem": %s})",
                                  membership_id.c_str(), old.csr.c_str()));
        EXPECT_TRUE(issued.ok()) << issued.told();
        Identity identity{issued.text("certificate_pem") + issued.text("chain_pem"),
                          read_file(old.path)};
        std::string request =
            form(R"({"csr_pem": %s, "request_id": "%s"})", make_key().csr.c_str(), uuid().c_str());
        return Round{[=] { return call(house.connect(&identity), "RenewCertificate", request); },
                     nullptr, membership_id, certificates(membership_id).size()};
    });
}

} // namespace
} // namespace purvey
