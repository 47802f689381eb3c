/* siphash.h — SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012): a keyed hash of 64 bits whose
 * values nobody can foresee who does not know the key, so that nobody can prepare texts that collide or crowd. It is
 * no proof of equality. */
#ifndef PV_BASE_SIPHASH_H
#define PV_BASE_SIPHASH_H

#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_SIPHASH_KEY_SIZE = 16 };

/* The same on every machine. */
uint64_t pv_siphash(const uint8_t key[PV_SIPHASH_KEY_SIZE], pv_view bytes);

#ifdef __cplusplus
}
#endif
#endif
