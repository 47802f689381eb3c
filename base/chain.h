/* chain.h — a chain of hashes over numbered entries: each entry carries the SHA-256 of the hash before it and of its
 * own content, so that no entry can be changed, taken away, put in or moved without all that follow it being made
 * anew. Whoever kept a mark of the chain (number and hash of one entry) sees that too.
 *
 * The server extends chains with it, and whoever verifies one follows it with the same functions.
 * Pure; any thread. */
#ifndef PV_BASE_CHAIN_H
#define PV_BASE_CHAIN_H

#include "base/digest.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_CHAIN_MARK_TEXT_SIZE = 2 * PV_SHA256_SIZE + 1 + 20 + 1 };

/* One entry of a chain as people keep it. All zero: the beginning, before entry number 1. */
typedef struct pv_chain_mark {
    uint64_t sequence;
    uint8_t hash[PV_SHA256_SIZE];
} pv_chain_mark;

/* One entry as it claims to be. */
typedef struct pv_chain_link {
    uint64_t sequence;
    uint8_t previous_hash[PV_SHA256_SIZE];
    uint8_t hash[PV_SHA256_SIZE];
    pv_view content; /* borrowed; it holds the number too, so that the hash covers it */
} pv_chain_link;

/* What can be wrong with an entry that is held against the one before it. */
typedef enum pv_chain_flaw {
    PV_CHAIN_WHOLE = 0,
    PV_CHAIN_ALTERED = 1,  /* its hash is not that of its content */
    PV_CHAIN_GAP = 2,      /* its number leaves some out */
    PV_CHAIN_REPEATED = 3, /* its number is not above the one before it */
    PV_CHAIN_TORN = 4      /* it names another hash before it */
} pv_chain_flaw;

/* SHA-256 over the previous hash (32 bytes) and the content. */
void pv_chain_hash(const uint8_t previous_hash[PV_SHA256_SIZE], pv_view content,
                   uint8_t ret_hash[PV_SHA256_SIZE]);

/* Holds an entry against the chain as far as `at`, and moves on to it whatever is found, so that one damage is
 * found once. */
PV_MUST_USE pv_chain_flaw pv_chain_follow(pv_chain_mark *at, const pv_chain_link *link);

/* The flaw as a sentence about the entry. */
const char *pv_chain_flaw_text(pv_chain_flaw flaw);

/* "HASH@N": 64 hexadecimal digits and the number. False: it is no mark. */
void pv_chain_mark_format(const pv_chain_mark *mark, char ret_text[PV_CHAIN_MARK_TEXT_SIZE]);
PV_MUST_USE bool pv_chain_mark_parse(pv_view text, pv_chain_mark *ret_mark);

#ifdef __cplusplus
}
#endif
#endif
