/* Partners: accounts of others, seen through the contracts with them. */
#include "purvey/account/v1/partner_service.pv.h"

#include "protos/runtime/message.h"
#include "server/flows/make.h"

enum { VIEW_BYTES = 1024 * 1024 };

/* The account at the other end. */
static const char *other_end(const pv_call *call, const pv_partnership *partnership)
{
    if (strcmp(partnership->distributor_id, pv_caller_of(call)->account_id) != 0) {
        return partnership->distributor_id;
    }
    return pv_is_empty(partnership->vendor_id) ? partnership->reseller_id : partnership->vendor_id;
}

/* The partner of a partnership, in the arena. */
static pv_status partner_of(pv_call *call, pv_arena *arena, const pv_partnership *partnership,
                            pv_partner *ret_partner)
{
    ProtobufCMessage *account = NULL;
    const char *id = other_end(call, partnership);
    PV_TRY(pv_store_refused(call, pv_object_load(call->context->txn, &pv_account__object,
                                                 pv_id_of(&pv_account__object, id), arena, &account,
                                                 NULL)));
    *ret_partner = (pv_partner)PV_PARTNER__INIT;
    pv_take(account, &pv_partner__info, &ret_partner->base);
    ret_partner->account_id = ((pv_account *)(void *)account)->id;
    ret_partner->state = partnership->state;
    ret_partner->create_time = partnership->create_time;
    ret_partner->update_time = partnership->update_time;
    return pv_ok();
}

pv_status pv_partner_service_get_partner(pv_call *call, const pv_get_partner_request *request,
                                         pv_get_partner_response *response)
{
    /* A distributor's partner is either; its own partnerships do not name itself there. */
    static const char *const ends[] = {"vendor_id", "reseller_id", "distributor_id"};
    bool distributes = pv_caller_of(call)->role == PV_ACCOUNT_TYPE_DISTRIBUTOR;
    size_t from = distributes ? 0 : 2;
    size_t to = distributes ? 2 : 3;
    const pv_object_info *object = &pv_partnership__object;
    pv_partnership *partnership = NULL;
    for (size_t i = from; partnership == NULL && i < to; i++) {
        pv_condition condition = pv_where(object, ends[i], request->account_id);
        PV_TRY(pv_if_any(
            pv_lookup(call, object, pv_caller_of(call)->account, &condition, 1, &partnership)));
    }
    if (partnership == NULL) {
        return pv_not_found(call, &pv_account__object, request->account_id);
    }
    PV_TRY(pv_make_part(call, &pv_partner__info, &response->partner));
    return partner_of(call, call->arena, partnership, response->partner);
}

/* How a list shows partnerships. */
typedef struct partner_view {
    bool show_ended;
    pv_arena *arena; /* for one at a time */
} partner_view;

static pv_status show(pv_call *call, void *context, pv_view *ret_shown)
{
    const partner_view *view = context;
    pv_partnership *partnership = NULL;
    pv_partner partner;
    pv_arena_reset(view->arena);
    if (!pv_message_unpack(&pv_partnership__info, *ret_shown, view->arena,
                           (ProtobufCMessage **)&partnership)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    *ret_shown = pv_view_of(NULL, 0);
    if (partnership->state == PV_PARTNERSHIP_STATE_ENDED && !view->show_ended) { return pv_ok(); }
    PV_TRY(partner_of(call, view->arena, partnership, &partner));
    partner.overview = (char *)(uintptr_t) "";
    if (pv_message_encode(&partner.base, view->arena, ret_shown)) { return pv_ok(); }
    return pv_out_of_memory(call);
}

pv_status pv_partner_service_list_partners(pv_call *call, const pv_list_partners_request *request,
                                           pv_list_partners_response *response)
{
    (void)response;
    partner_view view = {request->show_ended, pv_arena_create(VIEW_BYTES)};
    pv_status status =
        pv_answer_list_as(call, &pv_partnership__object, &request->base, NULL, 0, show, &view);
    pv_arena_destroy(view.arena);
    return status;
}
