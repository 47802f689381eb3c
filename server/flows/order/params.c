#include "server/flows/order/params.h"

#include "server/flows/make.h"
#include "server/flows/order/param_value.h"

pv_status pv_parameters_load(pv_call *call, const pv_product *product,
                             pv_parameters *ret_parameters)
{
    return pv_product_parameters(call, product, &ret_parameters->items, &ret_parameters->count);
}

pv_parameter *pv_parameters_find(const pv_parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (strcmp(parameters->items[i]->name, name) == 0) { return parameters->items[i]; }
    }
    return NULL;
}

static pv_parameter_value *find_value(pv_parameter_value *const *params, size_t count,
                                      const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(params[i]->name, name) == 0) { return params[i]; }
    }
    return NULL;
}

const char *pv_params_value(pv_parameter_value *const *params, size_t count, const char *name)
{
    const pv_parameter_value *found = find_value(params, count, name);
    return found == NULL ? "" : found->value;
}

/* The order's entry of the name, made if there is none. */
static pv_status entry_of(pv_call *call, pv_order *order, char *name,
                          pv_parameter_value **ret_entry)
{
    pv_parameter_value *entry = find_value(order->params, order->n_params, name);
    if (entry == NULL) {
        PV_TRY(pv_make_part(call, &pv_parameter_value__info, &entry));
        entry->name = name;
        pv_parameter_value **params =
            pv_arena_zalloc(call->arena, order->n_params + 1, sizeof *params);
        if (params == NULL) { return pv_out_of_memory(call); }
        if (order->n_params > 0) {
            memcpy(params, order->params, order->n_params * sizeof *params);
        }
        params[order->n_params++] = entry;
        order->params = params;
    }
    *ret_entry = entry;
    return pv_ok();
}

static const char *phase_name(pv_parameter_phase phase)
{
    return phase == PV_PARAMETER_PHASE_ORDERING ? "ordering" : "fulfilment";
}

static pv_status demand_parameter(pv_call *call, const pv_parameters *parameters, const char *name,
                                  pv_parameter_phase phase, pv_parameter **ret_parameter)
{
    pv_parameter *parameter = pv_parameters_find(parameters, name);
    if (parameter == NULL || parameter->phase != phase) {
        pv_error_note(&call->error, "parameter", "%s", name);
        return pv_refuse(&call->error, &pv_error_reason_parameter_unknown,
                         "The product has no %s parameter \"%s\".", phase_name(phase), name);
    }
    *ret_parameter = parameter;
    return pv_ok();
}

static bool constrained(const pv_parameter *parameter,
                        bool (*constraint)(const pv_parameter_constraints *))
{
    return parameter->constraints != NULL && constraint(parameter->constraints);
}

static bool is_required(const pv_parameter_constraints *constraints)
{
    return constraints->required != 0;
}
static bool is_hidden(const pv_parameter_constraints *constraints)
{
    return constraints->hidden != 0;
}
static bool is_readonly(const pv_parameter_constraints *constraints)
{
    return constraints->readonly != 0;
}
static bool is_unique(const pv_parameter_constraints *constraints)
{
    return constraints->unique != 0;
}

/* Adds a violation if the value may not be given. */
static pv_status check_value(pv_call *call, const pv_parameter *parameter, const pv_order *order,
                             const pv_parameter_value *old, const char *value)
{
    bool same = old != NULL && strcmp(old->value, value) == 0;
    if (same) { return pv_ok(); }
    bool given = old != NULL && !pv_is_empty(old->value) && pv_is_empty(old->error);
    if (constrained(parameter, is_readonly) && given) {
        pv_violate(call, "PARAMETER", parameter->name, "can be given only once");
        return pv_ok();
    }
    if (pv_is_empty(value)) { return pv_ok(); }
    const char *fault = pv_param_value_fault(parameter, value, call->arena);
    if (fault != NULL) {
        pv_violate(call, "PARAMETER", parameter->name, "must be %s", fault);
        return pv_ok();
    }
    if (!constrained(parameter, is_unique)) { return pv_ok(); }
    pv_subscription *holder = NULL;
    PV_TRY(pv_if_any(pv_params_holder(call, order->product_id, parameter->name, value, &holder)));
    bool live = holder != NULL && holder->state != PV_SUBSCRIPTION_STATE_TERMINATED;
    if (live && strcmp(holder->id, order->subscription_id) != 0) {
        pv_violate(call, "PARAMETER", parameter->name,
                   "must be unique; another subscription has this value");
    }
    return pv_ok();
}

