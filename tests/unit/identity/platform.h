// platform.h — a store in memory with an operator, its first user and its certificate, as `purvey init` makes
// it, signed by a signer that signs anything.
#ifndef PV_TESTS_UNIT_IDENTITY_PLATFORM_H
#define PV_TESTS_UNIT_IDENTITY_PLATFORM_H

#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/certificate.pv.h"
#include "purvey/account/v1/group.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "server/identity/bootstrap.h"
#include "server/identity/identity.h"
#include "storage/memory/memory.h"
#include "storage/object.h"
#include "storage/record.h"
#include "tests/unit/identity/crypto.h"

namespace purvey {

// The digest of what the fake signer signs for a certificate id.
struct Digest {
    uint8_t bytes[PV_SHA256_SIZE];
};

class Platform {
  public:
    Platform();
    ~Platform();

    // Changes the object of an id in a transaction of its own.
    template <typename Message>
    void Change(const pv_object_info *object, const char *id,
                const std::function<void(Message *)> &change)
    {
        Write([&](pv_txn *txn, pv_arena *arena) {
            pv_id number;
            ProtobufCMessage *message = nullptr;
            ASSERT_TRUE(pv_id_parse(object->id_prefix, pv_view_text(id), &number));
            ASSERT_TRUE(pv_is_ok(pv_object_load(txn, object, number, arena, &message, nullptr)));
            change(reinterpret_cast<Message *>(message));
            ASSERT_TRUE(pv_is_ok(pv_object_put(txn, object, arena, At(kNow), message, nullptr)));
        });
    }
    void Write(const std::function<void(pv_txn *, pv_arena *)> &write);
    // Changes the group Administrators of the operator.
    void ChangeGroup(const std::function<void(pv_group *)> &change);

    // A further certificate of the first user with this digest.
    std::string AddCertificate(const Digest &digest);

    pv_peer Peer() const { return PeerOf(digest); }
    static pv_peer PeerOf(const Digest &of);

    Memory memory;
    pv_store *store = nullptr;
    pv_signer signer = {};
    pv_id_source ids = {};
    pv_bootstrap_options options = {};
    pv_bootstrapped made = {};
    Digest digest = {}; // of the first certificate
};

} // namespace purvey
#endif
