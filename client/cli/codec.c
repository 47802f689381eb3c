#include "client/cli/codec.h"

#include "client/cli/terminal.h"
#include "protos/runtime/json.h"
#include "protos/runtime/message.h"

/* The sentence and every violation on one line each. */
static void tell(pv_cli *cli, pv_arena *arena, const char *what, const pv_error *error)
{
    const char *text = error->message != NULL ? error->message : error->reason->text;
    fprintf(cli->err, "purvey: %s: %s\n", what, pv_terminal_text(arena, text, 0, NULL));
    for (size_t i = 0; i < error->violation_count; i++) {
        fprintf(cli->err, "  field %s: %s\n",
                pv_terminal_text(arena, error->violations[i].subject, 0, NULL),
                pv_terminal_text(arena, error->violations[i].description, 0, NULL));
    }
}

pv_exit pv_codec_read(pv_cli *cli, pv_arena *arena, const pv_message_info *info, const char *text,
                      const char *what, ProtobufCMessage **ret_message)
{
    pv_error error;
    pv_error_init(&error, arena);
    if (pv_is_ok(pv_json_read(info, pv_view_text(text), NULL, arena, &error, ret_message))) {
        return PV_EXIT_OK;
    }
    tell(cli, arena, what, &error);
    return PV_EXIT_USAGE;
}

pv_exit pv_codec_write(pv_cli *cli, pv_arena *arena, const pv_message_info *info,
                       const ProtobufCMessage *message, bool indented)
{
    pv_error error;
    pv_error_init(&error, arena);
    const pv_json_options options = {.indent = indented ? 2 : 0};
    pv_view text;
    if (!pv_is_ok(pv_json_write(info, message, &options, arena, &error, &text))) {
        tell(cli, arena, "the answer cannot be written as JSON", &error);
        return PV_EXIT_OTHER;
    }
    bool written =
        fwrite(text.data, 1, text.size, cli->out) == text.size && fputc('\n', cli->out) != EOF;
    return written ? PV_EXIT_OK : pv_cli_fail(cli, "the answer cannot be written.");
}

ProtobufCMessage *pv_codec_merge(pv_arena *arena, const pv_message_info *info,
                                 const ProtobufCMessage *under, const ProtobufCMessage *over)
{
    /* Packed messages behind each other are one message: that is how protobuf defines merging. */
    pv_view first;
    pv_view second;
    ProtobufCMessage *merged = NULL;
    if (!pv_message_encode(under, arena, &first) || !pv_message_encode(over, arena, &second)) {
        return NULL;
    }
    pv_buffer both = pv_buffer_of(arena);
    pv_buffer_append(&both, first);
    pv_buffer_append(&both, second);
    if (both.overflow || !pv_message_unpack(info, pv_buffer_view(&both), arena, &merged)) {
        return NULL;
    }
    return merged;
}
