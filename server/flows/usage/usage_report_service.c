/* Usage reports but for their records. Who may call what from which state stands in
 * usage_report_service.proto. */
#include "purvey/usage/v1/usage_report_service.pv.h"

#include "purvey/contract/v1/contract.pv.h"
#include "server/flows/make.h"
#include "server/flows/product/products.h"
#include "server/flows/usage/charges.h"
#include "server/flows/usage/ledger.h"
#include "server/flows/usage/resolve.h"

static const int64_t PERIOD_MAX_NS = INT64_C(366) * 24 * 3600 * PV_NS_PER_S;

/* --- creation --- */

static pv_status check_period(pv_call *call, const pv_create_usage_report_request *request)
{
    int64_t start_ns = usage_utc_ns(request->period_start);
    int64_t end_ns = usage_utc_ns(request->period_end);
    bool right = start_ns != INT64_MIN && end_ns > start_ns && end_ns - start_ns <= PERIOD_MAX_NS;
    return right ? pv_ok() : pv_refuse(&call->error, &pv_error_reason_usage_period_invalid, NULL);
}

static pv_status demand_schema(pv_call *call, const pv_product *product,
                               pv_usage_schema *ret_schema)
{
    *ret_schema = product->capabilities == NULL ? PV_USAGE_SCHEMA_UNSPECIFIED
                                                : product->capabilities->usage_schema;
    if (*ret_schema != PV_USAGE_SCHEMA_UNSPECIFIED) { return pv_ok(); }
    pv_error_note(&call->error, "product", "%s", product->id);
    return pv_refuse(&call->error, &pv_error_reason_usage_schema_missing, "%s has no usage schema.",
                     product->id);
}

/* Decision 16 of the domain: after a contract has ended its subscriptions go on, and so does their
 * usage. */
static pv_status demand_contract(pv_call *call, const char *contract_id, pv_contract **ret_contract)
{
    PV_TRY(pv_find(call, &pv_contract__object, contract_id, ret_contract));
    const pv_contract *contract = *ret_contract;
    bool in_force = contract->state == PV_CONTRACT_STATE_ACTIVE ||
                    contract->state == PV_CONTRACT_STATE_TERMINATED;
    if (contract->type == PV_AGREEMENT_TYPE_DISTRIBUTION && in_force) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_distribution_contract_missing,
                     "%s is not a distribution contract that is, or was, in force.", contract_id);
}

static pv_status demand_listing(pv_call *call, const pv_product *product,
                                const char *marketplace_id)
{
    pv_listing *listing = NULL;
    PV_TRY(pv_if_any(pv_listing_find(call, product, marketplace_id, &listing)));
    if (listing != NULL && listing->product_version > 0) { return pv_ok(); }
    pv_error_note(&call->error, "product", "%s", product->id);
    pv_error_note(&call->error, "marketplace", "%s", marketplace_id);
    return pv_refuse(&call->error, &pv_error_reason_product_not_listed,
                     "%s was never listed on marketplace %s.", product->id, marketplace_id);
}

static pv_status check_currency(pv_call *call, const char *currency, const char *marketplace_id)
{
    pv_marketplace *marketplace = NULL;
    PV_TRY(pv_fetch(call, &pv_marketplace__object, marketplace_id, &marketplace));
    if (strcmp(marketplace->currency, currency) == 0) { return pv_ok(); }
    pv_buffer all = pv_buffer_of(call->arena);
    pv_buffer_printf(&all, "%s", marketplace->currency);
    for (size_t i = 0; i < marketplace->n_alternative_currencies; i++) {
        if (strcmp(marketplace->alternative_currencies[i], currency) == 0) { return pv_ok(); }
        pv_buffer_printf(&all, ", %s", marketplace->alternative_currencies[i]);
    }
    const char *currencies = pv_buffer_text(&all);
    pv_error_note(&call->error, "currency", "%s", currency);
    pv_error_note(&call->error, "currencies", "%s", currencies);
    return pv_refuse(&call->error, &pv_error_reason_usage_currency,
                     "The marketplace has the currencies %s, not %s.", currencies, currency);
}

pv_status pv_usage_report_service_create_usage_report(pv_call *call,
                                                      const pv_create_usage_report_request *request,
                                                      pv_create_usage_report_response *response)
{
    pv_product *product = NULL;
    pv_contract *contract = NULL;
    pv_usage_report *report = NULL;
    PV_TRY(pv_make(call, &pv_usage_report__object, &report));
    PV_TRY(pv_product_visible(call, request->product_id, &product));
    PV_TRY(demand_contract(call, request->contract_id, &contract));
    PV_TRY(demand_schema(call, product, &report->schema));
    PV_TRY(demand_listing(call, product, contract->marketplace_id));
    PV_TRY(check_period(call, request));
    PV_TRY(check_currency(call, request->currency, contract->marketplace_id));
    report->vendor_id = product->vendor_id;
    report->product_id = product->id;
    report->contract_id = contract->id;
    report->marketplace_id = contract->marketplace_id;
    report->name = request->name;
    report->description = request->description;
    report->external_id = request->external_id;
    report->currency = request->currency;
    report->period_start = request->period_start;
    report->period_end = request->period_end;
    response->report = report;
    return pv_move_and_save(call, &pv_usage_report__object, report, PV_USAGE_REPORT_STATE_DRAFT);
}

