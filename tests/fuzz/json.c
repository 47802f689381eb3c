/* JSON of messages: what is read can be written, and reads again to the same; what is written of any
 * message reads again, and writes the same text. The first two bytes choose the message, the next one
 * whether JSON or bytes of the wire follow. */
#include "protos/runtime/json.h"
#include "kinds.pv.h"
#include "protos/runtime/message.h"
#include "tests/fuzz/fuzz.h"

static const pv_file_info *const files[] = {&pv_file__kinds};

static pv_json_options options_of(uint8_t choice)
{
    pv_json_options options = {.indent = choice >> 4 & 3, .files = files, .file_count = 1};
    options.defaults = (choice & 8) != 0;
    options.json_names = (choice & 64) != 0;
    return options;
}

/* Writes, reads and writes; `known` says that the message holds nothing that JSON cannot say. */
static void check_round(const pv_message_info *info, const ProtobufCMessage *message, bool known,
                        const pv_json_options *options, pv_arena *arena)
{
    pv_error error;
    pv_error_init(&error, arena);
    pv_view text, again;
    pv_status status = pv_json_write(info, message, options, arena, &error, &text);
    pv_fuzz_check_told(status, &error);
    if (!pv_is_ok(status)) {
        PV_ASSERT(!known);
        return;
    }
    ProtobufCMessage *second = NULL;
    PV_ASSERT(pv_is_ok(pv_json_read(info, text, options, arena, &error, &second)));
    PV_ASSERT(pv_is_ok(pv_json_write(info, second, options, arena, &error, &again)));
    PV_ASSERT(pv_view_equal(text, again));
    PV_ASSERT(!known || pv_message_equal(message, second, arena));
}

static void read_all(const pv_message_info *info, pv_view text, const pv_json_options *options,
                     pv_arena *arena)
{
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = NULL;
    size_t position = 0, before = 0;
    pv_status status = pv_ok();
    do {
        before = position;
        status = pv_json_read_next(info, text, options, arena, &error, &position, &message);
        PV_ASSERT(position <= text.size && position >= before);
    } while (pv_is_ok(status) && message != NULL);
    pv_fuzz_check_told(status, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    const pv_message_info *info = pv_fuzz_message(pv_fuzz_number(&input));
    uint8_t choice = pv_fuzz_byte(&input);
    pv_json_options options = options_of(choice);
    pv_arena *arena = pv_arena_create(PV_FUZZ_ARENA_BYTES);
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = NULL;
    pv_status status;
    switch (choice & 3) {
    case 0: read_all(info, input, &options, arena); break;
    case 1:
        status = pv_message_decode(info, input, arena, &error, &message);
        if (pv_is_ok(status)) { check_round(info, message, false, &options, arena); }
        break;
    default:
        status = pv_json_read(info, input, &options, arena, &error, &message);
        pv_fuzz_check_told(status, &error);
        if (pv_is_ok(status)) { check_round(info, message, true, &options, arena); }
    }
    pv_arena_destroy(arena);
    return 0;
}
