/* limits.h — what a message from a peer may make us hold or do, each bound with its reason.
 * Sizes in bytes are not here: they are the method's (MethodRule.request_bytes_max) and the
 * server's. */
#ifndef PV_PROTOS_RUNTIME_LIMITS_H
#define PV_PROTOS_RUNTIME_LIMITS_H

enum {
    /* Messages within messages, the outermost counted. Our own types nest six deep. Every level
     * costs the decoder and every walk a stack frame of about a kilobyte. */
    PV_WIRE_DEPTH_MAX = 32,

    /* Elements of repeated fields and map entries in one message, all levels together. An empty
     * element is two bytes on the wire and fifty in memory: a quarter of a mebibyte of them
     * would be more than the arena of a call. Streams carry what is more. */
    PV_WIRE_ELEMENTS_MAX = 20000,

    /* Fields that the .proto does not know, in one message, all levels together. A client built
     * from a newer .proto sends a few; each costs an allocation and is kept. */
    PV_WIRE_UNKNOWN_MAX = 64,

    /* Bytes of memory for each byte on the wire that unpacking one message may take. A list of empty
     * texts takes 44: two bytes are a pointer, a NUL, and the decoder's note of the field. What takes
     * more is a list of empty messages of a large type, which says nothing. */
    PV_WIRE_EXPANSION_MAX = 48,

    /* Bytes that any message may take beside that, because short ones are mostly structure. */
    PV_WIRE_EXPANSION_FREE = 64 * 1024,

    /* Fields that a message type may have: one bit each in the set of those seen. Our largest
     * has 40. */
    PV_WIRE_TYPE_FIELDS_MAX = 256,

    /* Bytes of a tag or a length on the wire: 32 bits in groups of seven. */
    PV_WIRE_TAG_BYTES_MAX = 5,

    /* Bytes of any other varint: 64 bits in groups of seven. */
    PV_WIRE_VARINT_BYTES_MAX = 10,

    /* Characters of a key of a map. */
    PV_MAP_KEY_MAX = 64,

    /* Bytes of a field's path in an error. Deeper paths lose their beginning. */
    PV_PATH_TEXT_SIZE = 256,

    /* Bytes of a rejected value that an error repeats. */
    PV_ERROR_VALUE_MAX = 64
};

#endif
