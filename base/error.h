/* error.h — what a refused call is told, beside its code: the reason, one sentence, named values,
 * the wrong fields, the conditions that did not hold, the resource, the limit, when to retry. It is
 * filled by whoever refuses and turned into google.rpc details by the RPC runtime.
 *
 * Memory: texts live in the arena given to pv_error_init. A detail that finds no memory is
 * dropped: the code and the reason (static texts) always arrive. Lists are bounded; `dropped`
 * counts the rest. */
#ifndef PV_BASE_ERROR_H
#define PV_BASE_ERROR_H

#include "base/arena.h"
#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A reason of refusal: static, generated from the REASON enum of a .proto, or the runtime's own. */
typedef struct pv_reason {
    const char *name; /* "STATE_FORBIDS", as sent in ErrorInfo.reason */
    pv_code code;
    const char *text;      /* one sentence, used when the refuser gives none */
    const char *next_step; /* what the caller should do, one sentence */
} pv_reason;

enum { PV_ERROR_METADATA_MAX = 12, PV_ERROR_VIOLATIONS_MAX = 20 };

typedef struct pv_error_pair {
    const char *key;
    const char *value;
} pv_error_pair;

typedef struct pv_error_violation {
    const char *subject;     /* field path, object id, or what a limit is on */
    const char *description; /* what is wrong and what would be right */
    const char *type;        /* preconditions only: "STATE" or the rule's name; else NULL */
} pv_error_violation;

typedef enum pv_violation_kind {
    PV_VIOLATION_FIELD = 0,        /* google.rpc.BadRequest */
    PV_VIOLATION_PRECONDITION = 1, /* google.rpc.PreconditionFailure */
    PV_VIOLATION_QUOTA = 2         /* google.rpc.QuotaFailure */
} pv_violation_kind;

typedef struct pv_error {
    pv_arena *arena;
    const pv_reason *reason; /* NULL: nothing was refused */
    const char *message;     /* NULL: the reason's text */
    pv_error_pair metadata[PV_ERROR_METADATA_MAX];
    size_t metadata_count;
    pv_violation_kind violation_kind;
    pv_error_violation violations[PV_ERROR_VIOLATIONS_MAX];
    size_t violation_count;
    size_t dropped;            /* violations beyond the maximum or without memory */
    const char *resource_type; /* NULL: no google.rpc.ResourceInfo */
    const char *resource_name;
    int64_t retry_after_ms; /* 0: no google.rpc.RetryInfo */
} pv_error;

void pv_error_init(pv_error *error, pv_arena *arena);

/* Refuses: sets the reason and the message (printf form; NULL for the reason's own text) unless
 * a reason is already set, and returns the reason's code as a status. */
__attribute__((format(printf, 3, 4))) pv_status pv_refuse(pv_error *error, const pv_reason *reason,
                                                          const char *format, ...);

/* Adds a named value to ErrorInfo.metadata; a key that is there already gets the new value.
 * `key` is static; the value is formatted into the arena. */
__attribute__((format(printf, 3, 4))) void pv_error_note(pv_error *error, const char *key,
                                                         const char *format, ...);

/* Adds a violation. All violations of one error are of one kind. Texts are copied. */
__attribute__((format(printf, 5, 6))) void pv_error_violate(pv_error *error, pv_violation_kind kind,
                                                            const char *type, const char *subject,
                                                            const char *format, ...);

/* Names the resource the error is about. Texts are copied. */
void pv_error_resource(pv_error *error, const char *type, const char *name);

#ifdef __cplusplus
}
#endif
#endif
