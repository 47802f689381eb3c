/* sample.h — a small usage file in FOCUS columns, made here, for a demonstration without a file of one's own. */
#ifndef PV_CLIENT_DEMO_SAMPLE_H
#define PV_CLIENT_DEMO_SAMPLE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the file: two vendors, six customers, a month of usage, and three rows that are no plain usage. */
bool sample_write(const char *path);

#ifdef __cplusplus
}
#endif

#endif
