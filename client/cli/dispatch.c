/* dispatch.c — from the command line to the command: finds noun and verb, which may stand behind
 * flags of every command, and hands over what is left. */
#include "client/cli/call.h"
#include "client/cli/help.h"
#include "client/cli/request.h"

enum { ARGUMENTS_MAX = 4096 };

/* The arguments without noun and verb, and those. */
typedef struct line {
    const char *words[2];
    size_t word_count;
    char *rest[ARGUMENTS_MAX];
    size_t rest_count;
} line;

/* True when the flag takes the next argument: only flags of every command can be known this
 * early. */
static bool takes_next(const pv_flag_table *table, const char *argument)
{
    for (size_t i = 0; i < table->count; i++) {
        const pv_flag *flag = &table->flags[i];
        bool is_long = argument[1] == '-' && strcmp(argument + 2, flag->name) == 0;
        bool is_short = argument[1] != '-' && argument[1] == flag->letter && argument[2] == '\0';
        if (is_long || is_short) { return flag->value != NULL; }
    }
    return false;
}

static void take(line *self, size_t words_max, size_t count, char *const *arguments)
{
    pv_options unused;
    pv_flag_table table = pv_options_flags(&unused);
    for (size_t i = 0; i < count; i++) {
        bool is_flag = arguments[i][0] == '-' && arguments[i][1] != '\0';
        if (!is_flag && self->word_count < words_max) {
            self->words[self->word_count++] = arguments[i];
            continue;
        }
        self->rest[self->rest_count++] = arguments[i];
        bool searching = self->word_count < words_max;
        if (is_flag && searching && takes_next(&table, arguments[i]) && i + 1 < count) {
            self->rest[self->rest_count++] = arguments[++i];
        }
    }
}

static pv_exit run_method(pv_cli *cli, const pv_command *command, const line *rest)
{
    pv_options options = {0};
    pv_arguments *arguments = pv_arena_zalloc(cli->arena, 1, sizeof *arguments);
    if (arguments == NULL) { return pv_cli_fail(cli, "there is no memory left."); }
    pv_flag_table table = pv_options_flags(&options);
    pv_field_flags fields = pv_request_flags(command->method);
    pv_exit exit = pv_flags_parse(cli, &table, 1, &fields, rest->rest_count, rest->rest, arguments);
    if (exit == PV_EXIT_OK) { exit = pv_options_check(cli, &options); }
    if (exit != PV_EXIT_OK) { return exit; }
    if (options.help) {
        pv_help_command(cli, command);
        return PV_EXIT_OK;
    }
    return pv_call_run(cli, command, &options, arguments);
}

static bool wants_help(const line *self)
{
    for (size_t i = 0; i < self->rest_count; i++) {
        if (strcmp(self->rest[i], "--help") == 0 || strcmp(self->rest[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static pv_exit run_noun(pv_cli *cli, const line *self)
{
    const char *noun = self->words[0];
    const pv_service_info *service = pv_command_find_noun(cli->services, noun);
    if (wants_help(self) && (service != NULL || pv_extra_has_noun(cli, noun))) {
        pv_help_noun(cli, noun, service);
        return PV_EXIT_OK;
    }
    return pv_help_refuse(cli, noun, NULL);
}

pv_exit pv_cli_run(pv_cli *cli, size_t count, char *const *arguments)
{
    if (count > ARGUMENTS_MAX) {
        return pv_cli_usage(cli, "there are more than %d arguments.", ARGUMENTS_MAX);
    }
    line *first = pv_arena_zalloc(cli->arena, 1, sizeof *first);
    line *both = pv_arena_zalloc(cli->arena, 1, sizeof *both);
    if (first == NULL || both == NULL) { return pv_cli_fail(cli, "there is no memory left."); }
    take(first, 1, count, arguments);
    take(both, 2, count, arguments);
    if (first->word_count == 0) {
        bool asked = wants_help(first);
        if (count > 0 && !asked) {
            return pv_cli_usage(cli, "a command is missing; purvey help lists them.");
        }
        pv_help_overview(cli);
        return asked ? PV_EXIT_OK : PV_EXIT_USAGE;
    }
    const char *noun = both->words[0];
    const char *verb = both->word_count > 1 ? both->words[1] : NULL;
    const pv_extra *extra = pv_extra_find(cli, noun, verb);
    pv_command command;
    if (extra != NULL) {
        const line *rest = extra->verb == NULL ? first : both;
        return extra->run(cli, rest->rest_count, rest->rest);
    }
    if (verb == NULL) { return run_noun(cli, first); }
    if (!pv_command_find(cli->services, noun, verb, &command)) {
        return pv_help_refuse(cli, noun, verb);
    }
    return run_method(cli, &command, both);
}
