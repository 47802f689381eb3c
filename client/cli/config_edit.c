/* config_edit.c — changes of the file of the profiles. Each reads the file anew under the lock, changes a part of its
 * text, and puts the result in its place. */
#include "client/cli/config_settings.h"
#include "client/cli/save.h"
#include "client/cli/trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

typedef struct edit {
    pv_arena *arena;
    pv_error *error;
    pv_config *config;
    int lock; /* the folder */
} edit;

static pv_status begin(edit *self)
{
    self->lock = -1;
    PV_TRY(pv_config_read(self->arena, self->error, &self->config));
    const char *folder = self->config->folder;
    if (folder == NULL) {
        return pv_refuse(self->error, &pv_trouble_file_unwritten,
                         "Neither XDG_CONFIG_HOME nor HOME says where profiles are kept.");
    }
    PV_TRY(pv_save_folder(folder, self->error));
    self->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->lock < 0 || flock(self->lock, LOCK_EX) != 0) {
        return pv_refuse(self->error, &pv_trouble_file_unwritten, "Cannot lock %s: %s.", folder,
                         strerror(errno));
    }
    return pv_config_read(self->arena, self->error, &self->config);
}

/* Ends the edit: closing the folder gives the lock back. */
static pv_status end(edit *self, pv_status status)
{
    if (self->lock >= 0) { (void)close(self->lock); /* it was only read */ }
    return status;
}

static pv_status save(edit *self, pv_buffer *text)
{
    if (text->overflow) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    if (text->size > PV_CONFIG_BYTES_MAX) {
        return pv_refuse(self->error, &pv_trouble_file_unwritten, "%s would be too long.",
                         self->config->path);
    }
    return pv_save_over(self->config->path, 0600, pv_buffer_view(text), self->error);
}

/* The file with another text in the place of a part. */
static pv_status replace(edit *self, pv_config_part part, const char *by)
{
    const char *text = self->config->text;
    pv_buffer result = pv_buffer_of(self->arena);
    pv_buffer_append(&result, pv_view_of(text, part.begin));
    pv_buffer_append(&result, pv_view_text(by));
    pv_buffer_append(&result, pv_view_text(text + part.end));
    return save(self, &result);
}

/* A '#' behind a blank would begin a comment; its wide form does not. */
static void put_value(pv_buffer *text, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        bool comments = *at == '#' && (at == value || at[-1] == ' ');
        pv_buffer_append(text, comments ? pv_view_text("\xEF\xBC\x83") : pv_view_of(at, 1));
    }
}

static const char *section_of(const edit *self, const pv_profile *profile)
{
    pv_buffer text = pv_buffer_of(self->arena);
    pv_buffer_printf(&text, "[%s]\n", profile->name);
    for (size_t i = 0; i < PV_PROFILE_SETTINGS; i++) {
        const char *value = pv_profile_value(profile, &pv_profile_settings[i]);
        if (value == NULL || value[0] == '\0') { continue; }
        pv_buffer_printf(&text, "%s = ", pv_profile_settings[i].name);
        put_value(&text, value);
        pv_buffer_append(&text, pv_view_text("\n"));
    }
    return pv_buffer_text(&text);
}

static pv_status put(edit *self, const pv_profile *profile)
{
    const pv_config *config = self->config;
    const pv_profile *old = pv_config_find(config, profile->name);
    if (old != NULL) {
        return replace(self, config->parts[old - config->profiles], section_of(self, profile));
    }
    size_t size = strlen(config->text);
    pv_buffer text = pv_buffer_of(self->arena);
    bool first = config->count == 0 && config->current == NULL;
    if (first && strcmp(profile->name, "default") != 0) {
        pv_buffer_printf(&text, "profile = %s\n", profile->name);
    }
    pv_buffer_append(&text, pv_view_of(config->text, size));
    if (size > 0 && config->text[size - 1] != '\n') { pv_buffer_append(&text, pv_view_text("\n")); }
    if (text.size > 0) { pv_buffer_append(&text, pv_view_text("\n")); }
    pv_buffer_append(&text, pv_view_text(section_of(self, profile)));
    return save(self, &text);
}

pv_status pv_config_put(pv_arena *arena, const pv_profile *profile, pv_error *error)
{
    edit self = {.arena = arena, .error = error};
    pv_status status = begin(&self);
    if (pv_is_ok(status)) { status = put(&self, profile); }
    return end(&self, status);
}

static pv_status find(const edit *self, const char *name, size_t *ret_index)
{
    const pv_profile *found = pv_config_find(self->config, name);
    if (found == NULL) {
        return pv_refuse(self->error, &pv_trouble_profile_missing, "%s has no profile [%s].",
                         self->config->path, name);
    }
    *ret_index = (size_t)(found - self->config->profiles);
    return pv_ok();
}

pv_status pv_config_remove(pv_arena *arena, const char *name, pv_error *error)
{
    edit self = {.arena = arena, .error = error};
    size_t index = 0;
    pv_status status = begin(&self);
    if (pv_is_ok(status)) { status = find(&self, name, &index); }
    if (pv_is_ok(status)) {
        const pv_config *config = self.config;
        bool current = config->current != NULL && strcmp(config->current, name) == 0;
        pv_config_part head = current ? config->head : (pv_config_part){0, 0};
        pv_config_part part = config->parts[index];
        pv_buffer text = pv_buffer_of(arena);
        pv_buffer_append(&text, pv_view_of(config->text, head.begin));
        pv_buffer_append(&text, pv_view_of(config->text + head.end, part.begin - head.end));
        pv_buffer_append(&text, pv_view_text(config->text + part.end));
        status = save(&self, &text);
    }
    return end(&self, status);
}

pv_status pv_config_use(pv_arena *arena, const char *name, pv_error *error)
{
    edit self = {.arena = arena, .error = error};
    size_t index = 0;
    pv_status status = begin(&self);
    if (pv_is_ok(status)) { status = find(&self, name, &index); }
    if (pv_is_ok(status)) {
        const char *line = pv_arena_printf(arena, "profile = %s\n", name);
        PV_ASSERT(line != NULL);
        status = replace(&self, self.config->head, line);
    }
    return end(&self, status);
}
