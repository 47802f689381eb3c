#include "protos/runtime/json_forms.h"

#include "base/digest.h"
#include "protos/runtime/path.h"

#include <inttypes.h>
#include <stdio.h>

enum { FILES_MAX = 256 }; /* distinct files behind pv_json_options.files that are looked at */

bool pv_json_fault(pv_error *error, const pv_json_source *source, const pv_json_step *step,
                   const pv_reason *reason, const char *format, ...)
{
    char problem[512], where[64] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    pv_path path;
    pv_path_init(&path);
    for (const pv_json_step *at = step; at != NULL; at = at->parent) {
        if (at->kind == PV_JSON_FIELD) { pv_path_prepend_name(&path, at->name); }
        if (at->kind == PV_JSON_ELEMENT) { pv_path_prepend_index(&path, at->index); }
        if (at->kind == PV_JSON_KEY) { pv_path_prepend_key(&path, pv_view_text(at->key)); }
    }
    const char *subject = pv_path_text(&path);
    if (source != NULL && source->text.data != NULL) {
        size_t line, column;
        pv_json_position(source->text, pv_json_locate(source, step), &line, &column);
        snprintf(where, sizeof where, "line %zu, column %zu: ", line, column);
        pv_error_note(error, "line", "%zu", line);
        pv_error_note(error, "column", "%zu", column);
    }
    (void)pv_refuse(error, reason, "%s%s%s%s", where, subject, *subject == '\0' ? "" : ": ",
                    problem);
    pv_error_violate(error, PV_VIOLATION_FIELD, NULL, subject, "%s", problem);
    return false;
}

/* --- kinds --- */

static bool is_wrapper(const char *short_name)
{
    static const char *const names[] = {"DoubleValue", "FloatValue",  "Int64Value",
                                        "UInt64Value", "Int32Value",  "UInt32Value",
                                        "BoolValue",   "StringValue", "BytesValue"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(short_name, names[i]) == 0) { return true; }
    }
    return false;
}

static bool is_decimal(const pv_message_info *info)
{
    const ProtobufCMessageDescriptor *descriptor = info->descriptor;
    return descriptor->n_fields == 1 && descriptor->fields[0].type == PROTOBUF_C_TYPE_STRING &&
           info->fields[0].rule != NULL && info->fields[0].rule->pattern == PV_PATTERN_DECIMAL;
}

pv_json_kind pv_json_kind_of(const pv_message_info *info)
{
    const ProtobufCMessageDescriptor *descriptor = info->descriptor;
    const char *name = descriptor->short_name;
    if (strcmp(descriptor->package_name, "google.protobuf") != 0) {
        return is_decimal(info) ? PV_JSON_DECIMAL : PV_JSON_PLAIN;
    }
    if (strcmp(name, "Timestamp") == 0) { return PV_JSON_TIMESTAMP; }
    if (strcmp(name, "Duration") == 0) { return PV_JSON_DURATION; }
    if (strcmp(name, "FieldMask") == 0) { return PV_JSON_MASK; }
    if (strcmp(name, "Any") == 0) { return PV_JSON_ANY; }
    if (strcmp(name, "Struct") == 0 || strcmp(name, "Value") == 0 ||
        strcmp(name, "ListValue") == 0) {
        return PV_JSON_UNSUPPORTED;
    }
    return is_wrapper(name) ? PV_JSON_WRAPPER : PV_JSON_PLAIN;
}

static const pv_message_info *find_in_file(const pv_file_info *file, const char *name)
{
    for (size_t i = 0; i < file->message_count; i++) {
        if (strcmp(file->messages[i]->descriptor->name, name) == 0) { return file->messages[i]; }
    }
    return NULL;
}

/* Files met so far, so that one that is imported often is looked at once. */
typedef struct file_set {
    const pv_file_info *files[FILES_MAX];
    size_t count;
} file_set;

static void add_file(file_set *set, const pv_file_info *file)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->files[i] == file) { return; }
    }
    if (set->count < FILES_MAX) { set->files[set->count++] = file; }
}

