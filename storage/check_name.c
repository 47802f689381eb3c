/* Rows in words, for the findings of a check. */
#include "storage/check_parts.h"

enum { HEX_MAX = 64 };

/* The bytes as text where they are, and in hexadecimal where they are not. */
static const char *plain(pv_view bytes, pv_arena *arena)
{
    pv_buffer text = pv_buffer_of(arena);
    for (size_t i = 0; i < bytes.size && i < PV_STORE_KEY_MAX; i++) {
        bool printable = bytes.data[i] > 0x20 && bytes.data[i] < 0x7f;
        pv_buffer_printf(&text, printable ? "%c" : "\\x%02x", bytes.data[i]);
    }
    return pv_buffer_text(&text);
}

static const char *hex(const uint8_t *bytes, size_t size, pv_arena *arena)
{
    pv_buffer text = pv_buffer_of(arena);
    for (size_t i = 0; i < size && i < HEX_MAX; i++) { pv_buffer_printf(&text, "%02x", bytes[i]); }
    return pv_buffer_text(&text);
}

static const char *id_text(const pv_object_info *object, pv_id id, pv_arena *arena)
{
    if (object == NULL) { return hex(id.bytes, PV_ID_SIZE, arena); }
    char text[PV_ID_TEXT_SIZE];
    pv_id_format(object->id_prefix, id, text);
    const char *copy = pv_arena_dup(arena, pv_view_text(text));
    return copy == NULL ? "" : copy;
}

static const char *type_name(const pv_object_info *object, uint8_t tag, pv_arena *arena)
{
    if (object != NULL) { return object->message->descriptor->short_name; }
    const char *text = pv_arena_printf(arena, "type %u", tag);
    return text == NULL ? "" : text;
}

static const char *name_of(const pv_check_rules *rules, const pv_key_parts *parts, pv_arena *arena)
{
    const pv_object_info *object = pv_check_object_of(rules, parts->tag);
    const char *account = id_text(rules->account, parts->owner, arena);
    switch (parts->space) {
    case PV_SPACE_OBJECT:
        return pv_arena_printf(arena, "%s %s", type_name(object, parts->tag, arena),
                               id_text(object, parts->id, arena));
    case PV_SPACE_INDEX:
        return pv_arena_printf(arena, "entry of index %u of %s for %s to %s (%s)", parts->index,
                               type_name(object, parts->tag, arena), account,
                               id_text(object, parts->id, arena), plain(parts->fields, arena));
    case PV_SPACE_FEED:
        return pv_arena_printf(arena, "event %llu of %s", (unsigned long long)parts->number,
                               account);
    case PV_SPACE_REPLAY:
        return pv_arena_printf(
            arena, "answer to %s of %s of %s to %s", plain(parts->request_id, arena),
            id_text(rules->user, parts->id, arena), account, plain(parts->text, arena));
    case PV_SPACE_AUDIT:
        return pv_arena_printf(arena, "audit entry %llu.%u of %s",
                               (unsigned long long)parts->number, parts->part, account);
    case PV_SPACE_TRAIL: return pv_arena_printf(arena, "audit trail of %s", account);
    case PV_SPACE_BLOCK:
        return pv_arena_printf(arena, "block %llu of owner %s", (unsigned long long)parts->number,
                               hex(parts->owner.bytes, PV_ID_SIZE, arena));
    case PV_SPACE_DIGEST:
        return pv_arena_printf(arena, "digest %s of owner %s",
                               hex(parts->digest.data, parts->digest.size, arena),
                               hex(parts->owner.bytes, PV_ID_SIZE, arena));
    case PV_SPACE_RUN:
        return pv_arena_printf(arena, "block %u of run %llu of owner %s", parts->part,
                               (unsigned long long)parts->number,
                               hex(parts->owner.bytes, PV_ID_SIZE, arena));
    case PV_SPACE_USE:
        return pv_arena_printf(arena, "use of %s", id_text(rules->certificate, parts->id, arena));
    case PV_SPACE_SETTING: return pv_arena_printf(arena, "setting %s", plain(parts->text, arena));
    case PV_SPACE_CATALOGUE:
        return pv_arena_printf(arena, "catalogue of index %u of %s", parts->index,
                               type_name(object, parts->tag, arena));
    }
    return NULL;
}

const char *pv_check_name(const pv_check_rules *rules, pv_view key, pv_arena *arena)
{
    pv_key_parts parts;
    const char *name = pv_key_read(key, &parts)
                           ? name_of(rules, &parts, arena)
                           : pv_arena_printf(arena, "row %s", hex(key.data, key.size, arena));
    return name == NULL ? "a row" : name;
}
