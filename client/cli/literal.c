#include "client/cli/literal.h"

#include "base/digest.h"
#include "base/time.h"
#include "client/cli/suggest.h"
#include "protos/runtime/value.h"

/* One segment of a path: up to the next '.', with '_' for '-'. */
static const ProtobufCFieldDescriptor *find_segment(const pv_message_info *info, const char *path,
                                                    size_t size, const pv_field_info **ret_info)
{
    char name[PV_SUGGEST_WORD_MAX + 1];
    if (size == 0 || size > PV_SUGGEST_WORD_MAX) { return NULL; }
    for (size_t i = 0; i < size; i++) { name[i] = path[i] == '-' ? '_' : path[i]; }
    name[size] = '\0';
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(info->descriptor, name);
    if (field != NULL) { *ret_info = &info->fields[field - info->descriptor->fields]; }
    return field;
}

const ProtobufCFieldDescriptor *pv_literal_find(const pv_message_info *info, const char *path,
                                                const pv_field_info **ret_info)
{
    for (;;) {
        size_t size = strcspn(path, ".");
        const pv_field_info *found = NULL;
        const ProtobufCFieldDescriptor *field = find_segment(info, path, size, &found);
        if (field == NULL || path[size] == '\0') {
            if (field != NULL && ret_info != NULL) { *ret_info = found; }
            return field;
        }
        if (found->message == NULL || field->label == PROTOBUF_C_LABEL_REPEATED) { return NULL; }
        info = found->message;
        path += size + 1;
    }
}

static json_t *refuse(pv_cli *cli, const char *flag, const char *text, const char *what)
{
    (void)pv_cli_usage(cli, "--%s: \"%s\" is %s.", flag, text, what);
    return NULL;
}

/* --- texts --- */

/* The text itself, or what is in the file that "@FILE" names. */
static const char *content_of(pv_cli *cli, const char *flag, const char *text)
{
    if (text[0] != '@') { return text; }
    if (text[1] == '@') { return text + 1; }
    const char *what = pv_arena_printf(cli->arena, "--%s", flag);
    return pv_cli_read_file(cli, text + 1, PV_LITERAL_FILE_BYTES_MAX, what == NULL ? flag : what);
}

static json_t *read_text(pv_cli *cli, const char *flag, const char *text)
{
    const char *content = content_of(cli, flag, text);
    if (content == NULL) { return NULL; }
    json_t *value = json_string(content);
    return value != NULL ? value : refuse(cli, flag, text, "not UTF-8");
}

/* Bytes travel as base64 in JSON: as written, or made of a file. */
static json_t *read_bytes(pv_cli *cli, const char *flag, const char *text)
{
    if (text[0] != '@') { return read_text(cli, flag, text); }
    pv_view bytes;
    const char *what = pv_arena_printf(cli->arena, "--%s", flag);
    if (!pv_cli_read_bytes(cli, text + 1, PV_LITERAL_FILE_BYTES_MAX, what == NULL ? flag : what,
                           &bytes)) {
        return NULL;
    }
    char *encoded = pv_arena_alloc(cli->arena, bytes.size / 3 * 4 + 5);
    if (encoded == NULL) { return refuse(cli, flag, text, "too large"); }
    (void)pv_base64url_format(bytes, encoded);
    return json_string(encoded);
}

/* --- numbers and enums --- */

static json_t *read_integer(pv_cli *cli, const char *flag, const char *text, bool is_unsigned)
{
    size_t sign = !is_unsigned && text[0] == '-' ? 1 : 0;
    size_t digits = strspn(text + sign, "0123456789");
    if (digits == 0 || digits > 20 || text[sign + digits] != '\0') {
        return refuse(cli, flag, text,
                      is_unsigned ? "no whole number from 0 on" : "no whole number");
    }
    /* Large ones travel as text, as JSON of protobuf has them; the reader checks the range. */
    if (digits > 18) { return json_string(text); }
    json_int_t number = 0;
    for (size_t i = 0; i < digits; i++) { number = number * 10 + (text[sign + i] - '0'); }
    return json_integer(sign == 1 ? -number : number);
}

static json_t *read_bool(pv_cli *cli, const char *flag, const char *text)
{
    if (strcmp(text, "true") == 0) { return json_true(); }
    if (strcmp(text, "false") == 0) { return json_false(); }
    return refuse(cli, flag, text, "neither true nor false");
}

static json_t *read_float(pv_cli *cli, const char *flag, const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
    if (json_is_number(value)) { return value; }
    json_decref(value);
    return refuse(cli, flag, text, "no number");
}

static bool equal_in_any_case(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = *a >= 'a' && *a <= 'z' ? (char)(*a - 'a' + 'A') : *a;
        char y = *b >= 'a' && *b <= 'z' ? (char)(*b - 'a' + 'A') : *b;
        if (x == '-') { x = '_'; }
        if (x != y) { return false; }
    }
    return *a == *b;
}

