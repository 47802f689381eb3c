/* health.c — grpc.health.v1.Health, for every service of the server and, under the empty name,
 * for all of it. An ordinary generated service; only where it looks is the server's own. */
#include "grpc/health/v1/health.pv.h"
#include "server/rpc/internal.h"

const uint8_t pv_rpc_health_topic[16] = "grpc.health.v1";

static const pv_reason unknown_service = {
    "SERVICE_UNKNOWN", PV_CODE_NOT_FOUND, "This server has no such service.",
    "Ask for a service that server reflection lists, or for the empty name."};

enum { NOT_SAID = -1 };

typedef struct watch {
    int said; /* the last status sent */
} watch;

static grpc_health_v1_health_check_response_serving_status status_of(const pv_rpc_server *server,
                                                                     const char *name)
{
    bool serving;
    if (!pv_rpc_serving(server, name, &serving)) {
        return GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVICE_UNKNOWN;
    }
    return serving ? GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING
                   : GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING;
}

pv_status grpc_health_v1_health_check(pv_call *call,
                                      const grpc_health_v1_health_check_request *request,
                                      grpc_health_v1_health_check_response *response)
{
    response->status = status_of(pv_rpc_call_of(call)->server, request->service);
    if (response->status != GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVICE_UNKNOWN) {
        return pv_ok();
    }
    pv_error_note(&call->error, "service", "%.200s", request->service);
    return pv_refuse(&call->error, &unknown_service, NULL);
}

pv_status grpc_health_v1_health_watch_next(pv_call *call,
                                           const grpc_health_v1_health_check_request *request,
                                           grpc_health_v1_health_check_response *response,
                                           pv_step *ret_step)
{
    watch *state = (watch *)call->state;
    if (state == NULL) {
        state = (watch *)pv_arena_zalloc(call->arena, 1, sizeof *state);
        if (state == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
        state->said = NOT_SAID;
        call->state = state;
        memcpy(call->wake_topic, pv_rpc_health_topic, sizeof call->wake_topic);
    }
    response->status = status_of(pv_rpc_call_of(call)->server, request->service);
    *ret_step = (int)response->status == state->said ? PV_STEP_IDLE : PV_STEP_MESSAGE;
    state->said = (int)response->status;
    return pv_ok();
}
