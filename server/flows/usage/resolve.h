/* resolve.h — finds the items and subscriptions that usage records name, and remembers
 * what it has found for the life of the stream. What was not found is looked up again with the next
 * record. Beyond the ceilings nothing more is remembered, only looked up. */
#ifndef PV_SERVER_FLOWS_USAGE_RESOLVE_H
#define PV_SERVER_FLOWS_USAGE_RESOLVE_H

#include "purvey/product/v1/product.pv.h"
#include "purvey/usage/v1/usage_record.pv.h"
#include "purvey/usage/v1/usage_report.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { USAGE_ITEMS_REMEMBERED = 2048, USAGE_SUBSCRIPTIONS_REMEMBERED = 1024 };

typedef struct usage_item {
    pv_id id;
    char id_text[PV_ID_TEXT_SIZE];
    uint32_t quantity_scale;
    bool metered;
} usage_item;

typedef struct usage_subscription {
    pv_id id;
    char id_text[PV_ID_TEXT_SIZE];
    bool was_active;
    int64_t terminate_utc_ns; /* INT64_MAX: has not ended */
} usage_subscription;

/* What a search came to. */
typedef enum usage_found {
    USAGE_FOUND = 0,
    USAGE_UNKNOWN = 1,   /* there is none */
    USAGE_AMBIGUOUS = 2, /* several fit */
    USAGE_NOT_UNIQUE = 3 /* the parameter may have the same value twice */
} usage_found;

typedef struct usage_resolver usage_resolver;

/* For records of this report; lives in call->arena. */
PV_MUST_USE pv_status usage_resolver_create(pv_call *call, const pv_usage_report *report,
                                            uint64_t seed, usage_resolver **ret_resolver);

/* The item that the record names by id or mpn; one of them is not empty. */
PV_MUST_USE pv_status usage_resolve_item(pv_call *call, usage_resolver *resolver,
                                         const pv_usage_record *record, usage_found *ret_found,
                                         usage_item *ret_item);

/* The subscription that the record names by id, external id or parameter; one of them is not
 * empty. */
PV_MUST_USE pv_status usage_resolve_subscription(pv_call *call, usage_resolver *resolver,
                                                 const pv_usage_record *record,
                                                 usage_found *ret_found,
                                                 usage_subscription *ret_subscription);

/* Seconds and nanoseconds as one number; INT64_MIN if the message is absent or out of range. */
int64_t usage_utc_ns(const Google__Protobuf__Timestamp *time);

#ifdef __cplusplus
}
#endif
#endif
