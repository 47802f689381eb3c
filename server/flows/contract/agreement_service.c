/* Agreements: make, show, change. Their versions: version.c. */
#include "purvey/contract/v1/agreement_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "purvey/product/v1/marketplace.pv.h"
#include "server/flows/contract/contracts.h"
#include "server/flows/contract/version.h"
#include "server/flows/make.h"

/* Which fields an agreement needs or may not have by its type. */
static pv_status check_fields(pv_call *call, const pv_create_agreement_request *request)
{
    if (request->type == PV_AGREEMENT_TYPE_DISTRIBUTION) {
        if (pv_is_empty(request->parent_agreement_id)) {
            pv_violate_field(call, "parent_agreement_id", "is required for DISTRIBUTION");
        }
        if (pv_is_empty(request->marketplace_id)) {
            pv_violate_field(call, "marketplace_id", "is required for DISTRIBUTION");
        }
    } else {
        if (!pv_is_empty(request->parent_agreement_id)) {
            pv_violate_field(call, "parent_agreement_id", "is only for DISTRIBUTION");
        }
        if (!pv_is_empty(request->marketplace_id)) {
            pv_violate_field(call, "marketplace_id", "is only for DISTRIBUTION");
        }
        if (request->auto_accept) {
            pv_violate_field(call, "auto_accept", "is only for DISTRIBUTION");
        }
    }
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_agreement_fields_invalid, NULL);
}

/* The program agreement and the marketplace that a distribution agreement stands on are the caller's own. */
static pv_status check_parents(pv_call *call, const pv_create_agreement_request *request)
{
    if (request->type != PV_AGREEMENT_TYPE_DISTRIBUTION) { return pv_ok(); }
    pv_agreement *parent = NULL;
    PV_TRY(pv_find(call, &pv_agreement__object, request->parent_agreement_id, &parent));
    pv_row marketplace;
    PV_TRY(pv_see(call, &pv_marketplace__object, request->marketplace_id, &marketplace));
    if (parent->type == PV_AGREEMENT_TYPE_PROGRAM) { return pv_ok(); }
    pv_error_note(&call->error, "type", "PROGRAM");
    return pv_refuse(&call->error, &pv_error_reason_agreement_type_wrong,
                     "parent_agreement_id %s is no program agreement.", parent->id);
}

pv_status pv_agreement_service_create_agreement(pv_call *call,
                                                const pv_create_agreement_request *request,
                                                pv_create_agreement_response *response)
{
    PV_TRY(check_fields(call, request));
    const pv_terms terms = {
        .description = request->version_description,
        .link = request->version_link,
        .questions = request->enroll_questions,
        .question_count = request->n_enroll_questions,
    };
    PV_TRY(pv_terms_check(call, request->type, &terms));
    PV_TRY(check_parents(call, request));
    pv_agreement *agreement = NULL;
    PV_TRY(pv_make(call, &pv_agreement__object, &agreement));
    PV_TRY(pv_text(call, pv_caller_of(call)->account_id, &agreement->distributor_id));
    agreement->type = request->type;
    agreement->name = request->name;
    agreement->description = request->description;
    agreement->parent_agreement_id = request->parent_agreement_id;
    agreement->marketplace_id = request->marketplace_id;
    agreement->auto_accept = request->auto_accept;
    pv_agreement_version *version = NULL;
    PV_TRY(pv_version_add(call, agreement, &terms, request->activate, &version));
    response->agreement = agreement;
    return pv_ok();
}

pv_status pv_agreement_service_get_agreement(pv_call *call, const pv_get_agreement_request *request,
                                             pv_get_agreement_response *response)
{
    return pv_agreement_visible(call, request->agreement_id, &response->agreement);
}

/* What a distributor offers to the calling vendor. */
static pv_status list_offers(pv_call *call, const pv_list_agreements_request *request)
{
    if (pv_is_empty(request->distributor_id)) {
        return pv_refuse_field(call, "distributor_id", "is required for vendors");
    }
    PV_TRY(
        pv_contract_demand_program(call, request->distributor_id, pv_caller_of(call)->account_id));
    const pv_object_info *object = &pv_agreement__object;
    pv_condition offered[] = {
        pv_where_number(object, "type", PV_AGREEMENT_TYPE_DISTRIBUTION),
        pv_where_number(object, "active_version", 0),
    };
    offered[1].comparison = PV_GREATER;
    pv_id distributor = pv_id_of(&pv_account__object, request->distributor_id);
    return pv_answer_list_of(call, object, distributor, &request->base, offered, 2);
}

pv_status pv_agreement_service_list_agreements(pv_call *call,
                                               const pv_list_agreements_request *request,
                                               pv_list_agreements_response *response)
{
    (void)response;
    if (pv_caller_of(call)->role == PV_ACCOUNT_TYPE_VENDOR) { return list_offers(call, request); }
    PV_TRY(pv_demand_own_account(call, "distributor_id", request->distributor_id));
    return pv_answer_list(call, &pv_agreement__object, &request->base, NULL, 0);
}

pv_status pv_agreement_service_update_agreement(pv_call *call,
                                                const pv_update_agreement_request *request,
                                                pv_update_agreement_response *response)
{
    pv_agreement *agreement = NULL;
    PV_TRY(pv_begin(call, &pv_agreement__object, request->agreement_id, request->etag, &agreement));
    pv_agreement source = PV_AGREEMENT__INIT;
    source.name = request->name;
    source.description = request->description;
    source.auto_accept = request->auto_accept;
    PV_TRY(pv_change(call, &pv_agreement__object, request->update_mask, &source.base,
                     &agreement->base));
    PV_TRY(pv_demand_text(call, "name", agreement->name));
    if (agreement->auto_accept && agreement->type != PV_AGREEMENT_TYPE_DISTRIBUTION) {
        pv_violate_field(call, "auto_accept", "is only for DISTRIBUTION");
        return pv_refuse(&call->error, &pv_error_reason_agreement_fields_invalid, NULL);
    }
    response->agreement = agreement;
    return pv_save(call, &pv_agreement__object, agreement);
}
