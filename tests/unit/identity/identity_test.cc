// From a certificate to its caller: the row decides, at every call.
#include "server/identity/identity.h"

#include "tests/unit/identity/platform.h"

#include <atomic>
#include <thread>

namespace purvey {
namespace {

constexpr int64_t kDay = INT64_C(86400) * 1000000000;

class Identity : public testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(pv_is_ok(pv_identity_create(platform.store, &memory.error, &identity)))
            << memory.Message();
    }
    void TearDown() override { pv_identity_destroy(identity); }

    // Reason of the refusal, "" if the peer is known.
    std::string Resolve(const pv_peer &peer, int64_t utc_ns = kNow)
    {
        memory.Clear();
        pv_status status = pv_identity_resolve(identity, &peer, At(utc_ns), &caller, &memory.error);
        EXPECT_EQ(pv_is_ok(status), memory.Reason().empty());
        return memory.Reason();
    }

    // Says that something has changed, as the committer does.
    void Announce()
    {
        pv_identity_changing(identity);
        pv_identity_changed(identity);
    }

    // Reason of the refusal when the caller is confirmed in a snapshot opened now.
    std::string Confirm(bool changed = false)
    {
        memory.Clear();
        pv_peer peer = platform.Peer();
        pv_txn *txn = nullptr;
        EXPECT_TRUE(pv_is_ok(pv_read_begin(platform.store, memory.arena, &txn)));
        pv_status status =
            pv_identity_confirm(identity, txn, changed, &peer, At(kNow), &caller, &memory.error);
        EXPECT_EQ(pv_is_ok(status), memory.Reason().empty());
        pv_txn_abort(txn);
        return memory.Reason();
    }

    std::string Note(const char *key) const
    {
        for (size_t i = 0; i < memory.error.metadata_count; i++) {
            if (strcmp(memory.error.metadata[i].key, key) == 0) {
                return memory.error.metadata[i].value;
            }
        }
        return "";
    }

    void SetCertificate(const std::function<void(pv_certificate *)> &change)
    {
        platform.Change<pv_certificate>(&pv_certificate__object, platform.made.certificate_id,
                                        change);
    }
    void SetUser(const std::function<void(pv_user *)> &change)
    {
        platform.Change<pv_user>(&pv_user__object, platform.made.user_id, change);
    }
    void SetMembership(const std::function<void(pv_membership *)> &change)
    {
        platform.Change<pv_membership>(&pv_membership__object, platform.made.membership_id, change);
    }
    void SetAccount(const std::function<void(pv_account *)> &change)
    {
        platform.Change<pv_account>(&pv_account__object, platform.made.account_id, change);
    }

    Platform platform;
    Memory memory;
    pv_identity *identity = nullptr;
    pv_caller caller = {};
};

TEST_F(Identity, TheRowSaysWhoCallsAndWhatItMay)
{
    ASSERT_EQ(Resolve(platform.Peer()), "");
    EXPECT_STREQ(caller.account_id, platform.made.account_id);
    EXPECT_STREQ(caller.user_id, platform.made.user_id);
    EXPECT_STREQ(caller.membership_id, platform.made.membership_id);
    EXPECT_STREQ(caller.certificate_id, platform.made.certificate_id);
    pv_id account;
    ASSERT_TRUE(pv_id_parse("acc", pv_view_text(platform.made.account_id), &account));
    EXPECT_TRUE(pv_id_equal(caller.account, account));
    EXPECT_EQ(caller.role, PV_ACCOUNT_TYPE_OPERATOR);
    EXPECT_EQ(caller.grants[0], 0);
    for (int module = PV_MODULE_ACCOUNT; module <= PV_MODULE_AUDIT; module++) {
        EXPECT_EQ(caller.grants[module], PV_GRANT_MANAGE) << module;
    }
    EXPECT_EQ(caller.grants[PV_MODULE_AUDIT + 1], 0);
}

