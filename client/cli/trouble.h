/* trouble.h — what can stand between this machine and the service, before any call is made: each with a name, a
 * sentence and what to do. They are told like the service's own reasons (failure.h, `purvey doctor`); the message of
 * an error says more than `text`: which file, which host, which time. Names are part of the output of `purvey doctor
 * -o json` and never change. */
#ifndef PV_CLIENT_CLI_TROUBLE_H
#define PV_CLIENT_CLI_TROUBLE_H

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The profile. */
extern const pv_reason pv_trouble_profile_missing;
extern const pv_reason pv_trouble_profile_invalid;
extern const pv_reason pv_trouble_setting_missing;
extern const pv_reason pv_trouble_not_kept;

/* Files. */
extern const pv_reason pv_trouble_file_unwritten;
extern const pv_reason pv_trouble_root_invalid;
extern const pv_reason pv_trouble_key_invalid;
extern const pv_reason pv_trouble_key_exposed;
extern const pv_reason pv_trouble_certificate_invalid;
extern const pv_reason pv_trouble_key_mismatch;
extern const pv_reason pv_trouble_certificate_expired;
extern const pv_reason pv_trouble_certificate_not_yet_valid;
extern const pv_reason pv_trouble_certificate_expiring;

/* The way there. */
extern const pv_reason pv_trouble_address_invalid;
extern const pv_reason pv_trouble_name_unknown;
extern const pv_reason pv_trouble_connection_refused;
extern const pv_reason pv_trouble_connection_timeout;
extern const pv_reason pv_trouble_connection_failed;

/* TLS. */
extern const pv_reason pv_trouble_tls_absent;
extern const pv_reason pv_trouble_tls_version;
extern const pv_reason pv_trouble_tls_failed;
extern const pv_reason pv_trouble_alpn_missing;
extern const pv_reason pv_trouble_server_root_wrong;
extern const pv_reason pv_trouble_server_name_wrong;
extern const pv_reason pv_trouble_server_expired;
extern const pv_reason pv_trouble_server_not_yet_valid;
extern const pv_reason pv_trouble_server_expiring;
extern const pv_reason pv_trouble_fingerprint_wrong;
extern const pv_reason pv_trouble_certificate_rejected;
extern const pv_reason pv_trouble_enrolment_elsewhere;

/* The service. */
extern const pv_reason pv_trouble_clock_wrong;
extern const pv_reason pv_trouble_not_serving;
extern const pv_reason pv_trouble_rights_missing;

/* All of the above. */
extern const pv_reason *const pv_troubles[];
extern const size_t pv_trouble_count;

/* The message of an error, else the text of its reason. */
const char *pv_trouble_text(const pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
