#include "protos/runtime/path.h"

#include <stdio.h>

static const char ellipsis[] = "...";

void pv_path_init(pv_path *path)
{
    path->start = sizeof path->text - 1;
    path->text[path->start] = '\0';
    path->full = false;
}

static void prepend(pv_path *path, const char *part)
{
    if (path->full) { return; }
    size_t size = strlen(part);
    if (size + sizeof ellipsis > path->start) {
        path->full = true;
        part = ellipsis;
        size = sizeof ellipsis - 1;
    }
    path->start -= size;
    memcpy(path->text + path->start, part, size);
}

void pv_path_prepend_name(pv_path *path, const char *name)
{
    char first = path->text[path->start];
    if (first != '\0' && first != '[') { prepend(path, "."); }
    prepend(path, name);
}

void pv_path_prepend_index(pv_path *path, size_t index)
{
    char part[32];
    snprintf(part, sizeof part,
             path->text[path->start] == '\0' || path->text[path->start] == '[' ? "[%zu]" : "[%zu].",
             index);
    prepend(path, part);
}

void pv_path_prepend_key(pv_path *path, pv_view key)
{
    char quoted[PV_QUOTED_TEXT_SIZE];
    char first = path->text[path->start];
    prepend(path, first == '\0' || first == '[' ? "\"]" : "\"].");
    prepend(path, pv_quote(key, quoted));
    prepend(path, "[\"");
}

const char *pv_path_text(const pv_path *path)
{
    return path->text + path->start;
}

const char *pv_quote(pv_view value, char *ret_text)
{
    size_t kept = value.size < PV_ERROR_VALUE_MAX ? value.size : PV_ERROR_VALUE_MAX;
    char *at = ret_text;
    for (size_t i = 0; i < kept; i++) {
        uint8_t byte = value.data[i];
        if (byte >= 0x20 && byte < 0x7F && byte != '\\') {
            *at++ = (char)byte;
        } else {
            at += snprintf(at, 5, "\\x%02x", (unsigned)byte);
        }
    }
    memcpy(at, ellipsis, sizeof ellipsis);
    if (kept == value.size) { *at = '\0'; }
    return ret_text;
}
