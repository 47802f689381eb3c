#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"
#include "protos/runtime/timestamp.h"
#include "purvey/storage/v1/storage.pv.h"
#include "server/flows/reflect.h"
#include "server/pipeline/internal.h"

/* Digest of the request as it was understood, so that another encoding of the same content replays. */
static pv_status digest(pipeline_call *of, const ProtobufCMessage *request)
{
    pv_call *call = of->call;
    pv_view bytes;
    uint8_t *sha256 = pv_arena_alloc(call->arena, PV_SHA256_SIZE);
    if (sha256 == NULL || !pv_message_encode(request, call->scratch, &bytes)) {
        return pv_out_of_memory(call);
    }
    pv_sha256(bytes, sha256);
    of->request_sha256 = pv_view_of(sha256, PV_SHA256_SIZE);
    return pv_ok();
}

/* Takes request_id and digest from the first message that carries one. */
static pv_status take_request_id(pipeline_call *of, const ProtobufCMessage *request)
{
    const char *text = request == NULL ? "" : pv_text_of(request, "request_id");
    if (of->context.request_id.size > 0 || *text == '\0') { return pv_ok(); }
    char *copy = pv_arena_dup(of->call->arena, pv_view_text(text));
    if (copy == NULL) { return pv_out_of_memory(of->call); }
    of->context.request_id = pv_view_text(copy);
    return digest(of, request);
}

static pv_status answer_from(pipeline_call *of, pv_view stored)
{
    pv_call *call = of->call;
    pv_stored_answer *answer = NULL;
    if (!pv_message_unpack(&pv_stored_answer__info, stored, call->scratch,
                           (ProtobufCMessage **)&answer)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    pv_view sha256 = pv_view_of(answer->request_sha256.data, answer->request_sha256.len);
    if (!pv_view_equal(sha256, of->request_sha256)) {
        const char *request_id = (const char *)of->context.request_id.data;
        pv_error_note(&call->error, "request_id", "%s", request_id);
        return pv_refuse(&call->error, &pv_error_reason_request_id_reused, NULL);
    }
    bool answered = *answer->note == '\0';
    char *copy = answered ? pv_arena_dup(call->arena,
                                         pv_view_of(answer->response.data, answer->response.len))
                          : pv_arena_dup(call->arena, pv_view_text(answer->note));
    if (copy == NULL) { return pv_out_of_memory(call); }
    if (!answered) {
        of->context.note = copy;
        return pv_ok();
    }
    of->answer = pv_view_of(copy, answer->response.len);
    of->replaying = true;
    return pv_ok();
}

/* Whose answers are looked at: the user's. Callers without an identity cannot be told from each other, so that each
 * content is on its own: no stranger's request_id is in another's way. */
static pv_id user_of(const pipeline_call *of)
{
    if (!pv_id_is_zero(of->caller.account)) { return of->caller.user; }
    pv_id content;
    PV_ASSERT(of->request_sha256.size >= sizeof content.bytes);
    memcpy(content.bytes, of->request_sha256.data, sizeof content.bytes);
    return content;
}

pv_status replay_find(pipeline_call *of, pv_txn *txn, const ProtobufCMessage *request,
                      bool *ret_found)
{
    pv_call *call = of->call;
    bool known = of->context.request_id.size > 0;
    PV_TRY(take_request_id(of, request));
    if (!known && of->context.request_id.size > 0) {
        pv_view stored;
        pv_status status =
            pv_replay_get(txn, of->caller.account, user_of(of), pv_view_text(call->method->path),
                          of->context.request_id, &stored);
        if (pv_is_ok(status)) {
            PV_TRY(answer_from(of, stored));
        } else if (status.code != PV_CODE_NOT_FOUND) {
            return pv_store_refused(call, status);
        }
    }
    if (of->replaying) { call->reply = of->answer; }
    *ret_found = of->replaying;
    return pv_ok();
}

/* The reply without its sensitive fields: secrets are given once and kept nowhere. */
static pv_status keepable(pv_call *call, pv_view *ret_reply)
{
    const pv_message_info *info = call->method->response;
    ProtobufCMessage *message = NULL;
    *ret_reply = call->reply;
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const pv_field_rule *rule = info->fields[i].rule;
        if (rule == NULL || (rule->flags & PV_RULE_SENSITIVE) == 0) { continue; }
        if (message == NULL && !pv_message_unpack(info, call->reply, call->scratch, &message)) {
            return pv_out_of_memory(call);
        }
        pv_field_clear(message, &info->descriptor->fields[i]);
    }
    if (message == NULL || pv_message_encode(message, call->scratch, ret_reply)) { return pv_ok(); }
    return pv_out_of_memory(call);
}

pv_status replay_store(pipeline_call *of, pv_txn *txn)
{
    pv_call *call = of->call;
    bool again = of->context.again;
    if (of->context.request_id.size == 0 || (again && *of->context.note == '\0')) {
        return pv_ok();
    }
    pv_view reply = pv_view_of(NULL, 0);
    if (!again) { PV_TRY(keepable(call, &reply)); }
    Google__Protobuf__Timestamp time = pv_timestamp_of(of->context.now);
    pv_stored_answer answer = PV_STORED_ANSWER__INIT;
    answer.request_sha256.data = (uint8_t *)(uintptr_t)of->request_sha256.data;
    answer.request_sha256.len = of->request_sha256.size;
    answer.response.data = (uint8_t *)(uintptr_t)reply.data;
    answer.response.len = reply.size;
    answer.time = &time;
    if (again) { answer.note = (char *)(uintptr_t)of->context.note; }
    pv_view bytes;
    if (!pv_message_encode(&answer.base, call->scratch, &bytes)) { return pv_out_of_memory(call); }
    return pv_store_refused(call, pv_replay_put(txn, of->caller.account, user_of(of),
                                                pv_view_text(call->method->path),
                                                of->context.request_id, of->context.now, bytes));
}