TEST_F(Identity, WithoutACertificateNobodyIsKnown)
{
    pv_peer peer = platform.Peer();
    peer.has_certificate = false;
    EXPECT_EQ(Resolve(peer), "NO_CERTIFICATE");
    EXPECT_EQ(memory.error.reason->code, PV_CODE_UNAUTHENTICATED);
    EXPECT_EQ(pv_identity_resolve(identity, nullptr, At(kNow), &caller, &memory.error).code,
              PV_CODE_UNAUTHENTICATED);
}

TEST_F(Identity, ACertificateWithoutARowIsUnknownThoughItWasSigned)
{
    Digest other = platform.digest;
    other.bytes[31] ^= 1;
    EXPECT_EQ(Resolve(Platform::PeerOf(other)), "CERTIFICATE_UNKNOWN");
    EXPECT_EQ(Resolve(platform.Peer()), "");
    EXPECT_EQ(Resolve(Platform::PeerOf(other)), "CERTIFICATE_UNKNOWN");
}

TEST_F(Identity, ANewCertificateIsKnownAtOnce)
{
    Digest fresh = {{1, 2, 3}};
    EXPECT_EQ(Resolve(Platform::PeerOf(fresh)), "CERTIFICATE_UNKNOWN");
    std::string id = platform.AddCertificate(fresh);
    EXPECT_EQ(Resolve(Platform::PeerOf(fresh)), "");
    EXPECT_EQ(caller.certificate_id, id);
}

TEST_F(Identity, ARevokedCertificateIsRefusedOnItsNextCall)
{
    ASSERT_EQ(Resolve(platform.Peer()), "");
    SetCertificate([](pv_certificate *row) { row->state = PV_CERTIFICATE_STATE_REVOKED; });
    EXPECT_EQ(Resolve(platform.Peer()), "") << "nobody has said yet that something changed";
    Announce();
    EXPECT_EQ(Resolve(platform.Peer()), "CERTIFICATE_REVOKED");
    EXPECT_EQ(Resolve(platform.Peer()), "CERTIFICATE_REVOKED");
    EXPECT_EQ(memory.error.reason->code, PV_CODE_UNAUTHENTICATED);
}

TEST_F(Identity, AnInactiveAccountOrUserIsRefusedUntilItIsActiveAgain)
{
    ASSERT_EQ(Resolve(platform.Peer()), "");
    SetUser([](pv_user *row) { row->state = PV_USER_STATE_INACTIVE; });
    Announce();
    EXPECT_EQ(Resolve(platform.Peer()), "USER_INACTIVE");
    EXPECT_EQ(Note("user"), platform.made.user_id);
    EXPECT_EQ(memory.error.reason->code, PV_CODE_PERMISSION_DENIED);
    SetAccount([](pv_account *row) { row->state = PV_ACCOUNT_STATE_INACTIVE; });
    Announce();
    EXPECT_EQ(Resolve(platform.Peer()), "ACCOUNT_INACTIVE");
    EXPECT_EQ(Note("account"), platform.made.account_id);
    SetAccount([](pv_account *row) { row->state = PV_ACCOUNT_STATE_ACTIVE; });
    SetUser([](pv_user *row) { row->state = PV_USER_STATE_ACTIVE; });
    Announce();
    EXPECT_EQ(Resolve(platform.Peer()), "");
}

TEST_F(Identity, TimesAreComparedAtEveryCallThoughTheRowIsKept)
{
    ASSERT_EQ(Resolve(platform.Peer()), "");
    int64_t begin = kNow - INT64_C(300) * 1000000000;
    int64_t end = kNow + 398 * kDay;
    EXPECT_EQ(Resolve(platform.Peer(), begin - 1), "CERTIFICATE_EXPIRED");
    EXPECT_EQ(Resolve(platform.Peer(), begin), "");
    EXPECT_EQ(Resolve(platform.Peer(), end - 1), "");
    EXPECT_EQ(Resolve(platform.Peer(), end), "CERTIFICATE_EXPIRED");
    EXPECT_EQ(
        memory.Message(),
        "The client certificate is valid from 2026-11-22T19:55:00Z to 2027-12-25T20:00:00Z only.");
}

