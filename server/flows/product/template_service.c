/* Templates of products. Orders render them. */
#include "purvey/product/v1/template_service.pv.h"

#include "server/flows/make.h"
#include "server/flows/product/internal.h"
#include "server/flows/product/products.h"

pv_status pv_template_service_create_template(pv_call *call,
                                              const pv_create_template_request *request,
                                              pv_create_template_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_find(call, &pv_product__object, request->product_id, &product));
    pv_template *made = NULL;
    PV_TRY(pv_make(call, &pv_template__object, &made));
    made->vendor_id = product->vendor_id;
    made->product_id = product->id;
    made->name = request->name;
    made->type = request->type;
    made->body = request->body;
    response->template_ = made;
    return pv_save(call, &pv_template__object, made);
}

pv_status pv_template_service_get_template(pv_call *call, const pv_get_template_request *request,
                                           pv_get_template_response *response)
{
    bool is_own = false;
    return pv_product_part_visible(call, &pv_template__object, request->template_id,
                                   &response->template_, &is_own);
}

pv_status pv_template_service_list_templates(pv_call *call,
                                             const pv_list_templates_request *request,
                                             pv_list_templates_response *response)
{
    (void)response;
    return pv_product_answer_parts(call, &pv_template__object, request->product_id, &request->base);
}

pv_status pv_template_service_update_template(pv_call *call,
                                              const pv_update_template_request *request,
                                              pv_update_template_response *response)
{
    pv_template *changed = NULL;
    PV_TRY(pv_begin(call, &pv_template__object, request->template_id, request->etag, &changed));
    pv_template source = PV_TEMPLATE__INIT;
    source.name = request->name;
    source.body = request->body;
    PV_TRY(
        pv_change(call, &pv_template__object, request->update_mask, &source.base, &changed->base));
    PV_TRY(pv_demand_text(call, "name", changed->name));
    PV_TRY(pv_demand_text(call, "body", changed->body));
    response->template_ = changed;
    return pv_save(call, &pv_template__object, changed);
}

pv_status pv_template_service_delete_template(pv_call *call,
                                              const pv_delete_template_request *request,
                                              pv_delete_template_response *response)
{
    pv_template *removed = NULL;
    PV_TRY(pv_begin(call, &pv_template__object, request->template_id, request->etag, &removed));
    PV_TRY(pv_product_demand_unpublished(call, removed->product_id));
    response->template_ = removed;
    return pv_remove(call, &pv_template__object, removed);
}
