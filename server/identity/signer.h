/* signer.h — how the account flow gets a certificate signed without knowing who signs, or with what library.
 * server/identity/authority.h gives the real signer; tests give their own. No OpenSSL here.
 *
 * A signer is handed to the flow as pv_context.authority; NULL there means that this server cannot sign.
 * Who signs may change at any time. What is decided before a signature and must hold for it (its issuer and the
 * end that follows from it) is asked for once, kept, and given back with the signing.
 *
 * Threads: any, at the same time. */
#ifndef PV_SERVER_IDENTITY_SIGNER_H
#define PV_SERVER_IDENTITY_SIGNER_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/time.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_SERIAL_SIZE = 16,
    PV_CSR_DER_MAX = 4096, /* bytes; an RSA-4096 request has about 1,700 */
    PV_CSR_PEM_MAX = 8192
};

/* What is to stand in a certificate. Everything is decided by the caller but the public key. */
typedef struct pv_signing {
    pv_view csr;                /* PKCS #10, DER or PEM; only its public key is used */
    const char *account_id;     /* "acc_...", canonical */
    const char *user_id;        /* "usr_...", canonical */
    const char *certificate_id; /* "crt_...", canonical: common name of the subject, for people */
    pv_time not_before;         /* whole seconds */
    pv_time not_after;          /* whole seconds, above not_before, not above the issuer's */
    uint8_t serial[PV_SERIAL_SIZE]; /* big-endian, first byte 1 to 127; unique */
    /* Which authority signs: one that `issuer` gave before, or all zero: whichever signs now. */
    uint8_t issuer_sha256[PV_SHA256_SIZE];
} pv_signing;

/* A signed certificate, in the arena of the call. */
typedef struct pv_signed {
    pv_view der;
    uint8_t sha256[PV_SHA256_SIZE]; /* of the DER */
    const char *pem;
    const char *chain_pem;                 /* the issuing authority's certificate */
    uint8_t issuer_sha256[PV_SHA256_SIZE]; /* of its DER */
} pv_signed;

/* Authorities of which nothing is accepted any more. */
enum { PV_ISSUERS_REFUSED_MAX = 64 };

/* An authority that signs certificates. There is one at a time, and another follows it (authority.h). */
typedef struct pv_issuer {
    uint8_t sha256[PV_SHA256_SIZE]; /* of the DER of its certificate */
    pv_time not_after;              /* its end: no certificate outlives it */
} pv_issuer;

typedef struct pv_signer pv_signer;

struct pv_signer {
    /* Reads a request with the same checks as `sign`, and gives the SHA-256 of its public key (SubjectPublicKeyInfo,
     * DER): what is certified is known before anything is signed. CERTIFICATE_REQUEST_INVALID. */
    PV_MUST_USE pv_status (*read_key)(const pv_signer *signer, pv_view csr,
                                      uint8_t ret_key_sha256[PV_SHA256_SIZE], pv_error *error);
    /* Signs. CERTIFICATE_REQUEST_INVALID: the request or its key is not acceptable, the message says why;
     * AUTHORITY_UNAVAILABLE: signing failed; RESOURCE_EXHAUSTED without a reason: the arena is full.
     * Two signatures over the same content differ: what was signed is kept, and never signed again. */
    PV_MUST_USE pv_status (*sign)(const pv_signer *signer, const pv_signing *signing,
                                  pv_arena *arena, pv_signed *ret_signed, pv_error *error);
    /* Which authority signs now. AUTHORITY_UNAVAILABLE: none. */
    PV_MUST_USE pv_status (*issuer)(const pv_signer *signer, pv_issuer *ret_issuer,
                                    pv_error *error);
};

#ifdef __cplusplus
}
#endif
#endif
