/* Contracts: every verb from every state by every role, and every reason that a method lists. */
#include "tests/unit/flows/contract_fixture.h"

namespace purvey {
namespace {

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
    {"SignContract", "VENDOR RESELLER DISTRIBUTOR", "PENDING", "ACTIVE", "VENDOR", "DISTRIBUTOR",
     "RESELLER"},
    {"RejectContract", "VENDOR RESELLER DISTRIBUTOR", "PENDING", "REJECTED", "VENDOR",
     "DISTRIBUTOR", "RESELLER"},
    {"RefineContract", "DISTRIBUTOR", "PENDING", "ENROLLING", "-", "DISTRIBUTOR", "-"},
    {"TerminateContract", "DISTRIBUTOR", "ACTIVE", "TERMINATED", "DISTRIBUTOR", "DISTRIBUTOR",
     "DISTRIBUTOR"},
    {"AcceptContractVersion", "VENDOR RESELLER", "ACTIVE", "-", "-", "-", "-"},
    {"DeleteContract", "VENDOR DISTRIBUTOR", "PENDING ENROLLING", "NOT_FOUND", "DISTRIBUTOR",
     "VENDOR", "DISTRIBUTOR"},
};

bool has_word(const std::string &words, const std::string &word)
{
    return (" " + words + " ").find(" " + word + " ") != std::string::npos;
}

/* The reason of the refusal, or "" if the verb works. */
std::string expected_reason(const Verb &verb, const std::string &type, const std::string &from,
                            const std::string &role, bool is_party)
{
    if (!has_word(verb.callers, role)) { return "ROLE_MAY_NOT_CALL"; }
    if (!is_party) { return "NOT_FOUND"; }
    if (!has_word(verb.from, from)) { return "STATE_FORBIDS"; }
    std::string may = type == "PROGRAM"   ? verb.program
                      : type == "SERVICE" ? verb.service
                                          : verb.distribution;
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
                    const Actor &actor = who == "VENDOR"     ? vendor
                                         : who == "RESELLER" ? reseller
                                                             : distributor;
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
    EXPECT_EQ(enrolled.text("contract.state"), "CONTRACT_STATE_PENDING")
        << "no form, nothing to answer";
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
    EXPECT_EQ(act(vendor, "CompleteEnrollment", contract).text("contract.state"),
              "CONTRACT_STATE_ACTIVE");
}

TEST_F(Contracts, ARefinedEnrolmentIsAnsweredAgain)
{
    admit_vendor();
    std::string contract = contract_in("DISTRIBUTION", "PENDING");
    Answer refined = act(distributor, "RefineContract", contract);
    EXPECT_EQ(refined.text("contract.note"), "More, please");
    EXPECT_EQ(refined.text("contract.answers.0.answer"), "Yes")
        << "the earlier answers stay to be seen";
    EXPECT_EQ(act(vendor, "CompleteEnrollment", contract).text("contract.state"),
              "CONTRACT_STATE_PENDING");
}

TEST_F(Contracts, ANewVersionTouchesNoContractUntilItsPartnerAcceptsIt)
{
    std::string program = agreement("PROGRAM");
    std::string contract = create(program, vendor).text("contract.id");
    act(vendor, "SignContract", contract);
    Answer version =
        world.call(distributor, "CreateAgreementVersion",
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
    world.call(distributor, "CreateAgreementVersion",
               json(R"({"agreement_id": "%s", "activate": true})", program.c_str()));
    Answer signature = act(vendor, "SignContract", contract);
    EXPECT_EQ(signature.text("contract.agreement_version"), "1");
    EXPECT_EQ(signature.text("contract.offered_agreement_version"), "2");
}

TEST_F(Contracts, ACreatedContractNeedsAFittingAgreementAndPartner)
{
    std::string program = agreement("PROGRAM");
    EXPECT_EQ(create(kNoAgreement, vendor).reason, "NOT_FOUND");
    EXPECT_EQ(create(program, Actor{"acc_00000000000000000000000000", "", "", "", ""}).reason,
              "NOT_FOUND");
    EXPECT_EQ(create(distribution(), vendor).reason, "AGREEMENT_TYPE_WRONG");
    std::string service = agreement("SERVICE");
    EXPECT_EQ(create(program, reseller).reason, "NOT_FOUND") << "of a stranger nothing is told";
    EXPECT_EQ(create(service, vendor).reason, "NOT_FOUND");
    EXPECT_EQ(create(program, distributor).reason, "PARTNER_TYPE_WRONG");
    std::string draft =
        text(distributor, "CreateAgreement",
             R"({"type": "AGREEMENT_TYPE_PROGRAM", "name": "Draft"})", "agreement.id");
    EXPECT_EQ(create(draft, vendor).reason, "AGREEMENT_WITHOUT_ACTIVE_VERSION");
    Answer made = create(program, vendor);
    Answer second = create(program, vendor);
    EXPECT_EQ(second.reason, "CONTRACT_EXISTS");
    EXPECT_EQ(second.note("existing_id"), made.text("contract.id"));
    act(vendor, "RejectContract", made.text("contract.id"));
    EXPECT_TRUE(create(program, vendor).ok()) << "a contract that has ended is in nobody's way";
    EXPECT_EQ(create(service, vendor).reason, "PARTNER_TYPE_WRONG") << "of a partner it is";
    Actor gone = world.account("VENDOR", "Gone");
    Actor stranger = world.account("VENDOR", "Stranger");
    EXPECT_TRUE(create(program, gone).ok());
    for (const Actor &one : {gone, stranger}) {
        world.call(world.platform(), "DeactivateAccount",
                   json(R"({"account_id": "%s"})", one.account_id.c_str()));
    }
    EXPECT_EQ(create(program, gone).reason, "PARTNER_INACTIVE");
    EXPECT_EQ(create(program, stranger).reason, "NOT_FOUND");
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
    Answer admitted =
        world.call(vendor, "GetContract", json(R"({"contract_id": "%s"})", admission.c_str()));
    EXPECT_EQ(enroll(admitted.text("contract.agreement_id"), vendor).reason,
              "AGREEMENT_TYPE_WRONG");
    std::string two = text(distributor, "CreateAgreementVersion",
                           json(R"({"agreement_id": "%s", "activate": true})", offer.c_str()),
                           "agreement_version.id");
    world.call(distributor, "DeleteAgreementVersion",
               json(R"({"agreement_version_id": "%s"})", two.c_str()));
    EXPECT_EQ(enroll(offer, vendor).reason, "AGREEMENT_WITHOUT_ACTIVE_VERSION");
}

TEST_F(Contracts, TheProgramContractMustStillBeActiveWhenDistributionBegins)
{
    std::string admission = admit_vendor();
    std::string enrolling = contract_in("DISTRIBUTION", "ENROLLING");
    std::string pending = contract_in("DISTRIBUTION", "PENDING");
    std::string rejected = contract_in("DISTRIBUTION", "REJECTED");
    Answer over =
        world.call(vendor, "GetContract", json(R"({"contract_id": "%s"})", rejected.c_str()));
    act(distributor, "TerminateContract", admission);
    EXPECT_EQ(act(vendor, "CompleteEnrollment", enrolling).reason, "PROGRAM_CONTRACT_MISSING");
    EXPECT_EQ(act(distributor, "SignContract", pending).reason, "PROGRAM_CONTRACT_MISSING");
    EXPECT_EQ(enroll(over.text("contract.agreement_id"), vendor).reason,
              "PROGRAM_CONTRACT_MISSING");
}

TEST_F(Contracts, EveryQuestionNeedsAnAnswer)
{
    admit_vendor();
    std::string contract = contract_in("DISTRIBUTION", "ENROLLING");
    for (const char *answers :
         {"[]", R"(["Yes"])", R"(["Yes", ""])", R"(["Yes", "No", "Maybe"])"}) {
        Answer answer =
            world.call(vendor, "CompleteEnrollment",
                       json(R"({"contract_id": "%s", "answers": %s})", contract.c_str(), answers));
        EXPECT_EQ(answer.reason, "ANSWERS_INCOMPLETE") << answers;
        EXPECT_EQ(answer.note("questions"), "2");
    }
}

TEST_F(Contracts, EachPartyListsItsOwn)
{
    std::string admission = admit_vendor();
    contract_in("SERVICE", "PENDING");
    EXPECT_EQ(world.call(vendor, "ListContracts", "{}").text("contracts.0.id"), admission);
    EXPECT_EQ(world.call(vendor, "ListContracts", "{}").text("contracts.1.id"), "");
    Answer all = world.call(distributor, "ListContracts",
                            R"({"filter": "type = PROGRAM AND state = ACTIVE"})");
    EXPECT_EQ(all.text("contracts.0.id"), admission);
    EXPECT_EQ(all.text("contracts.1.id"), "");
    Answer by_partner =
        world.call(distributor, "ListContracts",
                   json(R"({"filter": "reseller_id = %s"})", reseller.account_id.c_str()));
    EXPECT_EQ(by_partner.text("contracts.0.type"), "AGREEMENT_TYPE_SERVICE");
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
    expect_refusal(foreign, "GetContract", json(R"({"contract_id": "%s"})", contract.c_str()),
                   "NOT_FOUND");
    expect_refusal(foreign, "CompleteEnrollment", id + "}", "NOT_FOUND");
    expect_refusal(other, "SignContract", id + "}", "NOT_FOUND");
    expect_refusal(other, "RejectContract", id + "}", "NOT_FOUND");
    expect_refusal(other, "RefineContract", id + R"(, "note": "x"})", "NOT_FOUND");
    expect_refusal(other, "TerminateContract", id + "}", "NOT_FOUND");
    expect_refusal(other, "DeleteContract", id + "}", "NOT_FOUND");
    expect_refusal(stranger, "AcceptContractVersion", id + "}", "NOT_FOUND");
    expect_refusal(other, "GetAgreement", json(R"({"agreement_id": "%s"})", program.c_str()),
                   "NOT_FOUND");
    expect_refusal(other, "UpdateAgreement", json(R"({"agreement_id": "%s"})", program.c_str()),
                   "NOT_FOUND");
    expect_refusal(other, "CreateAgreementVersion",
                   json(R"({"agreement_id": "%s"})", program.c_str()), "NOT_FOUND");
    std::string version =
        text(distributor, "ListAgreementVersions",
             json(R"({"agreement_id": "%s"})", program.c_str()), "agreement_versions.0.id");
    for (const char *method :
         {"GetAgreementVersion", "ActivateAgreementVersion", "DeleteAgreementVersion"}) {
        expect_refusal(other, method, json(R"({"agreement_version_id": "%s"})", version.c_str()),
                       "NOT_FOUND");
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
        expect_refusal(
            row.by, row.method,
            json(R"({"contract_id": "%s", "etag": "\"stale\""%s})", contract.c_str(), row.more),
            "ETAG_MISMATCH");
    }
    std::string program = agreement("PROGRAM");
    expect_refusal(distributor, "CreateAgreementVersion",
                   json(R"({"agreement_id": "%s", "etag": "\"stale\""})", program.c_str()),
                   "ETAG_MISMATCH");
    std::string version =
        text(distributor, "ListAgreementVersions",
             json(R"({"agreement_id": "%s"})", program.c_str()), "agreement_versions.0.id");
    for (const char *method : {"ActivateAgreementVersion", "DeleteAgreementVersion"}) {
        expect_refusal(
            distributor, method,
            json(R"({"agreement_version_id": "%s", "etag": "\"stale\""})", version.c_str()),
            "ETAG_MISMATCH");
    }
}

