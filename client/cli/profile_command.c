/* profile_command.c — `purvey profile list|show|use|add|remove`: the ways into one or several accounts. */
#include "base/file.h"
#include "client/cli/config_settings.h"
#include "client/cli/credentials.h"
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "client/cli/login.h"
#include "client/cli/probe.h"
#include "client/cli/profile.h"
#include "client/cli/terminal.h"
#include "client/cli/trouble.h"

#include <errno.h>
#include <jansson.h>

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)

typedef struct command {
    pv_cli *cli;
    pv_options options;
    pv_arguments words;
    pv_error error;
    pv_config *config;
    /* flags */
    const char *server, *ca, *cert, *key, *server_name;
    bool yes;
} command;

/* Parses the command and reads the file. With ret_done there is nothing left to do. */
static pv_exit begin(command *self, pv_cli *cli, const pv_extra *extra, size_t count,
                     char *const *arguments, bool *ret_done)
{
    *self = (command){.cli = cli};
    pv_error_init(&self->error, cli->arena);
    pv_exit exit = pv_extra_parse(cli, extra, self, &self->options, count, arguments, 1,
                                  &self->words, ret_done);
    if (exit != PV_EXIT_OK || *ret_done) { return exit; }
    pv_status status = pv_config_read(cli->arena, &self->error, &self->config);
    return pv_is_ok(status) ? PV_EXIT_OK : pv_failure_tell(cli, status, &self->error);
}

static pv_exit refused(command *self, pv_status status)
{
    return pv_failure_tell(self->cli, status, &self->error);
}

/* The profile that the command names, else the current one. */
static pv_status find(command *self, const pv_profile **ret_profile)
{
    const char *name = self->words.words[0];
    if (name == NULL) { name = pv_profile_asked(&self->options); }
    if (name == NULL) { name = pv_config_current(self->config); }
    *ret_profile = pv_config_find(self->config, name);
    if (*ret_profile != NULL) { return pv_ok(); }
    return pv_refuse(&self->error, &pv_trouble_profile_missing, "There is no profile %s.", name);
}

static const char *text_or(const char *text, const char *other)
{
    return text == NULL || text[0] == '\0' ? other : text;
}

/* --- list and show --- */

/* How the certificate stands, in a few words. */
static const char *standing(command *self, const pv_profile *profile)
{
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_keypair pair;
    pv_time now = pv_time_now();
    if (profile->cert == NULL || profile->key == NULL) { return "no certificate"; }
    if (!pv_is_ok(pv_keypair_read(profile->cert, profile->key, self->cli->arena, &error, &pair)) ||
        !pv_is_ok(pv_keypair_check_time(&pair, now, &error))) {
        return error.reason == NULL ? "unknown" : error.reason->name;
    }
    return pv_arena_printf(self->cli->arena, "%lld days left",
                           (long long)((pair.not_after.utc_ns - now.utc_ns) / NS_PER_DAY));
}

static json_t *json_of(command *self, const pv_profile *profile, bool current)
{
    json_t *value = json_pack("{s:s, s:b, s:s}", "name", profile->name, "current", current,
                              "certificate", standing(self, profile));
    for (size_t i = 0; i < PV_PROFILE_SETTINGS; i++) {
        const char *text = pv_profile_value(profile, &pv_profile_settings[i]);
        if (text != NULL) {
            (void)json_object_set_new(value, pv_profile_settings[i].name, json_string(text));
        }
    }
    return value;
}

static void put_json(command *self, const pv_profile *profile, bool current)
{
    json_t *value = json_of(self, profile, current);
    (void)json_dumpf(value, self->cli->out, JSON_COMPACT); /* main sees a stream that is broken */
    fputc('\n', self->cli->out);
    json_decref(value);
}

static void put_padded(command *self, const char *text, int width)
{
    size_t columns = 0;
    const char *safe = pv_terminal_text(self->cli->arena, text, 0, &columns);
    int gap = width - (int)columns;
    fprintf(self->cli->out, "%s%*s  ", safe, gap > 0 ? gap : 0, "");
}

static bool is_current(const command *self, const pv_profile *profile)
{
    const char *asked = pv_profile_asked(&self->options);
    return strcmp(profile->name, asked != NULL ? asked : pv_config_current(self->config)) == 0;
}

