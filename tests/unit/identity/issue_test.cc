// What is decided about a certificate before it is signed: its times, its serial number and its row.
#include "server/identity/issue.h"

#include "purvey/common/v1/error_reason.pv.h"
#include "tests/unit/identity/crypto.h"

namespace purvey {
namespace {

constexpr int64_t kSecond = INT64_C(1000000000);
constexpr int64_t kDay = 86400 * kSecond;

pv_signing last_signing;

pv_status Sign(const pv_signer *, const pv_signing *signing, pv_arena *, pv_signed *ret_signed,
               pv_error *)
{
    last_signing = *signing;
    memset(ret_signed, 0, sizeof *ret_signed);
    memset(ret_signed->sha256, 0xab, sizeof ret_signed->sha256);
    memcpy(ret_signed->issuer_sha256, signing->issuer_sha256, PV_SHA256_SIZE);
    ret_signed->pem = "certificate";
    ret_signed->chain_pem = "chain";
    return pv_ok();
}

pv_issuer present_issuer;

pv_status Issuer(const pv_signer *, pv_issuer *ret_issuer, pv_error *)
{
    *ret_issuer = present_issuer;
    return pv_ok();
}

/* A request is its own key. */
pv_status ReadKey(const pv_signer *, pv_view csr, uint8_t *ret_key_sha256, pv_error *)
{
    pv_sha256(csr, ret_key_sha256);
    return pv_ok();
}

pv_status RefuseKey(const pv_signer *, pv_view, uint8_t *, pv_error *error)
{
    return pv_refuse(error, &pv_error_reason_certificate_request_invalid, nullptr);
}

pv_status Refuse(const pv_signer *, const pv_signing *, pv_arena *, pv_signed *, pv_error *error)
{
    return pv_refuse(error, &pv_error_reason_authority_unavailable, nullptr);
}

class Issue : public testing::Test {
  protected:
    void SetUp() override
    {
        membership.id = membership_id;
        membership.user_id = user_id;
        membership.account_id = account_id;
        membership.operator_id = operator_id;
        issue.membership = &membership;
        issue.certificate_id = certificate_id;
        issue.csr = pv_view_text("request");
        issue.lifetime_days = 90;
        issue.label = label;
        memset(issue.random, 0xff, sizeof issue.random);
        issue.now = At(kNow + 123456789);
        signer.read_key = ReadKey;
        signer.sign = Sign;
        signer.issuer = Issuer;
        present_issuer.not_after = At(kNow + 1000 * kDay);
        memset(present_issuer.sha256, 0xcd, sizeof present_issuer.sha256);
    }

    pv_status Plan(pv_arena *arena = nullptr)
    {
        return pv_issue_plan(&signer, &issue, arena == nullptr ? memory.arena : arena,
                             &memory.error, &row);
    }

    pv_status Make()
    {
        PV_TRY(Plan());
        return pv_issue_sign(&signer, row, issue.csr, memory.arena, &memory.error);
    }

