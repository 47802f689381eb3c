/* Versions of agreements. At most one is active; contracts carry the number they were made or accepted under
 * and are offered a newer one. */
#include "server/flows/contract/version.h"

#include "purvey/account/v1/account.pv.h"
#include "purvey/contract/v1/agreement_service.pv.h"
#include "server/flows/contract/contracts.h"
#include "server/flows/make.h"

/* Tells the active contracts of the agreement, by their events, which version can be accepted; 0: none. */
static pv_status offer_version(pv_call *call, const pv_agreement *agreement, uint32_t number)
{
    const pv_object_info *object = &pv_contract__object;
    const pv_condition conditions[] = {
        pv_where(object, "agreement_id", agreement->id),
        pv_where_number(object, "state", PV_CONTRACT_STATE_ACTIVE),
    };
    pv_contract **contracts = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, object, pv_caller_of(call)->account, conditions, 2, PV_CONTRACTS_MAX,
                      &contracts, &count));
    for (size_t i = 0; i < count; i++) {
        uint32_t offered = number == contracts[i]->agreement_version ? 0 : number;
        if (contracts[i]->offered_agreement_version == offered) { continue; }
        contracts[i]->offered_agreement_version = offered;
        PV_TRY(pv_save(call, object, contracts[i]));
    }
    return pv_ok();
}

static pv_status activate(pv_call *call, pv_agreement *agreement, pv_agreement_version *version)
{
    const pv_object_info *object = &pv_agreement_version__object;
    if (agreement->active_version != 0) {
        pv_agreement_version *retired = NULL;
        PV_TRY(pv_agreement_active_version(call, agreement, &retired));
        PV_TRY(pv_move_and_save(call, object, retired, PV_AGREEMENT_VERSION_STATE_INACTIVE));
    }
    PV_TRY(pv_move(call, object, version, PV_AGREEMENT_VERSION_STATE_ACTIVE));
    agreement->active_version = version->number;
    return offer_version(call, agreement, version->number);
}

pv_status pv_terms_check(pv_call *call, pv_agreement_type type, const pv_terms *terms)
{
    for (size_t i = 0; i < terms->question_count; i++) {
        if (type != PV_AGREEMENT_TYPE_DISTRIBUTION) {
            pv_violate_element(call, "enroll_questions", i, "is only for DISTRIBUTION");
        } else if (pv_is_empty(terms->questions[i])) {
            pv_violate_element(call, "enroll_questions", i, "must not be empty");
        }
    }
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_agreement_fields_invalid, NULL);
}

pv_status pv_version_add(pv_call *call, pv_agreement *agreement, const pv_terms *terms, bool active,
                         pv_agreement_version **ret_version)
{
    const pv_object_info *object = &pv_agreement_version__object;
    pv_agreement_version *version = NULL;
    PV_TRY(pv_make(call, object, &version));
    version->distributor_id = agreement->distributor_id;
    version->agreement_id = agreement->id;
    version->number = ++agreement->latest_version;
    version->description = terms->description;
    version->link = terms->link;
    version->enroll_questions = terms->questions;
    version->n_enroll_questions = terms->question_count;
    agreement->version_count++;
    if (active) {
        PV_TRY(activate(call, agreement, version));
    } else {
        PV_TRY(pv_move(call, object, version, PV_AGREEMENT_VERSION_STATE_INACTIVE));
    }
    PV_TRY(pv_save(call, object, version));
    PV_TRY(pv_save(call, &pv_agreement__object, agreement));
    *ret_version = version;
    return pv_ok();
}

pv_status
pv_agreement_service_create_agreement_version(pv_call *call,
                                              const pv_create_agreement_version_request *request,
                                              pv_create_agreement_version_response *response)
{
    pv_agreement *agreement = NULL;
    PV_TRY(pv_begin(call, &pv_agreement__object, request->agreement_id, request->etag, &agreement));
    const pv_terms terms = {
        .description = request->version_description,
        .link = request->version_link,
        .questions = request->enroll_questions,
        .question_count = request->n_enroll_questions,
    };
    PV_TRY(pv_terms_check(call, agreement->type, &terms));
    PV_TRY(
        pv_version_add(call, agreement, &terms, request->activate, &response->agreement_version));
    response->agreement = agreement;
    return pv_ok();
}

/* pv_begin lets an active version pass, because retiring one is a side effect of the same method. */
static pv_status refuse_active(pv_call *call, const pv_agreement_version *version)
{
    pv_error_note(&call->error, "state", "ACTIVE");
    pv_error_note(&call->error, "allowed_states", "INACTIVE");
    pv_error_note(&call->error, "allowed_methods", "DeleteAgreementVersion");
    pv_violate(call, "STATE", version->id, "is ACTIVE; %s needs INACTIVE", call->method->name);
    return pv_refuse(&call->error, &pv_error_reason_state_forbids,
                     "%s is ACTIVE; %s needs INACTIVE.", version->id, call->method->name);
}

