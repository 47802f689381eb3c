// trails.h — audit trails for tests: entries that say their number and account.
#ifndef PV_TESTS_UNIT_STORAGE_TRAILS_H
#define PV_TESTS_UNIT_STORAGE_TRAILS_H

#include "storage/audit.h"
#include "tests/unit/storage/things.h"

namespace store_test {

inline std::string PackedEntry(uint64_t sequence, const std::string &account,
                               const std::string &what)
{
    ts_entry entry = TS_ENTRY__INIT;
    std::string account_id = account, text = what;
    entry.sequence = sequence;
    entry.trail_account_id = account_id.data();
    entry.what = text.data();
    std::string bytes(protobuf_c_message_get_packed_size(&entry.base), '\0');
    protobuf_c_message_pack(&entry.base, reinterpret_cast<uint8_t *>(bytes.data()));
    return bytes;
}

// Appends an entry to the trail of a member, or of another account.
inline void PutAudit(pv_txn *txn, pv_id account, const std::string &what)
{
    pv_trail trail;
    ASSERT_CODE("OK", pv_audit_open(txn, account, &trail));
    const std::string content = PackedEntry(trail.head.sequence + 1, IdText("mem", account), what);
    ASSERT_CODE("OK", pv_audit_append(txn, account, &trail, View(content)));
}

} // namespace store_test

#endif
