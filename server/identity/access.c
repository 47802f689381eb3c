#include "server/identity/access.h"

static bool permits_role(const pv_method_info *method, uint8_t role)
{
    if ((method->flags & PV_METHOD_ANY) != 0) { return true; }
    /* A method that names no module is for ANY or PUBLIC; a table that says otherwise opens nothing. */
    return method->module != 0 && role < 64 && (method->roles >> role & 1) != 0;
}

static bool permits_grant(const pv_method_info *method, const pv_caller *caller)
{
    if (method->module == 0) { return true; }
    return method->grant != 0 && method->module < PV_MODULES_MAX &&
           caller->grants[method->module] >= method->grant;
}

bool pv_access_permits(const pv_method_info *method, const pv_caller *caller)
{
    if ((method->flags & PV_METHOD_PUBLIC) != 0) { return true; }
    return caller != NULL && permits_role(method, caller->role) && permits_grant(method, caller);
}

const char *pv_access_word(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(type, 0);
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(type, value);
    if (zero == NULL || named == NULL) { return "UNSPECIFIED"; }
    return named->name + (strlen(zero->name) - strlen("UNSPECIFIED"));
}

static const char *role_name(int role)
{
    return pv_access_word(&purvey__common__v1__account_type__descriptor, role);
}

static pv_status refuse_role(const pv_method_info *method, const pv_caller *caller, pv_error *error)
{
    pv_buffer roles = pv_buffer_of(error->arena);
    for (int role = 1; role < 64; role++) {
        if ((method->roles >> role & 1) != 0) {
            pv_buffer_printf(&roles, "%s%s", roles.size == 0 ? "" : ", ", role_name(role));
        }
    }
    pv_error_note(error, "method", "%s", method->path + 1);
    pv_error_note(error, "role", "%s", role_name(caller->role));
    pv_error_note(error, "roles", "%.*s", (int)roles.size, (const char *)roles.data);
    return pv_refuse(error, &pv_error_reason_role_may_not_call,
                     "%s may be called by %.*s; you are %s.", method->name, (int)roles.size,
                     (const char *)roles.data, role_name(caller->role));
}

static pv_status refuse_grant(const pv_method_info *method, const pv_caller *caller,
                              pv_error *error)
{
    const char *module = pv_access_word(&purvey__common__v1__module__descriptor, method->module);
    const char *grant = pv_access_word(&purvey__common__v1__grant__descriptor, method->grant);
    uint8_t held = method->module < PV_MODULES_MAX ? caller->grants[method->module] : 0;
    pv_error_note(error, "method", "%s", method->path + 1);
    pv_error_note(error, "module", "%s", module);
    pv_error_note(error, "grant", "%s", grant);
    return pv_refuse(
        error, &pv_error_reason_grant_missing,
        "%s needs the grant %s in the module %s; you have %s.", method->name, grant, module,
        held == 0 ? "none" : pv_access_word(&purvey__common__v1__grant__descriptor, held));
}

pv_status pv_access_check(const pv_method_info *method, const pv_caller *caller, pv_error *error)
{
    if (pv_access_permits(method, caller)) { return pv_ok(); }
    if (caller == NULL) { return pv_refuse(error, &pv_error_reason_no_certificate, NULL); }
    if (!permits_role(method, caller->role)) { return refuse_role(method, caller, error); }
    return refuse_grant(method, caller, error);
}
