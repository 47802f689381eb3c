/* carriers.h — what carries something of an account from one call to the next: page and resume tokens, and the answers
 * kept under a request_id. None works in other hands. */
#ifndef PV_TESTS_ISOLATION_CARRIERS_H
#define PV_TESTS_ISOLATION_CARRIERS_H

#include "tests/isolation/tenants.h"

namespace purvey {

/* What does not hold. `ret_tried` counts what was tried. */
std::vector<std::string> page_token_faults(Tenants &tenants, size_t &ret_tried);
std::vector<std::string> resume_token_faults(Tenants &tenants, size_t &ret_tried);
std::vector<std::string> replay_faults(Tenants &tenants, size_t &ret_tried);
std::vector<std::string> anonymous_replay_faults(Tenants &tenants, size_t &ret_tried);

} // namespace purvey

#endif
