/* domain_name.h — names in the DNS as accounts claim them and as clients connect to them. A name has one form: lower
 * case, no dot at its end, other letters than ASCII as A-labels. In that form it is stored, compared and shown: a label
 * that looks like another one is another one, to people too. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_DOMAIN_NAME_H
#define PV_SERVER_FLOWS_ACCOUNT_DOMAIN_NAME_H

#include "base/status.h"
#include "base/view.h"

/* Where the proof of a claim stands: this, and the domain. */
#define DOMAIN_CHALLENGE_PREFIX "_purvey-challenge."

enum { DOMAIN_NAME_SIZE = 254 }; /* RFC 1035, section 2.3.4, with a NUL */

/* The one form of a name. False: it is none. */
PV_MUST_USE bool domain_name_read(pv_view text, char ret_name[DOMAIN_NAME_SIZE]);

/* The name in an `:authority` (RFC 9110, section 7.2): without its port. False: there is none, as where an address or a
 * user stands. */
PV_MUST_USE bool domain_name_of_authority(pv_view authority, char ret_name[DOMAIN_NAME_SIZE]);

/* What is wrong with a name, in the one form, that an account wants to claim; NULL: nothing. */
const char *domain_name_fault(const char *name);

/* Whether nobody can be in charge of the name. */
bool domain_name_is_special(const char *name);

/* Whether a name is `parent` or below it. */
bool domain_name_is_in(const char *name, const char *parent);

#endif
