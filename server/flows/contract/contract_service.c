/* Contracts: begin, show, end. Who signs is in `signer_of`, what a signature does in `put_in_force`. */
#include "purvey/contract/v1/contract_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/account/accounts.h"
#include "server/flows/contract/contracts.h"
#include "server/flows/contract/partnership.h"
#include "server/flows/make.h"

/* Stores a contract that begins, comes into force or ends, and what follows for the partnership. */
static pv_status save_and_follow(pv_call *call, pv_contract *contract)
{
    PV_TRY(pv_save(call, &pv_contract__object, contract));
    return contract_follow(call, contract);
}

static pv_status refuse_type(pv_call *call, const pv_agreement *agreement, const char *wanted)
{
    pv_error_note(&call->error, "type", "%s", wanted);
    return pv_refuse(&call->error, &pv_error_reason_agreement_type_wrong,
                     "%s works on agreements of type %s; %s is of another type.",
                     call->method->name, wanted, agreement->id);
}

/* Refuses if the partner has a contract on the agreement that has not ended. */
static pv_status check_no_live_contract(pv_call *call, const pv_agreement *agreement,
                                        const char *partner_id)
{
    static const pv_contract_state live[] = {PV_CONTRACT_STATE_PENDING, PV_CONTRACT_STATE_ENROLLING,
                                             PV_CONTRACT_STATE_ACTIVE};
    const pv_object_info *object = &pv_contract__object;
    pv_id partner = pv_id_of(&pv_account__object, partner_id);
    pv_contract *existing = NULL;
    for (size_t i = 0; existing == NULL && i < sizeof live / sizeof *live; i++) {
        const pv_condition conditions[] = {
            pv_where(object, "agreement_id", agreement->id),
            pv_where_number(object, "state", (uint64_t)live[i]),
        };
        PV_TRY(pv_if_any(pv_lookup(call, object, partner, conditions, 2, &existing)));
    }
    if (existing == NULL) { return pv_ok(); }
    pv_note_existing(call, object, existing->id);
    return pv_refuse(&call->error, &pv_error_reason_contract_exists,
                     "Contract %s on this agreement has not ended.", existing->id);
}

/* A contract from the active version of an agreement, without its partner and its state. */
static pv_status draw_up(pv_call *call, const pv_agreement *agreement,
                         const pv_agreement_version *version, char *name,
                         pv_contract **ret_contract)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_make(call, &pv_contract__object, &contract));
    contract->distributor_id = agreement->distributor_id;
    contract->type = agreement->type;
    contract->agreement_id = agreement->id;
    contract->agreement_version = version->number;
    contract->marketplace_id = agreement->marketplace_id;
    contract->name = pv_is_empty(name) ? agreement->name : name;
    *ret_contract = contract;
    return pv_ok();
}

/* An account of the type that is active may be invited by whoever has its id. What else there is to say of an account
 * is said to its partners alone; to others it does not exist. */
static pv_status find_partner(pv_call *call, const char *partner_id, pv_agreement_type type)
{
    pv_account *partner = NULL;
    bool is_party = false;
    bool known = false;
    PV_TRY(contract_is_partner(call, partner_id, &known));
    PV_TRY(pv_or_not_found(call, &pv_account__object, partner_id,
                           pv_peek(call, &pv_account__object, partner_id, &partner, &is_party)));
    bool program = type == PV_AGREEMENT_TYPE_PROGRAM;
    bool fits = partner->type == (program ? PV_ACCOUNT_TYPE_VENDOR : PV_ACCOUNT_TYPE_RESELLER);
    bool active = partner->state == PV_ACCOUNT_STATE_ACTIVE;
    if (fits && active) { return pv_ok(); }
    if (!known && !is_party) { return pv_not_found(call, &pv_account__object, partner_id); }
    if (!fits) {
        pv_error_note(&call->error, "type", program ? "VENDOR" : "RESELLER");
        return pv_refuse(&call->error, &pv_error_reason_partner_type_wrong,
                         "The partner of a %s contract is a %s.", program ? "PROGRAM" : "SERVICE",
                         program ? "vendor" : "reseller");
    }
    pv_error_note(&call->error, "account", "%s", partner_id);
    return pv_refuse(&call->error, &pv_error_reason_partner_inactive, NULL);
}

