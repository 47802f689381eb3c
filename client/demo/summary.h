/* summary.h — what came out: a table for people, JSON for programs. */
#ifndef PV_CLIENT_DEMO_SUMMARY_H
#define PV_CLIENT_DEMO_SUMMARY_H

#include "client/demo/usage.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Prints charges per vendor and customer, the total per currency, and the refused rows. */
void summary_print(const survey *seen, const usage_charges *charges);

/* Writes {charges, totals, refused} as JSON. False: the file cannot be written; a sentence was printed. */
bool summary_write(const survey *seen, const usage_charges *charges, const char *path);

#ifdef __cplusplus
}
#endif

#endif
