#include "server/flows/order/text.h"

#include "server/flows/make.h"
#include "server/flows/order/params.h"

static pv_status unknown(pv_call *call, const char *template_id, pv_template_type type)
{
    pv_error_note(&call->error, "template", "%s", template_id);
    return pv_refuse(&call->error, &pv_error_reason_template_unknown,
                     "%s is no template of type %s of the product.", template_id,
                     type == PV_TEMPLATE_TYPE_INQUIRE ? "INQUIRE" : "FULFILLMENT");
}

/* The name inside "{{ name }}" at the head of `text`; NULL if there is none. ret_size tells how
 * long it all is. */
static char *name_at(pv_view text, pv_arena *arena, size_t *ret_size)
{
    if (!pv_view_starts_with(text, pv_view_of("{{", 2))) { return NULL; }
    size_t start = 2;
    while (start < text.size && text.data[start] == ' ') { start++; }
    size_t end = start;
    while (end < text.size && text.data[end] != ' ' && text.data[end] != '}' &&
           text.data[end] != '{') {
        end++;
    }
    size_t close = end;
    while (close < text.size && text.data[close] == ' ') { close++; }
    if (end == start || !pv_view_starts_with(pv_view_of(text.data + close, text.size - close),
                                             pv_view_of("}}", 2))) {
        return NULL;
    }
    *ret_size = close + 2;
    return pv_arena_dup(arena, pv_view_of(text.data + start, end - start));
}

static void fill(const pv_order *order, pv_view body, pv_buffer *text)
{
    for (size_t i = 0; i < body.size && text->size <= PV_ORDER_TEXT_MAX;) {
        size_t size = 1;
        const char *name = name_at(pv_view_of(body.data + i, body.size - i), text->arena, &size);
        if (name == NULL) {
            pv_buffer_append(text, pv_view_of(body.data + i, size));
        } else {
            pv_buffer_append(text,
                             pv_view_text(pv_params_value(order->params, order->n_params, name)));
        }
        i += size;
    }
}

pv_status pv_order_text(pv_call *call, const pv_product *product, const pv_order *order,
                        const char *template_id, pv_template_type type, char **ret_text)
{
    pv_template *found = NULL;
    PV_TRY(pv_if_any(pv_template_find(call, product, template_id, &found)));
    if (found == NULL || found->type != type) { return unknown(call, template_id, type); }
    pv_buffer text = pv_buffer_of(call->arena);
    fill(order, pv_view_text(found->body), &text);
    if (text.size > PV_ORDER_TEXT_MAX) {
        pv_error_note(&call->error, "template", "%s", template_id);
        pv_error_note(&call->error, "bytes_max", "%d", PV_ORDER_TEXT_MAX);
        return pv_refuse(&call->error, &pv_error_reason_template_text_too_long,
                         "The text of %s becomes longer than %d bytes with the values filled in.",
                         template_id, PV_ORDER_TEXT_MAX);
    }
    pv_buffer_append(&text, pv_view_of("", 1));
    if (text.overflow) { return pv_out_of_memory(call); }
    *ret_text = (char *)text.data;
    return pv_ok();
}
