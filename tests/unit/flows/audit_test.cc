/* The audit trail: what is noted, in whose trail, who may read it, and that its chain verifies from what a client is
 * given. */
#include "base/digest.h"
#include "protos/runtime/message.h"
#include "purvey/audit/v1/audit_service.pv.h"
#include "server/flows/trail.h"
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

constexpr int64_t kMinuteMs = 60 * 1000;
constexpr size_t kMade = 6; /* entries that making an account with a user leaves */

struct Audit : testing::Test {
    World world;
    Actor platform = world.platform();
    Actor owner = world.account("DISTRIBUTOR", "D");
    Actor reseller = world.account("RESELLER", "R");

    /* The trail of an account as somebody reads it, with conditions as JSON members behind account_id. */
    Answer read(const Actor &by, const Actor &of, const std::string &conditions = "")
    {
        world.settle();
        return world.call(by, "ListAuditEntries",
                          json(R"({"account_id": "%s", "page_size": 1000%s%s})",
                               of.account_id.c_str(), conditions.empty() ? "" : ", ",
                               conditions.c_str()));
    }
    static size_t count(const Answer &page)
    {
        return json_array_size(json_object_get(page.json.get(), "audit_entries"));
    }
    static std::string field(const Answer &page, size_t entry, const std::string &name)
    {
        return page.text("audit_entries." + std::to_string(entry) + "." + name);
    }
    /* "Method object_type previous>state" of each entry. */
    static std::vector<std::string> told(const Answer &page)
    {
        std::vector<std::string> lines;
        for (size_t i = 0; i < count(page); i++) {
            std::string method = field(page, i, "method"), object = field(page, i, "object_type");
            lines.push_back(method.substr(method.rfind('/') + 1) + " " +
                            object.substr(object.rfind('.') + 1) + " " +
                            field(page, i, "previous_state") + ">" + field(page, i, "state"));
        }
        return lines;
    }
    /* The changes of the newest entry of a trail as "field: old > new". */
    std::vector<std::string> newest_changes(const Actor &of) { return changes(of, 0); }
    /* The same of the entry so many before the newest. */
    std::vector<std::string> changes(const Actor &of, size_t entry)
    {
        Answer page = read(of, of, R"("newest_first": true)");
        std::vector<std::string> lines;
        for (size_t i = 0; i < 32; i++) {
            std::string at = "changes." + std::to_string(i) + ".";
            std::string name = field(page, entry, at + "field");
            if (name.empty()) { break; }
            lines.push_back(name + ": " + field(page, entry, at + "old_value") + " > " +
                            field(page, entry, at + "new_value"));
        }
        return lines;
    }
    /* Follows the chain of a trail through pages of this size, as a client would. */
    void verify(const Actor &of, uint64_t expected_kept_after = 0, int page_size = 7)
    {
        pv_arena *arena = pv_arena_create(16 * 1024 * 1024);
        pv_chain_mark at = {}, head = {};
        std::string token;
        for (bool first = true, more = true; more; first = false) {
            Answer page = world.call(
                of, "ListAuditEntries",
                json(R"({"page_size": %d, "page_token": "%s"})", page_size, token.c_str()));
            ASSERT_TRUE(page.ok());
            ProtobufCMessage *message = nullptr;
            ASSERT_TRUE(pv_message_unpack(&pv_list_audit_entries_response__info,
                                          pv_view_of(page.packed.data(), page.packed.size()), arena,
                                          &message));
            auto *listed = reinterpret_cast<pv_list_audit_entries_response *>(message);
            if (first) {
                EXPECT_EQ(listed->trail->kept_after->sequence, expected_kept_after);
                at.sequence = listed->trail->kept_after->sequence;
                memcpy(at.hash, listed->trail->kept_after->hash.data, PV_SHA256_SIZE);
            }
            for (size_t i = 0; i < listed->n_audit_entries; i++) {
                pv_chain_link link;
                ASSERT_TRUE(pv_trail_link(listed->audit_entries[i], arena, &link));
                EXPECT_EQ(pv_chain_follow(&at, &link), PV_CHAIN_WHOLE) << link.sequence;
                EXPECT_EQ(listed->audit_entries[i]->trail_account_id, of.account_id);
            }
            head.sequence = listed->trail->head->sequence;
            memcpy(head.hash, listed->trail->head->hash.data, PV_SHA256_SIZE);
            token = page.text("next_page_token");
            more = !token.empty();
        }
        EXPECT_EQ(memcmp(&at, &head, sizeof at), 0);
        pv_arena_destroy(arena);
    }
    Answer make_hub(const char *more = "")
    {
        return world.call(owner, "CreateHub", json(R"({"name": "H"%s})", more));
    }
    std::string group_of(const Actor &of, const char *permissions)
    {
        return world
            .call(of, "CreateGroup", json(R"({"name": "G", "permissions": [%s]})", permissions))
            .text("group.id");
    }
};

