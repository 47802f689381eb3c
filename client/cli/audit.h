/* audit.h — `purvey audit verify`: recomputes the chains of audit trails (base/chain.h), of one account as its server
 * shows it, or of all accounts in a store or backup on this machine. */
#ifndef PV_CLIENT_CLI_AUDIT_H
#define PV_CLIENT_CLI_AUDIT_H

#include "client/cli/extra.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_extra pv_extra_audit_verify;

#ifdef __cplusplus
}
#endif
#endif
