/* Reading subscriptions; only orders change them. */
#include "purvey/order/v1/subscription_service.pv.h"

#include "server/flows/flow.h"

pv_status pv_subscription_service_get_subscription(pv_call *call,
                                                   const pv_get_subscription_request *request,
                                                   pv_get_subscription_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_subscription__object, request->subscription_id);
}

pv_status pv_subscription_service_list_subscriptions(pv_call *call,
                                                     const pv_list_subscriptions_request *request,
                                                     pv_list_subscriptions_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_subscription__object, &request->base, NULL, 0);
}
