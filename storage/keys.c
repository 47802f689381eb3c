#include "storage/keys.h"

enum {
    INDEX_OFFSET =
        1 + PV_ID_SIZE + 1, /* of the index number: space, account and tag are before it */
    TEXT_ESCAPE = 0xff,     /* after 00: a zero byte of the text */
    TEXT_END = 0x00,        /* after 00: the end */
    TEXT_CUT = 0x01,        /* after 00: the text goes on; eight bytes of hash follow */
    TEXT_HASH_SIZE = 8,
    INDEX_FIELDS_MAX = 4
};

_Static_assert(INDEX_OFFSET + 1 + INDEX_FIELDS_MAX * (PV_KEY_TEXT_MAX + 2 + TEXT_HASH_SIZE) +
                       PV_ID_SIZE <=
                   PV_STORE_KEY_MAX,
               "an index key of four long texts fits");

void pv_store_u32(uint8_t bytes[4], uint32_t number)
{
    for (int i = 3; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
}

void pv_store_u64(uint8_t bytes[8], uint64_t number)
{
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
}

uint32_t pv_load_u32(const uint8_t bytes[4])
{
    uint32_t number = 0;
    for (int i = 0; i < 4; i++) { number = number << 8 | bytes[i]; }
    return number;
}

uint64_t pv_load_u64(const uint8_t bytes[8])
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) { number = number << 8 | bytes[i]; }
    return number;
}

pv_view pv_key_view(const pv_key *key)
{
    return pv_view_of(key->bytes, key->overflow ? (size_t)PV_STORE_KEY_MAX + 1 : key->size);
}

static void add_bytes(pv_key *key, const void *bytes, size_t size)
{
    if (key->overflow || size > sizeof key->bytes - key->size) {
        key->overflow = true;
        return;
    }
    if (size > 0) { memcpy(key->bytes + key->size, bytes, size); }
    key->size += size;
}

static void add_byte(pv_key *key, uint8_t byte)
{
    add_bytes(key, &byte, 1);
}

static void add_u32(pv_key *key, uint32_t number)
{
    uint8_t bytes[4];
    pv_store_u32(bytes, number);
    add_bytes(key, bytes, sizeof bytes);
}

static void add_u64(pv_key *key, uint64_t number)
{
    uint8_t bytes[8];
    pv_store_u64(bytes, number);
    add_bytes(key, bytes, sizeof bytes);
}

static pv_key begin(pv_space space)
{
    pv_key key;
    key.size = 0;
    key.overflow = false;
    add_byte(&key, (uint8_t)space);
    return key;
}

static pv_key begin_with_id(pv_space space, pv_id id)
{
    pv_key key = begin(space);
    pv_key_add_id(&key, id);
    return key;
}

/* Adds the escaped text as far as `escaped_max` bytes; gives the number of bytes of the text that went in. */
static size_t add_escaped(pv_key *key, pv_view text, size_t escaped_max)
{
    size_t escaped = 0;
    for (size_t i = 0; i < text.size; i++) {
        size_t width = text.data[i] == 0 ? 2 : 1;
        if (escaped + width > escaped_max) { return i; }
        add_byte(key, text.data[i]);
        if (width == 2) { add_byte(key, TEXT_ESCAPE); }
        escaped += width;
    }
    return text.size;
}

static void end_text(pv_key *key, uint8_t how)
{
    add_byte(key, 0);
    add_byte(key, how);
}