TEST_F(Audit, AnEntryStandsWithWhoActedAndWithWhomItConcerns)
{
    /* The operator made the account, its user and the certificate. */
    const std::vector<std::string> made = {"CreateAccount Group >ACTIVE",
                                           "CreateAccount Account >ACTIVE",
                                           "CreateUser User >ACTIVE",
                                           "CreateUser Membership >JOINED",
                                           "IssueCertificate Certificate >PENDING",
                                           "IssueCertificate Certificate PENDING>ACTIVE"};
    Answer own = read(owner, owner);
    EXPECT_EQ(told(own), made);
    EXPECT_EQ(field(own, 0, "account_id"), platform.account_id);
    EXPECT_EQ(field(own, 0, "user_id"), platform.user_id);
    EXPECT_EQ(field(own, 0, "certificate_id"), platform.certificate_id);
    EXPECT_EQ(field(own, 0, "peer_address"), "test");
    EXPECT_EQ(field(own, 0, "kind"), "AUDIT_KIND_CREATED");
    EXPECT_EQ(field(own, 1, "object_id"), owner.account_id);
    EXPECT_EQ(field(own, 0, "trail_account_id"), owner.account_id);
    EXPECT_EQ(field(own, 0, "sequence"), "1");
    EXPECT_EQ(field(own, 0, "request_id").size(), 36U);
    EXPECT_EQ(field(own, 4, "object_id"), owner.certificate_id);
    Answer same =
        read(platform, platform, json(R"("object_id": "%s")", owner.certificate_id.c_str()));
    ASSERT_EQ(count(same), 2U);
    EXPECT_EQ(field(same, 0, "request_id"), field(own, 4, "request_id"));
    EXPECT_EQ(field(same, 0, "trail_account_id"), platform.account_id);
    /* What an account does itself stands in no other trail. */
    size_t before = count(read(platform, platform));
    ASSERT_TRUE(make_hub().ok());
    EXPECT_EQ(told(read(owner, owner)).back(), "CreateHub Hub >");
    EXPECT_EQ(count(read(platform, platform)), before);
    verify(owner);
    verify(reseller);
    verify(platform);
}

TEST_F(Audit, ARefusedCallAndOneThatOnlyValidatesLeaveNoEntry)
{
    size_t before = count(read(owner, owner));
    EXPECT_EQ(world.call(owner, "DeleteGroup", R"({"group_id": "grp_01arz3ndektsv4rrffq69g5fav"})")
                  .reason,
              "NOT_FOUND");
    EXPECT_TRUE(make_hub(R"(, "validate_only": true)").ok());
    EXPECT_EQ(count(read(owner, owner)), before);
}

TEST_F(Audit, CallsOfOneBatchChainInTheirOrder)
{
    std::vector<World::Waiting> calls;
    for (int i = 0; i < 40; i++) {
        calls.push_back(
            {i % 2 == 0 ? owner : platform, "CreateGroup",
             json(R"({"account_id": "%s", "name": "G%d"})", owner.account_id.c_str(), i % 5)});
    }
    world.burst(calls);
    verify(owner);
    verify(platform);
}