static json_t *read_enum(pv_cli *cli, const char *flag, const ProtobufCEnumDescriptor *descriptor,
                         const char *text)
{
    size_t prefix = pv_value_enum_prefix(descriptor);
    pv_buffer known = pv_buffer_of(cli->arena);
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        const char *name = descriptor->values[i].name;
        if (equal_in_any_case(text, name) || equal_in_any_case(text, name + prefix)) {
            return json_string(name);
        }
        if (descriptor->values[i].value != 0) {
            pv_buffer_printf(&known, "%s%s", known.size == 0 ? "none of " : ", ", name + prefix);
        }
    }
    pv_buffer_append(&known, pv_view_of("", 1));
    return refuse(cli, flag, text, known.overflow ? "unknown" : (const char *)known.data);
}

/* --- messages --- */

static json_t *read_time(pv_cli *cli, const char *flag, const char *text)
{
    pv_time time;
    char canonical[PV_TIME_TEXT_SIZE];
    if (!pv_time_parse(pv_view_text(text), &time)) {
        return refuse(cli, flag, text, "no time like 2026-11-22T20:00:00Z or 2026-11-22");
    }
    (void)pv_time_format(time, canonical);
    return json_string(canonical);
}

static bool is_around_one_value(const ProtobufCMessageDescriptor *descriptor)
{
    return descriptor->n_fields == 1 && strcmp(descriptor->fields[0].name, "value") == 0 &&
           descriptor->fields[0].label != PROTOBUF_C_LABEL_REPEATED;
}

/* "USD 1.50" for a message of a currency and an amount. */
static json_t *read_money(pv_cli *cli, const char *flag, const pv_message_info *info,
                          const char *text)
{
    const char *blank = strchr(text, ' ');
    const char *currency = pv_arena_dup(cli->arena, pv_view_of(text, (size_t)(blank - text)));
    json_t *object = json_object();
    if (currency == NULL || pv_literal_set(cli, object, info, "currency", currency) != PV_EXIT_OK ||
        pv_literal_set(cli, object, info, "amount", blank + 1) != PV_EXIT_OK) {
        json_decref(object);
        (void)pv_cli_usage(cli, "--%s takes an amount like \"USD 1.50\".", flag);
        return NULL;
    }
    return object;
}

static json_t *read_object(pv_cli *cli, const char *flag, const char *text)
{
    json_error_t error;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(object)) { return object; }
    json_decref(object);
    (void)pv_cli_usage(cli, "--%s: %s (line %d, column %d of the JSON).", flag, error.text,
                       error.line, error.column);
    return NULL;
}

/* name=value,name=value */
static json_t *read_pairs(pv_cli *cli, const char *flag, const pv_message_info *info,
                          const char *text)
{
    json_t *object = json_object();
    while (*text != '\0') {
        size_t size = strcspn(text, ",");
        const char *equals = memchr(text, '=', size);
        if (equals == NULL) {
            json_decref(object);
            (void)pv_cli_usage(cli,
                               "--%s takes JSON or name=value,name=value; \"%.*s\" is neither.",
                               flag, (int)size, text);
            return NULL;
        }
        const char *name = pv_arena_dup(cli->arena, pv_view_of(text, (size_t)(equals - text)));
        const char *value =
            pv_arena_dup(cli->arena, pv_view_of(equals + 1, size - (size_t)(equals - text) - 1));
        if (name == NULL || value == NULL ||
            pv_literal_set(cli, object, info, name, value) != PV_EXIT_OK) {
            json_decref(object);
            return NULL;
        }
        text += size;
        if (*text == ',') { text++; }
    }
    return object;
}

static json_t *read_message(pv_cli *cli, const char *flag,
                            const ProtobufCMessageDescriptor *descriptor,
                            const pv_message_info *info, const char *text)
{
    if (strcmp(descriptor->name, "google.protobuf.Timestamp") == 0) {
        return read_time(cli, flag, text);
    }
    if (strcmp(descriptor->name, "google.protobuf.Duration") == 0 ||
        strcmp(descriptor->name, "google.protobuf.FieldMask") == 0) {
        return json_string(text);
    }
    if (text[0] == '{' || text[0] == '@') {
        const char *content = content_of(cli, flag, text);
        return content == NULL ? NULL : read_object(cli, flag, content);
    }
    if (info == NULL) { return refuse(cli, flag, text, "not JSON"); }
    if (is_around_one_value(descriptor)) {
        json_t *object = json_object();
        json_t *value = pv_literal_read(cli, flag, &descriptor->fields[0], &info->fields[0], text);
        if (value == NULL || json_object_set_new(object, "value", value) != 0) {
            json_decref(object);
            return NULL;
        }
        return object;
    }
    if (strchr(text, ' ') != NULL && pv_literal_find(info, "currency", NULL) != NULL &&
        pv_literal_find(info, "amount", NULL) != NULL && strchr(text, '=') == NULL) {
        return read_money(cli, flag, info, text);
    }
    return read_pairs(cli, flag, info, text);
}

