/* Wire check, unpack, field rules and packing of every request and response: what passes the check must
 * unpack, and pack again to bytes that pass and give the same message. The first two bytes choose the
 * message. */
#include "protos/runtime/message.h"
#include "protos/runtime/fields.h"
#include "protos/runtime/wire.h"
#include "tests/fuzz/fuzz.h"

static void check_rules(const pv_message_info *info, const ProtobufCMessage *message,
                        pv_arena *arena)
{
    pv_error error;
    pv_error_init(&error, arena);
    pv_status status = pv_fields_check(info, message, &error);
    pv_fuzz_check_told(status, &error);
    PV_ASSERT(pv_is_ok(status) || error.violation_count > 0);
}

static void check_again(const pv_message_info *info, const ProtobufCMessage *message,
                        pv_arena *arena)
{
    pv_view bytes, again;
    pv_error error;
    pv_error_init(&error, arena);
    PV_ASSERT(pv_message_encode(message, arena, &bytes));
    ProtobufCMessage *second = NULL;
    PV_ASSERT(pv_is_ok(pv_message_decode(info, bytes, arena, &error, &second)));
    PV_ASSERT(pv_message_encode(second, arena, &again));
    PV_ASSERT(pv_view_equal(bytes, again));
    const ProtobufCMessage *copy = pv_message_copy(message, arena);
    PV_ASSERT(copy != NULL && pv_message_equal(message, copy, arena));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    const pv_message_info *info = pv_fuzz_message(pv_fuzz_number(&input));
    pv_arena *arena = pv_arena_create(PV_FUZZ_ARENA_BYTES);
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = NULL;
    pv_status status = pv_message_decode(info, input, arena, &error, &message);
    pv_fuzz_check_told(status, &error);
    PV_ASSERT(pv_is_ok(status) == (message != NULL));
    if (message != NULL) {
        PV_ASSERT(protobuf_c_message_check(message));
        check_rules(info, message, arena);
        check_again(info, message, arena);
    }
    pv_arena_destroy(arena);
    return 0;
}