TEST_F(Audit, WhatChangedIsToldFromOldToNewForRights)
{
    std::string group = group_of(owner, R"({"module": "MODULE_ORDER", "grant": "GRANT_ACT"})");
    EXPECT_EQ(newest_changes(owner)[1], "permissions:  > ORDER:ACT");
    ASSERT_TRUE(world
                    .call(owner, "UpdateGroup",
                          json(R"({"group_id": "%s", "permissions": [
                                {"module": "MODULE_ORDER", "grant": "GRANT_VIEW"},
                                {"module": "MODULE_USAGE", "grant": "GRANT_VIEW"}]})",
                               group.c_str()))
                    .ok());
    EXPECT_EQ(newest_changes(owner),
              (std::vector<std::string>{"permissions: ORDER:ACT > ORDER:VIEW, USAGE:VIEW"}));
    Answer page = read(owner, owner, R"("newest_first": true, "kind": "AUDIT_KIND_CHANGED")");
    EXPECT_EQ(field(page, 0, "object_id"), group);
    ASSERT_TRUE(world
                    .call(owner, "UpdateMembership",
                          json(R"({"membership_id": "%s", "group_ids": ["%s", "%s"]})",
                               owner.membership_id.c_str(), world.administrators(owner).c_str(),
                               group.c_str()))
                    .ok());
    EXPECT_EQ(newest_changes(owner),
              (std::vector<std::string>{"group_ids: " + world.administrators(owner) + " > " +
                                        world.administrators(owner) + ", " + group}));
    world.certify(owner, owner.membership_id);
    bool scopes = false;
    for (const std::string &line : changes(owner, 1)) { /* signed after it was stored */
        scopes = scopes || line == "scopes:  > ACCOUNT:MANAGE, CONTRACT:MANAGE, PRODUCT:MANAGE, "
                                   "ORDER:MANAGE, USAGE:MANAGE, AUDIT:MANAGE";
    }
    EXPECT_TRUE(scopes) << testing::PrintToString(newest_changes(owner));
    /* Long values are cut, and what is business is told by its states alone. */
    ASSERT_TRUE(world
                    .call(owner, "UpdateGroup",
                          json(R"({"group_id": "%s", "description": "%s"})", group.c_str(),
                               std::string(300, 'x').c_str()))
                    .ok());
    EXPECT_EQ(newest_changes(owner)[0], "description:  > " + std::string(200, 'x') + "...");
    ASSERT_TRUE(make_hub().ok());
    EXPECT_EQ(newest_changes(owner).size(), 0U);
}

TEST_F(Audit, TheLifeOfAnInvitationIsTold)
{
    Answer invited =
        world.call(owner, "InviteMembership",
                   json(R"({"name": "Ann", "email": "ann@example.com", "group_ids": ["%s"]})",
                        world.administrators(owner).c_str()));
    ASSERT_TRUE(invited.ok());
    std::string id = invited.text("membership.id");
    std::string token = invited.text("invitation_token");
    ASSERT_TRUE(
        world.call(owner, "ResendMembership", json(R"({"membership_id": "%s"})", id.c_str())).ok());
    Answer again =
        world.call(owner, "ResendMembership", json(R"({"membership_id": "%s"})", id.c_str()));
    ASSERT_TRUE(
        world
            .call(reseller, "AcceptMembership",
                  json(R"({"invitation_token": "%s"})", again.text("invitation_token").c_str()))
            .ok());
    Answer page = read(owner, owner, json(R"("object_id": "%s")", id.c_str()));
    EXPECT_EQ(told(page), (std::vector<std::string>{"InviteMembership Membership >INVITED",
                                                    "ResendMembership Membership INVITED>INVITED",
                                                    "ResendMembership Membership INVITED>INVITED",
                                                    "AcceptMembership Membership INVITED>JOINED"}));
    /* Who accepted stands in both trails. */
    EXPECT_EQ(field(page, 3, "account_id"), reseller.account_id);
    EXPECT_EQ(told(read(reseller, reseller)).back(), "AcceptMembership Membership INVITED>JOINED");
    for (const std::string &bytes : {page.packed, read(platform, platform).packed}) {
        EXPECT_EQ(bytes.find(token.substr(6)), std::string::npos) << "a token is told to nobody";
    }
}

TEST_F(Audit, OnlyTheAccountItselfAndTheOperatorReadATrail)
{
    EXPECT_TRUE(read(owner, owner).ok());
    EXPECT_TRUE(read(platform, owner).ok());
    Answer foreign = read(owner, reseller);
    EXPECT_EQ(foreign.reason, "NOT_FOUND");
    Actor absent = reseller;
    absent.account_id = "acc_01arz3ndektsv4rrffq69g5fav";
    Answer none = read(owner, absent);
    EXPECT_EQ(none.reason, foreign.reason);
    EXPECT_EQ(
        world
            .call(owner, "GetAuditEntry",
                  json(R"({"account_id": "%s", "sequence": "1"})", reseller.account_id.c_str()))
            .reason,
        "NOT_FOUND");
    /* Nor does the other one's trail say that somebody asked. */
    EXPECT_EQ(count(read(reseller, reseller)), kMade);
    Actor viewer = world.user(owner, {{"AUDIT", "VIEW"}});
    EXPECT_TRUE(read(viewer, owner).ok());
    Actor other = world.user(owner, {{"ORDER", "MANAGE"}});
    EXPECT_EQ(read(other, owner).reason, "GRANT_MISSING");
}

