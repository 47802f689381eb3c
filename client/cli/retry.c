#include "client/cli/retry.h"

#include "base/digest.h"

#include <time.h>

void pv_retry_reset(pv_retry *retry)
{
    retry->attempts = 0;
}

int64_t pv_retry_next_ms(pv_retry *retry, int64_t at_least_ms)
{
    int64_t ms = PV_RETRY_FIRST_MS;
    for (unsigned i = 0; i < retry->attempts && ms < PV_RETRY_LAST_MS; i++) { ms *= 2; }
    if (ms > PV_RETRY_LAST_MS) { ms = PV_RETRY_LAST_MS; }
    uint16_t chance = 0;
    pv_random_bytes(NULL, (uint8_t *)&chance, sizeof chance);
    ms -= ms / 2 * chance / UINT16_MAX;
    retry->attempts++;
    return ms > at_least_ms ? ms : at_least_ms;
}

void pv_retry_wait(pv_retry *retry, int64_t at_least_ms)
{
    int64_t ms = pv_retry_next_ms(retry, at_least_ms);
    const struct timespec wait = {.tv_sec = (time_t)(ms / 1000),
                                  .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&wait, NULL); /* a signal only shortens it */
}
