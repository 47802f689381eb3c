// The audit trail of a running server: who was refused at the door stands in it, `purvey audit verify` follows its
// chain over the network and in the store, and finds what was done to it behind the server's back.
#include "purvey/account/v1/certificate.pv.h"
#include "storage/audit.h"
#include "storage/keys.h"
#include "storage/lmdb/lmdb.h"
#include "storage/object.h"
#include "tests/e2e/house.h"

#include <csignal>
#include <functional>
#include <thread>
#include <unistd.h>

namespace purvey {
namespace {

constexpr int64_t kHandshakeMs = 3000;

// Only the first certificate of a file: nobody can tell who issued it.
std::string leaf_of(const std::string &path)
{
    const std::string pem = read_file(path), end = "-----END CERTIFICATE-----\n";
    return pem.substr(0, pem.find(end) + end.size());
}

// Waits until the trail of whoever asks has an entry of a refused handshake.
Answer refused_handshakes(pv_client *client)
{
    Answer page;
    for (int i = 0; i < 100; i++) {
        page = call(client, "ListAuditEntries", R"({"kind": "AUDIT_KIND_HANDSHAKE_REFUSED"})");
        if (!page.text("audit_entries.0.reason").empty()) { break; }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return page;
}

// HASH@N, as the command told it to be kept.
std::string head_in(const std::string &out)
{
    const std::string before = "keep --head ";
    size_t at = out.find(before);
    return at == std::string::npos
               ? ""
               : out.substr(at + before.size(), out.find('\n', at) - at - before.size());
}

// Changes the store of a server that has ended, behind its back.
void meddle(const std::string &data, const std::function<void(pv_txn *)> &change)
{
    char why[PV_LMDB_ERROR_SIZE];
    pv_store *opened = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_lmdb_open((data + "/store").c_str(), nullptr, &opened, why))) << why;
    pv_arena *arena = pv_arena_create(16 << 20);
    pv_batch *batch = nullptr;
    pv_txn *txn = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_batch_begin(opened, &batch)));
    ASSERT_TRUE(pv_is_ok(pv_write_begin(batch, arena, &txn)));
    change(txn);
    ASSERT_TRUE(pv_is_ok(pv_txn_commit(txn)));
    ASSERT_TRUE(pv_is_ok(pv_batch_commit(batch)));
    pv_arena_destroy(arena);
    pv_store_close(opened);
}

// Key, value and parts of an account's newest entry but `before_newest`.
struct Row {
    std::string key, value;
    uint64_t revision;
    uint32_t part;
};

Row newest(pv_txn *txn, pv_id account, int before_newest)
{
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_scan *scan = nullptr;
    pv_view key, value;
    pv_audit_row row = {};
    EXPECT_TRUE(pv_is_ok(pv_audit_scan(txn, arena, account, UINT64_MAX, 0, true, &scan)));
    for (int i = 0; i <= before_newest; i++) {
        EXPECT_TRUE(pv_is_ok(pv_scan_next(scan, &key, &value)) && pv_audit_read(key, value, &row));
    }
    Row found = {std::string(reinterpret_cast<const char *>(key.data), key.size),
                 std::string(reinterpret_cast<const char *>(value.data), value.size), row.revision,
                 row.part};
    pv_scan_close(scan);
    pv_arena_destroy(arena);
    return found;
}

pv_view view_of(const std::string &bytes)
{
    return pv_view_of(bytes.data(), bytes.size());
}

class Audit : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(house.ready);
        data = house.on.data;
        vendor = house.join(PV_ACCOUNT_TYPE_VENDOR, "Vega");
        account_id = vendor.account_id;
    }
    Outcome verify(const std::vector<std::string> &more)
    {
        std::vector<std::string> command = {cli_program(), "audit", "verify"};
        command.insert(command.end(), more.begin(), more.end());
        return run(command, house.environment(vendor));
    }
    Outcome offline(const std::vector<std::string> &more)
    {
        std::vector<std::string> with = {"--data", data};
        with.insert(with.end(), more.begin(), more.end());
        return verify(with);
    }

    House house;
    actor vendor = {};
    std::string data, account_id;
};

TEST_F(Audit, WhoIsRefusedAtTheDoorIsNotedAndCounted)
{
    const Identity torn{leaf_of(vendor.cert_path), read_file(vendor.key_path)};
    EXPECT_EQ(call(house.connect(&torn), "WhoAmI", "{}", kHandshakeMs).code, PV_CODE_UNAVAILABLE);
    Answer own = refused_handshakes(vendor.client);
    EXPECT_NE(own.text("audit_entries.0.reason").find("certificate verify failed: unable to get"),
              std::string::npos)
        << own.told();
    EXPECT_EQ(own.text("audit_entries.0.account_id"), account_id);
    EXPECT_EQ(own.text("audit_entries.0.certificate_id").substr(0, 4), "crt_");
    EXPECT_EQ(own.text("audit_entries.0.peer_address").substr(0, 15), "ipv4:127.0.0.1:");
    EXPECT_EQ(call(house.connect(nullptr), "WhoAmI", "{}", kHandshakeMs).code, PV_CODE_UNAVAILABLE);
    Answer unknown = refused_handshakes(house.of_operator());
    EXPECT_EQ(unknown.text("audit_entries.0.reason"), "peer did not return a certificate");
    EXPECT_EQ(unknown.text("audit_entries.0.certificate_sha256"), "");

    EXPECT_EQ(house.stop(SIGTERM), 0);
    const std::string log = house.log();
    const size_t counts = log.rfind("\"event\":\"connections\"");
    ASSERT_NE(counts, std::string::npos);
    EXPECT_NE(log.find("\"handshakes_failed\":", counts), std::string::npos);
    EXPECT_EQ(log.find("\"handshakes_failed\":0", counts), std::string::npos);
}

