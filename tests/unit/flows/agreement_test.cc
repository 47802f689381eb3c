/* Agreements and their versions. */
#include "tests/unit/flows/contract_fixture.h"

namespace purvey {
namespace {

class Versions : public Contracts {
  protected:
    std::string program = agreement("PROGRAM");

    std::string version(bool active)
    {
        return text(distributor, "CreateAgreementVersion",
                    json(R"({"agreement_id": "%s", "activate": %s})", program.c_str(),
                         active ? "true" : "false"),
                    "agreement_version.id");
    }

    std::string state_of(const std::string &id)
    {
        Answer got = world.call(distributor, "GetAgreementVersion",
                                json(R"({"agreement_version_id": "%s"})", id.c_str()));
        return got.ok() ? got.text("agreement_version.state") : got.reason;
    }

    Answer verb(const Actor &actor, const std::string &method, const std::string &id)
    {
        return world.call(actor, method, json(R"({"agreement_version_id": "%s"})", id.c_str()));
    }

    std::string first()
    {
        return text(distributor, "ListAgreementVersions",
                    json(R"({"agreement_id": "%s"})", program.c_str()), "agreement_versions.0.id");
    }
};

TEST_F(Versions, OneVersionIsActiveAtATime)
{
    std::string one = first();
    std::string two = version(false);
    EXPECT_EQ(state_of(one), "AGREEMENT_VERSION_STATE_ACTIVE");
    EXPECT_EQ(state_of(two), "AGREEMENT_VERSION_STATE_INACTIVE");
    EXPECT_EQ(verb(distributor, "ActivateAgreementVersion", two).text("agreement.active_version"),
              "2");
    EXPECT_EQ(state_of(one), "AGREEMENT_VERSION_STATE_INACTIVE");
    Answer again = verb(distributor, "ActivateAgreementVersion", two);
    EXPECT_EQ(again.reason, "STATE_FORBIDS");
    EXPECT_EQ(again.note("allowed_states"), "INACTIVE");
    EXPECT_TRUE(verb(distributor, "ActivateAgreementVersion", one).ok());
    EXPECT_EQ(state_of(two), "AGREEMENT_VERSION_STATE_INACTIVE");
}

TEST_F(Versions, AVersionIsDeletedOnlyUnusedAndNotAsTheLast)
{
    EXPECT_EQ(verb(distributor, "DeleteAgreementVersion", first()).reason, "VERSION_IN_USE")
        << "the last one";
    create(program, vendor);
    std::string two = version(true);
    EXPECT_EQ(verb(distributor, "DeleteAgreementVersion", first()).reason, "VERSION_IN_USE")
        << "carried";
    EXPECT_TRUE(verb(distributor, "DeleteAgreementVersion", version(false)).ok())
        << "an inactive one";
    EXPECT_TRUE(verb(distributor, "DeleteAgreementVersion", two).ok());
    EXPECT_EQ(state_of(two), "NOT_FOUND");
    Answer got =
        world.call(distributor, "GetAgreement", json(R"({"agreement_id": "%s"})", program.c_str()));
    EXPECT_EQ(got.text("agreement.active_version"), "") << "nothing is active now";
    Answer other = world.call(distributor, "CreateAgreementVersion",
                              json(R"({"agreement_id": "%s"})", program.c_str()));
    EXPECT_EQ(other.text("agreement_version.number"), "4") << "numbers are not given again";
}

TEST_F(Versions, DeletingTheOfferedVersionWithdrawsTheOffer)
{
    std::string contract = create(program, vendor).text("contract.id");
    act(vendor, "SignContract", contract);
    std::string two = version(true);
    EXPECT_TRUE(verb(distributor, "DeleteAgreementVersion", two).ok());
    EXPECT_EQ(act(vendor, "AcceptContractVersion", contract).reason, "CONTRACT_VERSION_CURRENT");
}

TEST_F(Versions, ActivatingAnOlderVersionOffersIt)
{
    std::string one = first();
    version(true);
    std::string contract = create(program, vendor).text("contract.id");
    act(vendor, "SignContract", contract);
    verb(distributor, "ActivateAgreementVersion", one);
    EXPECT_EQ(act(vendor, "AcceptContractVersion", contract).text("contract.agreement_version"),
              "1");
}

TEST_F(Versions, APartnerSeesTheActiveVersionAndItsOwn)
{
    std::string one = first();
    std::string list = json(R"({"agreement_id": "%s"})", program.c_str());
    EXPECT_EQ(verb(vendor, "GetAgreementVersion", one).reason, "NOT_FOUND") << "no contract yet";
    expect_refusal(vendor, "ListAgreementVersions", list, "NOT_FOUND");
    create(program, vendor);
    std::string two = version(false);
    EXPECT_EQ(verb(vendor, "GetAgreementVersion", two).reason, "NOT_FOUND")
        << "a draft of the distributor";
    verb(distributor, "ActivateAgreementVersion", two);
    EXPECT_TRUE(verb(vendor, "GetAgreementVersion", one).ok()) << "its contract carries it";
    EXPECT_TRUE(verb(vendor, "GetAgreementVersion", two).ok()) << "it is active";
    Answer listed = world.call(vendor, "ListAgreementVersions", list);
    EXPECT_EQ(listed.text("agreement_versions.0.id"), two);
    EXPECT_EQ(listed.text("agreement_versions.1.id"), "");
}

TEST_F(Contracts, FieldsOfAnAgreementFitItsType)
{
    std::string program = agreement("PROGRAM");
    std::string service = agreement("SERVICE");
    const std::string of = R"(, "parent_agreement_id": ")";
    const std::string at = R"(, "marketplace_id": ")" + marketplace + "\"";
    const struct {
        const char *type;
        std::string more;
        const char *reason;
    } rows[] = {
        {"DISTRIBUTION", "", "AGREEMENT_FIELDS_INVALID"},
        {"DISTRIBUTION", at, "AGREEMENT_FIELDS_INVALID"},
        {"DISTRIBUTION", of + program + "\"", "AGREEMENT_FIELDS_INVALID"},
        {"DISTRIBUTION", of + service + "\"" + at, "AGREEMENT_TYPE_WRONG"},
        {"DISTRIBUTION", of + kNoAgreement + "\"" + at, "NOT_FOUND"},
        {"DISTRIBUTION", of + program + R"(", "marketplace_id": "mkt_00000000000000000000000000")",
         "NOT_FOUND"},
        {"DISTRIBUTION", of + program + "\"" + at + R"(, "enroll_questions": [""])",
         "AGREEMENT_FIELDS_INVALID"},
        {"DISTRIBUTION", of + program + "\"" + at, ""},
        {"PROGRAM", at, "AGREEMENT_FIELDS_INVALID"},
        {"PROGRAM", of + program + "\"", "AGREEMENT_FIELDS_INVALID"},
        {"PROGRAM", R"(, "auto_accept": true)", "AGREEMENT_FIELDS_INVALID"},
        {"SERVICE", R"(, "enroll_questions": ["why?"])", "AGREEMENT_FIELDS_INVALID"},
    };
    for (const auto &row : rows) {
        expect_refusal(
            distributor, "CreateAgreement",
            json(R"({"type": "AGREEMENT_TYPE_%s", "name": "x"%s})", row.type, row.more.c_str()),
            row.reason);
    }
    expect_refusal(distributor, "CreateAgreementVersion",
                   json(R"({"agreement_id": "%s", "enroll_questions": ["?"]})", program.c_str()),
                   "AGREEMENT_FIELDS_INVALID");
}

