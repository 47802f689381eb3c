/* What time alone brings about: a method that nobody calls but the clock, as a call like any other, so that its rules,
 * transaction, events and audit trail are those of the method. It is in the operator's name, without a user. */
#include "protos/runtime/message.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/common/v1/vocabulary.pv.h"
#include "server/pipeline/internal.h"

#include "base/log.h"

enum { CHORE_BYTES = 8 * 1024 * 1024 };

static bool make_request(const pv_method_info *method, pv_arena *arena, pv_view *ret_bytes)
{
    char uuid[PV_UUID_TEXT_SIZE];
    ProtobufCMessage *request = pv_message_new(method->request, arena);
    if (request == NULL) { return false; }
    int field = pv_field_find(request->descriptor, pv_view_text("request_id"));
    PV_ASSERT(field >= 0);
    pv_uuid_random(uuid);
    pv_field_set_string(request, &request->descriptor->fields[field], uuid);
    return pv_message_encode(request, arena, ret_bytes);
}

static void run(pv_pipeline *pipeline, pv_arena *arena)
{
    const pv_chore *chore = &pipeline->config.chore;
    pv_view bytes;
    pv_exchange *exchange = pv_arena_zalloc(arena, 1, sizeof *exchange);
    if (exchange == NULL || !make_request(chore->method, arena, &bytes)) { return; }
    static const pv_peer nobody = {.address = "", .server_name = "", .tls_server_name = ""};
    pv_exchange_init(exchange, chore->method, chore->handler, arena, arena);
    pv_exchange_receive(exchange, PV_PHASE_UNARY, bytes);
    exchange->call.peer = &nobody;
    pipeline_call *of = pipeline_attach(pipeline, &exchange->call);
    if (of == NULL) { return; }
    of->is_chore = true;
    of->caller.account = pv_identity_operator(pipeline->config.identity);
    of->caller.role = PV_ACCOUNT_TYPE_OPERATOR;
    pv_id_format(pv_account__object.id_prefix, of->caller.account, of->caller.account_id);
    of->context.caller = &of->caller;
    commit_batch(pipeline, of);
    if (pv_is_ok(of->outcome)) { return; }
    const pv_error *error = &exchange->call.error;
    const pv_log_field fields[] = {
        pv_log_text("method", chore->method->name),
        pv_log_text("reason", error->reason == NULL ? "" : error->reason->name),
        pv_log_text("why", error->message)};
    pv_log(PV_LOG_WARN, "what is due is not done", fields, sizeof fields / sizeof *fields);
}

void chore_when_due(pv_pipeline *pipeline)
{
    if (pipeline->config.chore.method == NULL || pv_time_monotonic_ns() < pipeline->chore_at_ns) {
        return;
    }
    pv_arena *arena = pv_arena_create(CHORE_BYTES);
    run(pipeline, arena);
    pv_arena_destroy(arena);
    pipeline->chore_at_ns = pv_time_monotonic_ns() + PV_PIPELINE_CHORE_MS * PV_NS_PER_MS;
}
