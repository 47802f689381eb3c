/* Audit trails: each account's chain from where what is kept begins to the end that the trail's row tells. */
#include "storage/check_parts.h"

static void begin_trail(pv_checker *self, pv_view key, const pv_key_parts *parts)
{
    pv_check_owner(self, key, parts);
    memset(&self->trail, 0, sizeof self->trail);
    /* A row that cannot be read is told when the walk comes to it. */
    pv_trail trail;
    if (pv_is_ok(pv_audit_open(self->txn, parts->owner, &trail))) { self->trail = trail; }
    self->chain = self->trail.anchor;
    self->trail_entries = 0;
}

/* The content says under which number and account it stands: they are covered by the hash, the key is not. */
static void check_place(pv_checker *self, pv_view key, const pv_key_parts *parts,
                        const pv_audit_row *row)
{
    const ProtobufCMessageDescriptor *entry = self->rules->audit_entry->descriptor;
    const ProtobufCFieldDescriptor *sequence =
        protobuf_c_message_descriptor_get_field_by_name(entry, "sequence");
    const ProtobufCFieldDescriptor *account =
        protobuf_c_message_descriptor_get_field_by_name(entry, "trail_account_id");
    pv_field_value value;
    char id[PV_ID_TEXT_SIZE];
    PV_ASSERT(sequence != NULL && account != NULL);
    if (pv_is_ok(pv_row_pick(sequence, row->link.content, &value)) &&
        value.number != row->link.sequence) {
        pv_check_tell(self, key, "it says that its number is %llu and stands as %llu",
                      (unsigned long long)value.number, (unsigned long long)row->link.sequence);
    }
    pv_id_format(self->rules->account->id_prefix, parts->owner, id);
    if (pv_is_ok(pv_row_pick(account, row->link.content, &value)) &&
        !pv_view_equal(value.text, pv_view_text(id))) {
        pv_check_tell(self, key, "it says that it is of another account's trail");
    }
}

static void follow(pv_checker *self, pv_view key, const pv_key_parts *parts,
                   const pv_audit_row *row)
{
    if (!row->chained) {
        if (self->chain.sequence > 0) {
            pv_check_tell(self, key, "it is in no chain, and the account's chain has begun");
        }
        return;
    }
    pv_chain_flaw flaw = pv_chain_follow(&self->chain, &row->link);
    if (flaw != PV_CHAIN_WHOLE) {
        pv_check_tell(self, key, "number %llu: %s", (unsigned long long)row->link.sequence,
                      pv_chain_flaw_text(flaw));
    }
    check_place(self, key, parts, row);
}

void pv_check_audit_entry(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    self->summary.audit_entries++;
    bool first = !pv_check_goes_on(self, parts);
    if (first) { begin_trail(self, key, parts); }
    self->trail_entries++;
    if (parts->number > self->summary.revision) {
        pv_check_tell(self, key, "the store has not come to this revision");
    }
    /* What is before an account's first entry has been pruned, perhaps up to the middle of a revision. */
    bool same = self->before.number == parts->number;
    if (!first && parts->part != (same ? self->before.part + 1 : 0)) {
        pv_check_tell(self, key, "an entry before it is missing");
    }
    pv_audit_row row;
    if (!pv_audit_read(key, value, &row)) {
        pv_check_tell(self, key, "it is cut off");
        return;
    }
    if (!pv_check_wire(self, key, self->rules->audit_entry, row.link.content)) { return; }
    follow(self, key, parts, &row);
    const pv_check_rules *rules = self->rules;
    const char *what = rules->judge_audit == NULL
                           ? NULL
                           : rules->judge_audit(rules->context, self->txn, self->arena,
                                                parts->owner, row.link.content);
    if (what != NULL) { pv_check_tell(self, key, "%s", what); }
}

void pv_check_audit_end(pv_checker *self)
{
    const pv_check_rules *rules = self->rules;
    pv_id account = self->before.owner;
    pv_key key = pv_key_of_trail(account);
    const pv_chain_mark *head = &self->trail.head;
    if (self->chain.sequence != head->sequence) {
        pv_check_tell(self, pv_key_view(&key),
                      "it tells that the newest entry is number %llu, and the newest there is %llu",
                      (unsigned long long)head->sequence, (unsigned long long)self->chain.sequence);
    } else if (memcmp(self->chain.hash, head->hash, sizeof head->hash) != 0) {
        pv_check_tell(self, pv_key_view(&key), "its newest entry has another hash than it tells");
    }
    if (rules->trail != NULL) {
        rules->trail(rules->context, account, &self->trail, self->trail_entries);
    }
}

void pv_check_trail(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    self->summary.audit_trails++;
    pv_check_owner(self, key, parts);
    pv_trail trail;
    pv_view entry;
    if (!pv_audit_read_trail(value, &trail)) {
        pv_check_tell(self, key, "it cannot be read");
        return;
    }
    /* Retention leaves the newest entry. */
    pv_key newest = pv_key_of_audit(parts->owner, trail.revision, trail.part);
    if (!pv_is_ok(pv_txn_get(self->txn, pv_key_view(&newest), &entry))) {
        pv_check_tell(self, key, "its newest entry, number %llu, is not there",
                      (unsigned long long)trail.head.sequence);
    }
}