json_t *pv_literal_read(pv_cli *cli, const char *flag, const ProtobufCFieldDescriptor *field,
                        const pv_field_info *info, const char *text)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: return read_text(cli, flag, text);
    case PROTOBUF_C_TYPE_BYTES: return read_bytes(cli, flag, text);
    case PROTOBUF_C_TYPE_BOOL: return read_bool(cli, flag, text);
    case PROTOBUF_C_TYPE_ENUM: return read_enum(cli, flag, field->descriptor, text);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(cli, flag, field->descriptor, info->message, text);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: return read_float(cli, flag, text);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: return read_integer(cli, flag, text, true);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: return read_integer(cli, flag, text, false);
    }
    return NULL;
}

/* --- paths --- */

static pv_exit refuse_name(pv_cli *cli, const pv_message_info *info, const char *path)
{
    size_t size = strcspn(path, ".");
    const char *name = pv_arena_dup(cli->arena, pv_view_of(path, size));
    pv_suggestion suggestion = {.word = name == NULL ? "" : name};
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        pv_suggest_offer(&suggestion, info->descriptor->fields[i].name);
    }
    return pv_cli_usage(cli, "%s has no field %s%s%s.", info->descriptor->short_name,
                        suggestion.word, suggestion.nearest == NULL ? "" : "; did you mean ",
                        suggestion.nearest == NULL ? "" : suggestion.nearest);
}

/* The member of this name as an object, made if it is not there; NULL if it is something else. */
static json_t *enter(json_t *object, const char *name)
{
    json_t *member = json_object_get(object, name);
    if (member == NULL && json_object_set_new(object, name, json_object()) == 0) {
        member = json_object_get(object, name);
    }
    return json_is_object(member) ? member : NULL;
}

static bool put(json_t *object, const ProtobufCFieldDescriptor *field, json_t *value)
{
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return json_object_set_new(object, field->name, value) == 0;
    }
    json_t *list = json_object_get(object, field->name);
    if (list == NULL && json_object_set_new(object, field->name, json_array()) == 0) {
        list = json_object_get(object, field->name);
    }
    return json_array_append_new(list, value) == 0;
}

/* Maps are objects in JSON: "name=value" is one member. */
static pv_exit put_in_map(pv_cli *cli, json_t *object, const ProtobufCFieldDescriptor *field,
                          const pv_field_info *info, const char *text)
{
    const char *equals = strchr(text, '=');
    const ProtobufCFieldDescriptor *value_field =
        protobuf_c_message_descriptor_get_field_by_name(info->message->descriptor, "value");
    json_t *map = enter(object, field->name);
    if (equals == NULL || map == NULL || value_field == NULL) {
        return pv_cli_usage(cli, "--%s takes name=value.", field->name);
    }
    const char *name = pv_arena_dup(cli->arena, pv_view_of(text, (size_t)(equals - text)));
    json_t *value = pv_literal_read(
        cli, field->name, value_field,
        &info->message->fields[value_field - info->message->descriptor->fields], equals + 1);
    if (value == NULL) { return PV_EXIT_USAGE; }
    if (name == NULL || json_object_set_new(map, name, value) != 0) {
        return pv_cli_usage(cli, "--%s: \"%s\" is not UTF-8.", field->name, text);
    }
    return PV_EXIT_OK;
}

pv_exit pv_literal_set(pv_cli *cli, json_t *object, const pv_message_info *info, const char *path,
                       const char *text)
{
    const char *rest = path;
    for (;;) {
        size_t size = strcspn(rest, ".");
        const pv_field_info *found = NULL;
        const ProtobufCFieldDescriptor *field = find_segment(info, rest, size, &found);
        if (field == NULL) { return refuse_name(cli, info, rest); }
        if (rest[size] == '\0') {
            if (found->is_map) { return put_in_map(cli, object, field, found, text); }
            json_t *value = pv_literal_read(cli, path, field, found, text);
            if (value == NULL) { return PV_EXIT_USAGE; }
            return put(object, field, value) ? PV_EXIT_OK
                                             : pv_cli_usage(cli, "--%s is set twice.", path);
        }
        if (found->message == NULL || field->label == PROTOBUF_C_LABEL_REPEATED) {
            return pv_cli_usage(cli, "--%s: %s has no parts to be set one by one.", path,
                                field->name);
        }
        object = enter(object, field->name);
        if (object == NULL) { return pv_cli_usage(cli, "--%s is set twice.", path); }
        info = found->message;
        rest += size + 1;
    }
}
