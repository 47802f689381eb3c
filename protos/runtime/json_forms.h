/* json_forms.h — what json_write.c and json_read.c share: the way to a value, the special
 * messages and their texts. Used inside this folder only. */
#ifndef PV_PROTOS_RUNTIME_JSON_FORMS_H
#define PV_PROTOS_RUNTIME_JSON_FORMS_H

#include "protos/runtime/json.h"
#include "protos/runtime/message.h"

/* One step from the outermost value to the one that is looked at. */
typedef enum pv_json_step_kind {
    PV_JSON_ROOT = 0,
    PV_JSON_FIELD,
    PV_JSON_ELEMENT,
    PV_JSON_KEY
} pv_json_step_kind;

typedef struct pv_json_step {
    const struct pv_json_step *parent; /* NULL: the outermost */
    pv_json_step_kind kind;
    const char *name; /* of a field, as in the .proto or as given */
    const char *key;  /* of a field or map entry, as it stands in the JSON */
    size_t index;     /* of an element */
    unsigned depth;   /* messages around it */
} pv_json_step;

/* A text that is read, for positions in errors. */
typedef struct pv_json_source {
    pv_view text; /* data NULL: values came without text */
    size_t start; /* of the outermost value */
} pv_json_source;

/* Refuses what stands at `step` with `reason`; always false. `source` may be NULL. */
__attribute__((format(printf, 5, 6))) bool
pv_json_fault(pv_error *error, const pv_json_source *source, const pv_json_step *step,
              const pv_reason *reason, const char *format, ...);

/* Offset in the text, which is JSON, of the value that the step leads to. */
size_t pv_json_locate(const pv_json_source *source, const pv_json_step *step);

/* Line and column, both from 1, of an offset; columns count characters. */
void pv_json_position(pv_view text, size_t offset, size_t *ret_line, size_t *ret_column);

/* Messages with a JSON form of their own. */
typedef enum pv_json_kind {
    PV_JSON_PLAIN = 0,
    PV_JSON_TIMESTAMP,
    PV_JSON_DURATION,
    PV_JSON_MASK,
    PV_JSON_WRAPPER,
    PV_JSON_ANY,
    PV_JSON_DECIMAL, /* an object like any other, but text is read too */
    PV_JSON_UNSUPPORTED
} pv_json_kind;

pv_json_kind pv_json_kind_of(const pv_message_info *info);

/* The message type that an Any names by its URL; NULL if the files do not have it. */
const pv_message_info *pv_json_find_type(const pv_json_options *options, const char *type_url);

/* "3.5s" and back. `ret_text` has PV_DURATION_TEXT_SIZE bytes. False: no duration. */
enum { PV_DURATION_TEXT_SIZE = 40 };
bool pv_duration_format(int64_t seconds, int64_t nanos, char *ret_text);
bool pv_duration_parse(pv_view text, int64_t *ret_seconds, int32_t *ret_nanos);

/* base64 with padding; the text is in the arena, NULL at its ceiling. */
char *pv_base64_format(pv_view bytes, pv_arena *arena);

/* Both alphabets, with padding or without. NULL at the ceiling, or with `ret_bad` when it is not
 * base64. */
uint8_t *pv_base64_parse(pv_view text, pv_arena *arena, size_t *ret_size, bool *ret_bad);

#endif
