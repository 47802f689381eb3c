// Enrolment from outside: an invitation and a key become a certificate that is let in, on a listener that lets nobody
// do anything else; and what the certificate is then good for.
#include "base/digest.h"
#include "client/cli/keys.h"
#include "tests/e2e/house.h"

#include <atomic>
#include <thread>

namespace purvey {
namespace {

class Enrolment : public ::testing::Test {
  protected:
    static void SetUpTestSuite()
    {
        setenv("PURVEYD_ENROL_ATTEMPTS", "0", 1); // all tests come from one address
        house = new House;
        unsetenv("PURVEYD_ENROL_ATTEMPTS");
    }
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(house->ready); }

    // A fresh key and its signing request.
    struct Key {
        std::string path;
        std::string csr;
    };
    static Key make_key()
    {
        Key key;
        key.path = fresh_folder("key") + "/key";
        pv_arena *arena = pv_arena_create(1024 * 1024);
        pv_error error;
        pv_error_init(&error, arena);
        char *csr = nullptr;
        PV_ASSERT(pv_is_ok(pv_keys_create(key.path.c_str(), &error)));
        PV_ASSERT(pv_is_ok(pv_keys_request(key.path.c_str(), arena, &error, &csr)));
        key.csr = csr;
        pv_arena_destroy(arena);
        return key;
    }

    // The token of an invitation to join the operator's account, and the membership.
    static std::string invite(std::string *ret_membership_id = nullptr)
    {
        static std::atomic<int> invited{0};
        Answer group = call(house->of_operator(), "CreateGroup",
                            form(R"({"name": "G%d", "permissions": %s})", ++invited, kEverything));
        EXPECT_TRUE(group.ok()) << group.told();
        Answer made =
            call(house->of_operator(), "InviteMembership",
                 form(R"({"name": "Grace", "email": "g%d@x.example", "group_ids": ["%s"]})",
                      invited.load(), group.text("group.id").c_str()));
        EXPECT_TRUE(made.ok()) << made.told();
        if (ret_membership_id != nullptr) { *ret_membership_id = made.text("membership.id"); }
        return made.text("invitation_token");
    }

    static std::string request(const std::string &token, const Key &key)
    {
        return form(R"({"invitation_token": "%s", "csr_pem": %s})", token.c_str(),
                    quoted(key.csr).c_str());
    }

    static Identity identity_of(const Answer &enrolled, const Key &key)
    {
        return {enrolled.text("certificate_pem") + enrolled.text("chain_pem"), read_file(key.path)};
    }

    static House *house;
};

House *Enrolment::house = nullptr;

TEST_F(Enrolment, AnInvitationAndAKeyBecomeACertificateThatIsLetIn)
{
    Key key = make_key();
    Answer enrolled = call(house->visit(), "Enroll", request(invite(), key));
    ASSERT_TRUE(enrolled.ok()) << enrolled.told();
    Identity identity = identity_of(enrolled, key);
    pv_client *client = house->connect(&identity);
    Answer who = call(client, "WhoAmI", "{}");
    ASSERT_TRUE(who.ok()) << who.told();
    EXPECT_EQ(who.text("certificate.id"), enrolled.text("certificate.id"));
    EXPECT_TRUE(call(client, "ListUsers", "{}").ok());
}

TEST_F(Enrolment, ThereOnlyWhatIsPublicCanBeCalled)
{
    pv_client *visitor = house->visit();
    EXPECT_EQ(call(visitor, "WhoAmI", "{}").reason, "NO_CERTIFICATE");
    EXPECT_EQ(call(visitor, "ListOrders", "{}").reason, "NO_CERTIFICATE");
    EXPECT_EQ(call(visitor, "AcceptMembership", R"({"invitation_token": "x"})").reason,
              "NO_CERTIFICATE");
    Answer wrong = call(visitor, "Enroll", R"({"invitation_token": "x", "csr_pem": "x"})");
    EXPECT_EQ(wrong.reason, "INVITATION_INVALID") << wrong.told();
    Answer large = call(
        visitor, "Enroll",
        form(R"({"invitation_token": "x", "csr_pem": "%s"})", std::string(8 * 1024, 'x').c_str()));
    EXPECT_EQ(large.code, PV_CODE_RESOURCE_EXHAUSTED) << "8 KiB are read; " << large.told();
}

TEST_F(Enrolment, WhereCertificatesAreDemandedNobodyEnrols)
{
    Key key = make_key();
    std::string token = invite();
    Answer refused = call(house->connect(nullptr), "Enroll", request(token, key), 4000);
    EXPECT_EQ(refused.code, PV_CODE_UNAVAILABLE) << refused.told();
    EXPECT_TRUE(call(house->of_operator(), "Enroll", request(token, key)).ok())
        << "who has one may use another's invitation there";
}

} // namespace
} // namespace purvey