/* An agreement of the caller's under which it contracts with a vendor or a reseller, with its active version. */
static pv_status find_offer(pv_call *call, const char *agreement_id, pv_agreement **ret_agreement,
                            pv_agreement_version **ret_version)
{
    PV_TRY(pv_find(call, &pv_agreement__object, agreement_id, ret_agreement));
    if ((*ret_agreement)->type == PV_AGREEMENT_TYPE_DISTRIBUTION) {
        return refuse_type(call, *ret_agreement, "PROGRAM or SERVICE");
    }
    return pv_agreement_active_version(call, *ret_agreement, ret_version);
}

/* The contract waits for the partner's signature. */
static pv_status offer(pv_call *call, const pv_agreement *agreement,
                       const pv_agreement_version *version, char *partner_id, char *name,
                       char *message, pv_contract **ret_contract)
{
    pv_contract *contract = NULL;
    PV_TRY(draw_up(call, agreement, version, name, &contract));
    contract->message = message;
    if (agreement->type == PV_AGREEMENT_TYPE_PROGRAM) {
        contract->vendor_id = partner_id;
    } else {
        contract->reseller_id = partner_id;
    }
    *ret_contract = contract;
    PV_TRY(pv_move(call, &pv_contract__object, contract, PV_CONTRACT_STATE_PENDING));
    return save_and_follow(call, contract);
}

pv_status pv_contract_service_create_contract(pv_call *call,
                                              const pv_create_contract_request *request,
                                              pv_create_contract_response *response)
{
    pv_agreement *agreement = NULL;
    pv_agreement_version *version = NULL;
    PV_TRY(find_offer(call, request->agreement_id, &agreement, &version));
    PV_TRY(find_partner(call, request->partner_id, agreement->type));
    PV_TRY(check_no_live_contract(call, agreement, request->partner_id));
    return offer(call, agreement, version, request->partner_id, request->name, request->message,
                 &response->contract);
}

pv_status pv_contract_service_invite_partner(pv_call *call,
                                             const pv_invite_partner_request *request,
                                             pv_invite_partner_response *response)
{
    pv_agreement *agreement = NULL;
    pv_agreement_version *version = NULL;
    pv_account *partner = NULL;
    pv_membership *invited = NULL;
    PV_TRY(find_offer(call, request->agreement_id, &agreement, &version));
    PV_TRY(pv_make(call, &pv_account__object, &partner));
    partner->type = agreement->type == PV_AGREEMENT_TYPE_PROGRAM ? PV_ACCOUNT_TYPE_VENDOR
                                                                 : PV_ACCOUNT_TYPE_RESELLER;
    partner->name = request->account_name;
    partner->introducer_id = agreement->distributor_id;
    PV_TRY(pv_account_found(call, partner));
    PV_TRY(pv_account_invite(call, partner, request->user_name, request->user_email,
                             request->lifetime_hours, &invited, &response->invitation_token));
    response->invitation_expire_time = invited->invitation_expire_time;
    return offer(call, agreement, version, partner->id, request->name, request->message,
                 &response->contract);
}

pv_status
pv_contract_service_resend_partner_invitation(pv_call *call,
                                              const pv_resend_partner_invitation_request *request,
                                              pv_resend_partner_invitation_response *response)
{
    pv_contract *contract = NULL;
    pv_account *partner = NULL;
    pv_membership *invited = NULL;
    PV_TRY(pv_find(call, &pv_contract__object, request->contract_id, &contract));
    const char *partner_id =
        pv_is_empty(contract->vendor_id) ? contract->reseller_id : contract->vendor_id;
    PV_TRY(pv_fetch(call, &pv_account__object, partner_id, &partner));
    if (strcmp(partner->introducer_id, pv_caller_of(call)->account_id) != 0) {
        return pv_refuse(&call->error, &pv_error_reason_partner_manages_itself, NULL);
    }
    PV_TRY(pv_account_invite_again(call, partner, request->lifetime_hours, &invited,
                                   &response->invitation_token));
    response->invitation_expire_time = invited->invitation_expire_time;
    return pv_ok();
}

/* The caller's act makes the contract active. A version activated since it was drawn up is offered. */
static pv_status put_in_force(pv_call *call, const pv_agreement *agreement, pv_contract *contract)
{
    PV_TRY(pv_move(call, &pv_contract__object, contract, PV_CONTRACT_STATE_ACTIVE));
    PV_TRY(pv_stamp(call, &contract->sign_time));
    PV_TRY(pv_text(call, pv_caller_of(call)->user_id, &contract->signer_user_id));
    bool newer = agreement->active_version != contract->agreement_version;
    contract->offered_agreement_version = newer ? agreement->active_version : 0;
    return pv_ok();
}