TEST_F(Identity, RefusalsComeInTheirOrder)
{
    SetCertificate([](pv_certificate *row) { row->state = PV_CERTIFICATE_STATE_REVOKED; });
    SetUser([](pv_user *row) { row->state = PV_USER_STATE_INACTIVE; });
    SetAccount([](pv_account *row) { row->state = PV_ACCOUNT_STATE_INACTIVE; });
    SetMembership([](pv_membership *row) { row->state = PV_MEMBERSHIP_STATE_REMOVED; });
    int64_t late = kNow + 500 * kDay;
    EXPECT_EQ(Resolve(platform.Peer(), late), "CERTIFICATE_REVOKED");
    SetCertificate([](pv_certificate *row) { row->state = PV_CERTIFICATE_STATE_ACTIVE; });
    Announce();
    EXPECT_EQ(Resolve(platform.Peer(), late), "CERTIFICATE_EXPIRED");
    EXPECT_EQ(Resolve(platform.Peer()), "ACCOUNT_INACTIVE");
    SetAccount([](pv_account *row) { row->state = PV_ACCOUNT_STATE_ACTIVE; });
    Announce();
    EXPECT_EQ(Resolve(platform.Peer()), "USER_INACTIVE");
    SetUser([](pv_user *row) { row->state = PV_USER_STATE_ACTIVE; });
    Announce();
    EXPECT_EQ(Resolve(platform.Peer()), "MEMBERSHIP_ENDED");
    EXPECT_EQ(Note("membership"), platform.made.membership_id);
    EXPECT_EQ(memory.error.reason->code, PV_CODE_PERMISSION_DENIED);
}

TEST_F(Identity, OnlyAJoinedMembershipCalls)
{
    for (pv_membership_state state :
         {PV_MEMBERSHIP_STATE_INVITED, PV_MEMBERSHIP_STATE_EXPIRED, PV_MEMBERSHIP_STATE_REMOVED}) {
        SetMembership([&](pv_membership *row) { row->state = state; });
        Announce();
        EXPECT_EQ(Resolve(platform.Peer()), "MEMBERSHIP_ENDED") << state;
    }
}

TEST_F(Identity, AConfirmedCallerIsWhatTheRowsSayInTheTransaction)
{
    ASSERT_EQ(Resolve(platform.Peer()), "");
    EXPECT_EQ(Confirm(), "");
    SetCertificate([](pv_certificate *row) { row->n_scopes = 0; });
    EXPECT_EQ(Confirm(), "");
    EXPECT_EQ(caller.grants[PV_MODULE_ORDER], PV_GRANT_MANAGE)
        << "nobody has said so: rows are not read";
    EXPECT_EQ(Confirm(true), "");
    EXPECT_EQ(caller.grants[PV_MODULE_ORDER], PV_GRANT_UNSPECIFIED)
        << "an earlier call of the batch has said so";
    SetMembership([](pv_membership *row) { row->state = PV_MEMBERSHIP_STATE_REMOVED; });
    ASSERT_EQ(Resolve(platform.Peer()), "");
    pv_identity_changing(identity);
    EXPECT_EQ(Confirm(), "MEMBERSHIP_ENDED")
        << "while a change becomes durable nothing kept counts";
    EXPECT_EQ(Resolve(platform.Peer()), "MEMBERSHIP_ENDED");
    pv_identity_changed(identity);
    EXPECT_EQ(Confirm(), "MEMBERSHIP_ENDED");
}

struct Rights {
    pv_grant scope;
    pv_grant grant;
    pv_grant effective;
};

