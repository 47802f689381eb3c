#include "client/cli/help.h"

#include "client/cli/help_fields.h"
#include "client/cli/help_text.h"

/* The first sentence of a comment. */
static const char *first_sentence(pv_cli *cli, const char *text)
{
    const char *end = strstr(text, ". ");
    size_t size = end == NULL ? strlen(text) : (size_t)(end - text) + 1;
    const char *sentence = pv_arena_dup(cli->arena, pv_view_of(text, size));
    return sentence == NULL ? "" : sentence;
}

static const char *join(pv_cli *cli, const char *a, const char *b)
{
    const char *text = pv_arena_printf(cli->arena, "%s%s%s", a, b[0] == '\0' ? "" : " ", b);
    return text == NULL ? a : text;
}

static void put_every_flag(pv_cli *cli)
{
    pv_options options;
    pv_flag_table table = pv_options_flags(&options);
    fputs("\nFlags of every command:\n", cli->out);
    pv_flags_help(cli->out, table.flags, table.count);
}

void pv_help_overview(pv_cli *cli)
{
    FILE *out = cli->out;
    fputs("usage: purvey NOUN VERB [ID] [FLAGS]\n\n", out);
    for (size_t i = 0; i < cli->services.count; i++) {
        char noun[PV_COMMAND_WORD_SIZE];
        pv_command_noun(cli->services.services[i], noun);
        pv_help_entry(out, noun, "", first_sentence(cli, cli->services.services[i]->comment));
    }
    fputc('\n', out);
    for (size_t i = 0; i < cli->extras.count; i++) {
        const pv_extra *extra = cli->extras.extras[i];
        const char *name = join(cli, extra->noun, extra->verb == NULL ? "" : extra->verb);
        pv_help_entry(out, join(cli, name, extra->words), "", first_sentence(cli, extra->text));
    }
    put_every_flag(cli);
    fputs("\nExit codes: 0 done, 1 other, 2 usage or wrong request, 3 not found, 4 state or etag, "
          "5 not allowed,\n            6 not available (repeat later), 7 done in part.\n"
          "More: purvey help NOUN, purvey help NOUN VERB\n",
          out);
}

void pv_help_noun(pv_cli *cli, const char *noun, const pv_service_info *service)
{
    FILE *out = cli->out;
    if (service != NULL) {
        pv_help_paragraph(out, 0, service->comment);
        fputc('\n', out);
    }
    for (size_t i = 0; service != NULL && i < service->method_count; i++) {
        pv_command command;
        pv_command_of(service, i, &command);
        if (pv_extra_find(cli, noun, command.verb) != NULL) { continue; }
        const char *name =
            join(cli, command.verb, pv_command_id_field(&command) == NULL ? "" : "ID");
        pv_help_entry(out, name, "", first_sentence(cli, command.method->comment));
    }
    for (size_t i = 0; i < cli->extras.count; i++) {
        const pv_extra *extra = cli->extras.extras[i];
        if (strcmp(extra->noun, noun) != 0 || extra->verb == NULL) { continue; }
        pv_help_entry(out, join(cli, extra->verb, extra->words), "",
                      first_sentence(cli, extra->text));
    }
    fprintf(out, "\nMore: purvey help %s VERB\n", noun);
}

static void put_states(FILE *out, const pv_object_info *object, uint64_t set)
{
    bool first = true;
    size_t prefix = object->state_prefix == NULL ? 0 : strlen(object->state_prefix);
    for (unsigned i = 0; object->states != NULL && i < object->states->n_values; i++) {
        const ProtobufCEnumValue *state = &object->states->values[i];
        if (state->value <= 0 || state->value > 63 || (set >> state->value & 1) == 0) { continue; }
        fprintf(out, "%s%s", first ? "" : " or ", state->name + prefix);
        first = false;
    }
}

static void put_transitions(FILE *out, const pv_method_info *method)
{
    for (size_t i = 0; i < method->transition_count; i++) {
        const pv_transition *one = &method->transitions[i];
        const char *dot = strrchr(one->object->name, '.');
        if (one->object->states == NULL) { continue; }
        fprintf(out, "%s%s: ", i == 0 ? "\nStates:\n  " : "  ",
                dot == NULL ? one->object->name : dot + 1);
        if (one->from == 0) { fputs("(new)", out); }
        put_states(out, one->object, one->from);
        fputs(" -> ", out);
        if (one->to == 0) { fputs("(gone)", out); }
        put_states(out, one->object, one->to);
        fputc('\n', out);
    }
}

static void put_reasons(pv_cli *cli, const pv_method_info *method)
{
    if (method->reason_count == 0) { return; }
    fputs("\nMay be refused with:\n", cli->out);
    for (size_t i = 0; i < method->reason_count; i++) {
        pv_help_entry(cli->out, method->reasons[i]->name, "", method->reasons[i]->text);
    }
}

