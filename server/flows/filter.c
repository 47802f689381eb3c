#include "server/flows/filter.h"

#include "purvey/common/v1/error_reason.pv.h"

#include <ctype.h>

typedef struct reader {
    pv_call *call;
    const pv_object_info *object;
    const char *text;
    size_t position;
} reader;

static pv_status refuse(reader *in, const char *why)
{
    pv_error_note(&in->call->error, "position", "%zu", in->position);
    return pv_refuse(&in->call->error, &pv_error_reason_filter_invalid,
                     "The filter is wrong at character %zu: %s.", in->position + 1, why);
}

static void skip_blanks(reader *in)
{
    while (in->text[in->position] == ' ') { in->position++; }
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("_.:-+", c) != NULL);
}

static pv_view read_word(reader *in)
{
    size_t start = in->position;
    while (is_word(in->text[in->position])) { in->position++; }
    return pv_view_of(in->text + start, in->position - start);
}

/* Text in double quotes, unescaped into the arena. */
static pv_status read_quoted(reader *in, pv_view *ret_value)
{
    pv_buffer value = pv_buffer_of(in->call->arena);
    in->position++;
    for (char c; (c = in->text[in->position]) != '"'; in->position++) {
        if (c == '\\') { c = in->text[++in->position]; }
        if (c == '\0') { return refuse(in, "the quoted text does not end"); }
        pv_buffer_append(&value, pv_view_of(&c, 1));
    }
    in->position++;
    pv_buffer_append(&value, pv_view_of("", 1));
    if (value.overflow) { return refuse(in, "the text is too long"); }
    *ret_value = pv_view_of(value.data, value.size - 1);
    return pv_ok();
}

static pv_status read_value(reader *in, pv_view *ret_value)
{
    skip_blanks(in);
    if (in->text[in->position] == '"') { return read_quoted(in, ret_value); }
    pv_view word = read_word(in);
    if (word.size == 0) { return refuse(in, "a value is missing"); }
    *ret_value = word;
    return pv_ok();
}

static bool is_indexed(const pv_object_info *object, uint16_t field)
{
    for (uint8_t i = 0; i < object->index_count; i++) {
        for (uint8_t j = 0; j < object->indexes[i].field_count; j++) {
            if (object->indexes[i].field_indexes[j] == field) { return true; }
        }
    }
    return false;
}

/* Refuses a field that cannot be used, naming those that can. */
static pv_status refuse_field(pv_call *call, const pv_object_info *object, pv_view name)
{
    const ProtobufCMessageDescriptor *message = object->message->descriptor;
    pv_buffer usable = pv_buffer_of(call->arena);
    for (uint16_t i = 0; i < message->n_fields; i++) {
        if (is_indexed(object, i)) {
            pv_buffer_printf(&usable, "%s%s", usable.size == 0 ? "" : ", ",
                             message->fields[i].name);
        }
    }
    const char *list = pv_buffer_text(&usable);
    pv_error_note(&call->error, "field", "%.*s", (int)name.size, (const char *)name.data);
    pv_error_note(&call->error, "fields", "%s", list);
    return pv_refuse(&call->error, &pv_error_reason_filter_field_not_indexed,
                     "No index serves %.*s; usable: %s.", (int)name.size, (const char *)name.data,
                     list);
}

static pv_status read_field(reader *in, uint16_t *ret_field)
{
    skip_blanks(in);
    if (in->text[in->position] == '(') { return refuse(in, "parentheses are not supported"); }
    pv_view name = read_word(in);
    if (name.size == 0) { return refuse(in, "a field name is missing"); }
    if (pv_view_equal(name, pv_view_text("NOT"))) { return refuse(in, "NOT is not supported"); }
    const ProtobufCMessageDescriptor *message = in->object->message->descriptor;
    for (uint16_t i = 0; i < message->n_fields; i++) {
        if (pv_view_equal(name, pv_view_text(message->fields[i].name)) &&
            is_indexed(in->object, i)) {
            *ret_field = i;
            return pv_ok();
        }
    }
    return refuse_field(in->call, in->object, name);
}

static pv_status read_comparison(reader *in, pv_comparison *ret_comparison)
{
    skip_blanks(in);
    char c = in->text[in->position];
    bool equal = c != '\0' && in->text[in->position + 1] == '=';
    switch (c) {
    case '=':
        *ret_comparison = PV_EQUAL;
        in->position++;
        return pv_ok();
    case '<': *ret_comparison = equal ? PV_LESS_EQUAL : PV_LESS; break;
    case '>': *ret_comparison = equal ? PV_GREATER_EQUAL : PV_GREATER; break;
    default: return refuse(in, "one of = < <= > >= is expected");
    }
    in->position += equal ? 2 : 1;
    return pv_ok();
}

/* Length of the prefix that all values of the enum have: that of its zero value, which ends in UNSPECIFIED. */
static size_t enum_prefix(const ProtobufCEnumDescriptor *type)
{
    static const char suffix[] = "UNSPECIFIED";
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(type, 0);
    size_t size = zero == NULL ? 0 : strlen(zero->name);
    size_t tail = sizeof suffix - 1;
    return size > tail && strcmp(zero->name + size - tail, suffix) == 0 ? size - tail : 0;
}