static pv_exit run_list(pv_cli *cli, size_t count, char *const *arguments)
{
    command self;
    bool done = false;
    pv_exit exit = begin(&self, cli, &pv_extra_profile_list, count, arguments, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (self.config->count == 0) {
        fputs("(none; purvey login makes one from an invitation)\n", cli->err);
    }
    for (size_t i = 0; i < self.config->count; i++) {
        const pv_profile *profile = &self.config->profiles[i];
        bool current = is_current(&self, profile);
        if (self.options.output != PV_OUTPUT_TABLE) {
            put_json(&self, profile, current);
            continue;
        }
        fputs(current ? "* " : "  ", cli->out);
        put_padded(&self, profile->name, 12);
        put_padded(&self, text_or(profile->account_name, text_or(profile->account, "-")), 24);
        put_padded(&self, text_or(profile->user_name, text_or(profile->user, "-")), 20);
        put_padded(&self, text_or(profile->server, "-"), 24);
        fprintf(cli->out, "%s\n", standing(&self, profile));
    }
    return PV_EXIT_OK;
}

static pv_exit run_show(pv_cli *cli, size_t count, char *const *arguments)
{
    command self;
    bool done = false;
    pv_exit exit = begin(&self, cli, &pv_extra_profile_show, count, arguments, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    const pv_profile *profile = NULL;
    pv_status status = find(&self, &profile);
    if (!pv_is_ok(status)) { return refused(&self, status); }
    if (self.options.output != PV_OUTPUT_TABLE) {
        put_json(&self, profile, is_current(&self, profile));
        return PV_EXIT_OK;
    }
    fprintf(cli->out, "%-14s %s, in %s\n", "profile", profile->name, self.config->path);
    for (size_t i = 0; i < PV_PROFILE_SETTINGS; i++) {
        const char *text = pv_profile_value(profile, &pv_profile_settings[i]);
        if (text == NULL) { continue; }
        fprintf(cli->out, "%-14s %s\n", pv_profile_settings[i].name,
                pv_terminal_text(cli->arena, text, 0, NULL));
    }
    fprintf(cli->out, "%-14s %s\n", "certificate", standing(&self, profile));
    return PV_EXIT_OK;
}

/* --- use --- */

static pv_exit run_use(pv_cli *cli, size_t count, char *const *arguments)
{
    command self;
    bool done = false;
    pv_exit exit = begin(&self, cli, &pv_extra_profile_use, count, arguments, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    const char *name = self.words.words[0];
    if (name == NULL) { return pv_cli_usage(cli, "which profile? purvey profile use NAME."); }
    pv_status status = pv_config_use(cli->arena, name, &self.error);
    if (!pv_is_ok(status)) { return refused(&self, status); }
    fprintf(cli->err, "%s is the profile that is used when none is named\n", name);
    return PV_EXIT_OK;
}

/* --- add --- */

/* Copies a pair that was made elsewhere into the profile's folder. */
static pv_status take_over(command *self, const char *name, pv_credentials *keys,
                           pv_credential *ret_made)
{
    pv_arena *arena = self->cli->arena;
    pv_keypair pair;
    PV_TRY(pv_probe_check_roots(self->ca, &self->error));
    PV_TRY(pv_keypair_read(self->cert, self->key, arena, &self->error, &pair));
    const char *root = pv_file_read(arena, self->ca);
    const char *certificate = pv_file_read(arena, self->cert);
    const char *key = pv_file_read(arena, self->key);
    if (root == NULL || certificate == NULL || key == NULL) {
        return pv_refuse(&self->error, &pv_trouble_root_invalid, "A file cannot be read: %s.",
                         strerror(errno)); /* they could a moment ago */
    }
    PV_TRY(pv_credentials_open(keys, arena, self->config, name, &self->error));
    PV_TRY(pv_credentials_take(keys, key, certificate, &self->error, ret_made));
    PV_TRY(pv_credentials_trust(ret_made, root, &self->error));
    return pv_credentials_use(keys, ret_made, &self->error);
}

/* Writes the profile, with the names of account and user if the service says them. */
static pv_exit write_added(command *self, const pv_credentials *keys, const pv_credential *made)
{
    pv_profile profile = {.server = self->server, .server_name = self->server_name};
    pv_credentials_show(made, &profile);
    pv_exit exit = pv_login_learn(self->cli, &self->options, &profile);
    if (exit != PV_EXIT_OK) {
        fputs("  the profile is written all the same; purvey doctor says why calls fail\n",
              self->cli->err);
    }
    pv_credentials_fill(keys, &profile);
    pv_status status = pv_config_put(self->cli->arena, &profile, &self->error);
    return pv_is_ok(status) ? PV_EXIT_OK : refused(self, status);
}

static pv_exit run_add(pv_cli *cli, size_t count, char *const *arguments)
{
    command self;
    bool done = false;
    pv_exit exit = begin(&self, cli, &pv_extra_profile_add, count, arguments, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    const char *name = self.words.words[0];
    if (name == NULL || !pv_profile_name_is_good(name)) {
        return pv_cli_usage(cli, "which name? Letters, digits, '.', '_' and '-', at most %d.",
                            PV_PROFILE_NAME_MAX);
    }
    if (pv_config_find(self.config, name) != NULL) {
        return pv_cli_usage(cli, "there is a profile %s already.", name);
    }
    if (self.server == NULL || self.ca == NULL || self.cert == NULL || self.key == NULL) {
        return pv_cli_usage(cli, "--server, --ca, --cert and --key are needed.");
    }
    pv_credentials keys = {.lock = -1};
    pv_credential made;
    pv_status status = take_over(&self, name, &keys, &made);
    exit = pv_is_ok(status) ? write_added(&self, &keys, &made) : refused(&self, status);
    pv_credentials_close(&keys);
    return exit;
}

/* --- remove --- */

static pv_exit run_remove(pv_cli *cli, size_t count, char *const *arguments)
{
    command self;
    bool done = false;
    pv_exit exit = begin(&self, cli, &pv_extra_profile_remove, count, arguments, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (self.words.words[0] == NULL) {
        return pv_cli_usage(cli, "which profile? purvey profile remove NAME.");
    }
    const pv_profile *profile = NULL;
    pv_status status = find(&self, &profile);
    if (!pv_is_ok(status)) { return refused(&self, status); }
    exit = pv_cli_confirm(cli, self.yes,
                          "This removes the profile %s and the private key that it keeps; the "
                          "certificate stays valid until it is revoked. Go on?",
                          profile->name);
    if (exit != PV_EXIT_OK) { return exit; }
    pv_credentials keys = {.lock = -1};
    /* Only a profile that has its own folder has keys that are ours to remove. */
    if (pv_profile_name_is_good(profile->name)) {
        status = pv_credentials_open(&keys, cli->arena, self.config, profile->name, &self.error);
        if (pv_is_ok(status)) { status = pv_credentials_erase(&keys, &self.error); }
        pv_credentials_close(&keys);
    }
    if (pv_is_ok(status)) { status = pv_config_remove(cli->arena, profile->name, &self.error); }
    return pv_is_ok(status) ? PV_EXIT_OK : refused(&self, status);
}

/* --- the commands --- */

const pv_extra pv_extra_profile_list = {
    .noun = "profile",
    .verb = "list",
    .words = "",
    .text = "Lists the profiles of this machine: account, user, service, and how the certificate "
            "stands. The one that is used has a star.",
    .answers = true,
    .run = run_list,
};

const pv_extra pv_extra_profile_show = {
    .noun = "profile",
    .verb = "show",
    .words = "[NAME]",
    .text = "Shows everything that a profile says; without a name the one that is used.",
    .answers = true,
    .run = run_show,
};

const pv_extra pv_extra_profile_use = {
    .noun = "profile",
    .verb = "use",
    .words = "NAME",
    .text = "Makes a profile the one that is used when neither --profile nor PURVEY_PROFILE names "
            "one.",
    .run = run_use,
};

static const pv_flag add_flags[] = {
    {"server", 0, "HOST:PORT", offsetof(command, server), "Where the service is. (required)"},
    {"ca", 0, "FILE", offsetof(command, ca), "Root of its certificate. (required)"},
    {"cert", 0, "FILE", offsetof(command, cert), "Your certificate and its chain. (required)"},
    {"key", 0, "FILE", offsetof(command, key), "Its private key. (required)"},
    {"server-name", 0, "NAME", offsetof(command, server_name),
     "Name to expect in the service's certificate instead of the host."},
};

const pv_extra pv_extra_profile_add = {
    .noun = "profile",
    .verb = "add",
    .words = "NAME",
    .text = "Makes a profile of a certificate that is here already, such as the operator's of "
            "purvey init. Key and certificate are copied into the profile's folder, where purvey "
            "cert renew renews them.",
    .flags = add_flags,
    .flag_count = sizeof add_flags / sizeof *add_flags,
    .run = run_add,
};

static const pv_flag remove_flags[] = {
    {"yes", 0, NULL, offsetof(command, yes), "Do not ask."},
};

const pv_extra pv_extra_profile_remove = {
    .noun = "profile",
    .verb = "remove",
    .words = "NAME",
    .text = "Removes a profile and the private key that it keeps. Revoke its certificate first, "
            "purvey cert revoke, if it is not needed any more.",
    .flags = remove_flags,
    .flag_count = sizeof remove_flags / sizeof *remove_flags,
    .run = run_remove,
};
