/* domains.h — which claim to a domain counts. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_DOMAINS_H
#define PV_SERVER_FLOWS_ACCOUNT_DOMAINS_H

#include "purvey/account/v1/domain.pv.h"
#include "server/flows/flow.h"

/* The VERIFIED claim to a domain, of whatever account; NULL: nobody holds it. */
PV_MUST_USE pv_status domain_verified(pv_call *call, const char *name, pv_domain **ret_domain);

#endif
