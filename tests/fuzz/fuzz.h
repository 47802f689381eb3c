/* fuzz.h — what the fuzz targets share: the entry that libFuzzer calls, and how its bytes become choices
 * and texts. A target states what must hold with PV_ASSERT, which aborts and so is a finding.
 * Threads: libFuzzer calls from one. */
#ifndef PV_TESTS_FUZZ_FUZZ_H
#define PV_TESTS_FUZZ_FUZZ_H

#include "base/arena.h"
#include "base/error.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called by libFuzzer for each input; gives 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Memory of one input: more than a server gives a call, so that its ceiling is not what is found. */
enum { PV_FUZZ_ARENA_BYTES = 64 << 20 };

/* The next byte of the input; 0 behind its end. */
static inline uint8_t pv_fuzz_byte(pv_view *input)
{
    if (input->size == 0) { return 0; }
    uint8_t byte = input->data[0];
    input->data++;
    input->size--;
    return byte;
}

/* The next two bytes as a number. */
static inline unsigned pv_fuzz_number(pv_view *input)
{
    unsigned high = pv_fuzz_byte(input);
    return high << 8 | pv_fuzz_byte(input);
}

/* A piece whose size the next byte says, as far as there are bytes. */
static inline pv_view pv_fuzz_piece(pv_view *input)
{
    size_t size = pv_fuzz_byte(input);
    if (size > input->size) { size = input->size; }
    pv_view piece = pv_view_of(input->data, size);
    input->data += size;
    input->size -= size;
    return piece;
}

/* A refusal says why, and what is not refused has no reason. */
static inline void pv_fuzz_check_told(pv_status status, const pv_error *error)
{
    PV_ASSERT(pv_is_ok(status) == (error->reason == NULL));
    PV_ASSERT(pv_is_ok(status) || error->reason->code == status.code);
}

/* One of all requests and responses of the product, and at number 0 the message with every kind of
 * field (kinds.proto). */
const pv_message_info *pv_fuzz_message(unsigned number);

#ifdef __cplusplus
}
#endif
#endif