/* The value of an enum by its name, with or without the enum's prefix. */
static pv_status enum_number(reader *in, const ProtobufCEnumDescriptor *type, pv_view name,
                             uint64_t *ret_number)
{
    size_t prefix = enum_prefix(type);
    for (unsigned i = 0; i < type->n_values; i++) {
        pv_view full = pv_view_text(type->values[i].name);
        pv_view bare =
            full.size > prefix ? pv_view_of(full.data + prefix, full.size - prefix) : full;
        if (type->values[i].value != 0 &&
            (pv_view_equal(bare, name) || pv_view_equal(full, name))) {
            *ret_number = (uint64_t)type->values[i].value;
            return pv_ok();
        }
    }
    return refuse(in, "the enum has no such value");
}

static pv_status whole_number(reader *in, pv_view text, uint64_t *ret_number)
{
    uint64_t number = 0;
    /* Only a quoted text can be empty. */
    if (text.size == 0) { return refuse(in, "a whole number is expected"); }
    for (size_t i = 0; i < text.size; i++) {
        if (!isdigit(text.data[i]) || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.data[i] - '0'), &number)) {
            return refuse(in, "a whole number is expected");
        }
    }
    *ret_number = number;
    return pv_ok();
}

static pv_status convert(reader *in, const ProtobufCFieldDescriptor *field, pv_view value,
                         pv_condition *condition)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        condition->text = value;
        return pv_ok();
    }
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
        return enum_number(in, (const ProtobufCEnumDescriptor *)field->descriptor, value,
                           &condition->number);
    }
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        condition->number = pv_view_equal(value, pv_view_text("true"));
        bool known = condition->number == 1 || pv_view_equal(value, pv_view_text("false"));
        return known ? pv_ok() : refuse(in, "true or false is expected");
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        pv_time time;
        if (!pv_time_parse(value, &time)) {
            return refuse(in, "a time in RFC 3339 form is expected");
        }
        condition->number = (uint64_t)time.utc_ns;
        return pv_ok();
    }
    return whole_number(in, value, &condition->number);
}

static pv_status read_condition(reader *in, pv_condition *condition)
{
    memset(condition, 0, sizeof *condition);
    PV_TRY(read_field(in, &condition->field));
    PV_TRY(read_comparison(in, &condition->comparison));
    pv_view value = pv_view_of(NULL, 0);
    PV_TRY(read_value(in, &value));
    return convert(in, &in->object->message->descriptor->fields[condition->field], value,
                   condition);
}

pv_status pv_filter_parse(pv_call *call, const pv_object_info *object, const char *filter,
                          pv_condition *conditions, size_t *count)
{
    reader in = {.call = call, .object = object, .text = filter, .position = 0};
    skip_blanks(&in);
    if (in.text[in.position] == '\0') { return pv_ok(); }
    for (;;) {
        if (*count == PV_QUERY_CONDITIONS_MAX) {
            return refuse(&in, "there are too many conditions");
        }
        PV_TRY(read_condition(&in, &conditions[*count]));
        (*count)++;
        skip_blanks(&in);
        if (in.text[in.position] == '\0') { return pv_ok(); }
        pv_view word = read_word(&in);
        if (pv_view_equal(word, pv_view_text("OR"))) { return refuse(&in, "OR is not supported"); }
        if (!pv_view_equal(word, pv_view_text("AND"))) { return refuse(&in, "AND is expected"); }
    }
}

/* Name of the one field that the conditions bound; NULL if there is none, or more than one. */
static const char *bounded_field(const pv_object_info *object, const pv_query *query)
{
    const char *bounded = NULL;
    for (size_t i = 0; i < query->condition_count; i++) {
        if (query->conditions[i].comparison == PV_EQUAL) { continue; }
        const char *name = object->message->descriptor->fields[query->conditions[i].field].name;
        if (bounded != NULL && strcmp(bounded, name) != 0) { return NULL; }
        bounded = name;
    }
    return bounded;
}

pv_status pv_order_parse(pv_call *call, const pv_object_info *object, const char *order_by,
                         pv_query *query)
{
    static const char suffix[] = " desc";
    pv_view field = pv_view_text(order_by);
    size_t tail = sizeof suffix - 1;
    query->descending =
        field.size > tail && memcmp(field.data + field.size - tail, suffix, tail) == 0;
    if (query->descending) { field.size -= tail; }
    const char *bounded = bounded_field(object, query);
    query->by_id = pv_view_equal(field, pv_view_text("id")) ||
                   pv_view_equal(field, pv_view_text("create_time"));
    bool by_bounded = bounded != NULL && pv_view_equal(field, pv_view_text(bounded));
    if (field.size == 0 || query->by_id || by_bounded) { return pv_ok(); }
    return refuse_field(call, object, field);
}