    char user_id[40] = "usr_01j9zv0000abcdefghjkmnpqrt";
    char membership_id[40] = "mem_01j9zv0000abcdefghjkmnpqrw";
    char account_id[40] = "acc_01j9zv0000abcdefghjkmnpqrs";
    char operator_id[40] = "acc_01j9zv0000abcdefghjkmnpqrz";
    char certificate_id[40] = "crt_01j9zv0000abcdefghjkmnpqrv";
    char label[8] = "build";
    Memory memory;
    pv_membership membership = PV_MEMBERSHIP__INIT;
    pv_issue issue = {};
    pv_signer signer = {};
    pv_certificate *row = nullptr;
};

TEST_F(Issue, TheRowSaysWhatWasSigned)
{
    ASSERT_TRUE(pv_is_ok(Make()));
    EXPECT_EQ(last_signing.not_before.utc_ns, kNow - 300 * kSecond)
        << "whole seconds, five minutes before";
    EXPECT_EQ(last_signing.not_after.utc_ns, kNow + 90 * kDay);
    EXPECT_EQ(row->not_before->seconds * kSecond, last_signing.not_before.utc_ns);
    EXPECT_EQ(row->not_after->seconds * kSecond, last_signing.not_after.utc_ns);
    EXPECT_STREQ(last_signing.user_id, user_id);
    EXPECT_STREQ(last_signing.account_id, account_id);
    EXPECT_STREQ(last_signing.certificate_id, certificate_id);
    EXPECT_STREQ(row->id, certificate_id);
    EXPECT_STREQ(row->user_id, user_id);
    EXPECT_STREQ(row->account_id, account_id);
    EXPECT_STREQ(row->operator_id, operator_id);
    EXPECT_STREQ(row->label, "build");
    std::string hex;
    for (int i = 0; i < PV_SHA256_SIZE; i++) { hex += "ab"; }
    EXPECT_EQ(row->sha256, hex);
    std::string issuer;
    for (int i = 0; i < PV_SHA256_SIZE; i++) { issuer += "cd"; }
    EXPECT_EQ(row->issuer_sha256, issuer);
    EXPECT_STREQ(row->certificate_pem, "certificate");
    EXPECT_STREQ(row->chain_pem, "chain");
    EXPECT_EQ(row->state, PV_CERTIFICATE_STATE_UNSPECIFIED) << "the caller moves it";
}

TEST_F(Issue, ThePlanSaysAllThatWillBeSigned)
{
    ASSERT_TRUE(pv_is_ok(Plan()));
    const pv_certificate planned = *row;
    EXPECT_STREQ(planned.sha256, "") << "nothing is signed yet";
    EXPECT_STREQ(planned.certificate_pem, "");
    EXPECT_EQ(strlen(planned.key_sha256), 64u);
    issue.now = At(kNow + kDay); /* later, with other random bytes: the plan holds */
    memset(issue.random, 0x11, sizeof issue.random);
    ASSERT_TRUE(pv_is_ok(pv_issue_sign(&signer, row, issue.csr, memory.arena, &memory.error)));
    EXPECT_EQ(last_signing.not_before.utc_ns, planned.not_before->seconds * kSecond);
    EXPECT_EQ(last_signing.not_after.utc_ns, planned.not_after->seconds * kSecond);
    char serial[2 * PV_SERIAL_SIZE + 1];
    pv_hex_format(pv_view_of(last_signing.serial, PV_SERIAL_SIZE), serial);
    EXPECT_STREQ(serial, planned.serial);
}

TEST_F(Issue, AnotherKeyThanThePlansIsNotSigned)
{
    ASSERT_TRUE(pv_is_ok(Plan()));
    pv_status status =
        pv_issue_sign(&signer, row, pv_view_text("another request"), memory.arena, &memory.error);
    EXPECT_EQ(status.code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(memory.Reason(), "CERTIFICATE_REQUEST_INVALID");
    EXPECT_STREQ(row->certificate_pem, "");
}

TEST_F(Issue, ABadRequestIsRefusedBeforeAnythingIsPlanned)
{
    signer.read_key = RefuseKey;
    EXPECT_EQ(Plan().code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(row, nullptr);
}

TEST_F(Issue, SerialNumbersArePositiveAndSixteenBytesLong)
{
    for (int byte = 0; byte < 256; byte++) {
        memset(issue.random, byte, sizeof issue.random);
        ASSERT_TRUE(pv_is_ok(Make()));
        EXPECT_GE(last_signing.serial[0], 0x40);
        EXPECT_LT(last_signing.serial[0], 0x80);
        EXPECT_EQ(strlen(row->serial), 32u);
    }
}

TEST_F(Issue, NothingOutlivesTheAuthority)
{
    present_issuer.not_after = At(kNow + 10 * kDay);
    ASSERT_TRUE(pv_is_ok(Make()));
    EXPECT_EQ(last_signing.not_after.utc_ns, kNow + 10 * kDay);
    EXPECT_EQ(row->not_after->seconds * kSecond, kNow + 10 * kDay);
}

TEST_F(Issue, TheSignersRefusalIsTheAnswer)
{
    signer.sign = Refuse;
    EXPECT_EQ(Make().code, PV_CODE_UNAVAILABLE);
    EXPECT_EQ(memory.Reason(), "AUTHORITY_UNAVAILABLE");
    EXPECT_STREQ(row->sha256, "") << "the row stays as it was planned";
}

TEST_F(Issue, AFullArenaIsSaidWithoutAReason)
{
    pv_arena *small = pv_arena_create(sizeof(pv_certificate) + 64);
    EXPECT_EQ(Plan(small).code, PV_CODE_RESOURCE_EXHAUSTED);
    EXPECT_EQ(memory.Reason(), "");
    EXPECT_EQ(row, nullptr);
    pv_arena_destroy(small);
}

} // namespace
} // namespace purvey
