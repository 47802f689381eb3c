/* Taking keys apart; making them is keys.c. */
#include "storage/keys.h"

/* What is left of a key; reading beyond its end clears `ok`. */
typedef struct cursor {
    pv_view rest;
    bool ok;
} cursor;

static pv_view take(cursor *from, size_t size)
{
    if (from->rest.size < size) {
        from->ok = false;
        from->rest.size = 0;
        return pv_view_of(NULL, 0);
    }
    pv_view taken = pv_view_of(from->rest.data, size);
    from->rest = pv_view_of(from->rest.data + size, from->rest.size - size);
    return taken;
}

static pv_id take_id(cursor *from)
{
    pv_id id = {{0}};
    pv_view bytes = take(from, PV_ID_SIZE);
    if (bytes.size > 0) { memcpy(id.bytes, bytes.data, PV_ID_SIZE); }
    return id;
}

/* A big endian number. */
static uint64_t take_number(cursor *from, size_t size)
{
    pv_view bytes = take(from, size);
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.size; i++) { number = number << 8 | bytes.data[i]; }
    return number;
}

/* A whole text up to its end 00 00, in which 00 FF stands for a zero byte. */
static pv_view take_text(cursor *from)
{
    for (size_t i = 0; i + 1 < from->rest.size; i++) {
        if (from->rest.data[i] != 0) { continue; }
        if (from->rest.data[i + 1] == 0) {
            pv_view text = take(from, i);
            (void)take(from, 2);
            return text;
        }
        if (from->rest.data[++i] != 0xff) { break; }
    }
    from->ok = false;
    return pv_view_of(NULL, 0);
}

static void take_index(cursor *from, pv_key_parts *parts)
{
    parts->owner = take_id(from);
    parts->tag = (uint8_t)take_number(from, 1);
    parts->index = (uint8_t)take_number(from, 1);
    from->ok = from->ok && from->rest.size >= PV_ID_SIZE;
    if (from->ok) { parts->fields = take(from, from->rest.size - PV_ID_SIZE); }
    parts->id = take_id(from);
}

static void take_parts(cursor *from, pv_key_parts *parts)
{
    switch (parts->space) {
    case PV_SPACE_OBJECT:
        parts->tag = (uint8_t)take_number(from, 1);
        parts->id = take_id(from);
        return;
    case PV_SPACE_INDEX: take_index(from, parts); return;
    case PV_SPACE_FEED:
        parts->owner = take_id(from);
        parts->number = take_number(from, 8);
        return;
    case PV_SPACE_REPLAY:
        parts->owner = take_id(from);
        parts->id = take_id(from);
        parts->text = take_text(from);
        parts->request_id = take_text(from);
        return;
    case PV_SPACE_AUDIT:
        parts->owner = take_id(from);
        parts->number = take_number(from, 8);
        parts->part = (uint32_t)take_number(from, 4);
        return;
    case PV_SPACE_TRAIL: parts->owner = take_id(from); return;
    case PV_SPACE_BLOCK:
        parts->owner = take_id(from);
        parts->number = take_number(from, 4);
        return;
    case PV_SPACE_DIGEST:
        parts->owner = take_id(from);
        parts->digest = take(from, 16);
        return;
    case PV_SPACE_RUN:
        parts->owner = take_id(from);
        parts->number = take_number(from, 4);
        parts->part = (uint32_t)take_number(from, 4);
        return;
    case PV_SPACE_USE: parts->id = take_id(from); return;
    case PV_SPACE_SETTING: parts->text = take_text(from); return;
    case PV_SPACE_CATALOGUE:
        parts->tag = (uint8_t)take_number(from, 1);
        parts->index = (uint8_t)take_number(from, 1);
        return;
    }
    from->ok = false; /* no such space */
}

bool pv_key_read(pv_view key, pv_key_parts *ret_parts)
{
    cursor from = {key, true};
    pv_key_parts parts;
    memset(&parts, 0, sizeof parts);
    parts.space = (pv_space)take_number(&from, 1);
    take_parts(&from, &parts);
    if (!from.ok || from.rest.size > 0) { return false; }
    *ret_parts = parts;
    return true;
}

bool pv_key_read_block(pv_view key, uint32_t *ret_number)
{
    pv_key_parts parts;
    if (!pv_key_read(key, &parts) || parts.space != PV_SPACE_BLOCK) { return false; }
    *ret_number = (uint32_t)parts.number;
    return true;
}

bool pv_key_read_feed(pv_view key, uint64_t *ret_sequence)
{
    pv_key_parts parts;
    if (!pv_key_read(key, &parts) || parts.space != PV_SPACE_FEED) { return false; }
    *ret_sequence = parts.number;
    return true;
}

bool pv_key_read_audit(pv_view key, uint64_t *ret_revision, uint32_t *ret_part)
{
    pv_key_parts parts;
    if (!pv_key_read(key, &parts) || parts.space != PV_SPACE_AUDIT) { return false; }
    *ret_revision = parts.number;
    *ret_part = parts.part;
    return true;
}
