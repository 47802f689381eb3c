#include "client/cli/extra.h"

#include "client/cli/help.h"

const pv_extra *const pv_extras[] = {
    &pv_extra_login,          &pv_extra_whoami,       &pv_extra_doctor,      &pv_extra_health,
    &pv_extra_profile_list,   &pv_extra_profile_show, &pv_extra_profile_use, &pv_extra_profile_add,
    &pv_extra_profile_remove, &pv_extra_cert_renew,   &pv_extra_cert_list,   &pv_extra_cert_revoke,
    &pv_extra_cert_request,   &pv_extra_usage_import, &pv_extra_event_watch, &pv_extra_help,
    &pv_extra_completion,     &pv_extra_version,
};
const size_t pv_extra_count = sizeof pv_extras / sizeof *pv_extras;

const pv_extra *pv_extra_find(const pv_cli *cli, const char *noun, const char *verb)
{
    for (size_t i = 0; i < cli->extras.count; i++) {
        const pv_extra *extra = cli->extras.extras[i];
        if (strcmp(extra->noun, noun) != 0) { continue; }
        if (extra->verb == NULL || (verb != NULL && strcmp(extra->verb, verb) == 0)) {
            return extra;
        }
    }
    return NULL;
}

bool pv_extra_has_noun(const pv_cli *cli, const char *noun)
{
    for (size_t i = 0; i < cli->extras.count; i++) {
        if (strcmp(cli->extras.extras[i]->noun, noun) == 0) { return true; }
    }
    return false;
}

static pv_field_flag find_repeated(const void *context, const char *name)
{
    const pv_extra *extra = context;
    bool same = extra->repeated != NULL && strcmp(extra->repeated, name) == 0;
    return same ? PV_FIELD_FLAG_VALUE : PV_FIELD_FLAG_UNKNOWN;
}

static void offer_repeated(const void *context, pv_suggestion *suggestion)
{
    const pv_extra *extra = context;
    if (extra->repeated != NULL) { pv_suggest_offer(suggestion, extra->repeated); }
}

pv_exit pv_extra_parse(pv_cli *cli, const pv_extra *extra, void *values, pv_options *options,
                       size_t count, char *const *arguments, size_t words_max,
                       pv_arguments *ret_arguments, bool *ret_done)
{
    pv_flag_table tables[] = {
        extra->connects ? pv_options_flags(options)
                        : pv_options_local_flags(options, extra->answers),
        {.flags = extra->flags, .count = extra->flag_count, .values = values},
    };
    pv_field_flags repeated = {.find = find_repeated, .offer = offer_repeated, .context = extra};
    pv_exit exit = pv_flags_parse(cli, tables, 2, &repeated, count, arguments, ret_arguments);
    if (exit == PV_EXIT_OK) { exit = pv_options_check(cli, options); }
    if (exit == PV_EXIT_OK && !extra->connects && options->output == PV_OUTPUT_ID) {
        exit = pv_cli_usage(cli, "--output %s is neither table nor json.", options->output_text);
    }
    if (exit != PV_EXIT_OK) { return exit; }
    *ret_done = options->help;
    if (options->help) {
        pv_help_extra(cli, extra);
        return PV_EXIT_OK;
    }
    if (ret_arguments->word_count > words_max) {
        return pv_cli_usage(cli, "\"%s\" is too much.", ret_arguments->words[words_max]);
    }
    return PV_EXIT_OK;
}
