/* time.h — instants as nanoseconds since 1970-01-01T00:00:00Z (UTC), and their RFC 3339 text.
 * The only readers of a clock are pv_time_now and pv_time_monotonic_ns; flows are handed the
 * time. */
#ifndef PV_BASE_TIME_H
#define PV_BASE_TIME_H

#include "base/status.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_TIME_TEXT_SIZE = 36 };

typedef struct pv_time {
    int64_t utc_ns;
} pv_time;

#define PV_NS_PER_MS INT64_C(1000000)
#define PV_NS_PER_S INT64_C(1000000000)

/* The wall clock. */
pv_time pv_time_now(void);

/* A clock that never goes back, for deadlines and measurements. */
int64_t pv_time_monotonic_ns(void);

/* Parses RFC 3339 ("2026-11-22T20:00:00.5Z", any offset, up to nine decimals) and the forms of
 * usage files, read as UTC: "2024-09-01 00:00:00" and "2024-09-01". The instant must lie in the
 * years 1970 to 2261. False: no such instant (a leap second, "...:60", is none); `ret_time` is
 * untouched. */
PV_MUST_USE bool pv_time_parse(pv_view text, pv_time *ret_time);

/* Writes RFC 3339 in UTC with 'Z' and 0, 3, 6 or 9 decimals. `ret_text` has PV_TIME_TEXT_SIZE
 * bytes; NUL-ended. Returns the length. */
size_t pv_time_format(pv_time time, char *ret_text);

/* The same for every year that RFC 3339 can write, 0001 to 9999, as google.protobuf.Timestamp counts:
 * seconds from 1970, negative before it, and nanoseconds from 0 to 999,999,999 on top. False: no such
 * instant; the results are untouched. `ret_text` has PV_TIME_TEXT_SIZE bytes. */
PV_MUST_USE bool pv_instant_parse(pv_view text, int64_t *ret_seconds, int32_t *ret_nanos);
PV_MUST_USE bool pv_instant_format(int64_t seconds, int64_t nanos, char *ret_text);

/* Civil date of the instant in UTC: month 1 to 12, day 1 to 31. */
void pv_time_civil(pv_time time, int *ret_year, int *ret_month, int *ret_day);

#ifdef __cplusplus
}
#endif
#endif
