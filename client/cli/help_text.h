/* help_text.h — how help is set: entries with a name on the left and a wrapped text on the
 * right. */
#ifndef PV_CLIENT_CLI_HELP_TEXT_H
#define PV_CLIENT_CLI_HELP_TEXT_H

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_HELP_WIDTH = 100, PV_HELP_INDENT = 34, PV_HELP_NAME_SIZE = 160 };

/* " name mark text text text", the text wrapped at PV_HELP_WIDTH and aligned at PV_HELP_INDENT; a
 * name that is too long for its column has a line of its own. Line breaks of `text` count as
 * blanks. */
void pv_help_entry(FILE *out, const char *name, const char *mark, const char *text);

/* A paragraph, wrapped, each line indented by so many blanks. */
void pv_help_paragraph(FILE *out, int indent, const char *text);

#ifdef __cplusplus
}
#endif
#endif
