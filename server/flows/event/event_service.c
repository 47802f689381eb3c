/* Reading an account's feed. A stored event is spliced into the reply with its resume token appended as one
 * more field; it is decoded only to see whether the caller may view its module. */
#include "purvey/event/v1/event_service.pv.h"

#include "protos/runtime/message.h"
#include "server/flows/flow.h"
#include "server/flows/reply.h"
#include "server/flows/token.h"
#include "storage/feed.h"

enum {
    EVENT_RESUME_TOKEN =
        13, /* field numbers of event.proto and event_service.proto, checked below */
    REPLY_EVENTS = 1,
    REPLY_RESUME_TOKEN = 2,
    REPLY_MORE = 3,
    EVENTS_PER_MESSAGE_MAX = 100,
    HEARTBEAT_MS = 15000,
    SEQUENCE_SIZE = 8
};

/* A watching stream. */
typedef struct watch {
    uint64_t after; /* sequence of the last event sent or passed over */
    pv_time last_sent;
} watch;

static void check_field(const ProtobufCMessageDescriptor *message, const char *name,
                        unsigned number)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message, name);
    PV_ASSERT(field != NULL);
    PV_ASSERT(field->id == number);
}

static pv_view binding_of(const pv_call *call)
{
    return pv_view_of(pv_caller_of(call)->account.bytes, PV_ID_SIZE);
}

static const char *token_of(const pv_call *call, uint64_t sequence)
{
    uint8_t position[SEQUENCE_SIZE];
    for (unsigned i = 0; i < SEQUENCE_SIZE; i++) {
        position[i] = (uint8_t)(sequence >> (56 - 8 * i));
    }
    return pv_token_make(call->scratch, call->context->token_key, binding_of(call),
                         pv_view_of(position, sizeof position));
}

static bool sequence_of(const pv_call *call, const char *token, uint64_t *ret_sequence)
{
    pv_view position;
    if (!pv_token_open(call->scratch, call->context->token_key, binding_of(call),
                       pv_view_text(token), &position) ||
        position.size != SEQUENCE_SIZE) {
        return false;
    }
    uint64_t sequence = 0;
    for (unsigned i = 0; i < SEQUENCE_SIZE; i++) { sequence = sequence << 8 | position.data[i]; }
    *ret_sequence = sequence;
    return true;
}

/* Where to start: behind the token, at the oldest event, or behind the newest. */
static pv_status start_of(pv_call *call, const char *token, bool only_new, uint64_t *ret_after)
{
    uint64_t oldest = 0;
    uint64_t newest = 0;
    PV_TRY(pv_store_refused(
        call, pv_feed_bounds(call->context->txn, pv_caller_of(call)->account, &oldest, &newest)));
    if (token == NULL || *token == '\0') {
        *ret_after = only_new || oldest == 0 ? newest : oldest - 1;
        return pv_ok();
    }
    if (!sequence_of(call, token, ret_after) || *ret_after > newest) {
        return pv_refuse(&call->error, &pv_error_reason_resume_token_invalid, NULL);
    }
    return pv_ok();
}

/* The first event behind `after` must be the next one: others have gone, before this call or while the peer of
 * a stream was slow to read. */
