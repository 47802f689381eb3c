/* terminal.h — text of others made safe to show: no answer of a server, no value of a file may tell
 * a terminal what to do. */
#ifndef PV_CLIENT_CLI_TERMINAL_H
#define PV_CLIENT_CLI_TERMINAL_H

#include "base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The text in the arena with control characters, marks that turn the direction of writing and bytes
 * that are not UTF-8 as \xNN; at most `columns_max` characters, the rest replaced by an ellipsis
 * (0: no limit). `ret_columns` is how many there are; it may be NULL. "" at the arena's ceiling. */
const char *pv_terminal_text(pv_arena *arena, const char *text, size_t columns_max,
                             size_t *ret_columns);

#ifdef __cplusplus
}
#endif
#endif