/* An enrolment with nothing left to answer. */
static pv_status finish_enrollment(pv_call *call, const pv_agreement *agreement,
                                   pv_contract *contract)
{
    if (agreement->auto_accept) { return put_in_force(call, agreement, contract); }
    return pv_move(call, &pv_contract__object, contract, PV_CONTRACT_STATE_PENDING);
}

/* The contract carries the questions of its version, so that the form stays what it was. */
static pv_status copy_form(pv_call *call, const pv_agreement_version *version,
                           pv_contract *contract)
{
    size_t count = version->n_enroll_questions;
    if (count == 0) { return pv_ok(); }
    contract->answers = pv_arena_zalloc(call->arena, count, sizeof *contract->answers);
    if (contract->answers == NULL) { return pv_out_of_memory(call); }
    for (size_t i = 0; i < count; i++) {
        PV_TRY(pv_make_part(call, &pv_enrollment_answer__info, &contract->answers[i]));
        contract->answers[i]->question = version->enroll_questions[i];
    }
    contract->n_answers = count;
    return pv_ok();
}

pv_status pv_contract_service_enroll_contract(pv_call *call,
                                              const pv_enroll_contract_request *request,
                                              pv_enroll_contract_response *response)
{
    const pv_caller *caller = pv_caller_of(call);
    pv_agreement *agreement = NULL;
    PV_TRY(pv_agreement_visible(call, request->agreement_id, &agreement));
    if (agreement->type != PV_AGREEMENT_TYPE_DISTRIBUTION) {
        return refuse_type(call, agreement, "DISTRIBUTION");
    }
    pv_agreement_version *version = NULL;
    PV_TRY(pv_agreement_active_version(call, agreement, &version));
    PV_TRY(pv_contract_demand_program(call, agreement->distributor_id, caller->account_id));
    PV_TRY(check_no_live_contract(call, agreement, caller->account_id));
    pv_contract *contract = NULL;
    PV_TRY(draw_up(call, agreement, version, request->name, &contract));
    PV_TRY(pv_text(call, caller->account_id, &contract->vendor_id));
    PV_TRY(pv_stamp(call, &contract->enroll_time));
    PV_TRY(copy_form(call, version, contract));
    if (contract->n_answers > 0) {
        PV_TRY(pv_move(call, &pv_contract__object, contract, PV_CONTRACT_STATE_ENROLLING));
    } else {
        PV_TRY(finish_enrollment(call, agreement, contract));
    }
    response->contract = contract;
    return pv_save(call, &pv_contract__object, contract);
}

/* Every question needs an answer. */
static pv_status take_answers(pv_call *call, const pv_complete_enrollment_request *request,
                              pv_contract *contract)
{
    for (size_t i = 0; i < contract->n_answers; i++) {
        bool answered = i < request->n_answers && !pv_is_empty(request->answers[i]);
        if (answered) {
            contract->answers[i]->answer = request->answers[i];
        } else {
            pv_violate(call, "ANSWER", contract->id, "question %zu is not answered: %s", i + 1,
                       contract->answers[i]->question);
        }
    }
    if (request->n_answers > contract->n_answers) {
        pv_violate(call, "ANSWER", contract->id, "the form has %zu questions, not %zu",
                   contract->n_answers, request->n_answers);
    }
    if (call->error.violation_count == 0) { return pv_ok(); }
    pv_error_note(&call->error, "questions", "%zu", contract->n_answers);
    return pv_refuse(&call->error, &pv_error_reason_answers_incomplete, NULL);
}

pv_status pv_contract_service_complete_enrollment(pv_call *call,
                                                  const pv_complete_enrollment_request *request,
                                                  pv_complete_enrollment_response *response)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_begin(call, &pv_contract__object, request->contract_id, request->etag, &contract));
    PV_TRY(take_answers(call, request, contract));
    PV_TRY(pv_contract_demand_program(call, contract->distributor_id, contract->vendor_id));
    pv_agreement *agreement = NULL;
    PV_TRY(pv_fetch(call, &pv_agreement__object, contract->agreement_id, &agreement));
    PV_TRY(finish_enrollment(call, agreement, contract));
    response->contract = contract;
    return pv_save(call, &pv_contract__object, contract);
}

pv_status pv_contract_service_get_contract(pv_call *call, const pv_get_contract_request *request,
                                           pv_get_contract_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_contract__object, request->contract_id);
}

pv_status pv_contract_service_list_contracts(pv_call *call,
                                             const pv_list_contracts_request *request,
                                             pv_list_contracts_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_contract__object, &request->base, NULL, 0);
}