/* A distributor brings a company in, and has no say in its account. */
class BroughtIn : public Contracts {
  protected:
    Answer invite(const std::string &agreement_id)
    {
        return world.call(
            distributor, "InvitePartner",
            json(R"({"agreement_id": "%s", "account_name": "Newcomer", "user_name": "Ada",
                                   "user_email": "ada@newcomer.example", "message": "Welcome"})",
                 agreement_id.c_str()));
    }

    Answer resend(const std::string &contract)
    {
        return on(distributor, "ResendPartnerInvitation", "contract", contract);
    }

    Answer sign_up(const std::string &token)
    {
        const Actor nobody; /* no certificate */
        return world.call(nobody, "Enroll",
                          json(R"({"invitation_token": "%s", "csr_pem": "key"})", token.c_str()));
    }
};

TEST_F(BroughtIn, AsAVendorOrAResellerWithAnAdministratorOfItsOwn)
{
    const struct {
        const char *agreement, *party, *type;
    } rows[] = {{"PROGRAM", "contract.vendor_id", "VENDOR"},
                {"SERVICE", "contract.reseller_id", "RESELLER"}};
    for (const auto &row : rows) {
        Answer made = invite(agreement(row.agreement));
        ASSERT_TRUE(made.ok()) << made.message;
        std::string partner = made.text(row.party);
        std::string contract = made.text("contract.id");
        EXPECT_EQ(state(contract), "PENDING");
        EXPECT_EQ(made.text("contract.message"), "Welcome");
        EXPECT_NE(made.text("invitation_expire_time"), "");
        Answer seen = on(distributor, "GetPartner", "account", partner);
        EXPECT_EQ(seen.text("partner.state"), "PARTNERSHIP_STATE_INVITED");
        EXPECT_EQ(seen.text("partner.name"), "Newcomer");
        EXPECT_EQ(seen.text("partner.type"), std::string("ACCOUNT_TYPE_") + row.type);
        EXPECT_EQ(on(distributor, "GetAccount", "account", partner).reason, "NOT_FOUND");

        Answer again = resend(contract);
        ASSERT_TRUE(again.ok()) << again.message;
        EXPECT_EQ(sign_up(made.text("invitation_token")).reason, "INVITATION_INVALID");
        Answer joined = sign_up(again.text("invitation_token"));
        ASSERT_TRUE(joined.ok()) << joined.message;
        EXPECT_EQ(joined.text("membership.administrator"), "true");
        EXPECT_EQ(joined.text("membership.account_id"), partner);
        const Actor ada = {partner, joined.text("certificate.user_id"),
                           joined.text("certificate.membership_id"), joined.text("certificate.id"),
                           joined.text("certificate.sha256")};
        EXPECT_EQ(on(ada, "GetAccount", "account", partner).text("account.introducer_id"),
                  distributor.account_id);
        EXPECT_TRUE(act(ada, "SignContract", contract).ok());
        EXPECT_EQ(on(distributor, "GetPartner", "account", partner).text("partner.state"),
                  "PARTNERSHIP_STATE_ACTIVE");
        EXPECT_EQ(resend(contract).reason, "PARTNER_MANAGES_ITSELF");
    }
}