TEST_F(Audit, EntriesAreFoundByNumberTimeUserObjectKindAndMethod)
{
    for (int i = 0; i < 30; i++) { ASSERT_TRUE(make_hub().ok()) << i; }
    Answer all = read(owner, owner);
    const size_t total = count(all);
    ASSERT_EQ(total, kMade + 30);
    auto timed = [&](const char *name, size_t entry) {
        return json(R"("%s": "%s")", name, field(all, entry, "time").c_str());
    };
    const struct {
        std::string conditions;
        size_t count, first;
    } rows[] = {
        {R"("after_sequence": "30")", kMade, 30},
        {R"("after_sequence": "36")", 0, 0},
        {R"("after_sequence": "1000")", 0, 0},
        {timed("from_time", 20), 16, 20},
        {timed("to_time", 20), 20, 0},
        {timed("from_time", 10) + ", " + timed("to_time", 12), 2, 10},
        {json(R"("user_id": "%s")", owner.user_id.c_str()), 30, kMade},
        {json(R"("user_id": "%s")", platform.user_id.c_str()), kMade, 0},
        {json(R"("object_id": "%s")", owner.account_id.c_str()), 1, 1},
        {R"("method": "purvey.product.v1.HubService/CreateHub")", 30, kMade},
        {R"("kind": "AUDIT_KIND_CHANGED")", 1, kMade - 1},
        {R"("kind": "AUDIT_KIND_DELETED")", 0, 0},
        {R"("kind": "AUDIT_KIND_CREATED", "after_sequence": "34")", 2, 34},
    };
    for (const auto &row : rows) {
        Answer page = read(owner, owner, row.conditions);
        Answer back = read(owner, owner, row.conditions + R"(, "newest_first": true)");
        ASSERT_EQ(count(page), row.count) << row.conditions;
        ASSERT_EQ(count(back), row.count) << row.conditions;
        for (size_t i = 0; i < row.count; i++) {
            EXPECT_EQ(field(page, i, "sequence"), std::to_string(row.first + i + 1));
            EXPECT_EQ(field(back, i, "sequence"), std::to_string(row.first + row.count - i));
        }
    }
    for (size_t i = 0; i < total; i++) {
        Answer one = world.call(owner, "GetAuditEntry", json(R"({"sequence": "%zu"})", i + 1));
        EXPECT_EQ(one.text("audit_entry.hash"), field(all, i, "hash"));
        EXPECT_EQ(one.text("audit_entry.object_id"), field(all, i, "object_id"));
    }
    EXPECT_EQ(world.call(owner, "GetAuditEntry", R"({"sequence": "37"})").reason, "NOT_FOUND");
}

TEST_F(Audit, PagesOfBothDirectionsConcatenate)
{
    for (int i = 0; i < 20; i++) { ASSERT_TRUE(make_hub().ok()) << i; }
    for (const char *order : {"false", "true"}) {
        std::vector<std::string> sequences;
        std::string token;
        do {
            Answer page =
                world.call(owner, "ListAuditEntries",
                           json(R"({"page_size": 3, "newest_first": %s, "page_token": "%s"})",
                                order, token.c_str()));
            ASSERT_TRUE(page.ok());
            for (size_t i = 0; i < count(page); i++) {
                sequences.push_back(field(page, i, "sequence"));
            }
            token = page.text("next_page_token");
        } while (!token.empty());
        ASSERT_EQ(sequences.size(), kMade + 20);
        for (size_t i = 0; i < kMade + 20; i++) {
            EXPECT_EQ(sequences[i], std::to_string(*order == 't' ? kMade + 20 - i : i + 1));
        }
    }
    Answer page = world.call(owner, "ListAuditEntries", R"({"page_size": 3})");
    std::string token = page.text("next_page_token");
    EXPECT_EQ(world
                  .call(owner, "ListAuditEntries",
                        json(R"({"newest_first": true, "page_token": "%s"})", token.c_str()))
                  .reason,
              "PAGE_TOKEN_INVALID");
    EXPECT_EQ(
        world.call(reseller, "ListAuditEntries", json(R"({"page_token": "%s"})", token.c_str()))
            .reason,
        "PAGE_TOKEN_INVALID");
}

