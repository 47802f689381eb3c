/* fake_signer.h — a signer without cryptography: a request is its own key, and the "certificate" is its id. The real
 * one has tests of its own. */
#ifndef PV_TESTS_UNIT_FLOWS_FAKE_SIGNER_H
#define PV_TESTS_UNIT_FLOWS_FAKE_SIGNER_H

#include "purvey/common/v1/error_reason.pv.h"
#include "server/identity/signer.h"

namespace purvey {

struct FakeSigner {
    pv_signer signer = {read_key, sign, issuer}; /* first: the signer handed out is the whole */
    bool down = false;                           /* it signs nothing */

  private:
    /* A request that begins with "bad" is none. */
    static pv_status read_key(const pv_signer *, pv_view csr, uint8_t *ret_key_sha256,
                              pv_error *error)
    {
        if (pv_view_starts_with(csr, pv_view_text("bad"))) {
            return pv_refuse(error, &pv_error_reason_certificate_request_invalid, nullptr);
        }
        pv_sha256(csr, ret_key_sha256);
        return pv_ok();
    }

    static pv_status sign(const pv_signer *signer, const pv_signing *signing, pv_arena *arena,
                          pv_signed *ret_signed, pv_error *error)
    {
        if (reinterpret_cast<const FakeSigner *>(signer)->down) {
            return pv_refuse(error, &pv_error_reason_authority_unavailable, nullptr);
        }
        const char *der = pv_arena_dup(arena, pv_view_text(signing->certificate_id));
        PV_ASSERT(der != nullptr);
        ret_signed->der = pv_view_text(der);
        pv_sha256(ret_signed->der, ret_signed->sha256);
        ret_signed->pem = der;
        ret_signed->chain_pem = "chain";
        memcpy(ret_signed->issuer_sha256, signing->issuer_sha256, PV_SHA256_SIZE);
        return pv_ok();
    }

    /* One that never ends. */
    static pv_status issuer(const pv_signer *, pv_issuer *ret_issuer, pv_error *)
    {
        memset(ret_issuer->sha256, 0xaa, sizeof ret_issuer->sha256);
        ret_issuer->not_after = pv_time{INT64_MAX};
        return pv_ok();
    }
};

} // namespace purvey

#endif
