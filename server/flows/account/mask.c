#include "server/flows/account/mask.h"

#include "protos/runtime/reasons.h"

static pv_status refuse_path(pv_call *call, const char *path, const account_field *fields, size_t count)
{
    pv_buffer names = pv_buffer_of(call->arena);
    for (size_t i = 0; i < count; i++) { pv_buffer_printf(&names, "%s%s", i == 0 ? "" : ", ", fields[i].name); }
    pv_error_note(&call->error, "field", "%.80s", path);
    return pv_refuse(&call->error, &pv_error_reason_update_mask_invalid,
                     "update_mask names \"%.80s\"; what can be changed is %.*s.", path, (int)names.size,
                     (const char *)names.data);
}

pv_status account_mask(pv_call *call, const Google__Protobuf__FieldMask *mask, const account_field *fields, size_t count,
                       uint32_t *ret_bits)
{
    PV_ASSERT(count <= 32);
    uint32_t bits = 0;
    if (mask == NULL || mask->n_paths == 0) {
        for (size_t i = 0; i < count; i++) { bits |= fields[i].filled ? UINT32_C(1) << i : 0; }
        *ret_bits = bits;
        return pv_ok();
    }
    for (size_t p = 0; p < mask->n_paths; p++) {
        size_t i = 0;
        while (i < count && strcmp(mask->paths[p], fields[i].name) != 0) { i++; }
        if (i == count) { return refuse_path(call, mask->paths[p], fields, count); }
        bits |= UINT32_C(1) << i;
    }
    *ret_bits = bits;
    return pv_ok();
}

pv_status account_require_text(pv_call *call, const char *field, const char *text)
{
    if (text[0] != '\0') { return pv_ok(); }
    pv_error_violate(&call->error, PV_VIOLATION_FIELD, NULL, field, "It cannot be made empty.");
    return pv_refuse(&call->error, &pv_reason_invalid_field, "%s cannot be made empty.", field);
}
