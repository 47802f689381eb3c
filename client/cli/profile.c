#include "client/cli/profile.h"

#include "client/cli/suggest.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* The settings by name; `is_path` values of the file are relative to its folder. */
static const struct setting {
    const char *name;
    const char *variable;
    size_t offset; /* in pv_profile */
    bool is_path;
} settings[] = {
    {"server", "PURVEY_SERVER", offsetof(pv_profile, server), false},
    {"ca", "PURVEY_CA", offsetof(pv_profile, ca), true},
    {"cert", "PURVEY_CERT", offsetof(pv_profile, cert), true},
    {"key", "PURVEY_KEY", offsetof(pv_profile, key), true},
    {"server_name", "PURVEY_SERVER_NAME", offsetof(pv_profile, server_name), false},
};
enum { SETTING_COUNT = sizeof settings / sizeof *settings };

static void put(pv_profile *profile, const struct setting *setting, const char *value)
{
    memcpy((char *)profile + setting->offset, &value, sizeof value);
}

/* The file being read. */
typedef struct reader {
    pv_cli *cli;
    const char *path;
    const char *wanted; /* section */
    bool inside;        /* of the wanted section */
    bool found;
    pv_profile *profile;
} reader;

static pv_view trim(pv_view text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && strchr(" \t\r", text.data[text.size - 1]) != NULL) { text.size--; }
    return text;
}

static const char *dup_text(pv_cli *cli, pv_view text)
{
    const char *copy = pv_arena_dup(cli->arena, text);
    PV_ASSERT(copy != NULL); /* the file is far smaller than the arena */
    return copy;
}

static const char *beside(const reader *self, const char *value)
{
    const char *slash = strrchr(self->path, '/');
    if (value[0] == '/' || slash == NULL) { return value; }
    const char *path =
        pv_arena_printf(self->cli->arena, "%.*s/%s", (int)(slash - self->path), self->path, value);
    PV_ASSERT(path != NULL);
    return path;
}

static pv_exit read_setting(reader *self, unsigned number, pv_view line, const uint8_t *equals)
{
    size_t name_size = (size_t)(equals - line.data);
    const char *name = dup_text(self->cli, trim(pv_view_of(line.data, name_size)));
    const char *value =
        dup_text(self->cli, trim(pv_view_of(equals + 1, line.size - name_size - 1)));
    pv_suggestion suggestion = {.word = name};
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(settings[i].name, name) != 0) {
            pv_suggest_offer(&suggestion, settings[i].name);
            continue;
        }
        if (self->inside) {
            put(self->profile, &settings[i], settings[i].is_path ? beside(self, value) : value);
        }
        return PV_EXIT_OK;
    }
    return pv_cli_usage(self->cli, "%s, line %u: there is no setting %s%s%s.", self->path, number,
                        name, suggestion.nearest == NULL ? "" : "; did you mean ",
                        suggestion.nearest == NULL ? "" : suggestion.nearest);
}

static pv_exit read_line(reader *self, unsigned number, pv_view line)
{
    const uint8_t *comment = memchr(line.data, '#', line.size);
    if (comment != NULL) { line.size = (size_t)(comment - line.data); }
    line = trim(line);
    if (line.size == 0) { return PV_EXIT_OK; }
    if (line.data[0] == '[' && line.data[line.size - 1] == ']') {
        pv_view section = trim(pv_view_of(line.data + 1, line.size - 2));
        self->inside = pv_view_equal(section, pv_view_text(self->wanted));
        self->found = self->found || self->inside;
        return PV_EXIT_OK;
    }
    const uint8_t *equals = memchr(line.data, '=', line.size);
    if (equals == NULL) {
        return pv_cli_usage(self->cli, "%s, line %u: expected [profile] or name = value.",
                            self->path, number);
    }
    return read_setting(self, number, line, equals);
}

static pv_exit read_lines(reader *self, const char *text)
{
    pv_exit exit = PV_EXIT_OK;
    for (unsigned number = 1; *text != '\0' && exit == PV_EXIT_OK; number++) {
        size_t size = strcspn(text, "\n");
        exit = read_line(self, number, pv_view_of(text, size));
        text += size;
        if (*text == '\n') { text++; }
    }
    return exit;
}

/* The file's path in the arena; NULL if the environment names no home. */
static const char *config_path(pv_cli *cli)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (base != NULL && base[0] != '\0') {
        return pv_arena_printf(cli->arena, "%s/purvey/config", base);
    }
    if (home == NULL || home[0] == '\0') { return NULL; }
    return pv_arena_printf(cli->arena, "%s/.config/purvey/config", home);
}

static const char *first(const char *a, const char *b)
{
    return a != NULL && a[0] != '\0' ? a : b;
}

static pv_exit read_file(pv_cli *cli, const pv_options *options, pv_profile *profile)
{
    const char *asked = first(options->profile, first(getenv("PURVEY_PROFILE"), NULL));
    const char *path = config_path(cli);
    if (path == NULL || access(path, F_OK) != 0) {
        if (asked == NULL) { return PV_EXIT_OK; }
        return pv_cli_usage(cli, "there is no file %s to hold the profile %s.",
                            path == NULL ? "~/.config/purvey/config" : path, asked);
    }
    const char *text = pv_cli_read_file(cli, path, PV_PROFILE_FILE_BYTES_MAX, "the configuration");
    if (text == NULL) { return PV_EXIT_USAGE; }
    reader self = {.cli = cli, .path = path, .wanted = first(asked, "default"), .profile = profile};
    pv_exit exit = read_lines(&self, text);
    if (exit == PV_EXIT_OK && asked != NULL && !self.found) {
        return pv_cli_usage(cli, "%s has no profile [%s].", path, asked);
    }
    return exit;
}

pv_exit pv_profile_read(pv_cli *cli, const pv_options *options, pv_profile *ret_profile)
{
    pv_profile profile = {0};
    pv_exit exit = read_file(cli, options, &profile);
    if (exit != PV_EXIT_OK) { return exit; }
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *value = getenv(settings[i].variable);
        if (value != NULL && value[0] != '\0') { put(&profile, &settings[i], value); }
    }
    profile.server = first(options->server, profile.server);
    profile.ca = first(options->ca, profile.ca);
    profile.cert = first(options->cert, profile.cert);
    profile.key = first(options->key, profile.key);
    profile.server_name = first(options->server_name, profile.server_name);
    *ret_profile = profile;
    return PV_EXIT_OK;
}
