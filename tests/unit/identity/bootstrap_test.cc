// The first moment of a platform.
#include "server/identity/bootstrap.h"

#include "storage/audit.h"

#include "tests/unit/identity/platform.h"

#include <openssl/x509v3.h>

namespace purvey {
namespace {

size_t AuditEntries(Platform &platform)
{
    pv_arena *arena = pv_arena_create(1024 * 1024);
    pv_txn *txn = nullptr;
    pv_scan *scan = nullptr;
    pv_id account;
    EXPECT_TRUE(pv_id_parse("acc", pv_view_text(platform.made.account_id), &account));
    EXPECT_TRUE(pv_is_ok(pv_read_begin(platform.store, arena, &txn)));
    EXPECT_TRUE(pv_is_ok(pv_audit_scan(txn, arena, account, 0, 0, false, &scan)));
    size_t count = 0;
    pv_view key;
    pv_view value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) { count++; }
    pv_scan_close(scan);
    pv_txn_abort(txn);
    pv_arena_destroy(arena);
    return count;
}

TEST(Bootstrap, MakesTheOperatorItsAdministratorAndTheSettings)
{
    Platform platform;
    platform.Change<pv_account>(&pv_account__object, platform.made.account_id, [](pv_account *row) {
        EXPECT_EQ(row->type, PV_ACCOUNT_TYPE_OPERATOR);
        EXPECT_EQ(row->state, PV_ACCOUNT_STATE_ACTIVE);
        EXPECT_STREQ(row->name, "Orion Operations");
        EXPECT_STREQ(row->operator_id, "");
    });
    platform.Change<pv_user>(&pv_user__object, platform.made.user_id, [&](pv_user *row) {
        EXPECT_STREQ(row->account_id, platform.made.account_id);
        EXPECT_STREQ(row->email, "ada@orion.example");
    });
    platform.Change<pv_membership>(&pv_membership__object, platform.made.membership_id,
                                   [&](pv_membership *row) {
                                       EXPECT_STREQ(row->account_id, platform.made.account_id);
                                       EXPECT_STREQ(row->user_id, platform.made.user_id);
                                       EXPECT_STREQ(row->email, "ada@orion.example");
                                       EXPECT_EQ(row->state, PV_MEMBERSHIP_STATE_JOINED);
                                       EXPECT_TRUE(row->administrator);
                                       EXPECT_EQ(row->n_group_ids, 1u);
                                   });
    platform.ChangeGroup([&](pv_group *row) {
        EXPECT_STREQ(row->account_id, platform.made.account_id);
        EXPECT_STREQ(row->name, "Administrators");
        EXPECT_TRUE(row->administrators);
        EXPECT_EQ(row->n_permissions, 6u);
    });
    platform.Change<pv_certificate>(
        &pv_certificate__object, platform.made.certificate_id, [&](pv_certificate *row) {
            EXPECT_STREQ(row->user_id, platform.made.user_id);
            EXPECT_STREQ(row->membership_id, platform.made.membership_id);
            EXPECT_EQ(row->n_scopes, 6u);
            EXPECT_EQ(strlen(row->sha256), 64u);
            EXPECT_EQ(strlen(row->serial), 32u);
            EXPECT_EQ(row->not_before->seconds, kNow / 1000000000 - 300);
            EXPECT_EQ(row->not_after->seconds, kNow / 1000000000 + INT64_C(398) * 86400);
            EXPECT_EQ(row->state, PV_CERTIFICATE_STATE_ACTIVE);
        });
    EXPECT_EQ(AuditEntries(platform), 5u);
    platform.Write([&](pv_txn *txn, pv_arena *) {
        pv_view value;
        ASSERT_TRUE(pv_is_ok(pv_setting_get(txn, PV_SETTING_TOKEN_KEY, &value)));
        EXPECT_EQ(value.size, 32u);
        ASSERT_TRUE(pv_is_ok(pv_setting_get(txn, PV_SETTING_TRUST_DOMAIN, &value)));
        EXPECT_TRUE(pv_view_equal(value, pv_view_text(kDomain)));
        ASSERT_TRUE(pv_is_ok(pv_setting_get(txn, PV_SETTING_OPERATOR, &value)));
        EXPECT_TRUE(pv_view_equal(value, pv_view_text(platform.made.account_id)));
    });
}

TEST(Bootstrap, RefusesAStoreThatHasAnOperator)
{
    Platform platform;
    Memory memory;
    pv_bootstrapped again = {};
    EXPECT_EQ(pv_bootstrap(platform.store, &platform.signer, &platform.options, memory.arena,
                           &memory.error, &again)
                  .code,
              PV_CODE_FAILED_PRECONDITION);
    EXPECT_EQ(memory.Reason(), "STORE_INITIALISED");
    EXPECT_EQ(AuditEntries(platform), 5u);
}

TEST(Bootstrap, ARefusedSignatureLeavesAnEmptyStoreWhichCanBeTriedAgain)
{
    Authority authority;
    Platform form; // for its options
    pv_store *store = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_memory_open(nullptr, &store)));
    const pv_signer *signer = pv_authority_signer(authority.loaded);
    Memory memory;
    pv_bootstrapped made = {};
    EXPECT_EQ(pv_bootstrap(store, signer, &form.options, memory.arena, &memory.error, &made).code,
              PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(memory.Reason(), "CERTIFICATE_REQUEST_INVALID");
    memory.Clear();
    std::string csr = Pem("CERTIFICATE REQUEST", MakeRequest(EcKey("P-256")));
    form.options.csr = View(csr);
    ASSERT_TRUE(
        pv_is_ok(pv_bootstrap(store, signer, &form.options, memory.arena, &memory.error, &made)))
        << memory.Message();
    Certificate leaf = ParsePem(made.certificate_pem);
    Certificate root = ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT));
    EXPECT_TRUE(Verifies(leaf.get(), {ParsePem(made.chain_pem)}, root.get(),
                         X509_PURPOSE_SSL_CLIENT, kNow));
    // What TLS would hand over as the peer's digest finds the caller.
    unsigned char *der = nullptr;
    int size = i2d_X509(leaf.get(), &der);
    Digest digest;
    pv_sha256(pv_view_of(der, static_cast<size_t>(size)), digest.bytes);
    OPENSSL_free(der);
    pv_identity *identity = nullptr;
    pv_caller caller = {};
    pv_peer peer = Platform::PeerOf(digest);
    ASSERT_TRUE(pv_is_ok(pv_identity_create(store, &memory.error, &identity)));
    EXPECT_TRUE(pv_is_ok(pv_identity_resolve(identity, &peer, At(kNow), &caller, &memory.error)))
        << memory.Message();
    EXPECT_STREQ(caller.user_id, made.user_id);
    pv_identity_destroy(identity);
    pv_store_close(store);
}

} // namespace
} // namespace purvey
