/* survey.h — what a usage file holds, before anything is set up for it: who sells (vendors), what (items), to whom
 * (customers with one subscription per vendor), for which billing periods (reports), and which rows are no
 * plain usage. Everything lives in the arena; the texts too. */
#ifndef PV_CLIENT_DEMO_SURVEY_H
#define PV_CLIENT_DEMO_SURVEY_H

#include "client/focus/focus.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct survey_vendor {
    const char *name;
    size_t rows;
    const char *product_id; /* set up later */
    const char *contract_id;
    const char *template_id; /* of activation */
    const char *inquiry_template_id;
} survey_vendor;

typedef struct survey_item {
    size_t vendor;
    const char *sku;
    const char *unit;
    const char *service;
    const char *mpn; /* "<sku>/<unit>" */
    unsigned scale;  /* decimals that its quantities need */
} survey_item;

typedef struct survey_customer {
    const char *sub_account;
    const char *name;
    const char *tier_account_id;
} survey_customer;

typedef struct survey_subscription {
    size_t vendor;
    size_t customer;
    size_t *items; /* indexes of the items it uses */
    size_t item_count;
    size_t item_capacity;
    const char *subscription_id;
} survey_subscription;

/* One billing period of a vendor. */
typedef struct survey_report {
    size_t vendor;
    const char *currency;
    pv_time billing_start;
    pv_time start; /* from the first charge or the billing period's start ... */
    pv_time end;   /* ... to the last charge or its end: usage that arrives late is billed later */
    size_t rows;
    const char *report_id;
} survey_report;

typedef struct survey_refusal {
    uint64_t number;
    uint64_t line;
    const char *column;
    const char *reason;
} survey_refusal;

typedef struct survey {
    pv_arena *arena;
    const char *path;
    survey_vendor *vendors;
    size_t vendor_count;
    survey_item *items;
    size_t item_count;
    survey_customer *customers;
    size_t customer_count;
    survey_subscription *subscriptions;
    size_t subscription_count;
    survey_report *reports;
    size_t report_count;
    survey_refusal *refusals;
    size_t refusal_count;
    size_t accepted;
    const char *currency; /* of the first accepted row: that of the marketplace */
} survey;

/* Reads the whole file. False: a sentence was printed to stderr (no such file, not CSV, missing columns). */
bool survey_read(pv_arena *arena, const char *path, survey *ret_survey);

/* Indexes of what a row belongs to; false if the survey has not seen it. */
bool survey_report_of(const survey *seen, const pv_focus_row *row, size_t *ret_report);

#ifdef __cplusplus
}
#endif

#endif
