#include "tests/unit/identity/platform.h"

namespace purvey {

// The request is its own key.
static pv_status ReadKey(const pv_signer *, pv_view csr, uint8_t *ret_key_sha256, pv_error *)
{
    pv_sha256(csr, ret_key_sha256);
    return pv_ok();
}

// Signs anything: the "certificate" is its id.
static pv_status SignAnything(const pv_signer *, const pv_signing *signing, pv_arena *arena,
                              pv_signed *ret_signed, pv_error *)
{
    ret_signed->pem = pv_arena_dup(arena, pv_view_text(signing->certificate_id));
    ret_signed->chain_pem = "chain";
    ret_signed->der = pv_view_text(ret_signed->pem);
    pv_sha256(ret_signed->der, ret_signed->sha256);
    memcpy(ret_signed->issuer_sha256, signing->issuer_sha256, PV_SHA256_SIZE);
    return pv_ok();
}

static pv_status NeverEnds(const pv_signer *, pv_issuer *ret_issuer, pv_error *)
{
    memset(ret_issuer->sha256, 0xaa, sizeof ret_issuer->sha256);
    ret_issuer->not_after = At(INT64_MAX);
    return pv_ok();
}

Platform::Platform()
{
    EXPECT_TRUE(pv_is_ok(pv_memory_open(nullptr, &store)));
    signer.read_key = ReadKey;
    signer.sign = SignAnything;
    signer.issuer = NeverEnds;
    ids.random = pv_random_bytes;
    options.trust_domain = kDomain;
    options.operator_name = "Orion Operations";
    options.user_name = "Ada";
    options.user_email = "ada@orion.example";
    options.csr = pv_view_text("request");
    options.lifetime_days = 398;
    options.now = At(kNow);
    options.ids = &ids;
    EXPECT_TRUE(
        pv_is_ok(pv_bootstrap(store, &signer, &options, memory.arena, &memory.error, &made)))
        << memory.Message();
    if (made.certificate_id != nullptr) {
        pv_sha256(pv_view_text(made.certificate_id), digest.bytes);
    }
}

Platform::~Platform()
{
    pv_store_close(store);
}

void Platform::Write(const std::function<void(pv_txn *, pv_arena *)> &write)
{
    pv_arena *arena = pv_arena_create(1024 * 1024);
    pv_batch *batch = nullptr;
    pv_txn *txn = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_batch_begin(store, &batch)));
    ASSERT_TRUE(pv_is_ok(pv_write_begin(batch, arena, &txn)));
    write(txn, arena);
    ASSERT_TRUE(pv_is_ok(pv_txn_commit(txn)));
    ASSERT_TRUE(pv_is_ok(pv_batch_commit(batch)));
    pv_arena_destroy(arena);
}

void Platform::ChangeGroup(const std::function<void(pv_group *)> &change)
{
    std::string id;
    Change<pv_membership>(&pv_membership__object, made.membership_id,
                          [&](pv_membership *row) { id = row->group_ids[0]; });
    Change<pv_group>(&pv_group__object, id.c_str(), change);
}

std::string Platform::AddCertificate(const Digest &of)
{
    char id[PV_ID_TEXT_SIZE];
    pv_id_format("crt", pv_id_next(&ids, At(kNow)), id);
    Write([&](pv_txn *txn, pv_arena *arena) {
        pv_id number;
        ProtobufCMessage *message = nullptr;
        ASSERT_TRUE(pv_id_parse("crt", pv_view_text(made.certificate_id), &number));
        ASSERT_TRUE(pv_is_ok(
            pv_object_load(txn, &pv_certificate__object, number, arena, &message, nullptr)));
        pv_certificate *certificate = reinterpret_cast<pv_certificate *>(message);
        char hex[2 * PV_SHA256_SIZE + 1];
        pv_hex_format(pv_view_of(of.bytes, sizeof of.bytes), hex);
        certificate->id = id;
        certificate->sha256 = hex;
        std::string serial = std::string(hex, PV_SHA256_SIZE);
        certificate->serial = serial.data();
        ASSERT_TRUE(pv_is_ok(
            pv_object_put(txn, &pv_certificate__object, arena, At(kNow), message, nullptr)));
    });
    return id;
}

pv_peer Platform::PeerOf(const Digest &of)
{
    pv_peer peer = {};
    peer.address = "ipv4:127.0.0.1:4242";
    peer.has_certificate = true;
    memcpy(peer.certificate_sha256, of.bytes, sizeof of.bytes);
    return peer;
}

} // namespace purvey
