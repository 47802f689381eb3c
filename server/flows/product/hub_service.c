/* Hubs. */
#include "purvey/product/v1/hub_service.pv.h"

#include "purvey/product/v1/connection.pv.h"
#include "purvey/product/v1/marketplace.pv.h"
#include "server/flows/make.h"

enum { MARKETPLACES_MAX = 1000 };

pv_status pv_hub_service_create_hub(pv_call *call, const pv_create_hub_request *request,
                                    pv_create_hub_response *response)
{
    pv_hub *hub = NULL;
    PV_TRY(pv_make(call, &pv_hub__object, &hub));
    PV_TRY(pv_text(call, pv_caller_of(call)->account_id, &hub->owner_id));
    hub->name = request->name;
    hub->description = request->description;
    hub->instance_id = request->instance_id;
    response->hub = hub;
    return pv_save(call, &pv_hub__object, hub);
}

pv_status pv_hub_service_get_hub(pv_call *call, const pv_get_hub_request *request,
                                 pv_get_hub_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_hub__object, request->hub_id);
}

pv_status pv_hub_service_list_hubs(pv_call *call, const pv_list_hubs_request *request,
                                   pv_list_hubs_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_hub__object, &request->base, NULL, 0);
}

pv_status pv_hub_service_update_hub(pv_call *call, const pv_update_hub_request *request,
                                    pv_update_hub_response *response)
{
    pv_hub *hub = NULL;
    PV_TRY(pv_begin(call, &pv_hub__object, request->hub_id, request->etag, &hub));
    pv_hub source = PV_HUB__INIT;
    source.name = request->name;
    source.description = request->description;
    source.instance_id = request->instance_id;
    PV_TRY(pv_change(call, &pv_hub__object, request->update_mask, &source.base, &hub->base));
    PV_TRY(pv_demand_text(call, "name", hub->name));
    response->hub = hub;
    return pv_save(call, &pv_hub__object, hub);
}

static pv_status refuse_used(pv_call *call, const char *used_by)
{
    pv_error_note(&call->error, "used_by", "%s", used_by);
    return pv_refuse(&call->error, &pv_error_reason_hub_in_use, "%s names the hub.", used_by);
}

static bool has_hub(const pv_marketplace *marketplace, const pv_hub *hub)
{
    for (size_t i = 0; i < marketplace->n_hubs; i++) {
        if (strcmp(marketplace->hubs[i]->hub_id, hub->id) == 0) { return true; }
    }
    return false;
}

static pv_status check_unused(pv_call *call, const pv_hub *hub)
{
    const pv_object_info *object = &pv_connection__object;
    const pv_condition conditions[] = {
        pv_where(object, "hub_id", hub->id),
        pv_where_number(object, "state", PV_CONNECTION_STATE_ACTIVE),
    };
    pv_id owner = pv_caller_of(call)->account;
    pv_connection *connection = NULL;
    PV_TRY(pv_if_any(pv_lookup(call, object, owner, conditions, 2, &connection)));
    if (connection != NULL) { return refuse_used(call, connection->id); }
    pv_marketplace **marketplaces = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, &pv_marketplace__object, owner, NULL, 0, MARKETPLACES_MAX,
                      &marketplaces, &count));
    for (size_t i = 0; i < count; i++) {
        if (has_hub(marketplaces[i], hub)) { return refuse_used(call, marketplaces[i]->id); }
    }
    return pv_ok();
}

pv_status pv_hub_service_delete_hub(pv_call *call, const pv_delete_hub_request *request,
                                    pv_delete_hub_response *response)
{
    pv_hub *hub = NULL;
    PV_TRY(pv_begin(call, &pv_hub__object, request->hub_id, request->etag, &hub));
    PV_TRY(check_unused(call, hub));
    response->hub = hub;
    return pv_remove(call, &pv_hub__object, hub);
}
