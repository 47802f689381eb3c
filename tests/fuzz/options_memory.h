/* options_memory.h — what the generator's own memory is in the target `options`: its sources are compiled
 * with calloc and protobuf_c_message_unpack named so (see BUILD). */
#ifndef PV_TESTS_FUZZ_OPTIONS_MEMORY_H
#define PV_TESTS_FUZZ_OPTIONS_MEMORY_H

#include <protobuf-c/protobuf-c.h>

/* Zeroed memory that goes back when the input is done. */
void *pv_fuzz_calloc(size_t count, size_t size);

/* A message in that memory. */
ProtobufCMessage *pv_fuzz_unpack(const ProtobufCMessageDescriptor *type, ProtobufCAllocator *none,
                                 size_t size, const uint8_t *bytes);

#endif
