#include "base/utf8.h"
#include "protos/runtime/json_forms.h"

/* Walks a text that jansson has read before, so it is JSON: nothing here has to be refused, but
 * nothing here may read behind its end either. */

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t skip_blanks(pv_view text, size_t at)
{
    while (at < text.size && is_blank(text.data[at])) { at++; }
    return at;
}

/* From the opening quote to behind the closing one. */
static size_t skip_string(pv_view text, size_t at)
{
    for (at++; at < text.size && text.data[at] != '"'; at++) {
        if (text.data[at] == '\\') { at++; }
    }
    return at < text.size ? at + 1 : text.size;
}

static size_t skip_value(pv_view text, size_t at)
{
    size_t depth = 0;
    while (at < text.size) {
        uint8_t byte = text.data[at];
        if (byte == '"') {
            at = skip_string(text, at);
        } else if (byte == '{' || byte == '[') {
            depth++;
            at++;
        } else if (byte == '}' || byte == ']') {
            if (depth == 0) { return at; }
            depth--;
            at++;
        } else if (depth == 0 && (byte == ',' || byte == ':' || is_blank(byte))) {
            return at;
        } else {
            at++;
            continue;
        }
        if (depth == 0) { return at; }
    }
    return at;
}

/* Compares a string of the text, escapes and all, with a key. */
static bool string_is(pv_view text, size_t from, size_t to, const char *key)
{
    json_t *value = json_loadb((const char *)text.data + from, to - from,
                               JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    bool same = json_is_string(value) && strcmp(json_string_value(value), key) == 0;
    json_decref(value);
    return same;
}

/* The value of a member of the object at `at`; the object itself if there is no such member. */
static size_t locate_member(pv_view text, size_t at, const char *key)
{
    size_t object = at;
    at = skip_blanks(text, at + 1);
    while (at < text.size && text.data[at] == '"') {
        size_t end = skip_string(text, at);
        bool found = string_is(text, at, end, key);
        at = skip_blanks(text, end);    /* the colon */
        at = skip_blanks(text, at + 1); /* the value */
        if (found && at < text.size) { return at; }
        at = skip_blanks(text, skip_value(text, at)); /* the comma */
        at = skip_blanks(text, at + 1);
    }
    return object;
}

static size_t locate_element(pv_view text, size_t at, size_t index)
{
    size_t array = at;
    at = skip_blanks(text, at + 1);
    for (size_t i = 0; i < index && at < text.size; i++) {
        at = skip_blanks(text, skip_value(text, at));
        at = skip_blanks(text, at + 1);
    }
    return at < text.size ? at : array;
}

size_t pv_json_locate(const pv_json_source *source, const pv_json_step *step)
{
    if (step == NULL || step->kind == PV_JSON_ROOT) {
        return skip_blanks(source->text, source->start);
    }
    size_t at = pv_json_locate(source, step->parent);
    if (at >= source->text.size) { return at; }
    if (step->kind == PV_JSON_ELEMENT && source->text.data[at] == '[') {
        return locate_element(source->text, at, step->index);
    }
    if (step->kind != PV_JSON_ELEMENT && source->text.data[at] == '{') {
        return locate_member(source->text, at, step->key);
    }
    return at;
}

void pv_json_position(pv_view text, size_t offset, size_t *ret_line, size_t *ret_column)
{
    size_t line = 1, line_start = 0;
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.data[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    *ret_line = line;
    *ret_column = pv_utf8_count(pv_view_of(text.data + line_start, offset - line_start)) + 1;
}