TEST_F(Contracts, AnAgreementIsUpdatedByMask)
{
    std::string id = distribution();
    auto update = [&](const std::string &more) {
        return world.call(distributor, "UpdateAgreement",
                          json(R"({"agreement_id": "%s"%s})", id.c_str(), more.c_str()));
    };
    EXPECT_EQ(update(R"(, "name": "Other")").text("agreement.name"), "Other");
    EXPECT_EQ(update(R"(, "auto_accept": true)").text("agreement.auto_accept"), "true");
    EXPECT_EQ(update(R"(, "update_mask": "auto_accept")").text("agreement.auto_accept"), "");
    EXPECT_EQ(update(R"(, "update_mask": "name")").reason, "INVALID_FIELD");
    EXPECT_EQ(update(R"(, "update_mask": "type")").reason, "UPDATE_MASK_INVALID");
    EXPECT_EQ(update(R"(, "update_mask": "active_version")").reason, "UPDATE_MASK_INVALID");
    EXPECT_EQ(update(R"(, "etag": "\"stale\"")").reason, "ETAG_MISMATCH");
    expect_refusal(
        distributor, "UpdateAgreement",
        json(R"({"agreement_id": "%s", "auto_accept": true})", agreement("PROGRAM").c_str()),
        "AGREEMENT_FIELDS_INVALID");
}

TEST_F(Contracts, AVendorSeesOffersOnlyUnderAProgramContract)
{
    std::string offer = distribution();
    std::string get = json(R"({"agreement_id": "%s"})", offer.c_str());
    std::string list = json(R"({"distributor_id": "%s"})", distributor.account_id.c_str());
    expect_refusal(vendor, "GetAgreement", get, "NOT_FOUND");
    expect_refusal(vendor, "ListAgreements", list, "PROGRAM_CONTRACT_MISSING");
    expect_refusal(vendor, "ListAgreements", "{}", "INVALID_FIELD");
    admit_vendor();
    EXPECT_TRUE(world.call(vendor, "GetAgreement", get).ok());
    Answer listed = world.call(vendor, "ListAgreements", list);
    EXPECT_EQ(listed.text("agreements.0.id"), offer);
    EXPECT_EQ(listed.text("agreements.1.id"), "") << "programs and services are no offers to enrol";
    expect_refusal(distributor, "ListAgreements",
                   json(R"({"distributor_id": "%s"})", vendor.account_id.c_str()), "INVALID_FIELD");
    expect_refusal(reseller, "GetAgreement", get, "NOT_FOUND");
}

TEST_F(Contracts, AVersionWithMoreThanAThousandContractsToTellIsRefused)
{
    std::string program = agreement("PROGRAM");
    std::vector<std::string> contracts;
    std::vector<Actor> vendors;
    for (int i = 0; i <= 1000; i++) {
        vendors.push_back(world.account("VENDOR", "V" + std::to_string(i)));
        contracts.push_back(create(program, vendors.back()).text("contract.id"));
    }
    std::string add = json(R"({"agreement_id": "%s", "activate": true})", program.c_str());
    std::string two = text(distributor, "CreateAgreementVersion", add, "agreement_version.id");
    std::string three =
        text(distributor, "CreateAgreementVersion",
             json(R"({"agreement_id": "%s"})", program.c_str()), "agreement_version.id");
    for (size_t i = 0; i < contracts.size(); i++) { act(vendors[i], "SignContract", contracts[i]); }
    expect_refusal(distributor, "CreateAgreementVersion", add, "STORE_FULL");
    expect_refusal(distributor, "ActivateAgreementVersion",
                   json(R"({"agreement_version_id": "%s"})", three.c_str()), "STORE_FULL");
    expect_refusal(distributor, "DeleteAgreementVersion",
                   json(R"({"agreement_version_id": "%s"})", two.c_str()), "STORE_FULL");
}

} // namespace
} // namespace purvey
