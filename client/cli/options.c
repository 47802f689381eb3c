#include "client/cli/options.h"

#include <stddef.h>

#define AT(member) offsetof(pv_options, member)

static const pv_flag flags[] = {
    {"output", 'o', "FORMAT", AT(output_text), "table, json, jsonl or id. Default: table."},
    {"json", 0, "JSON", AT(json),
     "The whole request by the field names of the .proto; @FILE or @- reads it. Other flags are "
     "added to it."},
    {"all", 0, NULL, AT(all), "Of a list: all pages, not one."},
    {"dry-run", 0, NULL, AT(dry_run), "Check everything, write nothing (validate_only)."},
    {"deadline", 0, "TIME", AT(deadline_text), "Give up after 500ms, 10s, 2m or 1h. Default: 30s."},
    {"profile", 0, "NAME", AT(profile),
     "Section of the configuration file. PURVEY_PROFILE. Default: default."},
    {"server", 0, "HOST:PORT", AT(server), "Where the service is. PURVEY_SERVER."},
    {"ca", 0, "FILE", AT(ca),
     "Roots that the service's certificate is checked against. PURVEY_CA."},
    {"cert", 0, "FILE", AT(cert), "Client certificate and its chain. PURVEY_CERT."},
    {"key", 0, "FILE", AT(key), "Its private key. PURVEY_KEY."},
    {"server-name", 0, "NAME", AT(server_name),
     "Name to expect in the service's certificate instead of the host. PURVEY_SERVER_NAME."},
    {"help", 'h', NULL, AT(help), "Say what the command takes."},
};

pv_flag_table pv_options_flags(pv_options *options)
{
    return (pv_flag_table){
        .flags = flags, .count = sizeof flags / sizeof *flags, .values = options};
}

pv_flag_table pv_options_local_flags(pv_options *options, bool answers)
{
    static const pv_flag local[] = {
        {"help", 'h', NULL, AT(help), "Say what the command takes."},
        {"output", 'o', "FORMAT", AT(output_text),
         "table, or json: one object per line. Default: table."},
    };
    return (pv_flag_table){.flags = local, .count = answers ? 2 : 1, .values = options};
}

bool pv_options_duration(const char *text, int64_t *ret_ms)
{
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};
    int64_t number = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9) { return false; }
    for (size_t i = 0; i < digits; i++) { number = number * 10 + (text[i] - '0'); }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].suffix) == 0 && number > 0) {
            *ret_ms = number * units[i].ms;
            return true;
        }
    }
    return false;
}

static const char *const output_names[] = {
    [PV_OUTPUT_TABLE] = "table",
    [PV_OUTPUT_JSON] = "json",
    [PV_OUTPUT_JSONL] = "jsonl",
    [PV_OUTPUT_ID] = "id",
};

pv_exit pv_options_check(pv_cli *cli, pv_options *options)
{
    if (options->deadline_text != NULL &&
        !pv_options_duration(options->deadline_text, &options->deadline_ms)) {
        return pv_cli_usage(cli, "--deadline %s is no time like 500ms, 10s, 2m or 1h.",
                            options->deadline_text);
    }
    if (options->output_text == NULL) { return PV_EXIT_OK; }
    for (size_t i = 0; i < sizeof output_names / sizeof *output_names; i++) {
        if (strcmp(options->output_text, output_names[i]) == 0) {
            options->output = (pv_output)i;
            return PV_EXIT_OK;
        }
    }
    return pv_cli_usage(cli, "--output %s is none of table, json, jsonl and id.",
                        options->output_text);
}
