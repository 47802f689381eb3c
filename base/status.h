/* status.h — what a function that can fail returns: one of the seventeen canonical codes of gRPC
 * (grpc.io, "Status codes and their use"), in a struct so that it cannot be mistaken for a number
 * or ignored. What went wrong in detail is not in it but in the call's pv_error (base/error.h).
 *
 * PV_TRY is the one macro that returns. PV_ASSERT stays on in production: it is for programmer
 * errors, never for remote input. */
#ifndef PV_BASE_STATUS_H
#define PV_BASE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_MUST_USE __attribute__((warn_unused_result))

/* On the type itself only clang knows the attribute in C; functions therefore carry PV_MUST_USE
 * too. */
#if defined(__clang__)
#define PV_MUST_USE_TYPE PV_MUST_USE
#else
#define PV_MUST_USE_TYPE
#endif

typedef enum pv_code {
    PV_CODE_OK = 0,
    PV_CODE_CANCELLED = 1,
    PV_CODE_UNKNOWN = 2,
    PV_CODE_INVALID_ARGUMENT = 3,
    PV_CODE_DEADLINE_EXCEEDED = 4,
    PV_CODE_NOT_FOUND = 5,
    PV_CODE_ALREADY_EXISTS = 6,
    PV_CODE_PERMISSION_DENIED = 7,
    PV_CODE_RESOURCE_EXHAUSTED = 8,
    PV_CODE_FAILED_PRECONDITION = 9,
    PV_CODE_ABORTED = 10,
    PV_CODE_OUT_OF_RANGE = 11,
    PV_CODE_UNIMPLEMENTED = 12,
    PV_CODE_INTERNAL = 13,
    PV_CODE_UNAVAILABLE = 14,
    PV_CODE_DATA_LOSS = 15,
    PV_CODE_UNAUTHENTICATED = 16
} pv_code;

typedef struct PV_MUST_USE_TYPE pv_status {
    pv_code code;
} pv_status;

static inline pv_status pv_status_of(pv_code code)
{
    pv_status status;
    status.code = code;
    return status;
}

static inline pv_status pv_ok(void)
{
    return pv_status_of(PV_CODE_OK);
}

static inline bool pv_is_ok(pv_status status)
{
    return status.code == PV_CODE_OK;
}

/* "NOT_FOUND"; "UNKNOWN" for a number that is no code. Static text. */
const char *pv_code_name(pv_code code);

/* The code of a name; false when there is none. */
bool pv_code_of_name(const char *name, pv_code *ret_code);

/* Returns the status from the calling function unless it is OK. */
#define PV_TRY(expression)                                              \
    do {                                                                \
        pv_status pv_try_status = (expression);                         \
        if (pv_try_status.code != PV_CODE_OK) { return pv_try_status; } \
    } while (0)

/* Prints expression, file and line to stderr and aborts. */
__attribute__((noreturn)) void pv_assert_failed(const char *expression, const char *file, int line);

#define PV_ASSERT(expression) \
    ((expression) ? (void)0 : pv_assert_failed(#expression, __FILE__, __LINE__))

#ifdef __cplusplus
}
#endif
#endif
