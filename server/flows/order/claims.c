/* The notes of who gave a parameter value last: see params.h. */
#include "base/digest.h"
#include "purvey/product/v1/product.pv.h"
#include "server/flows/make.h"
#include "server/flows/order/params.h"
#include "storage/record.h"

enum { DIGEST_SIZE = 16 };

static pv_status digest_of(pv_call *call, const char *name, const char *value, uint8_t *ret_digest)
{
    pv_buffer text = pv_buffer_of(call->arena);
    pv_buffer_append(&text, pv_view_text(name));
    pv_buffer_append(
        &text, pv_view_of("=", 1)); /* no name has one, so that the pair is read back one way */
    pv_buffer_append(&text, pv_view_text(value));
    if (text.overflow) { return pv_out_of_memory(call); }
    uint8_t whole[PV_SHA256_SIZE];
    pv_sha256(pv_buffer_view(&text), whole);
    memcpy(ret_digest, whole, DIGEST_SIZE);
    return pv_ok();
}

pv_status pv_params_claim(pv_call *call, const pv_order *order)
{
    pv_id product = pv_id_of(&pv_product__object, order->product_id);
    pv_id subscription = pv_id_of(&pv_subscription__object, order->subscription_id);
    for (size_t i = 0; i < order->n_params; i++) {
        const pv_parameter_value *entry = order->params[i];
        if (pv_is_empty(entry->value)) { continue; }
        uint8_t digest[DIGEST_SIZE];
        PV_TRY(digest_of(call, entry->name, entry->value, digest));
        pv_view holder = pv_view_of(subscription.bytes, PV_ID_SIZE);
        PV_TRY(pv_store_refused(call, pv_digest_put(call->context->txn, product, digest, holder)));
    }
    return pv_ok();
}

/* Whether the subscription, or the order that is under way for it, has the value. */
static pv_status has_value(pv_call *call, const pv_subscription *subscription, const char *name,
                           const char *value, bool *ret_has)
{
    *ret_has =
        strcmp(pv_params_value(subscription->params, subscription->n_params, name), value) == 0;
    if (*ret_has || pv_is_empty(subscription->open_order_id)) { return pv_ok(); }
    pv_order *order = NULL;
    PV_TRY(pv_fetch(call, &pv_order__object, subscription->open_order_id, &order));
    *ret_has = strcmp(pv_params_value(order->params, order->n_params, name), value) == 0;
    return pv_ok();
}

pv_status pv_params_holder(pv_call *call, const char *product_id, const char *name,
                           const char *value, pv_subscription **ret_subscription)
{
    uint8_t digest[DIGEST_SIZE];
    PV_TRY(digest_of(call, name, value, digest));
    pv_view note;
    pv_id product = pv_id_of(&pv_product__object, product_id);
    pv_status status = pv_digest_get(call->context->txn, product, digest, &note);
    if (status.code == PV_CODE_NOT_FOUND) { return status; }
    PV_TRY(pv_store_refused(call, status));
    if (note.size != PV_ID_SIZE) { return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS)); }
    pv_id id;
    memcpy(id.bytes, note.data, PV_ID_SIZE);
    char text[PV_ID_TEXT_SIZE];
    pv_id_format(pv_subscription__object.id_prefix, id, text);
    pv_subscription *subscription = NULL;
    PV_TRY(pv_fetch(call, &pv_subscription__object, text, &subscription));
    bool has = false;
    PV_TRY(has_value(call, subscription, name, value, &has));
    if (!has) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_subscription = subscription;
    return pv_ok();
}
