/* Parameters of products. */
#include "purvey/product/v1/parameter_service.pv.h"

#include "server/flows/make.h"
#include "server/flows/product/internal.h"
#include "server/flows/product/products.h"

enum { VALUE_LENGTH_MAX = 4000 };

static bool has_choices(pv_parameter_type type)
{
    return type == PV_PARAMETER_TYPE_DROPDOWN || type == PV_PARAMETER_TYPE_CHOICE ||
           type == PV_PARAMETER_TYPE_CHECKBOX;
}

static const pv_parameter_choice *choice_of(const pv_parameter_constraints *constraints,
                                            size_t count, const char *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(constraints->choices[i]->value, value) == 0) { return constraints->choices[i]; }
    }
    return NULL;
}

static void check_choices(pv_call *call, const pv_parameter *parameter)
{
    const pv_parameter_constraints *constraints = parameter->constraints;
    size_t count = constraints->n_choices;
    if (!has_choices(parameter->type)) {
        if (count > 0) {
            pv_violate(call, "CHOICES", parameter->name,
                       "only DROPDOWN, CHOICE and CHECKBOX have choices");
        }
        return;
    }
    if (count == 0) { pv_violate(call, "CHOICES", parameter->name, "the type needs choices"); }
    for (size_t i = 0; i < count; i++) {
        const char *value = constraints->choices[i]->value;
        if (choice_of(constraints, i, value) != NULL) {
            pv_violate(call, "CHOICES", parameter->name, "the choice %s comes twice", value);
        }
        if (parameter->type == PV_PARAMETER_TYPE_CHECKBOX && strchr(value, ',') != NULL) {
            pv_violate(call, "CHOICES", parameter->name,
                       "a choice of a CHECKBOX has no comma, which joins them: %s", value);
        }
    }
    const char *value = parameter->default_value;
    if (parameter->type != PV_PARAMETER_TYPE_CHECKBOX && !pv_is_empty(value) &&
        choice_of(constraints, count, value) == NULL) {
        pv_violate(call, "DEFAULT", parameter->name, "default_value is none of the choices");
    }
}

static void check_lengths(pv_call *call, const pv_parameter *parameter)
{
    const pv_parameter_constraints *constraints = parameter->constraints;
    uint32_t greatest = constraints->length_max == 0 ? VALUE_LENGTH_MAX : constraints->length_max;
    if (constraints->length_min > greatest) {
        pv_violate(call, "LENGTH", parameter->name, "length_min %u is above length_max %u",
                   constraints->length_min, greatest);
    }
}

static pv_status check_rules(pv_call *call, pv_parameter *parameter)
{
    if (parameter->constraints == NULL) {
        PV_TRY(pv_make_part(call, &pv_parameter_constraints__info, &parameter->constraints));
    }
    check_choices(call, parameter);
    check_lengths(call, parameter);
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_parameter_rules, NULL);
}

static pv_status check_name_free(pv_call *call, const pv_product *product, const char *name)
{
    pv_parameter *existing = NULL;
    PV_TRY(pv_if_any(pv_parameter_find(call, product, name, &existing)));
    if (existing == NULL) { return pv_ok(); }
    pv_note_existing(call, &pv_parameter__object, existing->id);
    return pv_refuse(&call->error, &pv_error_reason_parameter_exists,
                     "Parameter %s has the name %s.", existing->id, name);
}

pv_status pv_parameter_service_create_parameter(pv_call *call,
                                                const pv_create_parameter_request *request,
                                                pv_create_parameter_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_find(call, &pv_product__object, request->product_id, &product));
    PV_TRY(check_name_free(call, product, request->name));
    pv_parameter *parameter = NULL;
    PV_TRY(pv_make(call, &pv_parameter__object, &parameter));
    parameter->vendor_id = product->vendor_id;
    parameter->product_id = product->id;
    parameter->name = request->name;
    parameter->title = request->title;
    parameter->description = request->description;
    parameter->phase = request->phase;
    parameter->scope = PV_PARAMETER_SCOPE_SUBSCRIPTION; /* the only one there is */
    parameter->type = request->type;
    parameter->constraints = request->constraints;
    parameter->hint = request->hint;
    parameter->placeholder = request->placeholder;
    parameter->default_value = request->default_value;
    parameter->position = request->position;
    PV_TRY(check_rules(call, parameter));
    response->parameter = parameter;
    return pv_save(call, &pv_parameter__object, parameter);
}

pv_status pv_parameter_service_get_parameter(pv_call *call, const pv_get_parameter_request *request,
                                             pv_get_parameter_response *response)
{
    bool is_own = false;
    return pv_product_part_visible(call, &pv_parameter__object, request->parameter_id,
                                   &response->parameter, &is_own);
}

pv_status pv_parameter_service_list_parameters(pv_call *call,
                                               const pv_list_parameters_request *request,
                                               pv_list_parameters_response *response)
{
    (void)response;
    return pv_product_answer_parts(call, &pv_parameter__object, request->product_id,
                                   &request->base);
}

pv_status pv_parameter_service_update_parameter(pv_call *call,
                                                const pv_update_parameter_request *request,
                                                pv_update_parameter_response *response)
{
    pv_parameter *parameter = NULL;
    PV_TRY(pv_begin(call, &pv_parameter__object, request->parameter_id, request->etag, &parameter));
    pv_parameter source = PV_PARAMETER__INIT;
    source.title = request->title;
    source.description = request->description;
    source.constraints = request->constraints;
    source.hint = request->hint;
    source.placeholder = request->placeholder;
    source.default_value = request->default_value;
    source.position = request->position;
    PV_TRY(pv_change(call, &pv_parameter__object, request->update_mask, &source.base,
                     &parameter->base));
    PV_TRY(pv_demand_text(call, "title", parameter->title));
    PV_TRY(check_rules(call, parameter));
    response->parameter = parameter;
    return pv_save(call, &pv_parameter__object, parameter);
}

/* Orders keep values by name, so a parameter that orders may have seen stays. */
pv_status pv_parameter_service_delete_parameter(pv_call *call,
                                                const pv_delete_parameter_request *request,
                                                pv_delete_parameter_response *response)
{
    pv_parameter *parameter = NULL;
    PV_TRY(pv_begin(call, &pv_parameter__object, request->parameter_id, request->etag, &parameter));
    PV_TRY(pv_product_demand_unpublished(call, parameter->product_id));
    response->parameter = parameter;
    return pv_remove(call, &pv_parameter__object, parameter);
}
