/* thread.h — what the long-lived threads of a server tell the kernel about themselves. */
#ifndef PV_BASE_THREAD_H
#define PV_BASE_THREAD_H

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Names a thread, at most 15 bytes, and makes it one of those that are woken without pushing aside who woke them
 * (SCHED_BATCH). Two threads that hand bytes to each other on the same core then finish what they have before they
 * change places; otherwise every few bytes cost two switches. On an idle core nothing waits for longer. */
void pv_thread_settle(pthread_t thread, const char *name);

#ifdef __cplusplus
}
#endif
#endif
