/* codec.h — requests out of JSON and answers into JSON (protos/runtime/json.h), with messages to
 * the person who typed them. */
#ifndef PV_CLIENT_CLI_CODEC_H
#define PV_CLIENT_CLI_CODEC_H

#include "client/cli/cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The message of a JSON text, in the arena. PV_EXIT_USAGE after a message that begins with `what`
 * ("--json", "line 3") and names the place and the field. */
pv_exit pv_codec_read(pv_cli *cli, pv_arena *arena, const pv_message_info *info, const char *text,
                      const char *what, ProtobufCMessage **ret_message);

/* Writes the message to cli->out as JSON with the field names of the .proto, indented or on one
 * line, and a line end. PV_EXIT_OTHER after a message. */
pv_exit pv_codec_write(pv_cli *cli, pv_arena *arena, const pv_message_info *info,
                       const ProtobufCMessage *message, bool indented);

/* One message that holds what either says; where both do, `over` wins and its elements come last.
 * NULL at the arena's ceiling. */
ProtobufCMessage *pv_codec_merge(pv_arena *arena, const pv_message_info *info,
                                 const ProtobufCMessage *under, const ProtobufCMessage *over);

#ifdef __cplusplus
}
#endif
#endif
