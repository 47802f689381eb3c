/* request.h — the request of a command, put together: --json first, then the ID, then the flags in
 * their order; at last what the program adds by itself: a request_id where the method wants one and
 * none is given, validate_only for --dry-run, and for `--etag auto` the object's etag, which is
 * read first. */
#ifndef PV_CLIENT_CLI_REQUEST_H
#define PV_CLIENT_CLI_REQUEST_H

#include "client/cli/options.h"
#include "protos/runtime/stub.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_REQUEST_JSON_BYTES_MAX = 4 * 1024 * 1024 };

/* What the fields of the command's request are as flags. Borrows `method`. */
pv_field_flags pv_request_flags(const pv_method_info *method);

/* Builds the message in the arena. `id` is the word behind the verb; NULL: there is none. The etag
 * is left as given, also "auto". PV_EXIT_USAGE after a message. */
pv_exit pv_request_build(pv_cli *cli, const pv_command *command, const pv_options *options,
                         const pv_arguments *arguments, const char *id,
                         ProtobufCMessage **ret_request);

/* Gives the request a fresh request_id if it wants one and has none, and says it on cli->err, so
 * that the command can be repeated with it. The request's request_id; NULL if the method has
 * none. */
const char *pv_request_identify(pv_cli *cli, ProtobufCMessage *request);

/* Replaces the etag "auto" by the object's, read with the command's reader over `client`. */
pv_exit pv_request_read_etag(pv_cli *cli, const pv_command *command, const pv_options *options,
                             pv_client *client, ProtobufCMessage *request);

#ifdef __cplusplus
}
#endif
#endif