TEST_F(BroughtIn, AnInvitationThatHasEndedIsSentAgain)
{
    constexpr int64_t kDayAndMore = 25 * 3600 * 1000;
    Answer made = invite(agreement("PROGRAM"));
    world.advance(kDayAndMore);
    EXPECT_EQ(world.call(world.platform(), "ExpireInvitations", "{}").text("expired"), "1");
    EXPECT_EQ(sign_up(made.text("invitation_token")).reason, "INVITATION_INVALID");
    Answer again = resend(made.text("contract.id"));
    EXPECT_TRUE(sign_up(again.text("invitation_token")).ok());
}

TEST_F(BroughtIn, OnlyUnderAnOfferOfOnesOwnAndOnlyWhomOneBroughtIn)
{
    std::string draft =
        text(distributor, "CreateAgreement",
             R"({"type": "AGREEMENT_TYPE_PROGRAM", "name": "Draft"})", "agreement.id");
    EXPECT_EQ(invite(distribution()).reason, "AGREEMENT_TYPE_WRONG");
    EXPECT_EQ(invite(draft).reason, "AGREEMENT_WITHOUT_ACTIVE_VERSION");
    EXPECT_EQ(invite(kNoAgreement).reason, "NOT_FOUND");
    EXPECT_EQ(resend(admit_vendor()).reason, "PARTNER_MANAGES_ITSELF");
    EXPECT_EQ(resend("con_00000000000000000000000000").reason, "NOT_FOUND");
}

} // namespace
} // namespace purvey