TEST_F(Audit, RetentionTakesTheFrontAndTheRestVerifies)
{
    world.advance(kKeepDays * kDayMs + kMinuteMs);
    ASSERT_TRUE(make_hub().ok());
    world.prune();
    Answer left = read(owner, owner);
    ASSERT_EQ(count(left), 1U);
    EXPECT_EQ(field(left, 0, "sequence"), std::to_string(kMade + 1));
    verify(owner, kMade);
    EXPECT_EQ(world.call(owner, "GetAuditEntry", R"({"sequence": "5"})").reason, "NOT_FOUND");
}

TEST_F(Audit, ADamagedEntryIsRefusedNotShown)
{
    world.damage_audit(owner.account_id, 3);
    EXPECT_EQ(read(owner, owner, R"("kind": "AUDIT_KIND_CREATED")").reason, "DATA_DAMAGED");
}

/* --- what was refused --- */

TEST_F(Audit, RefusedCallsAreNotedWithWhoseCertificateItWas)
{
    Actor clerk = world.user(owner, {{"ORDER", "VIEW"}});
    Actor nobody;
    Actor stranger = clerk;
    stranger.sha256 = std::string(64, 'a');
    EXPECT_EQ(world.call(clerk, "CreateHub", R"({"name": "H"})").reason, "GRANT_MISSING");
    EXPECT_EQ(world.call(nobody, "WhoAmI", "{}").reason, "NO_CERTIFICATE");
    EXPECT_EQ(world.call(stranger, "WhoAmI", "{}").reason, "CERTIFICATE_UNKNOWN");
    ASSERT_TRUE(world
                    .call(owner, "RevokeCertificate",
                          json(R"({"certificate_id": "%s", "reason": "lost"})",
                               clerk.certificate_id.c_str()))
                    .ok());
    EXPECT_EQ(world.call(clerk, "WhoAmI", "{}").reason, "CERTIFICATE_REVOKED");

    Answer own = read(owner, owner, R"("kind": "AUDIT_KIND_CALL_REFUSED")");
    ASSERT_EQ(count(own), 2U);
    EXPECT_EQ(field(own, 0, "reason"), "GRANT_MISSING");
    EXPECT_EQ(field(own, 0, "method"), "purvey.product.v1.HubService/CreateHub");
    EXPECT_EQ(field(own, 1, "reason"), "CERTIFICATE_REVOKED");
    for (size_t i = 0; i < 2; i++) {
        EXPECT_EQ(field(own, i, "account_id"), owner.account_id);
        EXPECT_EQ(field(own, i, "user_id"), clerk.user_id);
        EXPECT_EQ(field(own, i, "certificate_id"), clerk.certificate_id);
        EXPECT_EQ(field(own, i, "certificate_sha256"), clerk.sha256);
        EXPECT_EQ(field(own, i, "peer_address"), "test");
    }
    Answer unknown = read(platform, platform, R"("kind": "AUDIT_KIND_CALL_REFUSED")");
    ASSERT_EQ(count(unknown), 2U);
    EXPECT_EQ(field(unknown, 0, "reason"), "NO_CERTIFICATE");
    EXPECT_EQ(field(unknown, 0, "certificate_sha256"), "");
    EXPECT_EQ(field(unknown, 1, "reason"), "CERTIFICATE_UNKNOWN");
    EXPECT_EQ(field(unknown, 1, "account_id"), "");
    EXPECT_EQ(field(unknown, 1, "certificate_sha256"), stranger.sha256);
    verify(owner);
    verify(platform);
}