/* Which party may sign, reject or delete depends on the type of the contract, which the access table cannot know.
 * Who signs: the partner of what the distributor began, the distributor of what the vendor began. */
static pv_account_type signer_of(pv_agreement_type type)
{
    if (type == PV_AGREEMENT_TYPE_DISTRIBUTION) { return PV_ACCOUNT_TYPE_DISTRIBUTOR; }
    return type == PV_AGREEMENT_TYPE_PROGRAM ? PV_ACCOUNT_TYPE_VENDOR : PV_ACCOUNT_TYPE_RESELLER;
}

static pv_account_type beginner_of(pv_agreement_type type)
{
    return type == PV_AGREEMENT_TYPE_DISTRIBUTION ? PV_ACCOUNT_TYPE_VENDOR
                                                  : PV_ACCOUNT_TYPE_DISTRIBUTOR;
}

pv_status pv_contract_service_sign_contract(pv_call *call, const pv_sign_contract_request *request,
                                            pv_sign_contract_response *response)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_begin(call, &pv_contract__object, request->contract_id, request->etag, &contract));
    PV_TRY(pv_demand_role(call, signer_of(contract->type)));
    if (contract->type == PV_AGREEMENT_TYPE_DISTRIBUTION) {
        PV_TRY(pv_contract_demand_program(call, contract->distributor_id, contract->vendor_id));
    }
    pv_agreement *agreement = NULL;
    PV_TRY(pv_fetch(call, &pv_agreement__object, contract->agreement_id, &agreement));
    PV_TRY(put_in_force(call, agreement, contract));
    response->contract = contract;
    return save_and_follow(call, contract);
}

pv_status pv_contract_service_reject_contract(pv_call *call,
                                              const pv_reject_contract_request *request,
                                              pv_reject_contract_response *response)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_begin(call, &pv_contract__object, request->contract_id, request->etag, &contract));
    PV_TRY(pv_demand_role(call, signer_of(contract->type)));
    contract->note = request->note;
    response->contract = contract;
    PV_TRY(pv_move(call, &pv_contract__object, contract, PV_CONTRACT_STATE_REJECTED));
    return save_and_follow(call, contract);
}

pv_status pv_contract_service_refine_contract(pv_call *call,
                                              const pv_refine_contract_request *request,
                                              pv_refine_contract_response *response)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_begin(call, &pv_contract__object, request->contract_id, request->etag, &contract));
    if (contract->n_answers == 0) {
        pv_error_note(&call->error, "contract", "%s", contract->id);
        return pv_refuse(&call->error, &pv_error_reason_contract_without_form, NULL);
    }
    contract->note = request->note;
    response->contract = contract;
    return pv_move_and_save(call, &pv_contract__object, contract, PV_CONTRACT_STATE_ENROLLING);
}

pv_status pv_contract_service_terminate_contract(pv_call *call,
                                                 const pv_terminate_contract_request *request,
                                                 pv_terminate_contract_response *response)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_begin(call, &pv_contract__object, request->contract_id, request->etag, &contract));
    contract->termination_note = request->note;
    contract->offered_agreement_version = 0;
    PV_TRY(pv_stamp(call, &contract->terminate_time));
    response->contract = contract;
    PV_TRY(pv_move(call, &pv_contract__object, contract, PV_CONTRACT_STATE_TERMINATED));
    return save_and_follow(call, contract);
}

pv_status
pv_contract_service_accept_contract_version(pv_call *call,
                                            const pv_accept_contract_version_request *request,
                                            pv_accept_contract_version_response *response)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_begin(call, &pv_contract__object, request->contract_id, request->etag, &contract));
    if (contract->offered_agreement_version == 0) {
        pv_error_note(&call->error, "version", "%u", contract->agreement_version);
        return pv_refuse(&call->error, &pv_error_reason_contract_version_current, NULL);
    }
    contract->agreement_version = contract->offered_agreement_version;
    contract->offered_agreement_version = 0;
    response->contract = contract;
    return pv_save(call, &pv_contract__object, contract);
}

pv_status pv_contract_service_delete_contract(pv_call *call,
                                              const pv_delete_contract_request *request,
                                              pv_delete_contract_response *response)
{
    pv_contract *contract = NULL;
    PV_TRY(pv_begin(call, &pv_contract__object, request->contract_id, request->etag, &contract));
    PV_TRY(pv_demand_role(call, beginner_of(contract->type)));
    response->contract = contract;
    PV_TRY(pv_remove(call, &pv_contract__object, contract));
    return contract_follow(call, contract);
}
