/* store_rules.h — what the rows of a purvey store are, for whoever checks one (storage/check.h). */
#ifndef PV_CLIENT_CLI_STORE_RULES_H
#define PV_CLIENT_CLI_STORE_RULES_H

#include "storage/check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The rules, with nobody to judge blocks and nobody to tell: the caller adds them. */
pv_check_rules pv_store_rules(void);

#ifdef __cplusplus
}
#endif
#endif