static pv_status check_input(pv_call *call, const pv_parameters *parameters, const pv_order *order,
                             pv_params_input input)
{
    for (size_t i = 0; i < input.count; i++) {
        pv_parameter *parameter = NULL;
        PV_TRY(demand_parameter(call, parameters, input.values[i]->name, input.phase, &parameter));
    }
    for (size_t i = 0; i < input.count; i++) {
        const pv_parameter_value *value = input.values[i];
        if (find_value(input.values, i, value->name) != NULL) {
            pv_violate(call, "PARAMETER", value->name, "is given twice");
            continue;
        }
        PV_TRY(check_value(call, pv_parameters_find(parameters, value->name), order,
                           find_value(order->params, order->n_params, value->name), value->value));
    }
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_parameter_value, "Parameter %s %s.",
                     call->error.violations[0].subject, call->error.violations[0].description);
}

pv_status pv_params_merge(pv_call *call, const pv_parameters *parameters, pv_order *order,
                          pv_params_input input, bool *ret_changed)
{
    PV_TRY(check_input(call, parameters, order, input));
    bool changed = false;
    for (size_t i = 0; i < input.count; i++) {
        pv_parameter_value *entry = NULL;
        PV_TRY(entry_of(call, order, input.values[i]->name, &entry));
        if (strcmp(entry->value, input.values[i]->value) == 0) { continue; }
        entry->value = input.values[i]->value;
        entry->error = (char *)(uintptr_t)protobuf_c_empty_string;
        changed = true;
    }
    if (ret_changed != NULL) { *ret_changed = changed; }
    return pv_ok();
}

pv_status pv_params_default(pv_call *call, const pv_parameters *parameters, pv_order *order)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const pv_parameter *parameter = parameters->items[i];
        if (pv_is_empty(parameter->default_value)) { continue; }
        pv_parameter_value *entry = NULL;
        PV_TRY(entry_of(call, order, parameter->name, &entry));
        if (pv_is_empty(entry->value)) { entry->value = parameter->default_value; }
    }
    return pv_ok();
}

static bool is_missing(const pv_parameter *parameter, const pv_order *order,
                       pv_parameter_phase phase)
{
    bool asked = phase == PV_PARAMETER_PHASE_FULFILLMENT || !constrained(parameter, is_hidden);
    return parameter->phase == phase && asked && constrained(parameter, is_required) &&
           pv_is_empty(pv_params_value(order->params, order->n_params, parameter->name));
}

pv_status pv_params_flag_missing(pv_call *call, const pv_parameters *parameters, pv_order *order,
                                 pv_parameter_phase phase, size_t *ret_missing)
{
    size_t missing = 0;
    for (size_t i = 0; i < parameters->count; i++) {
        if (!is_missing(parameters->items[i], order, phase)) { continue; }
        PV_TRY(pv_params_flag(call, parameters, order, parameters->items[i]->name,
                              "A value is required."));
        missing++;
    }
    *ret_missing = missing;
    return pv_ok();
}

pv_status pv_params_demand(pv_call *call, const pv_parameters *parameters, const pv_order *order,
                           pv_parameter_phase phase)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (is_missing(parameters->items[i], order, phase)) {
            pv_violate(call, "PARAMETER", parameters->items[i]->name, "needs a value");
        }
    }
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_parameter_missing,
                     "The %s parameter %s needs a value.", phase_name(phase),
                     call->error.violations[0].subject);
}

pv_status pv_params_flag(pv_call *call, const pv_parameters *parameters, pv_order *order,
                         const char *name, const char *error)
{
    pv_parameter *parameter = NULL;
    PV_TRY(demand_parameter(call, parameters, name, PV_PARAMETER_PHASE_ORDERING, &parameter));
    pv_parameter_value *entry = NULL;
    PV_TRY(entry_of(call, order, parameter->name, &entry));
    return pv_text(call, error, &entry->error);
}

void pv_params_clear_flags(pv_order *order)
{
    for (size_t i = 0; i < order->n_params; i++) {
        order->params[i]->error = (char *)(uintptr_t)protobuf_c_empty_string;
    }
}
