#include "client/cli/config.h"

#include "base/file.h"
#include "client/cli/config_settings.h"
#include "client/cli/suggest.h"
#include "client/cli/trouble.h"

#include <errno.h>
#include <stdlib.h>

const pv_setting_of_profile pv_profile_settings[PV_PROFILE_SETTINGS] = {
    {"server", "PURVEY_SERVER", offsetof(pv_profile, server), false},
    {"ca", "PURVEY_CA", offsetof(pv_profile, ca), true},
    {"cert", "PURVEY_CERT", offsetof(pv_profile, cert), true},
    {"key", "PURVEY_KEY", offsetof(pv_profile, key), true},
    {"server_name", "PURVEY_SERVER_NAME", offsetof(pv_profile, server_name), false},
    {"account", NULL, offsetof(pv_profile, account), false},
    {"account_name", NULL, offsetof(pv_profile, account_name), false},
    {"user", NULL, offsetof(pv_profile, user), false},
    {"user_name", NULL, offsetof(pv_profile, user_name), false},
};

/* The file being read. */
typedef struct reader {
    pv_arena *arena;
    pv_error *error;
    pv_config *config;
    unsigned line;
    size_t begin, end; /* of the line, in the text */
} reader;

static const char *dup_text(const reader *self, pv_view text)
{
    const char *copy = pv_arena_dup(self->arena, text);
    PV_ASSERT(copy != NULL); /* the file is far smaller than the arena */
    return copy;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static pv_view trim(pv_view text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1])) { text.size--; }
    return text;
}

static pv_view without_comment(pv_view line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] == '#' && (i == 0 || is_blank(line.data[i - 1]))) {
            return pv_view_of(line.data, i);
        }
    }
    return line;
}

static const char *beside(const reader *self, const char *value)
{
    if (value[0] == '/') { return value; }
    const char *path = pv_arena_printf(self->arena, "%s/%s", self->config->folder, value);
    PV_ASSERT(path != NULL);
    return path;
}

static pv_status read_setting(reader *self, const char *name, const char *value)
{
    pv_config *config = self->config;
    pv_suggestion suggestion = {.word = name};
    if (config->count == 0 && strcmp(name, "profile") == 0) {
        config->current = value;
        config->head = (pv_config_part){self->begin, self->end};
        return pv_ok();
    }
    for (size_t i = 0; i < PV_PROFILE_SETTINGS; i++) {
        const pv_setting_of_profile *setting = &pv_profile_settings[i];
        if (strcmp(setting->name, name) != 0) {
            pv_suggest_offer(&suggestion, setting->name);
            continue;
        }
        if (config->count > 0) {
            pv_profile_set(&config->profiles[config->count - 1], setting,
                           setting->is_path ? beside(self, value) : value);
            config->parts[config->count - 1].end = self->end;
        }
        return pv_ok();
    }
    return pv_refuse(self->error, &pv_trouble_profile_invalid,
                     "%s, line %u: there is no setting %s%s%s.", config->path, self->line, name,
                     suggestion.nearest == NULL ? "" : "; did you mean ",
                     suggestion.nearest == NULL ? "" : suggestion.nearest);
}

static pv_status begin_section(reader *self, pv_view name)
{
    pv_config *config = self->config;
    if (config->count == PV_CONFIG_PROFILES_MAX) {
        return pv_refuse(self->error, &pv_trouble_profile_invalid,
                         "%s, line %u: there are more than %d profiles.", config->path, self->line,
                         PV_CONFIG_PROFILES_MAX);
    }
    config->profiles[config->count].name = dup_text(self, name);
    config->parts[config->count] = (pv_config_part){self->begin, self->end};
    config->count++;
    return pv_ok();
}

static pv_status read_line(reader *self, pv_view line)
{
    line = trim(without_comment(line));
    if (line.size == 0) { return pv_ok(); }
    if (line.size > 2 && line.data[0] == '[' && line.data[line.size - 1] == ']') {
        return begin_section(self, trim(pv_view_of(line.data + 1, line.size - 2)));
    }
    const uint8_t *equals = memchr(line.data, '=', line.size);
    if (equals == NULL) {
        return pv_refuse(self->error, &pv_trouble_profile_invalid,
                         "%s, line %u: expected [profile] or name = value.", self->config->path,
                         self->line);
    }
    size_t size = (size_t)(equals - line.data);
    return read_setting(self, dup_text(self, trim(pv_view_of(line.data, size))),
                        dup_text(self, trim(pv_view_of(equals + 1, line.size - size - 1))));
}

static pv_status read_lines(reader *self)
{
    pv_status status = pv_ok();
    const char *text = self->config->text;
    while (text[self->end] != '\0' && pv_is_ok(status)) {
        self->begin = self->end;
        size_t size = strcspn(text + self->begin, "\n");
        self->end = self->begin + size + (text[self->begin + size] == '\n' ? 1 : 0);
        self->line++;
        status = read_line(self, pv_view_of(text + self->begin, size));
    }
    return status;
}

static const char *config_folder(pv_arena *arena)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (base != NULL && base[0] == '/') { return pv_arena_printf(arena, "%s/purvey", base); }
    if (home == NULL || home[0] == '\0') { return NULL; }
    return pv_arena_printf(arena, "%s/.config/purvey", home);
}

/* A file that is not there is empty. */
static pv_status read_text(pv_arena *arena, pv_config *config, pv_error *error)
{
    config->text = "";
    if (config->folder == NULL) { return pv_ok(); }
    config->path = pv_arena_printf(arena, "%s/config", config->folder);
    PV_ASSERT(config->path != NULL);
    const char *text = pv_file_read(arena, config->path);
    if (text == NULL && errno == ENOENT) { return pv_ok(); }
    if (text == NULL || strlen(text) > PV_CONFIG_BYTES_MAX) {
        return pv_refuse(error, &pv_trouble_profile_invalid, "%s cannot be read: %s.", config->path,
                         strerror(text == NULL ? errno : EFBIG));
    }
    config->text = text;
    return pv_ok();
}

pv_status pv_config_read(pv_arena *arena, pv_error *error, pv_config **ret_config)
{
    pv_config *config = pv_arena_zalloc(arena, 1, sizeof *config);
    PV_ASSERT(config != NULL);
    config->folder = config_folder(arena);
    PV_TRY(read_text(arena, config, error));
    reader self = {.arena = arena, .error = error, .config = config};
    PV_TRY(read_lines(&self));
    *ret_config = config;
    return pv_ok();
}

const pv_profile *pv_config_find(const pv_config *config, const char *name)
{
    for (size_t i = 0; i < config->count; i++) {
        if (strcmp(config->profiles[i].name, name) == 0) { return &config->profiles[i]; }
    }
    return NULL;
}

const char *pv_config_current(const pv_config *config)
{
    return config->current != NULL && config->current[0] != '\0' ? config->current : "default";
}

bool pv_profile_name_is_good(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(name);
    return size <= PV_PROFILE_NAME_MAX && strspn(name, first) > 0 && strspn(name, rest) == size;
}