TEST_F(Audit, ATrailVerifiesOverTheNetworkAgainstTheHeadThatWasKept)
{
    const Outcome good = verify({});
    EXPECT_EQ(good.code, 0) << good.out << good.err;
    const std::string head = head_in(good.out);
    ASSERT_EQ(head[64], '@') << good.out;
    EXPECT_EQ(verify({"--head", head}).code, 0);
    const Outcome other = verify({"--head", std::string(64, '0') + head.substr(64)});
    EXPECT_EQ(other.code, 1);
    EXPECT_NE(other.out.find("the trail was made anew"), std::string::npos) << other.out;
    const Outcome cut = verify({"--head", head.substr(0, 65) + "1000"});
    EXPECT_EQ(cut.code, 1);
    EXPECT_NE(cut.out.find("the trail was cut off at its end"), std::string::npos) << cut.out;
    EXPECT_EQ(verify({"--head", "nonsense"}).code, 2);
}

TEST_F(Audit, WhateverIsDoneToAStoreBehindItsServerIsFound)
{
    const Answer me = call(vendor.client, "WhoAmI", "{}");
    const std::string head = head_in(verify({}).out);
    EXPECT_EQ(house.stop(SIGTERM), 0);
    pv_id account;
    ASSERT_TRUE(pv_id_parse("acc", pv_view_text(account_id.c_str()), &account));
    const Outcome whole = offline({"--account", account_id, "--head", head});
    EXPECT_EQ(whole.code, 0) << whole.out << whole.err;
    const std::string last = head_in(whole.out);
    const std::string file = data + "/store/data.mdb", clean = read_file(file);
    pv_id certificate;
    ASSERT_TRUE(pv_id_parse("crt", pv_view_text(me.text("certificate.id").c_str()), &certificate));
    const struct {
        const char *what;
        std::function<void(pv_txn *)> change;
        const char *finding;
        bool needs_head;
    } damages[] = {
        {"an entry is gone",
         [&](pv_txn *txn) {
             ASSERT_TRUE(pv_is_ok(pv_txn_delete(txn, view_of(newest(txn, account, 1).key))));
         },
         "entries before it are missing", false},
        {"an entry is altered",
         [&](pv_txn *txn) {
             Row row = newest(txn, account, 1);
             row.value[row.value.find("127.0.0.1")] = '9';
             ASSERT_TRUE(pv_is_ok(pv_txn_put(txn, view_of(row.key), view_of(row.value))));
         },
         "it was altered", false},
        {"a certificate is gone",
         [&](pv_txn *txn) {
             ASSERT_TRUE(pv_is_ok(pv_object_delete(txn, &pv_certificate__object, certificate)));
         },
         "the audit trail tells of the issue of crt_", false},
        {"the newest entry is gone, and the trail's row forged",
         [&](pv_txn *txn) {
             Row gone = newest(txn, account, 0), stays = newest(txn, account, 1);
             pv_key key = pv_key_of_trail(account);
             pv_view row;
             ASSERT_TRUE(pv_is_ok(pv_txn_get(txn, pv_key_view(&key), &row)));
             std::string bytes(reinterpret_cast<const char *>(row.data), row.size);
             bytes.replace(1, 40, stays.value.substr(1, 40));
             for (size_t i = 0; i < 8; i++) {
                 bytes[81 + i] = static_cast<char>(stays.revision >> (56 - 8 * i));
             }
             for (size_t i = 0; i < 4; i++) {
                 bytes[89 + i] = static_cast<char>(stays.part >> (24 - 8 * i));
             }
             ASSERT_TRUE(pv_is_ok(pv_txn_put(txn, pv_key_view(&key), view_of(bytes))));
             ASSERT_TRUE(pv_is_ok(pv_txn_delete(txn, view_of(gone.key))));
         },
         "the trail was cut off at its end", true},
    };
    for (const auto &damage : damages) {
        SCOPED_TRACE(damage.what);
        meddle(data, damage.change);
        const Outcome without = offline({});
        EXPECT_EQ(without.code, damage.needs_head ? 0 : 1) << without.out << without.err;
        const Outcome found = offline({"--account", account_id, "--head", last});
        EXPECT_EQ(found.code, 1);
        EXPECT_NE(found.out.find(damage.finding), std::string::npos) << found.out << found.err;
        const Outcome check = run({cli_program(), "store", "check", "--data", data});
        EXPECT_EQ(check.code, damage.needs_head ? 0 : 1) << check.out;
        write_file(file, clean);
        EXPECT_EQ(unlink((data + "/store/lock.mdb").c_str()), 0); // of the other file
    }
    EXPECT_EQ(offline({}).code, 0);
}

} // namespace
} // namespace purvey
