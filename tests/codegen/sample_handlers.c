/* The functions that implement the sample's services. They leave a trace in call->state, which the test
 * gives them as text. */
#include "foreign/v1/foreign.pv.h"
#include "sample/v1/sample.pv.h"
#include "sample/v1/words.pv.h"

#include <string.h>

static void trace(pv_call *call, const char *words)
{
    strncat((char *)call->state, words, 100);
}

pv_status smp_task_service_get_task(pv_call *call, const smp_get_task_request *request,
                                    smp_get_task_response *response)
{
    trace(call, request->task_id);
    smp_task *task = (smp_task *)pv_arena_zalloc(call->arena, 1, sizeof *task);
    if (task == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    protobuf_c_message_init(smp_task__info.descriptor, task);
    task->state = SMP_TASK_STATE_RUNNING;
    response->task = task;
    return pv_ok();
}

pv_status smp_task_service_goto_next(pv_call *call, const smp_get_task_request *request,
                                     smp_get_task_response *response, pv_step *ret_step)
{
    (void)response;
    trace(call, request->task_id);
    *ret_step = PV_STEP_END;
    return pv_ok();
}

pv_status smp_task_service_do_receive(pv_call *call, const smp_do_request *request)
{
    trace(call, request->request_id);
    return pv_ok();
}

pv_status smp_task_service_do_finish(pv_call *call, smp_do_response *response)
{
    (void)response;
    trace(call, "finish");
    return pv_refuse(&call->error, &smp_reason_late, NULL);
}

pv_status smp_delete_union_receive(pv_call *call, const smp_do_request *request)
{
    trace(call, request->request_id);
    return pv_ok();
}

pv_status smp_delete_union_next(pv_call *call, smp_do_response *response, pv_step *ret_step)
{
    (void)response;
    trace(call, "next");
    *ret_step = PV_STEP_IDLE;
    return pv_ok();
}

/* The other service of this file has no server bindings, so that nothing has to be written for it. */
pv_status foreign_v1_class_return(pv_call *call, const foreign_v1_question *request,
                                  foreign_v1_answer *response)
{
    trace(call, request->text);
    response->text = request->text;
    return pv_ok();
}
