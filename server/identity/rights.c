#include "server/identity/rights.h"

void pv_rights_add(pv_rights *rights, pv_module_grant *const *grants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned module = (unsigned)grants[i]->module;
        unsigned grant = (unsigned)grants[i]->grant;
        if (module >= PV_MODULES_MAX || grant > PV_GRANT_MANAGE) { continue; }
        if (grant > rights->grants[module]) { rights->grants[module] = (uint8_t)grant; }
    }
}

/* MANAGE of every module there is. */
static void add_everything(pv_rights *rights)
{
    const ProtobufCEnumDescriptor *modules = &purvey__common__v1__module__descriptor;
    for (unsigned i = 0; i < modules->n_values; i++) {
        unsigned module = (unsigned)modules->values[i].value;
        if (module != PV_MODULE_UNSPECIFIED && module < PV_MODULES_MAX) {
            rights->grants[module] = PV_GRANT_MANAGE;
        }
    }
}

void pv_rights_add_group(pv_rights *rights, const pv_group *group)
{
    if (group->state != PV_GROUP_STATE_ACTIVE) { return; }
    if (group->administrators) { add_everything(rights); }
    pv_rights_add(rights, group->permissions, group->n_permissions);
}

void pv_rights_limit(pv_rights *rights, const pv_rights *limits)
{
    for (size_t i = 0; i < PV_MODULES_MAX; i++) {
        if (rights->grants[i] > limits->grants[i]) { rights->grants[i] = limits->grants[i]; }
    }
}

pv_status pv_rights_of_member(pv_txn *txn, pv_arena *arena, const pv_membership *membership,
                              pv_rights *ret_rights)
{
    memset(ret_rights, 0, sizeof *ret_rights);
    for (size_t i = 0; i < membership->n_group_ids; i++) {
        pv_id id;
        ProtobufCMessage *message = NULL;
        if (!pv_id_parse(pv_group__object.id_prefix, pv_view_text(membership->group_ids[i]), &id)) {
            return pv_status_of(PV_CODE_DATA_LOSS);
        }
        pv_status status = pv_object_load(txn, &pv_group__object, id, arena, &message, NULL);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_status_of(PV_CODE_DATA_LOSS); }
        PV_TRY(status);
        pv_rights_add_group(ret_rights, (const pv_group *)(const void *)message);
    }
    return pv_ok();
}
