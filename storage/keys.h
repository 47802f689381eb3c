/* keys.h — the only place that knows what a key looks like. A key is a space byte and typed parts behind
 * it; the order of keys by memcmp is the order of their parts. Internal to storage.
 *
 *   space  parts                                      value
 *   o      object tag, id                             row of an object (storage/row.h)
 *   i      account, object tag, index, fields, id     nothing: the key says it all
 *   e      account, sequence                          entry of the account's feed
 *   r      account, user, method, request_id          time and answer of a request
 *   a      account, revision, part                    audit entry
 *   h      account                                    where the account's audit trail stands (storage/audit.h)
 *   b      owner, block number                        packed block
 *   d      owner, digest                              small value of a digest
 *   s      owner, run, block                          block of a sorted run (storage/runs.h)
 *   u      object                                     when it was used (a certificate)
 *   m      name                                       setting of the store itself
 *   x      object tag, index                          how far the index is (storage/schema.h)
 *
 * Parts: ids and digests are 16 bytes as they are; numbers are big endian; text is escaped (00 -> 00 FF)
 * and ended by 00 00, so that a text sorts before all texts that it begins.
 *
 * Text in an index is cut where its escaped form passes PV_KEY_TEXT_MAX bytes, and then ends with 00 01
 * and eight bytes of a hash of the whole text instead of 00 00. So keys stay within PV_STORE_KEY_MAX with
 * four fields; texts sort by their first PV_KEY_TEXT_MAX bytes; a search for a long text finds few entries
 * and must compare the text in the row (`ret_cut` says when).
 *
 * A key that does not fit sets `overflow`; whoever hands it to the store asks pv_key_view, which tells. */
#ifndef PV_STORAGE_KEYS_H
#define PV_STORAGE_KEYS_H

#include "base/id.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_KEY_TEXT_MAX = 80, PV_INDEX_BY_ID = 0 };

typedef enum pv_space {
    PV_SPACE_OBJECT = 'o',
    PV_SPACE_INDEX = 'i',
    PV_SPACE_FEED = 'e',
    PV_SPACE_REPLAY = 'r',
    PV_SPACE_AUDIT = 'a',
    PV_SPACE_TRAIL = 'h',
    PV_SPACE_BLOCK = 'b',
    PV_SPACE_DIGEST = 'd',
    PV_SPACE_RUN = 's',
    PV_SPACE_USE = 'u',
    PV_SPACE_SETTING = 'm',
    PV_SPACE_CATALOGUE = 'x'
} pv_space;

/* A key under construction; lives on the stack. */
typedef struct pv_key {
    uint8_t bytes[PV_STORE_KEY_MAX];
    size_t size;
    bool overflow;
} pv_key;

/* The bytes built so far. Of a key that did not fit it is PV_STORE_KEY_MAX + 1 bytes long, which every
 * operation of the store refuses with RESOURCE_EXHAUSTED without reading it. */
pv_view pv_key_view(const pv_key *key);

pv_key pv_key_of_object(uint8_t tag, pv_id id);
pv_key pv_key_of_replay(pv_id account, pv_id user, pv_view method, pv_view request_id);
pv_key pv_key_of_audit(pv_id account, uint64_t revision, uint32_t part);
pv_key pv_key_of_trail(pv_id account);
pv_key pv_key_of_block(pv_id owner, uint32_t number);
pv_key pv_key_of_digest(pv_id owner, const uint8_t digest[16]);
pv_key pv_key_of_run(pv_id owner, uint32_t run, uint32_t block);
pv_key pv_key_of_use(pv_id object);
pv_key pv_key_of_feed(pv_id account, uint64_t sequence);
pv_key pv_key_of_setting(pv_view name);
pv_key pv_key_of_catalogue(uint8_t tag, uint8_t index_number);

/* Beginnings of keys, for ranges. */
pv_key pv_key_prefix_audit(pv_id account);
pv_key pv_key_prefix_block(pv_id owner);
pv_key pv_key_prefix_feed(pv_id account);
pv_key pv_key_prefix_space(pv_space space);
pv_key pv_key_prefix_objects(uint8_t tag);
pv_key pv_key_prefix_index(pv_id account, uint8_t tag, uint8_t index_number);

/* What the key of a feed's or an audit entry has in common with all others of its account. */
pv_view pv_key_series(pv_view key);

/* Parts that are added to an index prefix: the fields in the index's order, then the object's id.
 * pv_key_add_text tells whether the text was cut. */
void pv_key_add_number(pv_key *key, uint64_t number);
void pv_key_add_text(pv_key *key, pv_view text, bool *ret_cut);
void pv_key_add_id(pv_key *key, pv_id id);

/* As pv_key_add_text, but of a text that is cut without the hash: what all texts with that beginning have
 * in common, for the bound of a range. */
void pv_key_add_text_bound(pv_key *key, pv_view text, bool *ret_cut);

/* Makes the key the least one above all keys that begin with it. False: there is none (all bytes FF). */
PV_MUST_USE bool pv_key_step_over(pv_key *key);

/* Makes the key the least one above it. */
void pv_key_step(pv_key *key);

/* The part of an index key behind account and tag: index number, fields, id; and the key again, for the
 * index `index_number`. False: it is no such part. */
pv_view pv_key_position(pv_view index_key);
PV_MUST_USE bool pv_key_of_position(pv_id account, uint8_t tag, uint8_t index_number,
                                    pv_view position, pv_key *ret_key);

/* Last parts of keys as read. False: the key is not of that kind. */
PV_MUST_USE bool pv_key_read_index_id(pv_view key, pv_id *ret_id);
PV_MUST_USE bool pv_key_read_block(pv_view key, uint32_t *ret_number);
PV_MUST_USE bool pv_key_read_feed(pv_view key, uint64_t *ret_sequence);
PV_MUST_USE bool pv_key_read_audit(pv_view key, uint64_t *ret_revision, uint32_t *ret_part);

/* A key of whatever space, taken apart. What the space does not have is zero or empty. */
typedef struct pv_key_parts {
    pv_space space;
    pv_id owner;     /* the account, or the owner of a block, digest or run */
    pv_id id;        /* the object, also that was used, or the user of a replay row */
    uint8_t tag;     /* of the object */
    uint8_t index;   /* its number */
    uint64_t number; /* sequence, revision, block or run number */
    uint32_t part;   /* of an audit entry; block of a run */
    pv_view digest;  /* 16 bytes */
    pv_view fields;  /* of an index, as they stand in the key */
    pv_view
        text; /* method or name, as it stands in the key, without its end; borrowed from the key */
    pv_view request_id;
} pv_key_parts;

/* Takes a key apart. False: no function here makes such a key. */
PV_MUST_USE bool pv_key_read(pv_view key, pv_key_parts *ret_parts);

/* Numbers as they stand in keys and row headers: big endian, so that their order is that of the bytes. */
void pv_store_u32(uint8_t bytes[4], uint32_t number);
void pv_store_u64(uint8_t bytes[8], uint64_t number);
uint32_t pv_load_u32(const uint8_t bytes[4]);
uint64_t pv_load_u64(const uint8_t bytes[8]);

#ifdef __cplusplus
}
#endif
#endif
