/* literal.h — values written on a command line, turned into JSON by the type of their field:
 *   enums by name in any case, with or without their prefix: pending, ORDER_STATE_PENDING
 *   texts and bytes as they are; @FILE is the file's content, @@ an "@" at first (bytes: base64)
 *   times as 2026-11-22T20:00:00Z or 2026-11-22; lengths of time as 3.5s; field masks as a,b
 *   messages around one number by the number; money as "USD 1.50"
 *   other messages as JSON, or as name=value,name=value
 * JSON objects are those of jansson: who gets one owns it. */
#ifndef PV_CLIENT_CLI_LITERAL_H
#define PV_CLIENT_CLI_LITERAL_H

#include "client/cli/cli.h"

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_LITERAL_FILE_BYTES_MAX = 1024 * 1024 };

/* The field's value, an element of a repeated one; NULL after a message that names `flag`. */
json_t *pv_literal_read(pv_cli *cli, const char *flag, const ProtobufCFieldDescriptor *field,
                        const pv_field_info *info, const char *text);

/* Sets the field of `path` ("contact.email", '-' stands for '_') in the object that is to become a
 * message of this type; an element of a repeated field is added. PV_EXIT_USAGE after a message. */
pv_exit pv_literal_set(pv_cli *cli, json_t *object, const pv_message_info *info, const char *path,
                       const char *text);

/* The field of a path and its type's table; NULL if there is none or the path leads through a
 * repeated field. `ret_info` may be NULL. */
const ProtobufCFieldDescriptor *pv_literal_find(const pv_message_info *info, const char *path,
                                                const pv_field_info **ret_info);

#ifdef __cplusplus
}
#endif
#endif