const pv_message_info *pv_json_find_type(const pv_json_options *options, const char *type_url)
{
    if (options == NULL) { return NULL; }
    const char *slash = strrchr(type_url, '/');
    const char *name = slash == NULL ? type_url : slash + 1;
    file_set set = {.count = 0};
    for (size_t i = 0; i < options->file_count; i++) { add_file(&set, options->files[i]); }
    for (size_t i = 0; i < set.count; i++) {
        const pv_message_info *found = find_in_file(set.files[i], name);
        if (found != NULL) { return found; }
        for (size_t j = 0; j < set.files[i]->import_count; j++) {
            add_file(&set, set.files[i]->imports[j]);
        }
    }
    return NULL;
}

/* --- durations --- */

static const int64_t duration_seconds_max = INT64_C(315576000000);

bool pv_duration_format(int64_t seconds, int64_t nanos, char *ret_text)
{
    static const int64_t billion = INT64_C(1000000000);
    bool mixed = (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0);
    if (seconds > duration_seconds_max || seconds < -duration_seconds_max) { return false; }
    if (nanos <= -billion || nanos >= billion || mixed) { return false; }
    const char *sign = seconds < 0 || nanos < 0 ? "-" : "";
    int64_t whole = seconds < 0 ? -seconds : seconds, fraction = nanos < 0 ? -nanos : nanos;
    char decimals[16];
    snprintf(decimals, sizeof decimals, ".%09u", (unsigned)fraction);
    /* 9, 6 or 3 of them, or none and no point. */
    size_t kept = fraction % 1000 != 0 ? 10 : fraction % 1000000 != 0 ? 7 : fraction != 0 ? 4 : 0;
    decimals[kept] = '\0';
    snprintf(ret_text, PV_DURATION_TEXT_SIZE, "%s%" PRId64 "%ss", sign, whole, decimals);
    return true;
}

bool pv_duration_parse(pv_view text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    size_t at = text.size > 0 && text.data[0] == '-' ? 1 : 0;
    int64_t sign = at == 1 ? -1 : 1, seconds = 0, nanos = 0, scale = INT64_C(1000000000);
    size_t start = at;
    for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
        seconds = seconds * 10 + (text.data[at] - '0');
        if (seconds > duration_seconds_max) { return false; }
    }
    if (at == start) { return false; }
    if (at < text.size && text.data[at] == '.') {
        start = ++at;
        for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9' && scale > 1; at++) {
            scale /= 10;
            nanos += (text.data[at] - '0') * scale;
        }
        if (at == start) { return false; }
    }
    if (at + 1 != text.size || text.data[at] != 's') { return false; }
    *ret_seconds = sign * seconds;
    *ret_nanos = (int32_t)(sign * nanos);
    return true;
}

/* --- base64 --- */

char *pv_base64_format(pv_view bytes, pv_arena *arena)
{
    char *text = (char *)pv_arena_alloc(arena, (bytes.size + 2) / 3 * 4 + 1);
    if (text == NULL) { return NULL; }
    size_t size = pv_base64url_format(bytes, text);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '-') { text[i] = '+'; }
        if (text[i] == '_') { text[i] = '/'; }
    }
    for (; size % 4 != 0; size++) { text[size] = '='; }
    text[size] = '\0';
    return text;
}

uint8_t *pv_base64_parse(pv_view text, pv_arena *arena, size_t *ret_size, bool *ret_bad)
{
    size_t size = text.size;
    *ret_bad = false;
    while (size > 0 && text.size - size < 2 && text.data[size - 1] == '=') { size--; }
    bool padded = size != text.size;
    char *plain = pv_arena_dup(arena, pv_view_of(text.data, size));
    uint8_t *bytes = (uint8_t *)pv_arena_alloc(arena, size * 3 / 4 + 1);
    if (plain == NULL || bytes == NULL) { return NULL; }
    for (size_t i = 0; i < size; i++) {
        if (plain[i] == '+') { plain[i] = '-'; }
        if (plain[i] == '/') { plain[i] = '_'; }
    }
    *ret_bad = (padded && text.size % 4 != 0) ||
               !pv_base64url_parse(pv_view_of(plain, size), bytes, ret_size);
    return *ret_bad ? NULL : bytes;
}
