/* Get and List, for every object alike: stored bytes are spliced into the packed reply without being
 * decoded, so that the cost of a read is that of copying it once. */
#include "server/flows/filter.h"
#include "server/flows/flow.h"
#include "server/flows/reflect.h"
#include "server/flows/reply.h"
#include "server/flows/token.h"

enum {
    FIELD_OBJECT = 1,
    FIELD_NEXT_PAGE_TOKEN = 2,
    /* A page ends early here, so that it stays below the 4 MiB that client libraries accept by default. */
    PAGE_BYTES_MAX = 3 * 1024 * 1024,
    /* What is taken for a page before its size is known: most fit. */
    PAGE_BYTES_EXPECTED = 64 * 1024,
    ROW_BYTES_MORE = 16 /* tag, length, and what one row is longer than another */
};

pv_status pv_answer_get(pv_call *call, const pv_object_info *object, const char *id)
{
    pv_row row;
    PV_TRY(pv_see(call, object, id, &row));
    pv_buffer reply = pv_buffer_of(call->scratch);
    pv_reply_bytes(&reply, FIELD_OBJECT, row.message);
    return pv_reply_send(call, &reply);
}

pv_status pv_page_binding(pv_call *call, const ProtobufCMessage *request, pv_id account,
                          pv_view *ret_binding)
{
    ProtobufCMessage *copy = pv_message_copy(request, call->arena);
    if (copy == NULL) { return pv_out_of_memory(call); }
    pv_field_clear(copy, pv_field_named(copy, "page_token"));
    pv_field_clear(copy, pv_field_named(copy, "page_size"));
    pv_view bytes;
    if (!pv_message_encode(copy, call->arena, &bytes)) { return pv_out_of_memory(call); }
    pv_buffer binding = pv_buffer_of(call->arena);
    pv_buffer_append(&binding, pv_view_of(account.bytes, PV_ID_SIZE));
    pv_buffer_append(&binding, pv_view_of(pv_caller_of(call)->account.bytes, PV_ID_SIZE));
    pv_buffer_append(&binding, pv_view_text(call->method->path));
    pv_buffer_append(&binding, bytes);
    if (binding.overflow) { return pv_out_of_memory(call); }
    *ret_binding = pv_buffer_view(&binding);
    return pv_ok();
}

size_t pv_page_size_of(const ProtobufCMessage *request)
{
    int64_t asked = pv_number_of(request, "page_size");
    if (asked <= 0) { return PV_PAGE_SIZE_DEFAULT; }
    return asked > PV_PAGE_SIZE_MAX ? PV_PAGE_SIZE_MAX : (size_t)asked;
}

/* What is listed, and how it is shown. */
typedef struct list {
    const pv_object_info *object;
    pv_id account;
    const pv_condition *fixed;
    size_t fixed_count;
    pv_list_view *view; /* NULL: as stored */
    void *context;
} list;

/* A reply that grows as it is filled is copied again and again: the first row tells how large it may get. */
static void expect_rows(pv_buffer *reply, size_t row_bytes, size_t rows)
{
    size_t most = PAGE_BYTES_EXPECTED / (row_bytes + ROW_BYTES_MORE);
    pv_buffer_expect(reply, (rows < most ? rows : most) * (row_bytes + ROW_BYTES_MORE));
}

/* Appends a row as it is shown; counts it unless it is left out. */
static pv_status append_row(pv_call *call, const list *of, pv_view stored, pv_buffer *reply,
                            size_t *count)
{
    pv_view shown = stored;
    if (of->view != NULL) { PV_TRY(of->view(call, of->context, &shown)); }
    if (of->view != NULL && shown.size == 0) { return pv_ok(); }
    pv_reply_bytes(reply, FIELD_OBJECT, shown);
    (*count)++;
    return pv_ok();
}