TEST_F(Identity, TheWeakerOfScopeAndGroupCounts)
{
    const Rights table[] = {
        {PV_GRANT_MANAGE, PV_GRANT_MANAGE, PV_GRANT_MANAGE},
        {PV_GRANT_MANAGE, PV_GRANT_VIEW, PV_GRANT_VIEW},
        {PV_GRANT_VIEW, PV_GRANT_MANAGE, PV_GRANT_VIEW},
        {PV_GRANT_ACT, PV_GRANT_ACT, PV_GRANT_ACT},
        {PV_GRANT_UNSPECIFIED, PV_GRANT_MANAGE, PV_GRANT_UNSPECIFIED},
        {PV_GRANT_MANAGE, PV_GRANT_UNSPECIFIED, PV_GRANT_UNSPECIFIED},
    };
    for (const Rights &rights : table) {
        SetCertificate(
            [&](pv_certificate *row) { row->scopes[PV_MODULE_ORDER - 1]->grant = rights.scope; });
        platform.ChangeGroup([&](pv_group *row) {
            row->administrators = false;
            row->permissions[PV_MODULE_ORDER - 1]->grant = rights.grant;
        });
        Announce();
        ASSERT_EQ(Resolve(platform.Peer()), "");
        EXPECT_EQ(caller.grants[PV_MODULE_ORDER], rights.effective);
        EXPECT_EQ(caller.grants[PV_MODULE_USAGE], PV_GRANT_MANAGE)
            << "other modules are as they were";
    }
    SetCertificate([&](pv_certificate *row) { row->n_scopes = 0; });
    Announce();
    ASSERT_EQ(Resolve(platform.Peer()), "");
    for (uint8_t grant : caller.grants) { EXPECT_EQ(grant, 0); }
}

TEST_F(Identity, AdministratorsHoldEveryModuleWhateverTheirRowSays)
{
    platform.ChangeGroup([](pv_group *row) { row->n_permissions = 0; });
    ASSERT_EQ(Resolve(platform.Peer()), "");
    EXPECT_EQ(caller.grants[PV_MODULE_AUDIT], PV_GRANT_MANAGE);
    platform.ChangeGroup([](pv_group *row) { row->state = PV_GROUP_STATE_DELETED; });
    Announce();
    ASSERT_EQ(Resolve(platform.Peer()), "");
    for (uint8_t grant : caller.grants) { EXPECT_EQ(grant, 0) << "a deleted group gives nothing"; }
}

TEST_F(Identity, CertificatesThatShareAPlaceDoNotShareACaller)
{
    Digest first = {{0xab, 0xcd, 1}};
    Digest second = {{0xab, 0xcd, 2}};
    Digest unknown = {{0xab, 0xcd, 3}};
    std::string first_id = platform.AddCertificate(first);
    std::string second_id = platform.AddCertificate(second);
    for (int round = 0; round < 3; round++) {
        ASSERT_EQ(Resolve(Platform::PeerOf(first)), "");
        EXPECT_EQ(caller.certificate_id, first_id);
        ASSERT_EQ(Resolve(Platform::PeerOf(second)), "");
        EXPECT_EQ(caller.certificate_id, second_id);
        EXPECT_EQ(Resolve(Platform::PeerOf(unknown)), "CERTIFICATE_UNKNOWN");
    }
}

TEST_F(Identity, ARowThatPointsAtNothingIsDamageAndNotACaller)
{
    platform.Write([&](pv_txn *txn, pv_arena *) {
        pv_id user;
        ASSERT_TRUE(pv_id_parse("usr", pv_view_text(platform.made.user_id), &user));
        ASSERT_TRUE(pv_is_ok(pv_object_delete(txn, &pv_user__object, user)));
    });
    EXPECT_EQ(Resolve(platform.Peer()), "DATA_DAMAGED");
}