void pv_help_command(pv_cli *cli, const pv_command *command)
{
    FILE *out = cli->out;
    const ProtobufCFieldDescriptor *id = pv_command_id_field(command);
    fprintf(out, "usage: purvey %s %s%s [FLAGS]\n\n", command->noun, command->verb,
            id == NULL ? "" : " ID");
    pv_help_paragraph(out, 0, command->method->comment);
    if (command->method->kind == PV_METHOD_CLIENT_STREAM ||
        command->method->kind == PV_METHOD_BIDI_STREAM) {
        pv_help_paragraph(
            out, 0,
            "Reads one request as JSON from each line of standard input; what the flags say is "
            "part of the first one.");
    }
    put_transitions(out, command->method);
    if (command->method->request->descriptor->n_fields > 0) { fputs("\nFields:\n", out); }
    pv_help_fields(cli, command->method->request, id);
    put_reasons(cli, command->method);
    put_every_flag(cli);
}

void pv_help_extra(pv_cli *cli, const pv_extra *extra)
{
    const char *name = join(cli, extra->noun, extra->verb == NULL ? "" : extra->verb);
    fprintf(cli->out, "usage: purvey %s%s\n\n", join(cli, name, extra->words),
            extra->connects || extra->answers || extra->flag_count > 0 ? " [FLAGS]" : "");
    pv_help_paragraph(cli->out, 0, extra->text);
    pv_options options;
    pv_flag_table local = pv_options_local_flags(&options, extra->answers);
    if (extra->flag_count > 0 || extra->answers) {
        fputs("\nFlags:\n", cli->out);
        pv_flags_help(cli->out, extra->flags, extra->flag_count);
    }
    if (extra->answers) { pv_flags_help(cli->out, local.flags, local.count); }
    if (extra->connects) { put_every_flag(cli); }
}

static void offer_nouns(pv_cli *cli, pv_suggestion *suggestion, char (*names)[PV_COMMAND_WORD_SIZE])
{
    for (size_t i = 0; i < cli->services.count; i++) {
        pv_command_noun(cli->services.services[i], names[i]);
        pv_suggest_offer(suggestion, names[i]);
    }
    for (size_t i = 0; i < cli->extras.count; i++) {
        pv_suggest_offer(suggestion, cli->extras.extras[i]->noun);
    }
}

static void offer_verbs(const pv_cli *cli, pv_suggestion *suggestion,
                        const pv_service_info *service, const char *noun,
                        char (*names)[PV_COMMAND_WORD_SIZE])
{
    for (size_t i = 0; service != NULL && i < service->method_count; i++) {
        pv_command command;
        pv_command_of(service, i, &command);
        memcpy(names[i], command.verb, sizeof names[i]);
        pv_suggest_offer(suggestion, names[i]);
    }
    for (size_t i = 0; i < cli->extras.count; i++) {
        if (strcmp(cli->extras.extras[i]->noun, noun) == 0 && cli->extras.extras[i]->verb != NULL) {
            pv_suggest_offer(suggestion, cli->extras.extras[i]->verb);
        }
    }
}

pv_exit pv_help_refuse(pv_cli *cli, const char *noun, const char *verb)
{
    const pv_service_info *service = pv_command_find_noun(cli->services, noun);
    bool noun_is_known = service != NULL || pv_extra_has_noun(cli, noun);
    size_t count = service == NULL ? cli->services.count : service->method_count;
    char(*names)[PV_COMMAND_WORD_SIZE] = pv_arena_zalloc(cli->arena, count + 1, sizeof *names);
    if (names == NULL) { return pv_cli_fail(cli, "there is no memory left."); }
    pv_suggestion suggestion = {.word = noun_is_known && verb != NULL ? verb : noun};
    if (!noun_is_known) {
        offer_nouns(cli, &suggestion, names);
        return pv_cli_usage(cli, "there is no command %s%s%s; purvey help lists them.", noun,
                            suggestion.nearest == NULL ? "" : "; did you mean ",
                            suggestion.nearest == NULL ? "" : suggestion.nearest);
    }
    if (verb == NULL) {
        return pv_cli_usage(cli, "what about %s? purvey help %s lists what can be done.", noun,
                            noun);
    }
    offer_verbs(cli, &suggestion, service, noun, names);
    return pv_cli_usage(cli, "%s has no %s%s%s; purvey help %s lists what can be done.", noun, verb,
                        suggestion.nearest == NULL ? "" : "; did you mean ",
                        suggestion.nearest == NULL ? "" : suggestion.nearest, noun);
}

/* --- purvey help --- */

static pv_exit run_help(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_options options = {0};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit =
        pv_extra_parse(cli, &pv_extra_help, NULL, &options, count, arguments, 2, &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    const char *noun = words.words[0];
    const char *verb = words.words[1];
    if (noun == NULL) {
        pv_help_overview(cli);
        return PV_EXIT_OK;
    }
    const pv_extra *extra = pv_extra_find(cli, noun, verb);
    const pv_service_info *service = pv_command_find_noun(cli->services, noun);
    pv_command command;
    if (extra != NULL) {
        pv_help_extra(cli, extra);
    } else if (verb == NULL && (service != NULL || pv_extra_has_noun(cli, noun))) {
        pv_help_noun(cli, noun, service);
    } else if (verb != NULL && pv_command_find(cli->services, noun, verb, &command)) {
        pv_help_command(cli, &command);
    } else {
        return pv_help_refuse(cli, noun, verb);
    }
    return PV_EXIT_OK;
}

const pv_extra pv_extra_help = {
    .noun = "help",
    .words = "[NOUN [VERB]]",
    .text = "Says what there is, what a noun can do, what a command takes.",
    .run = run_help,
};
