/* Agreements and contracts: every transition from every state by every role, and every reason that a method lists. */
#include "server/served.h"
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

const char kNoAgreement[] = "agr_00000000000000000000000000";

/* A distributor with a marketplace and agreements, two vendors, a reseller. */
class Contracts : public ::testing::Test {
  protected:
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "Delta");
    Actor vendor = world.account("VENDOR", "Vega");
    Actor reseller = world.account("RESELLER", "Rigel");
    std::string marketplace = text(distributor, "CreateMarketplace", R"({"name": "Store", "currency": "USD"})",
                                   "marketplace.id");

    std::string text(const Actor &actor, const std::string &method, const std::string &request, const std::string &path)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_TRUE(answer.ok()) << method << " " << request << ": " << answer.reason << " " << answer.message;
        return answer.text(path);
    }

    std::string agreement(const std::string &type, const std::string &more = "")
    {
        return text(distributor, "CreateAgreement",
                    json(R"({"type": "AGREEMENT_TYPE_%s", "name": "%s terms", "activate": true%s})", type.c_str(),
                         type.c_str(), more.c_str()),
                    "agreement.id");
    }

    std::string distribution(const std::string &more = "")
    {
        return agreement("DISTRIBUTION", json(R"(, "parent_agreement_id": "%s", "marketplace_id": "%s"%s)",
                                              agreement("PROGRAM").c_str(), marketplace.c_str(), more.c_str()));
    }

    Answer create(const std::string &agreement_id, const Actor &partner)
    {
        return world.call(distributor, "CreateContract",
                          json(R"({"agreement_id": "%s", "partner_id": "%s", "message": "Welcome"})",
                               agreement_id.c_str(), partner.account_id.c_str()));
    }

    Answer enroll(const std::string &agreement_id, const Actor &by)
    {
        return world.call(by, "EnrollContract", json(R"({"agreement_id": "%s"})", agreement_id.c_str()));
    }

    /* The verb with the contract's present etag and whatever else it needs. */
    Answer act(const Actor &actor, const std::string &method, const std::string &contract)
    {
        std::string more;
        if (method == "CompleteEnrollment") { more = R"(, "answers": ["Yes", "No"])"; }
        if (method == "RefineContract") { more = R"(, "note": "More, please")"; }
        return world.call(actor, method, json(R"({"contract_id": "%s", "etag": %s%s})", contract.c_str(),
                                              etag(contract).c_str(), more.c_str()));
    }

    std::string etag(const std::string &contract)
    {
        Answer got = world.call(distributor, "GetContract", json(R"({"contract_id": "%s"})", contract.c_str()));
        std::string value = got.ok() ? got.text("contract.etag") : "\"0\"";
        json_t *quoted = json_string(value.c_str());
        char *dumped = json_dumps(quoted, JSON_ENCODE_ANY);
        std::string result = dumped;
        free(dumped);
        json_decref(quoted);
        return result;
    }

    std::string state(const std::string &contract)
    {
        Answer got = world.call(distributor, "GetContract", json(R"({"contract_id": "%s"})", contract.c_str()));
        return got.ok() ? got.text("contract.state").substr(sizeof "CONTRACT_STATE_" - 1) : got.reason;
    }

    std::string admit_vendor()
    {
        std::string contract = create(agreement("PROGRAM"), vendor).text("contract.id");
        EXPECT_TRUE(act(vendor, "SignContract", contract).ok());
        return contract;
    }

    /* A new contract of the type in the state, on an agreement of its own; "" if the type cannot be in it. */
    std::string contract_in(const std::string &type, const std::string &wanted);
    void expect_refusal(const Actor &actor, const std::string &method, const std::string &request,
                        const std::string &reason)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_EQ(answer.reason, reason) << method << " " << request << ": " << answer.message;
    }
};

std::string Contracts::contract_in(const std::string &type, const std::string &wanted)
{
    static const std::string form = R"(, "enroll_questions": ["Ready?", "Sure?"])";
    bool enrolls = type == "DISTRIBUTION";
    if (!enrolls && wanted == "ENROLLING") { return ""; }
    Answer made = enrolls ? enroll(distribution(form), vendor)
                          : create(agreement(type), type == "PROGRAM" ? vendor : reseller);
    std::string contract = made.text("contract.id");
    const Actor &signer = enrolls ? distributor : type == "PROGRAM" ? vendor : reseller;
    if (enrolls && wanted != "ENROLLING") { act(vendor, "CompleteEnrollment", contract); }
    if (wanted == "ACTIVE" || wanted == "TERMINATED") { act(signer, "SignContract", contract); }
    if (wanted == "REJECTED") { act(signer, "RejectContract", contract); }
    if (wanted == "TERMINATED") { act(distributor, "TerminateContract", contract); }
    EXPECT_EQ(state(contract), wanted) << type;
    return contract;
}

