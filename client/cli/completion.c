/* completion.c — `purvey completion bash`: a completion script made of the same tables as the
 * commands. */
#include "client/cli/extra.h"
#include "client/cli/help_fields.h"

static void put_flags(FILE *out, const pv_flag *flags, size_t count)
{
    for (size_t i = 0; i < count; i++) { fprintf(out, " --%s", flags[i].name); }
}

static void put_nouns(pv_cli *cli)
{
    fputs("_purvey_nouns='", cli->out);
    for (size_t i = 0; i < cli->services.count; i++) {
        char noun[PV_COMMAND_WORD_SIZE];
        pv_command_noun(cli->services.services[i], noun);
        fprintf(cli->out, "%s ", noun);
    }
    for (size_t i = 0; i < cli->extras.count; i++) {
        const char *noun = cli->extras.extras[i]->noun;
        bool again = i > 0 && strcmp(cli->extras.extras[i - 1]->noun, noun) == 0;
        if (!again && pv_command_find_noun(cli->services, noun) == NULL) {
            fprintf(cli->out, "%s ", noun);
        }
    }
    fputs("'\n", cli->out);
}

static void put_verbs(pv_cli *cli)
{
    fputs("_purvey_verbs() {\n    case $1 in\n", cli->out);
    for (size_t i = 0; i < cli->services.count; i++) {
        const pv_service_info *service = cli->services.services[i];
        for (size_t k = 0; k < service->method_count; k++) {
            pv_command command;
            pv_command_of(service, k, &command);
            if (k == 0) { fprintf(cli->out, "    %s) echo '", command.noun); }
            fprintf(cli->out, "%s ", command.verb);
        }
        fputs("' ;;\n", cli->out);
    }
    for (size_t i = 0; i < cli->extras.count; i++) {
        const pv_extra *extra = cli->extras.extras[i];
        if (extra->verb == NULL || pv_command_find_noun(cli->services, extra->noun) != NULL) {
            continue;
        }
        /* The verbs of a noun stand one behind the other. */
        bool first = i == 0 || strcmp(cli->extras.extras[i - 1]->noun, extra->noun) != 0;
        bool last =
            i + 1 == cli->extras.count || strcmp(cli->extras.extras[i + 1]->noun, extra->noun) != 0;
        if (first) { fprintf(cli->out, "    %s) echo '", extra->noun); }
        fprintf(cli->out, "%s%s", extra->verb, last ? "' ;;\n" : " ");
    }
    fputs("    completion) echo 'bash' ;;\n    help) echo \"$_purvey_nouns\" ;;\n    esac\n}\n",
          cli->out);
}

static void put_command_flags(pv_cli *cli)
{
    fputs("_purvey_flags() {\n    case \"$1 $2\" in\n", cli->out);
    for (size_t i = 0; i < cli->extras.count; i++) {
        const pv_extra *extra = cli->extras.extras[i];
        if (extra->flag_count == 0) { continue; }
        fprintf(cli->out, "    '%s %s') echo '", extra->noun,
                extra->verb == NULL ? "" : extra->verb);
        put_flags(cli->out, extra->flags, extra->flag_count);
        fputs("' ;;\n", cli->out);
    }
    for (size_t i = 0; i < cli->services.count; i++) {
        const pv_service_info *service = cli->services.services[i];
        for (size_t k = 0; k < service->method_count; k++) {
            pv_command command;
            pv_command_of(service, k, &command);
            if (pv_extra_find(cli, command.noun, command.verb) != NULL) { continue; }
            fprintf(cli->out, "    '%s %s') echo '", command.noun, command.verb);
            const ProtobufCMessageDescriptor *request = command.method->request->descriptor;
            for (unsigned f = 0; f < request->n_fields; f++) {
                const char *name = pv_help_flag_name(cli->arena, "", &request->fields[f]);
                if (name != NULL) { fprintf(cli->out, " --%s", name); }
            }
            fputs("' ;;\n", cli->out);
        }
    }
    fputs("    esac\n    echo '", cli->out);
    pv_options options;
    pv_flag_table table = pv_options_flags(&options);
    put_flags(cli->out, table.flags, table.count);
    fputs("'\n}\n", cli->out);
}

/* Noun and verb are the first words that are no flag; a file is offered where a file is wanted. */
static const char functions[] =
    "_purvey() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=() i\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        [[ ${COMP_WORDS[i]} == -* ]] || words+=(\"${COMP_WORDS[i]}\")\n"
    "    done\n"
    "    COMPREPLY=()\n"
    "    case $previous in\n"
    "    -o | --output) COMPREPLY=($(compgen -W 'table json jsonl id' -- \"$current\")); return "
    ";;\n"
    "    --ca | --cert | --key | --token-file) COMPREPLY=($(compgen -f -- \"$current\")); return "
    ";;\n"
    "    --etag) COMPREPLY=($(compgen -W 'auto' -- \"$current\")); return ;;\n"
    "    esac\n"
    "    if [[ $current == -* ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_purvey_flags \"${words[0]}\" \"${words[1]}\")\" -- "
    "\"$current\"))\n"
    "    elif ((${#words[@]} == 0)); then\n"
    "        COMPREPLY=($(compgen -W \"$_purvey_nouns\" -- \"$current\"))\n"
    "    elif ((${#words[@]} == 1)); then\n"
    "        COMPREPLY=($(compgen -W \"$(_purvey_verbs \"${words[0]}\")\" -- \"$current\"))\n"
    "    elif [[ ${words[0]} == help ]] && ((${#words[@]} == 2)); then\n"
    "        COMPREPLY=($(compgen -W \"$(_purvey_verbs \"${words[1]}\")\" -- \"$current\"))\n"
    "    elif [[ ${words[0]} == usage ]]; then\n"
    "        COMPREPLY=($(compgen -f -- \"$current\"))\n"
    "    fi\n"
    "}\n"
    "complete -F _purvey purvey\n";

static pv_exit run_completion(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_options options = {0};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_completion, NULL, &options, count, arguments, 1,
                                  &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (words.word_count == 0 || strcmp(words.words[0], "bash") != 0) {
        return pv_cli_usage(cli, "which shell? There is: purvey completion bash.");
    }
    fputs("# Completion of purvey for bash: source <(purvey completion bash)\n", cli->out);
    put_nouns(cli);
    put_verbs(cli);
    put_command_flags(cli);
    fputs(functions, cli->out);
    return PV_EXIT_OK;
}

const pv_extra pv_extra_completion = {
    .noun = "completion",
    .words = "bash",
    .text = "Writes the completion script of a shell: source <(purvey completion bash).",
    .run = run_completion,
};
