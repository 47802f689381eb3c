#include "server/flows/trail.h"

#include "protos/runtime/message.h"
#include "protos/runtime/value.h"
#include "purvey/account/v1/account.pv.h"
#include "storage/audit.h"

pv_status pv_trail_file(pv_txn *txn, pv_arena *arena, pv_id account, pv_audit_entry *entry)
{
    char account_id[PV_ID_TEXT_SIZE];
    pv_trail trail;
    pv_view content;
    PV_TRY(pv_audit_open(txn, account, &trail));
    pv_id_format(pv_account__object.id_prefix, account, account_id);
    entry->trail_account_id = account_id;
    entry->sequence = trail.head.sequence + 1;
    if (!pv_message_encode(&entry->base, arena, &content)) {
        return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    entry->trail_account_id = (char *)(uintptr_t) "";
    return pv_audit_append(txn, account, &trail, content);
}

bool pv_trail_link(const pv_audit_entry *entry, pv_arena *arena, pv_chain_link *ret_link)
{
    pv_audit_entry content = *entry;
    pv_chain_link link = {.sequence = entry->sequence};
    if (entry->hash.len != PV_SHA256_SIZE || entry->previous_hash.len != PV_SHA256_SIZE) {
        return false;
    }
    memcpy(link.hash, entry->hash.data, PV_SHA256_SIZE);
    memcpy(link.previous_hash, entry->previous_hash.data, PV_SHA256_SIZE);
    content.hash.len = content.previous_hash.len = 0;
    if (!pv_message_encode(&content.base, arena, &link.content)) { return false; }
    *ret_link = link;
    return true;
}

/* --- changes --- */

/* Not what every change changes, what the entry says elsewhere, whose the object is, and secrets. */
static bool is_told(const pv_object_info *object, unsigned field)
{
    int place = (int)field;
    if (place == object->id_field || place == object->etag_field ||
        place == object->revision_field || place == object->create_time_field ||
        place == object->update_time_field || place == object->state_field) {
        return false;
    }
    const pv_field_rule *rule = object->message->fields[field].rule;
    return rule == NULL || ((rule->flags & PV_RULE_SENSITIVE) == 0 && rule->party == 0);
}

/* The value in short; NULL at the arena's ceiling. */
static char *text_of(const ProtobufCMessage *message, const pv_field *field, pv_arena *arena)
{
    static const char cut[] = "...";
    const char *text = message == NULL ? "" : pv_value_parts(message, field, arena);
    if (text == NULL) { return NULL; }
    size_t size = strlen(text);
    if (size <= PV_TRAIL_VALUE_BYTES_MAX) { return (char *)(uintptr_t)text; }
    size = PV_TRAIL_VALUE_BYTES_MAX;
    while (((uint8_t)text[size] & 0xc0) == 0x80) { size--; } /* within a UTF-8 character */
    return pv_arena_printf(arena, "%.*s%s", (int)size, text, cut);
}

static bool tell(const pv_field *field, const ProtobufCMessage *before,
                 const ProtobufCMessage *after, pv_arena *arena, pv_audit_entry *entry)
{
    char *old_value = text_of(before, field, arena);
    char *new_value = text_of(after, field, arena);
    if (old_value == NULL || new_value == NULL) { return false; }
    if (strcmp(old_value, new_value) == 0) { return true; }
    pv_audit_change *change = pv_arena_zalloc(arena, 1, sizeof *change);
    if (change == NULL) { return false; }
    *change = (pv_audit_change)PV_AUDIT_CHANGE__INIT;
    change->field = (char *)(uintptr_t)field->name;
    change->old_value = old_value;
    change->new_value = new_value;
    entry->changes[entry->n_changes++] = change;
    return true;
}

bool pv_trail_tell_changes(const pv_object_info *object, const ProtobufCMessage *before,
                           const ProtobufCMessage *after, pv_arena *arena, pv_audit_entry *entry)
{
    const ProtobufCMessageDescriptor *descriptor = object->message->descriptor;
    entry->n_changes = 0;
    entry->changes = pv_arena_zalloc(arena, PV_TRAIL_CHANGES_MAX, sizeof *entry->changes);
    if (entry->changes == NULL) { return false; }
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (entry->n_changes == PV_TRAIL_CHANGES_MAX || !is_told(object, i)) { continue; }
        if (!tell(&descriptor->fields[i], before, after, arena, entry)) { return false; }
    }
    return true;
}