/* What a verb does: from where, to where, and as which party of each type of contract ("-": never). */
struct Verb {
    const char *method;
    const char *callers; /* account types that may call the method at all */
    const char *from;
    const char *to;
    const char *program;
    const char *distribution;
    const char *service;
};

const Verb kVerbs[] = {
    {"CompleteEnrollment", "VENDOR", "ENROLLING", "PENDING", "-", "VENDOR", "-"},
    {"SignContract", "VENDOR RESELLER DISTRIBUTOR", "PENDING", "ACTIVE", "VENDOR", "DISTRIBUTOR", "RESELLER"},
    {"RejectContract", "VENDOR RESELLER DISTRIBUTOR", "PENDING", "REJECTED", "VENDOR", "DISTRIBUTOR", "RESELLER"},
    {"RefineContract", "DISTRIBUTOR", "PENDING", "ENROLLING", "-", "DISTRIBUTOR", "-"},
    {"TerminateContract", "DISTRIBUTOR", "ACTIVE", "TERMINATED", "DISTRIBUTOR", "DISTRIBUTOR", "DISTRIBUTOR"},
    {"AcceptContractVersion", "VENDOR RESELLER", "ACTIVE", "-", "-", "-", "-"},
    {"DeleteContract", "VENDOR DISTRIBUTOR", "PENDING ENROLLING", "NOT_FOUND", "DISTRIBUTOR", "VENDOR", "DISTRIBUTOR"},
};

bool has_word(const std::string &words, const std::string &word)
{
    return (" " + words + " ").find(" " + word + " ") != std::string::npos;
}

/* The reason of the refusal, or "" if the verb works. */
std::string expected_reason(const Verb &verb, const std::string &type, const std::string &from, const std::string &role,
                            bool is_party)
{
    if (!has_word(verb.callers, role)) { return "ROLE_MAY_NOT_CALL"; }
    if (!is_party) { return "NOT_FOUND"; }
    if (!has_word(verb.from, from)) { return "STATE_FORBIDS"; }
    std::string may = type == "PROGRAM" ? verb.program : type == "SERVICE" ? verb.service : verb.distribution;
    if (may == role) { return ""; }
    if (std::string(verb.method) == "RefineContract") { return "CONTRACT_WITHOUT_FORM"; }
    if (std::string(verb.method) == "AcceptContractVersion") { return "CONTRACT_VERSION_CURRENT"; }
    return "PARTY_MAY_NOT";
}

TEST_F(Contracts, EveryVerbFromEveryStateByEveryRole)
{
    admit_vendor();
    for (const char *type : {"PROGRAM", "DISTRIBUTION", "SERVICE"}) {
        for (const char *from : {"PENDING", "ENROLLING", "ACTIVE", "REJECTED", "TERMINATED"}) {
            for (const Verb &verb : kVerbs) {
                for (const char *role : {"VENDOR", "DISTRIBUTOR", "RESELLER"}) {
                    std::string contract = contract_in(type, from);
                    if (contract.empty()) { continue; }
                    std::string who = role;
                    const Actor &actor = who == "VENDOR" ? vendor : who == "RESELLER" ? reseller : distributor;
                    bool service = std::string(type) == "SERVICE";
                    bool is_party = who == "DISTRIBUTOR" || service == (who == "RESELLER");
                    std::string reason = expected_reason(verb, type, from, who, is_party);
                    EXPECT_EQ(act(actor, verb.method, contract).reason, reason)
                        << verb.method << " of " << type << " from " << from << " as " << role;
                    EXPECT_EQ(state(contract), reason.empty() ? verb.to : from);
                }
            }
        }
    }
}

