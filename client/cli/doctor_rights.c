/* doctor_rights.c — which methods are open, and what keeps the others shut: the role of the account, no group that
 * gives the grant, or the scopes of the certificate. What is open is the service's word; why not is read off the same
 * tables that it decides by. */
#include "client/cli/doctor.h"

#include "client/cli/trouble.h"
#include "protos/runtime/value.h"

#include <stdlib.h>

typedef struct rights {
    pv_doctor *doctor;
    const pv_who_am_iresponse *who;
    uint8_t
        open[64]; /* strongest pv_grant of each module: in effect, by groups, by the certificate */
    uint8_t groups[64];
    uint8_t scopes[64];
    size_t open_count, role_count,
        grant_count; /* methods: open, for other roles, without the grant */
} rights;

static void take_grants(uint8_t ret_grants[64], pv_module_grant *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned module = (unsigned)list[i]->module;
        if (module < 64 && (unsigned)list[i]->grant > ret_grants[module]) {
            ret_grants[module] = (uint8_t)list[i]->grant;
        }
    }
}

static const char *module_text(const rights *self, unsigned module)
{
    return pv_value_enum_text(&purvey__common__v1__module__descriptor, (int)module,
                              self->doctor->cli->arena);
}

static const char *grant_text(const rights *self, unsigned grant)
{
    if (grant == PV_GRANT_UNSPECIFIED) { return "nothing"; }
    return pv_value_enum_text(&purvey__common__v1__grant__descriptor, (int)grant,
                              self->doctor->cli->arena);
}

static const char *role_text(const rights *self, unsigned role)
{
    return pv_value_enum_text(&purvey__common__v1__account_type__descriptor, (int)role,
                              self->doctor->cli->arena);
}

static bool is_open(const rights *self, const pv_method_info *method)
{
    for (size_t i = 0; i < self->who->n_methods; i++) {
        if (strcmp(self->who->methods[i]->name, method->path + 1) == 0) { return true; }
    }
    return false;
}

static const char *roles_of(const rights *self, const pv_method_info *method)
{
    pv_buffer text = pv_buffer_of(self->doctor->cli->arena);
    for (unsigned role = 1; role < 64; role++) {
        if ((method->roles >> role & 1) == 0) { continue; }
        pv_buffer_printf(&text, "%s%s", text.size == 0 ? "" : ", ", role_text(self, role));
    }
    return pv_buffer_text(&text);
}

/* What stands in the way first, in the words of who reads it. `ret_kind`: "role", "group" or "scope". */
static const char *why_not(rights *self, const pv_method_info *method, const char **ret_kind)
{
    pv_arena *arena = self->doctor->cli->arena;
    unsigned role = self->who->account == NULL ? 0 : (unsigned)self->who->account->type;
    if ((method->flags & PV_METHOD_ANY) == 0 && (role > 63 || (method->roles >> role & 1) == 0)) {
        self->role_count++;
        *ret_kind = "role";
        return pv_arena_printf(arena, "for accounts of type %s; yours is %s",
                               roles_of(self, method), role_text(self, role));
    }
    unsigned module = method->module < 64 ? method->module : 0;
    bool by_groups = self->groups[module] >= method->grant;
    self->grant_count++;
    *ret_kind = by_groups ? "scope" : "group";
    return pv_arena_printf(
        arena, "needs %s of %s; your %s %s", grant_text(self, method->grant),
        module_text(self, module), by_groups ? "certificate's scopes leave" : "groups give",
        grant_text(self, by_groups ? self->scopes[module] : self->groups[module]));
}

static void look_at(rights *self, const pv_command *command)
{
    const char *kind = NULL;
    bool open = is_open(self, command->method);
    const char *why = open ? NULL : why_not(self, command->method, &kind);
    self->open_count += open ? 1 : 0;
    if (self->doctor->rights != NULL) {
        json_t *one = json_pack("{s:s, s:s, s:s, s:b, s:s*, s:s*}", "noun", command->noun, "verb",
                                command->verb, "method", command->method->path + 1, "may", open,
                                "because_of", kind, "why", why);
        PV_ASSERT(one != NULL && json_array_append_new(self->doctor->rights, one) == 0);
    } else if (self->doctor->methods) {
        fprintf(self->doctor->cli->out, "%-3s %s %s%s%s\n", open ? "yes" : "no", command->noun,
                command->verb, open ? "" : ": ", open ? "" : why);
    }
}

static void look_at_all(rights *self)
{
    pv_service_list list = self->doctor->cli->services;
    for (size_t i = 0; i < list.count; i++) {
        for (size_t k = 0; k < list.services[i]->method_count; k++) {
            pv_command command;
            pv_command_of(list.services[i], k, &command);
            look_at(self, &command);
        }
    }
}

/* For each module what is open, and what limits it. */
static const char *summary(const rights *self)
{
    const ProtobufCEnumDescriptor *modules = &purvey__common__v1__module__descriptor;
    pv_buffer text = pv_buffer_of(self->doctor->cli->arena);
    for (unsigned i = 0; i < modules->n_values; i++) {
        unsigned module = (unsigned)modules->values[i].value;
        if (module == 0 || module > 63) { continue; }
        unsigned open = self->open[module];
        bool cut = self->groups[module] > open;
        pv_buffer_printf(&text, "%s%s %s%s%s%s", text.size == 0 ? "" : ", ",
                         module_text(self, module), grant_text(self, open),
                         cut ? " (the groups give " : "",
                         cut ? grant_text(self, self->groups[module]) : "",
                         cut ? ", the certificate's scopes no more)" : "");
    }
    return pv_buffer_text(&text);
}

void pv_doctor_rights(pv_doctor *doctor, const pv_who_am_iresponse *who)
{
    rights self = {.doctor = doctor, .who = who};
    take_grants(self.open, who->scopes, who->n_scopes);
    take_grants(self.groups, who->group_grants, who->n_group_grants);
    if (who->certificate != NULL) {
        take_grants(self.scopes, who->certificate->scopes, who->certificate->n_scopes);
    }
    look_at_all(&self);
    if (who->n_scopes == 0) {
        pv_error error;
        pv_error_init(&error, doctor->cli->arena);
        (void)pv_refuse(&error, &pv_trouble_rights_missing,
                        "Nothing may be called but who am I: %s.",
                        who->n_group_grants == 0 ? "no group gives a right"
                                                 : "the certificate's scopes leave no right");
        pv_doctor_refused(doctor, "rights", PV_DOCTOR_PROBLEM, &error);
        return;
    }
    pv_doctor_fine(doctor, "rights", "%s.", summary(&self));
    pv_doctor_fine(
        doctor, "methods",
        "%zu may be called; %zu are for other types of account, %zu need a grant that you "
        "have not%s.",
        self.open_count, self.role_count, self.grant_count,
        doctor->methods || doctor->rights != NULL ? "" : "; --methods says why of each");
}
