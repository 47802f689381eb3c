#include "protos/runtime/json_reader.h"
#include "protos/runtime/reasons.h"

pv_status pv_json_write(const pv_message_info *info, const ProtobufCMessage *message,
                        const pv_json_options *options, pv_arena *arena, pv_error *error,
                        pv_view *ret_text)
{
    json_t *value;
    PV_TRY(pv_json_of_message(info, message, options, error, &value));
    size_t layout =
        options == NULL || options->indent == 0 ? JSON_COMPACT : JSON_INDENT(options->indent);
    size_t size = json_dumpb(value, NULL, 0, layout);
    char *text = size == 0 ? NULL : (char *)pv_arena_alloc(arena, size + 1);
    if (text != NULL) {
        size_t written = json_dumpb(value, text, size, layout);
        PV_ASSERT(written == size);
        text[size] = '\0';
        *ret_text = pv_view_of(text, size);
    }
    json_decref(value);
    if (text == NULL) {
        return pv_refuse(error, &pv_reason_arena_exhausted, "no memory to write JSON");
    }
    return pv_ok();
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t skip_blanks(pv_view text, size_t at)
{
    while (at < text.size && is_blank(text.data[at])) { at++; }
    return at;
}

/* Refuses a text that is no JSON, at the offset of its end or of what is wrong. */
static pv_status refuse_text(pv_error *error, pv_view text, size_t offset, const char *problem)
{
    size_t line, column;
    pv_json_position(text, offset, &line, &column);
    pv_error_note(error, "line", "%zu", line);
    pv_error_note(error, "column", "%zu", column);
    return pv_refuse(error, &pv_reason_malformed_message, "line %zu, column %zu: no JSON: %s", line,
                     column, problem);
}

pv_status pv_json_read_next(const pv_message_info *info, pv_view text,
                            const pv_json_options *options, pv_arena *arena, pv_error *error,
                            size_t *position, ProtobufCMessage **ret_message)
{
    size_t start = skip_blanks(text, *position);
    *position = start;
    *ret_message = NULL;
    if (start == text.size) { return pv_ok(); }
    json_error_t problem;
    json_t *value = json_loadb((const char *)text.data + start, text.size - start,
                               JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL |
                                   JSON_DECODE_ANY,
                               &problem);
    size_t end = start + (problem.position < 0 ? 0 : (size_t)problem.position);
    if (value == NULL) { return refuse_text(error, text, end, problem.text); }
    const pv_json_reader in = {.options = options,
                               .arena = arena,
                               .error = error,
                               .source = {.text = text, .start = start}};
    pv_status status = pv_json_read_value(&in, info, value, ret_message);
    json_decref(value);
    *position = end;
    return status;
}

pv_status pv_json_read(const pv_message_info *info, pv_view text, const pv_json_options *options,
                       pv_arena *arena, pv_error *error, ProtobufCMessage **ret_message)
{
    size_t position = 0;
    PV_TRY(pv_json_read_next(info, text, options, arena, error, &position, ret_message));
    if (*ret_message == NULL) { return refuse_text(error, text, position, "the text is empty"); }
    position = skip_blanks(text, position);
    if (position == text.size) { return pv_ok(); }
    *ret_message = NULL;
    return refuse_text(error, text, position, "something stands behind the end of the message");
}