TEST_F(Contracts, AContractIsStampedWithTheActiveVersionAndCarriesItsParties)
{
    std::string program = agreement("PROGRAM");
    Answer made = create(program, vendor);
    EXPECT_EQ(made.text("contract.agreement_version"), "1");
    EXPECT_EQ(made.text("contract.vendor_id"), vendor.account_id);
    EXPECT_EQ(made.text("contract.distributor_id"), distributor.account_id);
    EXPECT_EQ(made.text("contract.name"), "PROGRAM terms");
    EXPECT_EQ(made.text("contract.message"), "Welcome");
    Answer signature = act(vendor, "SignContract", made.text("contract.id"));
    EXPECT_EQ(signature.text("contract.signer_user_id"), vendor.user_id);
    EXPECT_NE(signature.text("contract.sign_time"), "");
    Answer enrolled = enroll(distribution(), vendor);
    EXPECT_EQ(enrolled.text("contract.marketplace_id"), marketplace);
    EXPECT_EQ(enrolled.text("contract.state"), "CONTRACT_STATE_PENDING") << "no form, nothing to answer";
}

TEST_F(Contracts, AutoAcceptNeedsNoSignatureOfTheDistributor)
{
    admit_vendor();
    Answer plain = enroll(distribution(R"(, "auto_accept": true)"), vendor);
    EXPECT_EQ(plain.text("contract.state"), "CONTRACT_STATE_ACTIVE");
    EXPECT_EQ(plain.text("contract.signer_user_id"), vendor.user_id);
    std::string asked = distribution(R"(, "auto_accept": true, "enroll_questions": ["a?", "b?"])");
    std::string contract = enroll(asked, vendor).text("contract.id");
    EXPECT_EQ(state(contract), "ENROLLING");
    EXPECT_EQ(act(vendor, "CompleteEnrollment", contract).text("contract.state"), "CONTRACT_STATE_ACTIVE");
}

TEST_F(Contracts, ARefinedEnrolmentIsAnsweredAgain)
{
    admit_vendor();
    std::string contract = contract_in("DISTRIBUTION", "PENDING");
    Answer refined = act(distributor, "RefineContract", contract);
    EXPECT_EQ(refined.text("contract.note"), "More, please");
    EXPECT_EQ(refined.text("contract.answers.0.answer"), "Yes") << "the earlier answers stay to be seen";
    EXPECT_EQ(act(vendor, "CompleteEnrollment", contract).text("contract.state"), "CONTRACT_STATE_PENDING");
}

TEST_F(Contracts, ANewVersionTouchesNoContractUntilItsPartnerAcceptsIt)
{
    std::string program = agreement("PROGRAM");
    std::string contract = create(program, vendor).text("contract.id");
    act(vendor, "SignContract", contract);
    Answer version = world.call(distributor, "CreateAgreementVersion",
                                json(R"({"agreement_id": "%s", "version_description": "New", "activate": true})",
                                     program.c_str()));
    EXPECT_EQ(version.text("agreement_version.number"), "2");
    EXPECT_EQ(version.text("agreement.active_version"), "2");
    std::string get = json(R"({"contract_id": "%s"})", contract.c_str());
    Answer told = world.call(vendor, "GetContract", get);
    EXPECT_EQ(told.text("contract.agreement_version"), "1");
    EXPECT_EQ(told.text("contract.offered_agreement_version"), "2");
    Answer accepted = act(vendor, "AcceptContractVersion", contract);
    EXPECT_EQ(accepted.text("contract.agreement_version"), "2");
    EXPECT_EQ(accepted.text("contract.offered_agreement_version"), "");
    EXPECT_EQ(act(vendor, "AcceptContractVersion", contract).reason, "CONTRACT_VERSION_CURRENT");
}

TEST_F(Contracts, AContractSignedAfterANewVersionIsOfferedIt)
{
    std::string program = agreement("PROGRAM");
    std::string contract = create(program, vendor).text("contract.id");
    world.call(distributor, "CreateAgreementVersion", json(R"({"agreement_id": "%s", "activate": true})", program.c_str()));
    Answer signature = act(vendor, "SignContract", contract);
    EXPECT_EQ(signature.text("contract.agreement_version"), "1");
    EXPECT_EQ(signature.text("contract.offered_agreement_version"), "2");
}

/* --- versions --- */

class Versions : public Contracts {
  protected:
    std::string program = agreement("PROGRAM");