/* For texts that must be told apart exactly: never cut. */
static void add_whole_text(pv_key *key, pv_view text)
{
    add_escaped(key, text, SIZE_MAX);
    end_text(key, TEXT_END);
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. It only spreads texts with a common beginning; a collision costs
 * one more row to look at. The number is stored: it must never change. */
static uint64_t hash_text(pv_view text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.size; i++) {
        hash = (hash ^ text.data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void pv_key_add_number(pv_key *key, uint64_t number)
{
    add_u64(key, number);
}

void pv_key_add_id(pv_key *key, pv_id id)
{
    add_bytes(key, id.bytes, sizeof id.bytes);
}

void pv_key_add_text_bound(pv_key *key, pv_view text, bool *ret_cut)
{
    *ret_cut = add_escaped(key, text, PV_KEY_TEXT_MAX) < text.size;
    end_text(key, *ret_cut ? TEXT_CUT : TEXT_END);
}

void pv_key_add_text(pv_key *key, pv_view text, bool *ret_cut)
{
    pv_key_add_text_bound(key, text, ret_cut);
    if (*ret_cut) { add_u64(key, hash_text(text)); }
}

pv_key pv_key_of_object(uint8_t tag, pv_id id)
{
    pv_key key = begin(PV_SPACE_OBJECT);
    add_byte(&key, tag);
    pv_key_add_id(&key, id);
    return key;
}

pv_key pv_key_of_replay(pv_id account, pv_id user, pv_view method, pv_view request_id)
{
    pv_key key = begin_with_id(PV_SPACE_REPLAY, account);
    pv_key_add_id(&key, user);
    add_whole_text(&key, method);
    add_whole_text(&key, request_id);
    return key;
}

pv_key pv_key_of_audit(pv_id account, uint64_t revision, uint32_t part)
{
    pv_key key = pv_key_prefix_audit(account);
    add_u64(&key, revision);
    add_u32(&key, part);
    return key;
}

pv_key pv_key_of_trail(pv_id account)
{
    return begin_with_id(PV_SPACE_TRAIL, account);
}

pv_key pv_key_of_block(pv_id owner, uint32_t number)
{
    pv_key key = pv_key_prefix_block(owner);
    add_u32(&key, number);
    return key;
}

pv_key pv_key_of_digest(pv_id owner, const uint8_t digest[16])
{
    pv_key key = begin_with_id(PV_SPACE_DIGEST, owner);
    add_bytes(&key, digest, 16);
    return key;
}

pv_key pv_key_of_run(pv_id owner, uint32_t run, uint32_t block)
{
    pv_key key = begin_with_id(PV_SPACE_RUN, owner);
    add_u32(&key, run);
    add_u32(&key, block);
    return key;
}

pv_key pv_key_of_use(pv_id object)
{
    return begin_with_id(PV_SPACE_USE, object);
}

pv_key pv_key_of_feed(pv_id account, uint64_t sequence)
{
    pv_key key = pv_key_prefix_feed(account);
    add_u64(&key, sequence);
    return key;
}

pv_key pv_key_of_setting(pv_view name)
{
    pv_key key = begin(PV_SPACE_SETTING);
    add_whole_text(&key, name);
    return key;
}

pv_key pv_key_of_catalogue(uint8_t tag, uint8_t index_number)
{
    pv_key key = begin(PV_SPACE_CATALOGUE);
    add_byte(&key, tag);
    add_byte(&key, index_number);
    return key;
}

pv_key pv_key_prefix_space(pv_space space)
{
    return begin(space);
}

pv_key pv_key_prefix_objects(uint8_t tag)
{
    pv_key key = begin(PV_SPACE_OBJECT);
    add_byte(&key, tag);
    return key;
}

pv_key pv_key_prefix_audit(pv_id account)
{
    return begin_with_id(PV_SPACE_AUDIT, account);
}

pv_key pv_key_prefix_block(pv_id owner)
{
    return begin_with_id(PV_SPACE_BLOCK, owner);
}

pv_key pv_key_prefix_feed(pv_id account)
{
    return begin_with_id(PV_SPACE_FEED, account);
}

pv_key pv_key_prefix_index(pv_id account, uint8_t tag, uint8_t index_number)
{
    pv_key key = begin_with_id(PV_SPACE_INDEX, account);
    add_byte(&key, tag);
    add_byte(&key, index_number);
    return key;
}

pv_view pv_key_series(pv_view key)
{
    PV_ASSERT(key.size > 1 + PV_ID_SIZE);
    return pv_view_of(key.data, 1 + PV_ID_SIZE);
}

bool pv_key_step_over(pv_key *key)
{
    if (key->overflow) { return false; }
    for (size_t size = key->size; size > 0; size--) {
        if (key->bytes[size - 1] != 0xff) {
            key->bytes[size - 1]++;
            key->size = size;
            return true;
        }
    }
    return false;
}

void pv_key_step(pv_key *key)
{
    add_byte(key, 0);
}

pv_view pv_key_position(pv_view index_key)
{
    PV_ASSERT(index_key.size > INDEX_OFFSET);
    return pv_view_of(index_key.data + INDEX_OFFSET, index_key.size - INDEX_OFFSET);
}

bool pv_key_of_position(pv_id account, uint8_t tag, uint8_t index_number, pv_view position,
                        pv_key *ret_key)
{
    if (position.size < 1 + PV_ID_SIZE || position.data[0] != index_number) { return false; }
    pv_key key = pv_key_prefix_index(account, tag, index_number);
    add_bytes(&key, position.data + 1, position.size - 1);
    if (key.overflow) { return false; }
    *ret_key = key;
    return true;
}

bool pv_key_read_index_id(pv_view key, pv_id *ret_id)
{
    if (key.size < INDEX_OFFSET + 1 + PV_ID_SIZE || key.data[0] != PV_SPACE_INDEX) { return false; }
    memcpy(ret_id->bytes, key.data + key.size - PV_ID_SIZE, PV_ID_SIZE);
    return true;
}