TEST_F(Identity, NoCallBegunAfterARevocationWasAnnouncedSucceeds)
{
    enum { kTrials = 200 };
    std::atomic<int> announced{-1}; // trial whose revocation was announced
    std::atomic<int> current{-1};
    std::atomic<bool> stop{false};
    std::atomic<int> escaped{0};
    std::vector<Digest> digests(kTrials);
    for (int i = 0; i < kTrials; i++) {
        digests[static_cast<size_t>(i)] = {{0x77, static_cast<uint8_t>(i), 9}};
    }
    std::thread reader([&] {
        Memory own;
        pv_caller found;
        while (!stop) {
            int trial = current;
            if (trial < 0) { continue; }
            bool late = announced >= trial; // read before the call begins
            pv_peer peer = Platform::PeerOf(digests[static_cast<size_t>(trial)]);
            own.Clear();
            bool accepted =
                pv_is_ok(pv_identity_resolve(identity, &peer, At(kNow), &found, &own.error));
            if (accepted && late) { escaped++; }
            if (pv_arena_used(own.arena) > 512 * 1024) { pv_arena_reset(own.arena); }
        }
    });
    for (int trial = 0; trial < kTrials; trial++) {
        std::string id = platform.AddCertificate(digests[static_cast<size_t>(trial)]);
        Announce();
        current = trial;
        ASSERT_EQ(Resolve(Platform::PeerOf(digests[static_cast<size_t>(trial)])), "");
        platform.Change<pv_certificate>(
            &pv_certificate__object, id.c_str(),
            [](pv_certificate *row) { row->state = PV_CERTIFICATE_STATE_REVOKED; });
        Announce();
        announced = trial;
        EXPECT_EQ(Resolve(Platform::PeerOf(digests[static_cast<size_t>(trial)])),
                  "CERTIFICATE_REVOKED");
        if (pv_arena_used(memory.arena) > 512 * 1024) { pv_arena_reset(memory.arena); }
    }
    stop = true;
    reader.join();
    EXPECT_EQ(escaped, 0);
}

// A member is removed; what is written afterwards it must not see, however its calls and the changes interleave.
TEST_F(Identity, NoSnapshotShowsDataThatIsNewerThanTheRightsItWasConfirmedWith)
{
    enum { kTrials = 300 };
    char open[] = "open";
    char secret[] = "secret";
    std::atomic<bool> stop{false};
    std::atomic<int> escaped{0};
    std::atomic<int> seen{0};
    std::thread reader([&] {
        Memory own;
        pv_peer peer = platform.Peer();
        pv_id account;
        PV_ASSERT(pv_id_parse("acc", pv_view_text(platform.made.account_id), &account));
        while (!stop) {
            own.Clear();
            pv_arena_reset(own.arena);
            pv_error_init(&own.error, own.arena);
            pv_caller found;
            pv_txn *txn = nullptr;
            ProtobufCMessage *row = nullptr;
            if (!pv_is_ok(pv_identity_resolve(identity, &peer, At(kNow), &found, &own.error))) {
                continue;
            }
            PV_ASSERT(pv_is_ok(pv_read_begin(platform.store, own.arena, &txn)));
            bool confirmed = pv_is_ok(
                pv_identity_confirm(identity, txn, false, &peer, At(kNow), &found, &own.error));
            PV_ASSERT(pv_is_ok(
                pv_object_load(txn, &pv_account__object, account, own.arena, &row, nullptr)));
            bool newer = strcmp(reinterpret_cast<pv_account *>(row)->description, secret) == 0;
            pv_txn_abort(txn);
            if (confirmed) { seen++; }
            if (confirmed && newer) { escaped++; }
        }
    });
    auto set_state = [&](pv_membership_state state) {
        pv_identity_changing(identity);
        SetMembership([&](pv_membership *row) { row->state = state; });
        pv_identity_changed(identity);
    };
    for (int trial = 0; trial < kTrials; trial++) {
        set_state(PV_MEMBERSHIP_STATE_REMOVED);
        SetAccount([&](pv_account *row) { row->description = secret; });
        SetAccount([&](pv_account *row) { row->description = open; });
        set_state(PV_MEMBERSHIP_STATE_JOINED);
        if (pv_arena_used(memory.arena) > 512 * 1024) { pv_arena_reset(memory.arena); }
    }
    while (seen == 0) { std::this_thread::yield(); } // a member calls: it did run
    stop = true;
    reader.join();
    EXPECT_EQ(escaped, 0);
}