/* Appends rows until the page is full. ret_position is empty at the end of the list. */
static pv_status append_page(pv_call *call, const list *of, pv_query_run *run, size_t page_size,
                             pv_buffer *reply, pv_view *ret_position)
{
    *ret_position = pv_view_of(NULL, 0);
    for (size_t count = 0;;) {
        bool full = count == page_size || reply->size >= PAGE_BYTES_MAX;
        pv_view position = pv_view_of(NULL, 0);
        if (full) {
            pv_view last = pv_query_position(run);
            char *copy = pv_arena_dup(call->arena, last);
            if (copy == NULL) { return pv_out_of_memory(call); }
            position = pv_view_of(copy, last.size);
        }
        pv_id id;
        pv_row row;
        pv_status status = pv_query_next(run, &id, &row);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
        if (status.code == PV_CODE_OUT_OF_RANGE) { position = pv_query_position(run); }
        if (position.size > 0) {
            *ret_position = position;
            return pv_ok();
        }
        PV_TRY(pv_store_refused(call, status));
        if (reply->size == 0) { expect_rows(reply, row.message.size, page_size); }
        PV_TRY(append_row(call, of, row.message, reply, &count));
    }
}

static pv_status list_conditions(pv_call *call, const list *of, const ProtobufCMessage *request,
                                 pv_condition *conditions, pv_query *query)
{
    size_t count = of->fixed_count;
    PV_ASSERT(count <= PV_QUERY_CONDITIONS_MAX);
    if (count > 0) { memcpy(conditions, of->fixed, count * sizeof *of->fixed); }
    PV_TRY(pv_filter_parse(call, of->object, pv_text_of(request, "filter"), conditions, &count));
    query->conditions = conditions;
    query->condition_count = count;
    return pv_order_parse(call, of->object, pv_text_of(request, "order_by"), query);
}

static pv_status answer_list(pv_call *call, const ProtobufCMessage *request, const list *of)
{
    const pv_object_info *object = of->object;
    pv_id account = of->account;
    pv_condition conditions[PV_QUERY_CONDITIONS_MAX];
    pv_query query = {.account = account, .role = pv_role_in(call, account)};
    PV_TRY(list_conditions(call, of, request, conditions, &query));
    pv_view binding;
    PV_TRY(pv_page_binding(call, request, account, &binding));
    pv_view key = call->context->token_key;
    pv_view token = pv_view_text(pv_text_of(request, "page_token"));
    if (token.size > 0 && !pv_token_open(call->arena, key, binding, token, &query.after)) {
        return pv_refuse(&call->error, &pv_error_reason_page_token_invalid, NULL);
    }
    pv_query_run *run = NULL;
    PV_TRY(pv_store_refused(call,
                            pv_query_open(call->context->txn, object, call->arena, &query, &run)));
    pv_buffer reply = pv_buffer_of(call->scratch);
    pv_view position;
    pv_status status = append_page(call, of, run, pv_page_size_of(request), &reply, &position);
    if (pv_is_ok(status) && position.size > 0) {
        const char *next = pv_token_make(call->arena, key, binding, position);
        if (next == NULL) { reply.overflow = true; }
        pv_reply_bytes(&reply, FIELD_NEXT_PAGE_TOKEN, pv_view_text(next));
    }
    pv_query_close(run);
    PV_TRY(status);
    return pv_reply_send(call, &reply);
}

pv_status pv_answer_list_of(pv_call *call, const pv_object_info *object, pv_id account,
                            const ProtobufCMessage *request, const pv_condition *fixed,
                            size_t fixed_count)
{
    list of = {object, account, fixed, fixed_count, NULL, NULL};
    return answer_list(call, request, &of);
}

pv_status pv_answer_list(pv_call *call, const pv_object_info *object,
                         const ProtobufCMessage *request, const pv_condition *fixed,
                         size_t fixed_count)
{
    return pv_answer_list_as(call, object, request, fixed, fixed_count, NULL, NULL);
}

pv_status pv_answer_list_as(pv_call *call, const pv_object_info *object,
                            const ProtobufCMessage *request, const pv_condition *fixed,
                            size_t fixed_count, pv_list_view *view, void *context)
{
    list of = {object, pv_caller_of(call)->account, fixed, fixed_count, view, context};
    return answer_list(call, request, &of);
}