/* --- reading --- */

pv_status pv_usage_report_service_get_usage_report(pv_call *call,
                                                   const pv_get_usage_report_request *request,
                                                   pv_get_usage_report_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_usage_report__object, request->report_id);
}

pv_status pv_usage_report_service_list_usage_reports(pv_call *call,
                                                     const pv_list_usage_reports_request *request,
                                                     pv_list_usage_reports_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_usage_report__object, &request->base, NULL, 0);
}

/* --- verbs --- */

pv_status pv_usage_report_service_submit_usage_report(pv_call *call,
                                                      const pv_submit_usage_report_request *request,
                                                      pv_submit_usage_report_response *response)
{
    pv_usage_report *report = NULL;
    PV_TRY(pv_begin(call, &pv_usage_report__object, request->report_id, request->etag, &report));
    pv_contract *contract = NULL;
    PV_TRY(pv_fetch(call, &pv_contract__object, report->contract_id, &contract));
    report->distributor_id = contract->distributor_id; /* from here on the distributor sees it */
    PV_TRY(pv_stamp(call, &report->submit_time));
    response->report = report;
    return pv_move_and_save(call, &pv_usage_report__object, report, PV_USAGE_REPORT_STATE_PENDING);
}

pv_status pv_usage_report_service_accept_usage_report(pv_call *call,
                                                      const pv_accept_usage_report_request *request,
                                                      pv_accept_usage_report_response *response)
{
    pv_usage_report *report = NULL;
    PV_TRY(pv_begin(call, &pv_usage_report__object, request->report_id, request->etag, &report));
    report->acceptance_note = request->note;
    PV_TRY(pv_stamp(call, &report->decide_time));
    response->report = report;
    return pv_move_and_save(call, &pv_usage_report__object, report, PV_USAGE_REPORT_STATE_ACCEPTED);
}

pv_status pv_usage_report_service_reject_usage_report(pv_call *call,
                                                      const pv_reject_usage_report_request *request,
                                                      pv_reject_usage_report_response *response)
{
    pv_usage_report *report = NULL;
    PV_TRY(pv_begin(call, &pv_usage_report__object, request->report_id, request->etag, &report));
    report->rejection_note = request->note;
    PV_TRY(pv_stamp(call, &report->decide_time));
    pv_id id = pv_id_of(&pv_usage_report__object, report->id);
    usage_ledger ledger;
    PV_TRY(usage_ledger_load(call, id, &ledger));
    ledger.released = true; /* its record ids may be reported again */
    PV_TRY(usage_ledger_save(call, id, &ledger));
    response->report = report;
    return pv_move_and_save(call, &pv_usage_report__object, report, PV_USAGE_REPORT_STATE_REJECTED);
}

pv_status pv_usage_report_service_close_usage_report(pv_call *call,
                                                     const pv_close_usage_report_request *request,
                                                     pv_close_usage_report_response *response)
{
    pv_usage_report *report = NULL;
    PV_TRY(pv_begin(call, &pv_usage_report__object, request->report_id, request->etag, &report));
    report->external_billing_id = request->external_billing_id;
    report->external_billing_note = request->external_billing_note;
    PV_TRY(pv_stamp(call, &report->close_time));
    PV_TRY(usage_make_charges(call, report, &response->charge_count));
    response->report = report;
    return pv_move_and_save(call, &pv_usage_report__object, report, PV_USAGE_REPORT_STATE_CLOSED);
}

pv_status pv_usage_report_service_delete_usage_report(pv_call *call,
                                                      const pv_delete_usage_report_request *request,
                                                      pv_delete_usage_report_response *response)
{
    pv_usage_report *report = NULL;
    PV_TRY(pv_begin(call, &pv_usage_report__object, request->report_id, request->etag, &report));
    pv_id id = pv_id_of(&pv_usage_report__object, report->id);
    usage_ledger ledger;
    PV_TRY(usage_ledger_load(call, id, &ledger));
    usage_ledger_restart(&ledger);
    PV_TRY(usage_ledger_sweep(call, id, &ledger, USAGE_SWEEP_LARGE));
    PV_TRY(usage_ledger_save(call, id, &ledger));
    report->stats = NULL;
    report->amount = NULL;
    response->report = report;
    return pv_move_and_save(call, &pv_usage_report__object, report, PV_USAGE_REPORT_STATE_DELETED);
}