TEST_F(Identity, RefusedIssuersAreJudgedByTheRow)
{
    // The signer of the platform says that its digest is all aa.
    pv_issuer ours = {}, other = {};
    memset(ours.sha256, 0xaa, sizeof ours.sha256);
    memset(other.sha256, 0xbb, sizeof other.sha256);
    const pv_issuer both[] = {other, ours};
    ASSERT_EQ(Resolve(platform.Peer()), "");
    pv_identity_refuse_issuers(identity, &other, 1);
    EXPECT_EQ(Resolve(platform.Peer()), "") << "what others issued is not touched";
    pv_identity_refuse_issuers(identity, both, 2);
    EXPECT_EQ(Resolve(platform.Peer()), "CERTIFICATE_ISSUER_REFUSED");
    pv_identity_refuse_issuers(identity, &other, 1);
    EXPECT_EQ(Resolve(platform.Peer()), "");
    pv_identity_changing(identity); // meanwhile something else changes
    pv_identity_refuse_issuers(identity, &ours, 1);
    EXPECT_EQ(Resolve(platform.Peer()), "CERTIFICATE_ISSUER_REFUSED");
    pv_identity_changed(identity);
    EXPECT_EQ(Resolve(platform.Peer()), "CERTIFICATE_ISSUER_REFUSED");
    pv_identity_refuse_issuers(identity, nullptr, 0);
    EXPECT_EQ(Resolve(platform.Peer()), "");
}

TEST_F(Identity, ARowThatDoesNotSayItsIssuerCountsAsRefusedOnceOneIs)
{
    pv_identity_changing(identity);
    SetCertificate([](pv_certificate *certificate) { certificate->issuer_sha256[0] = '\0'; });
    pv_identity_changed(identity);
    EXPECT_EQ(Resolve(platform.Peer()), "");
    pv_issuer any = {};
    pv_identity_refuse_issuers(identity, &any, 1);
    EXPECT_EQ(Resolve(platform.Peer()), "CERTIFICATE_ISSUER_REFUSED");
}

TEST_F(Identity, AUseIsNotedOnceAnHourAndNotOfThoseWhoAreRefused)
{
    constexpr int64_t kHour = INT64_C(3600) * PV_NS_PER_S;
    pv_peer peer = platform.Peer();
    peer.address = "ipv4:127.0.0.1:4242";
    auto noted = [&](int64_t at_ns) {
        memory.Clear();
        (void)!pv_is_ok(pv_identity_resolve(identity, &peer, At(at_ns), &caller, &memory.error));
        bool waits = pv_identity_uses_wait(identity);
        platform.Write([&](pv_txn *txn, pv_arena *) {
            EXPECT_TRUE(pv_is_ok(pv_identity_write_uses(identity, txn)));
        });
        EXPECT_FALSE(pv_identity_uses_wait(identity));
        return waits;
    };
    pv_peer nobody = platform.Peer();
    nobody.address = nullptr;
    ASSERT_EQ(Resolve(nobody), "");
    EXPECT_FALSE(pv_identity_uses_wait(identity)) << "a peer without an address is nobody's call";
    EXPECT_TRUE(noted(kNow));
    EXPECT_FALSE(noted(kNow + kHour - 1));
    pv_identity_changing(identity);
    pv_identity_changed(identity);
    EXPECT_FALSE(noted(kNow + kHour - 1)) << "also when the rows are read again";
    EXPECT_TRUE(noted(kNow + kHour));
    EXPECT_FALSE(noted(kNow + kHour));
    pv_identity_changing(identity);
    SetCertificate([](pv_certificate *row) { row->state = PV_CERTIFICATE_STATE_REVOKED; });
    pv_identity_changed(identity);
    EXPECT_FALSE(noted(kNow + 3 * kHour));
}

TEST(IdentityStore, AStoreThatWasNotInitialisedIsRefused)
{
    Memory memory;
    pv_store *store = nullptr;
    pv_identity *identity = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_memory_open(nullptr, &store)));
    EXPECT_EQ(pv_identity_create(store, &memory.error, &identity).code,
              PV_CODE_FAILED_PRECONDITION);
    EXPECT_EQ(memory.Reason(), "STORE_NOT_INITIALISED");
    EXPECT_EQ(identity, nullptr);
    pv_store_close(store);
}

} // namespace
} // namespace purvey