TEST_F(Audit, OfAFloodOnlySoManyAreWrittenAndTheOthersCounted)
{
    Actor clerk = world.user(owner, {{"ORDER", "VIEW"}});
    const size_t refused = 500;
    for (size_t i = 0; i < refused; i++) {
        EXPECT_EQ(world.call(clerk, "CreateHub", R"({"name": "H"})").reason, "GRANT_MISSING");
        if (i % 50 == 0) { world.settle(); }
    }
    auto total = [&](const Answer &page) {
        size_t sum = 0;
        for (size_t i = 0; i < count(page); i++) {
            std::string more = field(page, i, "left_out");
            sum += 1 + (more.empty() ? 0 : std::stoul(more));
        }
        return sum;
    };
    const std::string kind = R"("kind": "AUDIT_KIND_CALL_REFUSED")";
    Answer page = read(owner, owner, kind);
    EXPECT_EQ(count(page), static_cast<size_t>(PV_NOTES_SOURCE_BURST));
    /* One that is written then says how many were not; and a minute later nothing is left to tell. */
    world.advance(kMinuteMs / PV_NOTES_SOURCE_PER_MINUTE + 1000);
    world.call(clerk, "CreateHub", R"({"name": "H"})");
    world.advance(kMinuteMs);
    page = read(owner, owner, kind);
    EXPECT_EQ(count(page), static_cast<size_t>(PV_NOTES_SOURCE_BURST) + 1);
    EXPECT_EQ(total(page), refused + 1);
    /* Without a later one the minute tells it. */
    for (size_t i = 0; i < refused; i++) {
        world.call(clerk, "CreateHub", R"({"name": "H"})");
        world.settle();
    }
    world.advance(kMinuteMs);
    EXPECT_EQ(total(read(owner, owner, kind)), 2 * refused + 1);
    verify(owner);
}

TEST_F(Audit, ManySourcesAreBoundedInAllAndEachIsCounted)
{
    size_t noted = 0;
    for (int source = 0; source < 1000; source++) {
        std::string address = json("ipv4:10.0.%d.%d:5000", source / 250, source % 250);
        pv_note note = {};
        note.kind = PV_AUDIT_KIND_HANDSHAKE_REFUSED;
        note.reason = "certificate verify failed";
        note.method = note.request_id = "";
        note.peer_address = address.c_str();
        world.note(note);
        noted++;
        if (source % 40 == 0) { world.settle(); }
    }
    world.settle();
    Answer page = read(platform, platform, R"("kind": "AUDIT_KIND_HANDSHAKE_REFUSED")");
    EXPECT_LE(count(page), static_cast<size_t>(PV_NOTES_BURST));
    EXPECT_GT(count(page), 50U);
    world.advance(2 * kMinuteMs);
    world.settle();
    size_t sum = 0;
    Answer all = read(platform, platform, R"("after_sequence": "1")");
    for (size_t i = 0; i < count(all); i++) {
        if (field(all, i, "reason").empty()) { continue; }
        std::string more = field(all, i, "left_out");
        sum += 1 + (more.empty() ? 0 : std::stoul(more));
    }
    /* The entry for those whose place was taken counts them without being one itself. */
    EXPECT_GE(sum, noted);
    EXPECT_LE(sum, noted + 3);
    verify(platform, 0, 200);
}

TEST_F(Audit, AHandshakeWithAKnownCertificateStandsWithItsOwner)
{
    uint8_t sha256[PV_SHA256_SIZE];
    ASSERT_TRUE(pv_hex_parse(owner.sha256.c_str(), sha256, sizeof sha256));
    pv_note note = {};
    note.kind = PV_AUDIT_KIND_HANDSHAKE_REFUSED;
    note.reason = "too many of one certificate";
    note.method = note.request_id = "";
    note.peer_address = "ipv4:192.0.2.1:50000";
    note.certificate_sha256 = sha256;
    world.note(note);
    Answer page = read(owner, owner, R"("kind": "AUDIT_KIND_HANDSHAKE_REFUSED")");
    ASSERT_EQ(count(page), 1U);
    EXPECT_EQ(field(page, 0, "certificate_id"), owner.certificate_id);
    EXPECT_EQ(field(page, 0, "peer_address"), "ipv4:192.0.2.1:50000");
    EXPECT_EQ(field(page, 0, "method"), "");
    /* The committer's own thread writes it too, without any call. */
    EXPECT_TRUE(world.run_committer_until([&] {
        world.note(note);
        return true;
    }));
    EXPECT_EQ(count(read(owner, owner, R"("kind": "AUDIT_KIND_HANDSHAKE_REFUSED")")), 2U);
}

} // namespace
} // namespace purvey
