#include "server/resolve/records.h"

#include <strings.h>

/* Case does not count, nor does a dot at the end. */
static bool same_name(const char *a, const char *b)
{
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size > 0 && a[a_size - 1] == '.') { a_size--; }
    if (b_size > 0 && b[b_size - 1] == '.') { b_size--; }
    return a_size == b_size && strncasecmp(a, b, a_size) == 0;
}

/* The name that the CNAME records lead to; NULL: they lead nowhere. */
static const char *end_of_chain(const record *records, size_t count, const char *name)
{
    for (int followed = 0; followed <= PV_RESOLVE_CNAMES_MAX; followed++) {
        const char *next = NULL;
        for (size_t i = 0; i < count && next == NULL; i++) {
            if (same_name(records[i].name, name)) { next = records[i].target; }
        }
        if (next == NULL) { return name; }
        name = next;
    }
    return NULL;
}

/* A text that a handler can look at: what is compared is short and has no NUL. */
static bool is_plain(pv_view text)
{
    return text.size <= PV_RESOLVED_TEXT_MAX &&
           (text.size == 0 || memchr(text.data, '\0', text.size) == NULL);
}

pv_resolved records_resolve(const record *records, size_t count, const char *name, pv_arena *arena)
{
    pv_resolved found = records_none(PV_CODE_OK);
    const char *end = end_of_chain(records, count, name);
    found.texts = pv_arena_zalloc(arena, PV_RESOLVED_MAX, sizeof *found.texts);
    if (found.texts == NULL) { return records_none(PV_CODE_UNAVAILABLE); }
    for (size_t i = 0; end != NULL && i < count && found.count < PV_RESOLVED_MAX; i++) {
        const record *at = &records[i];
        if (at->target != NULL || !same_name(at->name, end) || !is_plain(at->text)) { continue; }
        found.texts[found.count] = pv_arena_dup(arena, at->text);
        if (found.texts[found.count++] == NULL) { return records_none(PV_CODE_UNAVAILABLE); }
    }
    return found;
}
