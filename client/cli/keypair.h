/* keypair.h — a client certificate and its key, as files: whether they belong together and are of their time.
 *
 * Memory: texts live in the arena. Threads: any. */
#ifndef PV_CLIENT_CLI_KEYPAIR_H
#define PV_CLIENT_CLI_KEYPAIR_H

#include "base/error.h"
#include "base/time.h"

#include <openssl/asn1.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A certificate and what it says of itself. */
typedef struct pv_keypair {
    const char *id; /* its common name: the service's id of it, "crt_..."; in the arena */
    pv_time not_before;
    pv_time not_after;
} pv_keypair;

/* Reads a certificate (the first one of the file) and its key, and holds them against each other.
 * CERTIFICATE_INVALID, KEY_MISMATCH, and those of the key. */
PV_MUST_USE pv_status pv_keypair_read(const char *certificate_path, const char *key_path,
                                      pv_arena *arena, pv_error *error, pv_keypair *ret_pair);

/* CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID. */
PV_MUST_USE pv_status pv_keypair_check_time(const pv_keypair *pair, pv_time now, pv_error *error);

/* True from the middle of its life on: time to renew it. */
bool pv_keypair_is_due(const pv_keypair *pair, pv_time now);

/* The instant of a certificate's field. */
PV_MUST_USE bool pv_keypair_time(const ASN1_TIME *field, pv_time *ret_time);

#ifdef __cplusplus
}
#endif
#endif
