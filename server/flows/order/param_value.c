#include "server/flows/order/param_value.h"

#include "base/utf8.h"
#include "protos/runtime/fields.h"

enum { LENGTH_MAX_DEFAULT = 4000 };

static bool is_choice(const pv_parameter_constraints *constraints, pv_view value)
{
    for (size_t i = 0; i < constraints->n_choices; i++) {
        if (pv_view_equal(pv_view_text(constraints->choices[i]->value), value)) { return true; }
    }
    return false;
}

/* Choices joined by commas, none of them twice. */
static bool are_choices(const pv_parameter_constraints *constraints, pv_view value)
{
    for (size_t start = 0, end; start <= value.size; start = end + 1) {
        for (end = start; end < value.size && value.data[end] != ',';) { end++; }
        pv_view one = pv_view_of(value.data + start, end - start);
        if (!is_choice(constraints, one)) { return false; }
        for (size_t from = 0, to; from < start; from = to + 1) {
            for (to = from; value.data[to] != ',';) { to++; }
            if (pv_view_equal(one, pv_view_of(value.data + from, to - from))) { return false; }
        }
    }
    return true;
}

static bool is_phone(pv_view value)
{
    size_t digits = 0;
    for (size_t i = 0; i < value.size; i++) {
        char c = (char)value.data[i];
        bool digit = c >= '0' && c <= '9';
        digits += digit ? 1 : 0;
        if (!digit && !(c == '+' && i == 0) && strchr(" ()-.", c) == NULL) { return false; }
    }
    return digits > 0;
}

static const char *choices_text(const pv_parameter_constraints *constraints, const char *lead,
                                pv_arena *arena)
{
    pv_buffer text = pv_buffer_of(arena);
    pv_buffer_printf(&text, "%s", lead);
    for (size_t i = 0; i < constraints->n_choices && i < 10; i++) {
        pv_buffer_printf(&text, "%s\"%s\"", i == 0 ? "" : ", ", constraints->choices[i]->value);
    }
    if (constraints->n_choices > 10) { pv_buffer_printf(&text, " and others"); }
    pv_buffer_append(&text, pv_view_of("", 1));
    return text.overflow ? lead : (const char *)text.data;
}

static const char *pattern_fault(pv_pattern pattern, pv_view value)
{
    return pv_pattern_matches(pattern, value) ? NULL : pv_pattern_text(pattern);
}

static const char *type_fault(const pv_parameter *parameter, pv_view value, pv_arena *arena)
{
    static const pv_parameter_constraints none = PV_PARAMETER_CONSTRAINTS__INIT;
    const pv_parameter_constraints *constraints =
        parameter->constraints == NULL ? &none : parameter->constraints;
    switch ((int)parameter->type) {
    case PV_PARAMETER_TYPE_DROPDOWN:
    case PV_PARAMETER_TYPE_CHOICE:
        return is_choice(constraints, value) ? NULL : choices_text(constraints, "one of ", arena);
    case PV_PARAMETER_TYPE_CHECKBOX:
        return are_choices(constraints, value)
                   ? NULL
                   : choices_text(constraints, "different values, joined by commas, of ", arena);
    case PV_PARAMETER_TYPE_EMAIL: return pattern_fault(PV_PATTERN_EMAIL, value);
    case PV_PARAMETER_TYPE_PHONE:
        return is_phone(value) ? NULL : "digits, blanks and ( ) - . behind an optional +";
    case PV_PARAMETER_TYPE_URL: return pattern_fault(PV_PATTERN_URL, value);
    case PV_PARAMETER_TYPE_DOMAIN: return pattern_fault(PV_PATTERN_DOMAIN, value);
    case PV_PARAMETER_TYPE_SUBDOMAIN:
        return memchr(value.data, '.', value.size) == NULL &&
                       pv_pattern_matches(PV_PATTERN_DOMAIN, value)
                   ? NULL
                   : "one label of a DNS name";
    case PV_PARAMETER_TYPE_TEXT:
    case PV_PARAMETER_TYPE_UNSPECIFIED:
    default: return NULL;
    }
}

const char *pv_param_value_fault(const pv_parameter *parameter, const char *value, pv_arena *arena)
{
    pv_view text = pv_view_text(value);
    const pv_parameter_constraints *constraints = parameter->constraints;
    size_t length = pv_utf8_count(text);
    size_t least = constraints == NULL ? 0 : constraints->length_min;
    size_t most = constraints == NULL || constraints->length_max == 0 ? LENGTH_MAX_DEFAULT
                                                                      : constraints->length_max;
    if (length < least || length > most) {
        const char *fault =
            pv_arena_printf(arena, "%zu to %zu characters, not %zu", least, most, length);
        return fault == NULL ? "of another length" : fault;
    }
    return type_fault(parameter, text, arena);
}
