#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_COUNT = PV_CODE_UNAUTHENTICATED + 1 };

static const char *const code_names[CODE_COUNT] = {
    [PV_CODE_OK] = "OK",
    [PV_CODE_CANCELLED] = "CANCELLED",
    [PV_CODE_UNKNOWN] = "UNKNOWN",
    [PV_CODE_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [PV_CODE_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [PV_CODE_NOT_FOUND] = "NOT_FOUND",
    [PV_CODE_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [PV_CODE_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [PV_CODE_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [PV_CODE_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [PV_CODE_ABORTED] = "ABORTED",
    [PV_CODE_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [PV_CODE_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [PV_CODE_INTERNAL] = "INTERNAL",
    [PV_CODE_UNAVAILABLE] = "UNAVAILABLE",
    [PV_CODE_DATA_LOSS] = "DATA_LOSS",
    [PV_CODE_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *pv_code_name(pv_code code)
{
    /* The number may come from a peer, so it is compared as a number. */
    unsigned number = (unsigned)code;
    return number < CODE_COUNT ? code_names[number] : code_names[PV_CODE_UNKNOWN];
}

bool pv_code_of_name(const char *name, pv_code *ret_code)
{
    for (unsigned number = 0; number < CODE_COUNT; number++) {
        if (strcmp(code_names[number], name) == 0) {
            *ret_code = (pv_code)number;
            return true;
        }
    }
    return false;
}

void pv_assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "assertion failed: %s (%s:%d)\n", expression, file, line);
    fflush(stderr);
    abort();
}
