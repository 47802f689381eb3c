#include "base/file.h"
#include "base/log.h"
#include "server/resolve/records.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

enum { FILE_ARENA_BYTES = 16 * PV_FILE_BYTES_MAX };

static char *skip_space(char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r') { at++; }
    return at;
}

/* The next word of the line, ended in place; "" at its end. */
static const char *word(char **rest)
{
    char *start = skip_space(*rest);
    char *end = start + strcspn(start, " \t\r;");
    bool comment = *end == ';';
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    if (comment) { **rest = '\0'; }
    return start;
}

/* "A" "B", joined in place; a backslash takes the next letter as it is. False: something else. */
static bool quoted(char *rest, pv_view *ret_text)
{
    char *out = rest;
    *ret_text = pv_view_of(out, 0);
    char *at = skip_space(rest);
    if (*at != '"') { return false; }
    while (*at == '"') {
        for (at++; *at != '"'; at++) {
            if (*at == '\\') { at++; }
            if (*at == '\0') { return false; }
            *out++ = *at;
        }
        at = skip_space(at + 1);
    }
    ret_text->size = (size_t)(out - rest);
    return *at == '\0' || *at == ';';
}

/* Reads one line; a line without a record that concerns us leaves `ret_record->name` NULL. False: no line of such a
 * file. */
static bool read_line(char *line, record *ret_record)
{
    *ret_record = (record){0};
    if (*skip_space(line) == '\0' || *skip_space(line) == ';') { return true; }
    if (isspace((unsigned char)*line) || *line == '$') { return false; }
    char *rest = line;
    const char *name = word(&rest);
    const char *type = word(&rest);
    while (isdigit((unsigned char)*type) || strcasecmp(type, "IN") == 0) { type = word(&rest); }
    if (strcasecmp(type, "CNAME") == 0) {
        ret_record->target = word(&rest);
        ret_record->name = name;
        return *ret_record->target != '\0' && *word(&rest) == '\0';
    }
    if (strcasecmp(type, "TXT") != 0) { return *type != '\0'; }
    ret_record->name = name;
    return quoted(rest, &ret_record->text);
}

pv_resolved records_in_file(char *text, const char *name, pv_arena *scratch, pv_arena *arena,
                            int64_t *ret_bad_line)
{
    size_t lines = 1;
    *ret_bad_line = 0;
    for (const char *at = text; *at != '\0'; at++) { lines += *at == '\n'; }
    record *records = pv_arena_zalloc(scratch, lines, sizeof *records);
    if (records == NULL) { return records_none(PV_CODE_UNAVAILABLE); }
    size_t count = 0;
    char *line = text;
    for (int64_t number = 1; line != NULL; number++) {
        char *end = strchr(line, '\n');
        if (end != NULL) { *end = '\0'; }
        if (!read_line(line, &records[count])) {
            *ret_bad_line = number;
            return records_none(PV_CODE_UNAVAILABLE);
        }
        if (records[count].name != NULL) { count++; }
        line = end == NULL ? NULL : end + 1;
    }
    return records_resolve(records, count, name, arena);
}

static pv_resolved read_file(const char *path, const char *name, pv_arena *scratch, pv_arena *arena)
{
    char *text = pv_file_read(scratch, path);
    int64_t bad_line = 0;
    pv_resolved found = records_none(PV_CODE_UNAVAILABLE);
    const char *why = text == NULL ? strerror(errno) : "no record";
    if (text != NULL) { found = records_in_file(text, name, scratch, arena, &bad_line); }
    if (text != NULL && bad_line == 0) { return found; }
    const pv_log_field fields[] = {pv_log_text("path", path), pv_log_text("why", why),
                                   pv_log_number("line", bad_line)};
    pv_log(PV_LOG_ERROR, "resolver file", fields, sizeof fields / sizeof *fields);
    return found;
}

static pv_resolved resolve(const pv_resolver *resolver, const char *name, pv_arena *arena)
{
    pv_arena *scratch = pv_arena_create(FILE_ARENA_BYTES);
    pv_resolved found = read_file(resolver->context, name, scratch, arena);
    pv_arena_destroy(scratch);
    return found;
}

pv_resolver pv_resolver_file(const char *path)
{
    return (pv_resolver){.resolve = resolve, .context = path};
}