pv_status pv_agreement_service_activate_agreement_version(
    pv_call *call, const pv_activate_agreement_version_request *request,
    pv_activate_agreement_version_response *response)
{
    const pv_object_info *object = &pv_agreement_version__object;
    pv_agreement_version *version = NULL;
    PV_TRY(pv_begin(call, object, request->agreement_version_id, request->etag, &version));
    if (version->state == PV_AGREEMENT_VERSION_STATE_ACTIVE) {
        return refuse_active(call, version);
    }
    pv_agreement *agreement = NULL;
    PV_TRY(pv_fetch(call, &pv_agreement__object, version->agreement_id, &agreement));
    PV_TRY(activate(call, agreement, version));
    PV_TRY(pv_save(call, object, version));
    response->agreement_version = version;
    response->agreement = agreement;
    return pv_save(call, &pv_agreement__object, agreement);
}

/* A contract of the caller that carries the version. OK or NOT_FOUND, without words. */
static pv_status find_carrier(pv_call *call, const pv_agreement_version *version,
                              pv_contract **ret_contract)
{
    const pv_object_info *object = &pv_contract__object;
    const pv_condition conditions[] = {
        pv_where(object, "agreement_id", version->agreement_id),
        pv_where_number(object, "agreement_version", version->number),
    };
    return pv_lookup(call, object, pv_caller_of(call)->account, conditions, 2, ret_contract);
}

static pv_status refuse_in_use(pv_call *call, const pv_agreement_version *version, const char *why)
{
    pv_error_note(&call->error, "version", "%u", version->number);
    return pv_refuse(&call->error, &pv_error_reason_version_in_use,
                     "Version %u cannot be deleted: %s.", version->number, why);
}

pv_status
pv_agreement_service_delete_agreement_version(pv_call *call,
                                              const pv_delete_agreement_version_request *request,
                                              pv_delete_agreement_version_response *response)
{
    const pv_object_info *object = &pv_agreement_version__object;
    pv_agreement_version *version = NULL;
    PV_TRY(pv_begin(call, object, request->agreement_version_id, request->etag, &version));
    pv_agreement *agreement = NULL;
    PV_TRY(pv_fetch(call, &pv_agreement__object, version->agreement_id, &agreement));
    if (agreement->version_count <= 1) {
        return refuse_in_use(call, version, "it is the last version of its agreement");
    }
    pv_contract *carrier = NULL;
    PV_TRY(pv_if_any(find_carrier(call, version, &carrier)));
    if (carrier != NULL) { return refuse_in_use(call, version, "a contract carries it"); }
    agreement->version_count--;
    if (agreement->active_version == version->number) {
        agreement->active_version = 0;
        PV_TRY(offer_version(call, agreement, 0));
    }
    PV_TRY(pv_remove(call, object, version));
    response->agreement_version = version;
    return pv_save(call, &pv_agreement__object, agreement);
}

/* Whether the caller, who is not its distributor, may see the version. OK or NOT_FOUND, without words. */
static pv_status version_shown(pv_call *call, const pv_agreement_version *version)
{
    pv_contract *carrier = NULL;
    pv_agreement *agreement = NULL;
    PV_TRY(pv_if_any(find_carrier(call, version, &carrier)));
    PV_TRY(pv_if_any(pv_agreement_find_shown(call, version->agreement_id, &agreement)));
    bool offered = agreement != NULL && version->state == PV_AGREEMENT_VERSION_STATE_ACTIVE;
    return carrier != NULL || offered ? pv_ok() : pv_status_of(PV_CODE_NOT_FOUND);
}

pv_status
pv_agreement_service_get_agreement_version(pv_call *call,
                                           const pv_get_agreement_version_request *request,
                                           pv_get_agreement_version_response *response)
{
    const pv_object_info *object = &pv_agreement_version__object;
    const char *id = request->agreement_version_id;
    pv_agreement_version *version = NULL;
    bool is_party = false;
    PV_TRY(pv_if_any(pv_peek(call, object, id, &version, &is_party)));
    if (!is_party) {
        pv_agreement_version none = PV_AGREEMENT_VERSION__INIT;
        char text[PV_ID_TEXT_SIZE];
        pv_no_id(&pv_agreement__object, text);
        none.agreement_id = text;
        PV_TRY(pv_or_not_found(call, object, id,
                               version_shown(call, version == NULL ? &none : version)));
    }
    PV_ASSERT(version != NULL);
    response->agreement_version = version;
    return pv_ok();
}

pv_status
pv_agreement_service_list_agreement_versions(pv_call *call,
                                             const pv_list_agreement_versions_request *request,
                                             pv_list_agreement_versions_response *response)
{
    (void)response;
    const pv_object_info *object = &pv_agreement_version__object;
    pv_agreement *agreement = NULL;
    PV_TRY(pv_agreement_visible(call, request->agreement_id, &agreement));
    const pv_condition fixed[] = {
        pv_where(object, "agreement_id", agreement->id),
        pv_where_number(object, "state", PV_AGREEMENT_VERSION_STATE_ACTIVE),
    };
    pv_id distributor = pv_id_of(&pv_account__object, agreement->distributor_id);
    bool own = pv_id_equal(distributor, pv_caller_of(call)->account);
    return pv_answer_list_of(call, object, distributor, &request->base, fixed, own ? 1 : 2);
}
