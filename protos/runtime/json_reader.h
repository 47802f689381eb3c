/* json_reader.h — the way from json_text.c to json_read.c: reading a value that came from a
 * text. Used inside this folder only. */
#ifndef PV_PROTOS_RUNTIME_JSON_READER_H
#define PV_PROTOS_RUNTIME_JSON_READER_H

#include "protos/runtime/json_forms.h"

/* What one message is read with. */
typedef struct pv_json_reader {
    const pv_json_options *options;
    pv_arena *arena;
    pv_error *error;
    pv_json_source source; /* text.data NULL: the value came without a text */
} pv_json_reader;

pv_status pv_json_read_value(const pv_json_reader *in, const pv_message_info *info, json_t *value,
                             ProtobufCMessage **ret_message);

#endif