    std::string version(bool active)
    {
        return text(distributor, "CreateAgreementVersion",
                    json(R"({"agreement_id": "%s", "activate": %s})", program.c_str(), active ? "true" : "false"),
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
        return text(distributor, "ListAgreementVersions", json(R"({"agreement_id": "%s"})", program.c_str()),
                    "agreement_versions.0.id");
    }
};

TEST_F(Versions, OneVersionIsActiveAtATime)
{
    std::string one = first();
    std::string two = version(false);
    EXPECT_EQ(state_of(one), "AGREEMENT_VERSION_STATE_ACTIVE");
    EXPECT_EQ(state_of(two), "AGREEMENT_VERSION_STATE_INACTIVE");
    EXPECT_EQ(verb(distributor, "ActivateAgreementVersion", two).text("agreement.active_version"), "2");
    EXPECT_EQ(state_of(one), "AGREEMENT_VERSION_STATE_INACTIVE");
    Answer again = verb(distributor, "ActivateAgreementVersion", two);
    EXPECT_EQ(again.reason, "STATE_FORBIDS");
    EXPECT_EQ(again.note("allowed_states"), "INACTIVE");
    EXPECT_TRUE(verb(distributor, "ActivateAgreementVersion", one).ok());
    EXPECT_EQ(state_of(two), "AGREEMENT_VERSION_STATE_INACTIVE");
}

TEST_F(Versions, AVersionIsDeletedOnlyUnusedAndNotAsTheLast)
{
    EXPECT_EQ(verb(distributor, "DeleteAgreementVersion", first()).reason, "VERSION_IN_USE") << "the last one";
    create(program, vendor);
    std::string two = version(true);
    EXPECT_EQ(verb(distributor, "DeleteAgreementVersion", first()).reason, "VERSION_IN_USE") << "carried";
    EXPECT_TRUE(verb(distributor, "DeleteAgreementVersion", two).ok());
    EXPECT_EQ(state_of(two), "NOT_FOUND");
    Answer got = world.call(distributor, "GetAgreement", json(R"({"agreement_id": "%s"})", program.c_str()));
    EXPECT_EQ(got.text("agreement.active_version"), "") << "nothing is active now";
    Answer other = world.call(distributor, "CreateAgreementVersion", json(R"({"agreement_id": "%s"})", program.c_str()));
    EXPECT_EQ(other.text("agreement_version.number"), "3") << "numbers are not given again";
}

TEST_F(Versions, DeletingTheOfferedVersionWithdrawsTheOffer)
{
    std::string contract = create(program, vendor).text("contract.id");
    act(vendor, "SignContract", contract);
    std::string two = version(true);
    EXPECT_TRUE(verb(distributor, "DeleteAgreementVersion", two).ok());
    EXPECT_EQ(act(vendor, "AcceptContractVersion", contract).reason, "CONTRACT_VERSION_CURRENT");
}

TEST_F(Versions, APartnerSeesTheActiveVersionAndItsOwn)
{
    std::string one = first();
    std::string list = json(R"({"agreement_id": "%s"})", program.c_str());
    EXPECT_EQ(verb(vendor, "GetAgreementVersion", one).reason, "NOT_FOUND") << "no contract yet";
    expect_refusal(vendor, "ListAgreementVersions", list, "NOT_FOUND");
    create(program, vendor);
    std::string two = version(false);
    EXPECT_EQ(verb(vendor, "GetAgreementVersion", two).reason, "NOT_FOUND") << "a draft of the distributor";
    verb(distributor, "ActivateAgreementVersion", two);
    EXPECT_TRUE(verb(vendor, "GetAgreementVersion", one).ok()) << "its contract carries it";
    EXPECT_TRUE(verb(vendor, "GetAgreementVersion", two).ok()) << "it is active";
    Answer listed = world.call(vendor, "ListAgreementVersions", list);
    EXPECT_EQ(listed.text("agreement_versions.0.id"), two);
    EXPECT_EQ(listed.text("agreement_versions.1.id"), "");
}

/* --- agreements --- */

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
        {"DISTRIBUTION", of + program + R"(", "marketplace_id": "mkt_00000000000000000000000000")", "NOT_FOUND"},
        {"DISTRIBUTION", of + program + "\"" + at + R"(, "enroll_questions": [""])", "AGREEMENT_FIELDS_INVALID"},
        {"DISTRIBUTION", of + program + "\"" + at, ""},
        {"PROGRAM", at, "AGREEMENT_FIELDS_INVALID"},
        {"PROGRAM", of + program + "\"", "AGREEMENT_FIELDS_INVALID"},
        {"PROGRAM", R"(, "auto_accept": true)", "AGREEMENT_FIELDS_INVALID"},
        {"SERVICE", R"(, "enroll_questions": ["why?"])", "AGREEMENT_FIELDS_INVALID"},
    };
    for (const auto &row : rows) {
        expect_refusal(distributor, "CreateAgreement",
                       json(R"({"type": "AGREEMENT_TYPE_%s", "name": "x"%s})", row.type, row.more.c_str()), row.reason);
    }
    expect_refusal(distributor, "CreateAgreementVersion",
                   json(R"({"agreement_id": "%s", "enroll_questions": ["?"]})", program.c_str()),
                   "AGREEMENT_FIELDS_INVALID");
}

