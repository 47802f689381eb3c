#include "client/cli/flags.h"

#include "client/cli/help_text.h"

typedef struct parser {
    pv_cli *cli;
    const pv_flag_table *tables;
    size_t table_count;
    const pv_field_flags *fields;
    size_t count;
    char *const *arguments;
    size_t next; /* of arguments */
    pv_arguments *result;
} parser;

static const pv_flag *find_flag(const parser *self, const char *name, char letter,
                                const pv_flag_table **ret_table)
{
    for (size_t t = 0; t < self->table_count; t++) {
        for (size_t i = 0; i < self->tables[t].count; i++) {
            const pv_flag *flag = &self->tables[t].flags[i];
            if (name != NULL ? strcmp(flag->name, name) == 0 : flag->letter == letter) {
                *ret_table = &self->tables[t];
                return flag;
            }
        }
    }
    return NULL;
}

static pv_exit refuse_unknown(const parser *self, const char *name)
{
    pv_suggestion suggestion = {.word = name};
    for (size_t t = 0; t < self->table_count; t++) {
        for (size_t i = 0; i < self->tables[t].count; i++) {
            pv_suggest_offer(&suggestion, self->tables[t].flags[i].name);
        }
    }
    if (self->fields != NULL) { self->fields->offer(self->fields->context, &suggestion); }
    if (suggestion.nearest != NULL) {
        return pv_cli_usage(self->cli, "there is no flag --%s here; did you mean --%s?", name,
                            suggestion.nearest);
    }
    return pv_cli_usage(self->cli, "there is no flag --%s here; --help lists those there are.",
                        name);
}

/* The value behind the flag: what stood behind '=', else the next argument. */
static pv_exit take_value(parser *self, const char *name, const char *attached,
                          const char **ret_value)
{
    *ret_value = attached;
    if (attached != NULL) { return PV_EXIT_OK; }
    if (self->next == self->count) { return pv_cli_usage(self->cli, "--%s needs a value.", name); }
    *ret_value = self->arguments[self->next++];
    return PV_EXIT_OK;
}

static pv_exit set_flag(parser *self, const pv_flag *flag, const pv_flag_table *table,
                        const char *attached)
{
    char *target = (char *)table->values + flag->offset;
    if (flag->value != NULL) {
        const char *value = NULL;
        pv_exit exit = take_value(self, flag->name, attached, &value);
        if (exit == PV_EXIT_OK) { memcpy(target, &value, sizeof value); }
        return exit;
    }
    if (attached != NULL) { return pv_cli_usage(self->cli, "--%s takes no value.", flag->name); }
    bool on = true;
    memcpy(target, &on, sizeof on);
    return PV_EXIT_OK;
}

static pv_exit set_field(parser *self, const char *name, const char *attached)
{
    pv_field_flag kind = PV_FIELD_FLAG_UNKNOWN;
    if (self->fields != NULL) { kind = self->fields->find(self->fields->context, name); }
    if (kind == PV_FIELD_FLAG_UNKNOWN) { return refuse_unknown(self, name); }
    pv_arguments *result = self->result;
    if (result->assignment_count == PV_ASSIGNMENTS_MAX) {
        return pv_cli_usage(self->cli,
                            "there are more than %d flags; use --json @FILE for a large request.",
                            PV_ASSIGNMENTS_MAX);
    }
    const char *value = attached;
    if (kind == PV_FIELD_FLAG_SWITCH && attached == NULL) { value = "true"; }
    pv_exit exit = take_value(self, name, value, &value);
    if (exit != PV_EXIT_OK) { return exit; }
    result->assignments[result->assignment_count++] = (pv_assignment){.name = name, .value = value};
    return PV_EXIT_OK;
}

static pv_exit parse_long(parser *self, const char *text)
{
    const char *equals = strchr(text, '=');
    pv_view written = pv_view_text(text);
    if (equals != NULL) { written.size = (size_t)(equals - text); }
    const char *name = pv_arena_dup(self->cli->arena, written);
    const char *attached = equals == NULL ? NULL : equals + 1;
    if (name == NULL) { return pv_cli_fail(self->cli, "there is no memory left."); }
    const pv_flag_table *table = NULL;
    const pv_flag *flag = find_flag(self, name, 0, &table);
    return flag != NULL ? set_flag(self, flag, table, attached) : set_field(self, name, attached);
}

static pv_exit parse_short(parser *self, const char *text)
{
    const pv_flag_table *table = NULL;
    const pv_flag *flag = find_flag(self, NULL, text[0], &table);
    if (flag == NULL || (flag->value == NULL && text[1] != '\0')) {
        return pv_cli_usage(self->cli, "there is no flag -%s here; --help lists those there are.",
                            text);
    }
    const char *attached = text[1] == '\0' ? NULL : text + 1;
    if (attached != NULL && attached[0] == '=') { attached++; }
    return set_flag(self, flag, table, attached);
}

static pv_exit take_word(parser *self, const char *word)
{
    pv_arguments *result = self->result;
    if (result->word_count == PV_WORDS_MAX) {
        return pv_cli_usage(self->cli, "\"%s\" is too much.", word);
    }
    result->words[result->word_count++] = word;
    return PV_EXIT_OK;
}

pv_exit pv_flags_parse(pv_cli *cli, const pv_flag_table *tables, size_t table_count,
                       const pv_field_flags *fields, size_t count, char *const *arguments,
                       pv_arguments *ret_arguments)
{
    parser self = {.cli = cli,
                   .tables = tables,
                   .table_count = table_count,
                   .fields = fields,
                   .count = count,
                   .arguments = arguments,
                   .result = ret_arguments};
    bool flags_ended = false;
    pv_exit exit = PV_EXIT_OK;
    while (exit == PV_EXIT_OK && self.next < count) {
        const char *argument = arguments[self.next++];
        if (flags_ended || argument[0] != '-' || argument[1] == '\0') {
            exit = take_word(&self, argument);
        } else if (strcmp(argument, "--") == 0) {
            flags_ended = true;
        } else if (argument[1] == '-') {
            exit = parse_long(&self, argument + 2);
        } else {
            exit = parse_short(&self, argument + 1);
        }
    }
    return exit;
}

void pv_flags_help(FILE *out, const pv_flag *flags, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[PV_HELP_NAME_SIZE];
        const pv_flag *flag = &flags[i];
        const char *value = flag->value == NULL ? "" : flag->value;
        const char *gap = flag->value == NULL ? "" : " ";
        int length = flag->letter == 0
                         ? snprintf(name, sizeof name, "--%s%s%s", flag->name, gap, value)
                         : snprintf(name, sizeof name, "-%c, --%s%s%s", flag->letter, flag->name,
                                    gap, value);
        PV_ASSERT(length > 0 && (size_t)length < sizeof name);
        pv_help_entry(out, name, "", flag->help);
    }
}
