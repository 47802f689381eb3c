/* table.h — answers in columns. Which columns an object has follows from its message: id, state,
 * kind, what names it, numbers and money, time. */
#ifndef PV_CLIENT_CLI_TABLE_H
#define PV_CLIENT_CLI_TABLE_H

#include "base/arena.h"
#include "protos/runtime/rules.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_TABLE_COLUMNS_MAX = 8, PV_TABLE_CELL_COLUMNS_MAX = 60 };

/* Fields of the message that a list shows, in order; returns how many. */
size_t pv_table_columns(const pv_message_info *info,
                        const ProtobufCFieldDescriptor *ret_columns[PV_TABLE_COLUMNS_MAX]);

/* Writes a list: a line of headers, then a line for each message, columns aligned. Cells that are
 * too wide are cut with an ellipsis, except ids. Columns that are empty in all rows are left
 * out. */
void pv_table_list(FILE *out, pv_arena *arena, const pv_message_info *info,
                   const ProtobufCMessage *const *rows, size_t count);

/* Writes one message in full: a line for each field that is set, "name value"; fields of messages
 * by their path, "tiers.customer.id", elements with their index. */
void pv_table_object(FILE *out, pv_arena *arena, const pv_message_info *info,
                     const ProtobufCMessage *message);

#ifdef __cplusplus
}
#endif
#endif
