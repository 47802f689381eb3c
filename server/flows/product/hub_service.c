/* Hubs. */
#include "purvey/product/v1/hub_service.pv.h"

#include "server/flows/contract/make.h"

pv_status pv_hub_service_create_hub(pv_call *call, const pv_create_hub_request *request,
                                    pv_create_hub_response *response)
{
    pv_hub *hub = NULL;
    PV_TRY(pv_make(call, &pv_hub__object, &hub));
    PV_TRY(pv_text(call, pv_caller_of(call)->account_id, &hub->owner_id));
    hub->name = request->name;
    hub->description = request->description;
    hub->instance_id = request->instance_id;
    PV_TRY(pv_save(call, &pv_hub__object, hub));
    response->hub = hub;
    return pv_ok();
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
    PV_TRY(pv_save(call, &pv_hub__object, hub));
    response->hub = hub;
    return pv_ok();
}
