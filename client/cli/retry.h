/* retry.h — waiting between attempts: half a second, doubled each time up to ten, shortened at
 * random by up to a half so that clients do not come back together. */
#ifndef PV_CLIENT_CLI_RETRY_H
#define PV_CLIENT_CLI_RETRY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_RETRY_FIRST_MS = 500, PV_RETRY_LAST_MS = 10 * 1000 };

/* Zero-initialise. */
typedef struct pv_retry {
    unsigned attempts; /* waits since the last reset */
} pv_retry;

/* Something has worked. */
void pv_retry_reset(pv_retry *retry);

/* How long to wait now, and counts the attempt. `at_least_ms` is what the service asked for, 0 if
 * nothing. */
int64_t pv_retry_next_ms(pv_retry *retry, int64_t at_least_ms);

/* Waits that long. */
void pv_retry_wait(pv_retry *retry, int64_t at_least_ms);

#ifdef __cplusplus
}
#endif
#endif
