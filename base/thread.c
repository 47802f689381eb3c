#define _GNU_SOURCE /* pthread_setname_np, SCHED_BATCH */
#include "base/thread.h"

#include <sched.h>

void pv_thread_settle(pthread_t thread, const char *name)
{
    /* Where either is not permitted the thread works all the same. */
    const struct sched_param parameters = {0};
    (void)pthread_setname_np(thread, name);
    (void)pthread_setschedparam(thread, SCHED_BATCH, &parameters);
}
