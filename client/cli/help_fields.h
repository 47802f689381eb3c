/* help_fields.h — the fields of a request as flags: name, kind of value, marks, comment. */
#ifndef PV_CLIENT_CLI_HELP_FIELDS_H
#define PV_CLIENT_CLI_HELP_FIELDS_H

#include "client/cli/cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes an entry for every field that a caller may set, fields of messages by their path. `id` is
 * the field that the ID behind the verb fills; NULL: none. */
void pv_help_fields(pv_cli *cli, const pv_message_info *info, const ProtobufCFieldDescriptor *id);

/* The flag of a field: "page-size" of page_size, in the arena; NULL at its ceiling. */
const char *pv_help_flag_name(pv_arena *arena, const char *prefix,
                              const ProtobufCFieldDescriptor *field);

#ifdef __cplusplus
}
#endif
#endif