TEST_F(Contracts, AnAgreementIsUpdatedByMask)
{
    std::string id = distribution();
    auto update = [&](const std::string &more) {
        return world.call(distributor, "UpdateAgreement", json(R"({"agreement_id": "%s"%s})", id.c_str(), more.c_str()));
    };
    EXPECT_EQ(update(R"(, "name": "Other")").text("agreement.name"), "Other");
    EXPECT_EQ(update(R"(, "auto_accept": true)").text("agreement.auto_accept"), "true");
    EXPECT_EQ(update(R"(, "update_mask": "auto_accept")").text("agreement.auto_accept"), "");
    EXPECT_EQ(update(R"(, "update_mask": "name")").reason, "INVALID_FIELD");
    EXPECT_EQ(update(R"(, "update_mask": "type")").reason, "UPDATE_MASK_INVALID");
    EXPECT_EQ(update(R"(, "update_mask": "active_version")").reason, "UPDATE_MASK_INVALID");
    EXPECT_EQ(update(R"(, "etag": "\"stale\"")").reason, "ETAG_MISMATCH");
    expect_refusal(distributor, "UpdateAgreement",
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
    expect_refusal(distributor, "ListAgreements", json(R"({"distributor_id": "%s"})", vendor.account_id.c_str()),
                   "INVALID_FIELD");
    expect_refusal(reseller, "GetAgreement", get, "NOT_FOUND");
}

/* --- reasons --- */

TEST_F(Contracts, ACreatedContractNeedsAFittingAgreementAndPartner)
{
    std::string program = agreement("PROGRAM");
    EXPECT_EQ(create(kNoAgreement, vendor).reason, "NOT_FOUND");
    EXPECT_EQ(create(program, Actor{"acc_00000000000000000000000000", "", "", ""}).reason, "NOT_FOUND");
    EXPECT_EQ(create(distribution(), vendor).reason, "AGREEMENT_TYPE_WRONG");
    EXPECT_EQ(create(program, reseller).reason, "PARTNER_TYPE_WRONG");
    EXPECT_EQ(create(agreement("SERVICE"), vendor).reason, "PARTNER_TYPE_WRONG");
    std::string draft = text(distributor, "CreateAgreement", R"({"type": "AGREEMENT_TYPE_PROGRAM", "name": "Draft"})",
                             "agreement.id");
    EXPECT_EQ(create(draft, vendor).reason, "AGREEMENT_WITHOUT_ACTIVE_VERSION");
    Answer made = create(program, vendor);
    Answer second = create(program, vendor);
    EXPECT_EQ(second.reason, "CONTRACT_EXISTS");
    EXPECT_EQ(second.note("existing_id"), made.text("contract.id"));
    act(vendor, "RejectContract", made.text("contract.id"));
    EXPECT_TRUE(create(program, vendor).ok()) << "a contract that has ended is in nobody's way";
    Actor gone = world.account("VENDOR", "Gone");
    world.call(world.platform(), "DeactivateAccount", json(R"({"account_id": "%s"})", gone.account_id.c_str()));
    EXPECT_EQ(create(program, gone).reason, "PARTNER_INACTIVE");
}

TEST_F(Contracts, AVendorEnrolsOnlyUnderAProgramContractAndOnce)
{
    std::string offer = distribution();
    EXPECT_EQ(enroll(offer, vendor).reason, "NOT_FOUND") << "not even to be seen";
    std::string admission = admit_vendor();
    EXPECT_EQ(enroll(kNoAgreement, vendor).reason, "NOT_FOUND");
    std::string contract = enroll(offer, vendor).text("contract.id");
    EXPECT_EQ(enroll(offer, vendor).reason, "CONTRACT_EXISTS");
    act(distributor, "RejectContract", contract);
    Answer admitted = world.call(vendor, "GetContract", json(R"({"contract_id": "%s"})", admission.c_str()));
    EXPECT_EQ(enroll(admitted.text("contract.agreement_id"), vendor).reason, "AGREEMENT_TYPE_WRONG");
    std::string two = text(distributor, "CreateAgreementVersion",
                           json(R"({"agreement_id": "%s", "activate": true})", offer.c_str()), "agreement_version.id");
    world.call(distributor, "DeleteAgreementVersion", json(R"({"agreement_version_id": "%s"})", two.c_str()));
    EXPECT_EQ(enroll(offer, vendor).reason, "AGREEMENT_WITHOUT_ACTIVE_VERSION");
}

TEST_F(Contracts, TheProgramContractMustStillBeActiveWhenDistributionBegins)
{
    std::string admission = admit_vendor();
    std::string enrolling = contract_in("DISTRIBUTION", "ENROLLING");
    std::string pending = contract_in("DISTRIBUTION", "PENDING");
    std::string rejected = contract_in("DISTRIBUTION", "REJECTED");
    Answer over = world.call(vendor, "GetContract", json(R"({"contract_id": "%s"})", rejected.c_str()));
    act(distributor, "TerminateContract", admission);
    EXPECT_EQ(act(vendor, "CompleteEnrollment", enrolling).reason, "PROGRAM_CONTRACT_MISSING");
    EXPECT_EQ(act(distributor, "SignContract", pending).reason, "PROGRAM_CONTRACT_MISSING");
    EXPECT_EQ(enroll(over.text("contract.agreement_id"), vendor).reason, "PROGRAM_CONTRACT_MISSING");
}

TEST_F(Contracts, EveryQuestionNeedsAnAnswer)
{
    admit_vendor();
    std::string contract = contract_in("DISTRIBUTION", "ENROLLING");
    for (const char *answers : {"[]", R"(["Yes"])", R"(["Yes", ""])", R"(["Yes", "No", "Maybe"])"}) {
        Answer answer = world.call(vendor, "CompleteEnrollment",
                                   json(R"({"contract_id": "%s", "answers": %s})", contract.c_str(), answers));
        EXPECT_EQ(answer.reason, "ANSWERS_INCOMPLETE") << answers;
        EXPECT_EQ(answer.note("questions"), "2");
    }
}

TEST_F(Contracts, AnotherTenantsObjectsAreNotFound)
{
    admit_vendor();
    std::string contract = contract_in("DISTRIBUTION", "PENDING");
    std::string program = agreement("PROGRAM");
    Actor other = world.account("DISTRIBUTOR", "Other");
    Actor foreign = world.account("VENDOR", "Foreign");
    Actor stranger = world.account("RESELLER", "Stranger");
    std::string id = json(R"({"contract_id": "%s", "etag": "\"1\"")", contract.c_str());
    expect_refusal(foreign, "GetContract", json(R"({"contract_id": "%s"})", contract.c_str()), "NOT_FOUND");
    expect_refusal(foreign, "CompleteEnrollment", id + "}", "NOT_FOUND");
    expect_refusal(other, "SignContract", id + "}", "NOT_FOUND");
    expect_refusal(other, "RejectContract", id + "}", "NOT_FOUND");
    expect_refusal(other, "RefineContract", id + R"(, "note": "x"})", "NOT_FOUND");
    expect_refusal(other, "TerminateContract", id + "}", "NOT_FOUND");
    expect_refusal(other, "DeleteContract", id + "}", "NOT_FOUND");
    expect_refusal(stranger, "AcceptContractVersion", id + "}", "NOT_FOUND");
    expect_refusal(other, "GetAgreement", json(R"({"agreement_id": "%s"})", program.c_str()), "NOT_FOUND");
    expect_refusal(other, "UpdateAgreement", json(R"({"agreement_id": "%s"})", program.c_str()), "NOT_FOUND");
    expect_refusal(other, "CreateAgreementVersion", json(R"({"agreement_id": "%s"})", program.c_str()), "NOT_FOUND");
    std::string version = text(distributor, "ListAgreementVersions", json(R"({"agreement_id": "%s"})", program.c_str()),
                               "agreement_versions.0.id");
    for (const char *method : {"GetAgreementVersion", "ActivateAgreementVersion", "DeleteAgreementVersion"}) {
        expect_refusal(other, method, json(R"({"agreement_version_id": "%s"})", version.c_str()), "NOT_FOUND");
    }
}

TEST_F(Contracts, AStaleEtagIsRefusedByEveryVerb)
{
    admit_vendor();
    const struct {
        const char *method;
        const Actor &by;
        const char *from;
        const char *more;
    } rows[] = {
        {"CompleteEnrollment", vendor, "ENROLLING", ""},
        {"SignContract", distributor, "PENDING", ""},
        {"RejectContract", distributor, "PENDING", ""},
        {"RefineContract", distributor, "PENDING", R"(, "note": "x")"},
        {"TerminateContract", distributor, "ACTIVE", ""},
        {"AcceptContractVersion", vendor, "ACTIVE", ""},
        {"DeleteContract", vendor, "PENDING", ""},
    };
    for (const auto &row : rows) {
        std::string contract = contract_in("DISTRIBUTION", row.from);
        expect_refusal(row.by, row.method,
                       json(R"({"contract_id": "%s", "etag": "\"stale\""%s})", contract.c_str(), row.more),
                       "ETAG_MISMATCH");
    }
    std::string program = agreement("PROGRAM");
    expect_refusal(distributor, "CreateAgreementVersion",
                   json(R"({"agreement_id": "%s", "etag": "\"stale\""})", program.c_str()), "ETAG_MISMATCH");
    std::string version = text(distributor, "ListAgreementVersions", json(R"({"agreement_id": "%s"})", program.c_str()),
                               "agreement_versions.0.id");
    for (const char *method : {"ActivateAgreementVersion", "DeleteAgreementVersion"}) {
        expect_refusal(distributor, method,
                       json(R"({"agreement_version_id": "%s", "etag": "\"stale\""})", version.c_str()), "ETAG_MISMATCH");
    }
}

TEST_F(Contracts, ListsRefuseWhatTheyCannotRead)
{
    std::string program = agreement("PROGRAM");
    std::string parent = json(R"(, "agreement_id": "%s")", program.c_str());
    const std::pair<const char *, std::string> lists[] = {
        {"ListAgreements", ""}, {"ListAgreementVersions", parent}, {"ListContracts", ""}};
    for (const auto &list : lists) {
        expect_refusal(distributor, list.first, R"({"page_token": "forged")" + list.second + "}", "PAGE_TOKEN_INVALID");
        expect_refusal(distributor, list.first, R"({"filter": "state ~ 1")" + list.second + "}", "FILTER_INVALID");
        expect_refusal(distributor, list.first, R"({"filter": "etag = 1")" + list.second + "}",
                       "FILTER_FIELD_NOT_INDEXED");
    }
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
    std::string three = text(distributor, "CreateAgreementVersion", json(R"({"agreement_id": "%s"})", program.c_str()),
                             "agreement_version.id");
    for (size_t i = 0; i < contracts.size(); i++) { act(vendors[i], "SignContract", contracts[i]); }
    expect_refusal(distributor, "CreateAgreementVersion", add, "STORE_FULL");
    expect_refusal(distributor, "ActivateAgreementVersion", json(R"({"agreement_version_id": "%s"})", three.c_str()),
                   "STORE_FULL");
    expect_refusal(distributor, "DeleteAgreementVersion", json(R"({"agreement_version_id": "%s"})", two.c_str()),
                   "STORE_FULL");
}

/* Runs last: whatever the tables promise for this area has happened in a test above. */
TEST(ContractCoverage, EveryReasonOfEveryMethodIsSeen)
{
    for (size_t i = 0; i < pv_served_count; i++) {
        const pv_service_info *service = pv_served[i]->info;
        if (std::string(service->name).rfind("purvey.contract.", 0) != 0) { continue; }
        for (size_t j = 0; j < service->method_count; j++) {
            const pv_method_info &method = service->methods[j];
            EXPECT_TRUE(World::seen().count(std::string(method.name) + " OK")) << method.name;
            for (size_t k = 0; k < method.reason_count; k++) {
                std::string pair = std::string(method.name) + " " + method.reasons[k]->name;
                EXPECT_TRUE(World::seen().count(pair)) << pair;
            }
        }
    }
}

} // namespace
} // namespace purvey