static pv_status check_next(pv_call *call, pv_view key, uint64_t after)
{
    uint64_t sequence = 0;
    if (!pv_feed_sequence(key, &sequence)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    if (sequence == after + 1) { return pv_ok(); }
    const char *oldest_token = token_of(call, sequence - 1);
    pv_error_note(&call->error, "oldest_token", "%s", oldest_token == NULL ? "" : oldest_token);
    return pv_refuse(&call->error, &pv_error_reason_resume_token_expired, NULL);
}

static pv_status append_event(pv_call *call, pv_view stored, pv_buffer *reply,
                              uint64_t *ret_sequence, bool *ret_shown)
{
    pv_event *event = NULL;
    if (!pv_message_unpack(&pv_event__info, stored, call->scratch, (ProtobufCMessage **)&event)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    *ret_sequence = event->sequence;
    *ret_shown = pv_caller_of(call)->grants[event->module] >= PV_GRANT_VIEW;
    if (!*ret_shown) { return pv_ok(); }
    const char *token = token_of(call, event->sequence);
    if (token == NULL) { return pv_out_of_memory(call); }
    pv_buffer bytes = pv_buffer_of(call->scratch);
    pv_buffer_append(&bytes, stored);
    pv_reply_bytes(&bytes, EVENT_RESUME_TOKEN, pv_view_text(token));
    pv_reply_bytes(reply, REPLY_EVENTS, pv_buffer_view(&bytes));
    reply->overflow = reply->overflow || bytes.overflow;
    return pv_ok();
}

/* Appends at most `limit` visible events behind `*after`, and moves `*after` past what was looked at. */
static pv_status append_events(pv_call *call, size_t limit, pv_buffer *reply, uint64_t *after,
                               size_t *ret_count, bool *ret_more)
{
    pv_scan *scan = NULL;
    PV_TRY(pv_store_refused(call, pv_feed_scan(call->context->txn, call->scratch,
                                               pv_caller_of(call)->account, *after, &scan)));
    pv_status status = pv_ok();
    *ret_count = 0;
    *ret_more = false;
    for (size_t looked = 0; pv_is_ok(status); looked++) {
        pv_view key;
        pv_view stored;
        pv_status next = pv_scan_next(scan, &key, &stored);
        if (next.code == PV_CODE_NOT_FOUND) { break; }
        status = pv_store_refused(call, next);
        if (!pv_is_ok(status)) { break; }
        if (*ret_count == limit || looked == PV_QUERY_SCAN_MAX) {
            *ret_more = true;
            break;
        }
        if (looked == 0) { status = check_next(call, key, *after); }
        if (!pv_is_ok(status)) { break; }
        bool shown = false;
        status = append_event(call, stored, reply, after, &shown);
        *ret_count += shown;
    }
    pv_scan_close(scan);
    return status;
}

static pv_status finish(pv_call *call, uint64_t after, pv_buffer *reply)
{
    const char *token = token_of(call, after);
    if (token == NULL) { return pv_out_of_memory(call); }
    pv_reply_bytes(reply, REPLY_RESUME_TOKEN, pv_view_text(token));
    return pv_ok();
}

pv_status pv_event_service_list_events(pv_call *call, const pv_list_events_request *request,
                                       pv_list_events_response *response)
{
    check_field(response->base.descriptor, "events", REPLY_EVENTS);
    check_field(response->base.descriptor, "resume_token", REPLY_RESUME_TOKEN);
    check_field(response->base.descriptor, "more", REPLY_MORE);
    uint64_t after = 0;
    PV_TRY(start_of(call, request->resume_token, false, &after));
    size_t limit = request->page_size <= 0                 ? PV_PAGE_SIZE_DEFAULT
                   : request->page_size > PV_PAGE_SIZE_MAX ? PV_PAGE_SIZE_MAX
                                                           : (size_t)request->page_size;
    pv_buffer reply = pv_buffer_of(call->scratch);
    size_t count = 0;
    bool more = false;
    PV_TRY(append_events(call, limit, &reply, &after, &count, &more));
    PV_TRY(finish(call, after, &reply));
    if (more) { pv_reply_number(&reply, REPLY_MORE, 1); }
    return pv_reply_send(call, &reply);
}

static pv_status open_watch(pv_call *call, const pv_watch_events_request *request,
                            watch **ret_watch)
{
    watch *opened = pv_arena_zalloc(call->arena, 1, sizeof *opened);
    if (opened == NULL) { return pv_out_of_memory(call); }
    PV_TRY(start_of(call, request->resume_token, request->only_new != 0, &opened->after));
    memcpy(call->wake_topic, pv_caller_of(call)->account.bytes, PV_ID_SIZE);
    *ret_watch = opened;
    return pv_ok();
}

pv_status pv_event_service_watch_events_next(pv_call *call, const pv_watch_events_request *request,
                                             pv_watch_events_response *response, pv_step *ret_step)
{
    check_field(response->base.descriptor, "events", REPLY_EVENTS);
    check_field(response->base.descriptor, "resume_token", REPLY_RESUME_TOKEN);
    check_field(&purvey__event__v1__event__descriptor, "resume_token", EVENT_RESUME_TOKEN);
    watch *stream = call->state;
    if (stream == NULL) {
        PV_TRY(open_watch(call, request, &stream));
        call->state = stream;
    }
    pv_buffer reply = pv_buffer_of(call->scratch);
    size_t count = 0;
    bool more = false;
    PV_TRY(append_events(call, EVENTS_PER_MESSAGE_MAX, &reply, &stream->after, &count, &more));
    int64_t quiet_ms = (call->context->now.utc_ns - stream->last_sent.utc_ns) / PV_NS_PER_MS;
    if (count == 0 && !more && quiet_ms < HEARTBEAT_MS) {
        call->wake_after_ms = HEARTBEAT_MS - quiet_ms;
        *ret_step = PV_STEP_IDLE;
        return pv_ok();
    }
    PV_TRY(finish(call, stream->after, &reply));
    stream->last_sent = call->context->now;
    *ret_step = PV_STEP_MESSAGE;
    return pv_reply_send(call, &reply);
}
