/* clock.c — a wall clock that is wrong: loaded before the C library (LD_PRELOAD), it shifts what a program takes for
 * the time by PURVEY_TEST_CLOCK seconds. Clocks that measure are left alone. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void)
{
    const char *text = getenv("PURVEY_TEST_CLOCK");
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    long result = syscall(SYS_clock_gettime, clock, ret_time);
    if (result == 0 && clock == CLOCK_REALTIME) { ret_time->tv_sec += shift(); }
    return (int)result;
}

time_t time(time_t *ret_time)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* this clock is always there */
    if (ret_time != NULL) { *ret_time = now.tv_sec; }
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    ret_time->tv_sec = now.tv_sec;
    ret_time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
