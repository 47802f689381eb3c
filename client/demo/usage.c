#include "client/demo/usage.h"

#include "client/demo/upload.h"
#include "protos/runtime/timestamp.h"
#include "purvey/usage/v1/charge_service.pv.h"

#include <inttypes.h>
#include <stdio.h>

enum { PAGE = 200, UPLOADS_MAX = 2 };

static const char *period_of(const chain *of, const survey_report *report)
{
    int year = 0;
    int month = 0;
    int day = 0;
    pv_time_civil(report->billing_start, &year, &month, &day);
    const char *text = pv_arena_printf(of->platform->arena, "%04d-%02d", year, month);
    PV_ASSERT(text != NULL);
    return text;
}

static bool create_report(chain *of, survey_report *report)
{
    const actor *who = &of->vendors[report->vendor];
    const survey_vendor *vendor = &of->survey->vendors[report->vendor];
    Google__Protobuf__Timestamp start = pv_timestamp_of(report->start);
    Google__Protobuf__Timestamp end = pv_timestamp_of(report->end);
    pv_create_usage_report_request request = PV_CREATE_USAGE_REPORT_REQUEST__INIT;
    pv_create_usage_report_response *response = NULL;
    request.product_id = text_of(vendor->product_id);
    request.contract_id = text_of(vendor->contract_id);
    request.name = pv_arena_printf(who->arena, "Usage %s", period_of(of, report));
    request.currency = text_of(report->currency);
    request.period_start = &start;
    request.period_end = &end;
    request.request_id = actor_request_id(who);
    ASK(who, pv_usage_report_client_create_usage_report, &request, &response);
    report->report_id = response->report->id;
    chain_tell(of, "%s reports usage of %s: %s", who->name, period_of(of, report),
               report->report_id);
    return true;
}

/* Takes over what the server refused: those rows are refused rows of the file from now on. */
static bool take_refused(upload *sent, const pv_upload_usage_records_response *response)
{
    survey *seen = sent->chain->survey;
    size_t added = response->n_refused;
    survey_refusal *longer =
        pv_arena_zalloc(seen->arena, seen->refusal_count + added + 1, sizeof *longer);
    PV_ASSERT(longer != NULL);
    if (seen->refusal_count > 0) {
        memcpy(longer, seen->refusals, seen->refusal_count * sizeof *longer);
    }
    for (size_t i = 0; i < added; i++) {
        const pv_usage_record *record = response->refused[i];
        pv_focus_row row;
        if (!upload_row_of(sent, record->number, &row)) { return false; }
        bool told = record->n_problems > 0;
        longer[seen->refusal_count + i] = (survey_refusal){
            .number = row.number,
            .line = row.line,
            .column = told ? record->problems[0]->column : "",
            .reason = told ? record->problems[0]->message : "refused by the server",
        };
    }
    seen->refusals = longer;
    seen->refusal_count += added;
    seen->accepted -= added;
    seen->reports[sent->report].rows -= added;
    return true;
}

static bool fill_report(chain *of, size_t index, bool crash)
{
    upload sent = {.chain = of, .report = index};
    if (crash) { sent.crash_at = of->survey->reports[index].rows / 2; }
    for (int tries = 0; tries < UPLOADS_MAX; tries++) {
        pv_upload_usage_records_response *response = NULL;
        if (!upload_run(&sent, &response)) { return false; }
        if (response->report->state == PV_USAGE_REPORT_STATE_READY) { return true; }
        chain_tell(of, "  the server refuses %" PRIu64 " records",
                   response->report->stats->invalid);
        if (response->truncated || !take_refused(&sent, response)) { break; }
    }
    fprintf(stderr, "demo: the report %s has too many bad records\n",
            of->survey->reports[index].report_id);
    return false;
}

static bool settle(chain *of, const survey_report *report)
{
    const actor *vendor = &of->vendors[report->vendor];
    pv_submit_usage_report_request submit = PV_SUBMIT_USAGE_REPORT_REQUEST__INIT;
    pv_submit_usage_report_response *submitted = NULL;
    submit.report_id = text_of(report->report_id);
    submit.request_id = actor_request_id(vendor);
    ASK(vendor, pv_usage_report_client_submit_usage_report, &submit, &submitted);

    const actor *distributor = &of->distributor;
    pv_accept_usage_report_request accept = PV_ACCEPT_USAGE_REPORT_REQUEST__INIT;
    pv_accept_usage_report_response *accepted = NULL;
    accept.report_id = text_of(report->report_id);
    accept.etag = submitted->report->etag;
    accept.request_id = actor_request_id(distributor);
    ASK(distributor, pv_usage_report_client_accept_usage_report, &accept, &accepted);

    pv_close_usage_report_request close = PV_CLOSE_USAGE_REPORT_REQUEST__INIT;
    pv_close_usage_report_response *closed = NULL;
    close.report_id = text_of(report->report_id);
    close.external_billing_id =
        pv_arena_printf(distributor->arena, "INV-%s-%s", vendor->name, period_of(of, report));
    close.etag = accepted->report->etag;
    close.request_id = actor_request_id(distributor);
    ASK(distributor, pv_usage_report_client_close_usage_report, &close, &closed);
    chain_tell(of, "the distributor accepts it and closes it as %s: %u charges",
               close.external_billing_id, closed->charge_count);
    return true;
}

static void take_charge(chain *of, const survey_report *report, const pv_charge *charge,
                        usage_charges *charges)
{
    pv_decimal amount;
    bool parsed = pv_decimal_parse(pv_view_text(charge->amount->amount->value), &amount);
    PV_ASSERT(parsed);
    if ((charges->count & (charges->count - 1)) == 0) {
        usage_charge *longer = pv_arena_zalloc(
            of->platform->arena, charges->count == 0 ? 1 : 2 * charges->count, sizeof *longer);
        PV_ASSERT(longer != NULL);
        if (charges->count > 0) { memcpy(longer, charges->rows, charges->count * sizeof *longer); }
        charges->rows = longer;
    }
    charges->rows[charges->count++] = (usage_charge){
        .vendor = report->vendor,
        .customer = charge->customer_name,
        .sub_account = charge->subscription_external_id,
        .subscription_id = charge->subscription_id,
        .period = period_of(of, report),
        .currency = charge->amount->currency,
        .amount = amount,
        .records = charge->record_count,
    };
}

static bool collect(chain *of, const survey_report *report, usage_charges *charges)
{
    const actor *who = &of->distributor;
    char *token = text_of("");
    do {
        pv_list_charges_request request = PV_LIST_CHARGES_REQUEST__INIT;
        pv_list_charges_response *response = NULL;
        request.page_size = PAGE;
        request.page_token = token;
        request.report_id = text_of(report->report_id);
        ASK(who, pv_charge_client_list_charges, &request, &response);
        for (size_t i = 0; i < response->n_charges; i++) {
            take_charge(of, report, response->charges[i], charges);
        }
        token = response->next_page_token;
    } while (*token != '\0');
    return true;
}

bool usage_bill(chain *of, bool crash, usage_charges *ret_charges)
{
    for (size_t i = 0; i < of->survey->report_count; i++) {
        survey_report *report = &of->survey->reports[i];
        if (!create_report(of, report) || !fill_report(of, i, crash && i == 0) ||
            !settle(of, report) || !collect(of, report, ret_charges)) {
            return false;
        }
    }
    return true;
}
