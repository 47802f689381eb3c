#include "client/cli/trouble.h"

const pv_reason pv_trouble_profile_missing = {
    "PROFILE_MISSING",
    PV_CODE_INVALID_ARGUMENT,
    "There is no such profile.",
    "purvey profile list names those there are; purvey login makes one from an invitation.",
};
const pv_reason pv_trouble_profile_invalid = {
    "PROFILE_INVALID",
    PV_CODE_INVALID_ARGUMENT,
    "The file of the profiles cannot be read.",
    "Correct what the message names.",
};
const pv_reason pv_trouble_setting_missing = {
    "SETTING_MISSING",
    PV_CODE_INVALID_ARGUMENT,
    "The profile does not say everything that a call needs.",
    "Make a profile with purvey login --invite, or give the value as the message says.",
};
const pv_reason pv_trouble_not_kept = {
    "NOT_KEPT",
    PV_CODE_INVALID_ARGUMENT,
    "The certificate is not kept by a profile, so it cannot be renewed here.",
    "Let a profile keep it: purvey profile add NAME --server ... --ca ... --cert ... --key ...",
};
const pv_reason pv_trouble_file_unwritten = {
    "FILE_UNWRITTEN",
    PV_CODE_FAILED_PRECONDITION,
    "A file cannot be written.",
    "Make room or give the rights, as the message says, and repeat the command: it goes on where "
    "it was.",
};
const pv_reason pv_trouble_root_invalid = {
    "ROOT_INVALID",
    PV_CODE_INVALID_ARGUMENT,
    "The roots that the service is checked against cannot be read.",
    "Put the service's server-ca.pem there, as its operator gives it.",
};
const pv_reason pv_trouble_key_invalid = {
    "KEY_INVALID",
    PV_CODE_UNAUTHENTICATED,
    "The private key cannot be read.",
    "A key that is lost cannot be had again: ask for an invitation, and log in with it.",
};
const pv_reason pv_trouble_key_exposed = {
    "KEY_EXPOSED",
    PV_CODE_UNAUTHENTICATED,
    "Others may read the private key.",
    "Run the command that the message names. If others had the time to read it, renew: purvey cert "
    "renew, then revoke the old certificate.",
};
const pv_reason pv_trouble_certificate_invalid = {
    "CERTIFICATE_INVALID",
    PV_CODE_UNAUTHENTICATED,
    "The certificate cannot be read.",
    "purvey certificate get shows it, if another certificate of the account still works; else log "
    "in with an invitation.",
};
const pv_reason pv_trouble_key_mismatch = {
    "KEY_MISMATCH",
    PV_CODE_UNAUTHENTICATED,
    "The private key is not that of the certificate.",
    "Put the files together that belong together; cert and key of the profile name them.",
};
const pv_reason pv_trouble_certificate_expired = {
    "CERTIFICATE_EXPIRED",
    PV_CODE_UNAUTHENTICATED,
    "The certificate has expired.",
    "Ask whoever manages your account for an invitation, then purvey login --replace --invite. "
    "Next "
    "time let cron run purvey cert renew --if-due.",
};
const pv_reason pv_trouble_certificate_not_yet_valid = {
    "CERTIFICATE_NOT_YET_VALID",
    PV_CODE_UNAUTHENTICATED,
    "The certificate is not valid yet.",
    "It was issued in the past, so the clock of this machine is behind: set it.",
};
const pv_reason pv_trouble_certificate_expiring = {
    "CERTIFICATE_EXPIRING",
    PV_CODE_UNAUTHENTICATED,
    "The certificate is in the second half of its life.",
    "Renew it: purvey cert renew.",
};
const pv_reason pv_trouble_address_invalid = {
    "ADDRESS_INVALID",
    PV_CODE_INVALID_ARGUMENT,
    "The address of the service is not HOST:PORT.",
    "Give it as purvey.example.com:20443, or [2001:db8::1]:20443.",
};
const pv_reason pv_trouble_name_unknown = {
    "NAME_UNKNOWN",
    PV_CODE_UNAVAILABLE,
    "The host's name is not known.",
    "Check how the host is spelt, and that this machine's name server answers.",
};
const pv_reason pv_trouble_connection_refused = {
    "CONNECTION_REFUSED",
    PV_CODE_UNAVAILABLE,
    "The host takes no connection at this port.",
    "Check the port, and ask the service's operator whether it runs.",
};
const pv_reason pv_trouble_connection_timeout = {
    "CONNECTION_TIMEOUT",
    PV_CODE_UNAVAILABLE,
    "The host does not answer.",
    "Check the address, and whether a firewall in between lets this port through.",
};
const pv_reason pv_trouble_connection_failed = {
    "CONNECTION_FAILED",
    PV_CODE_UNAVAILABLE,
    "There is no way to the host.",
    "Check this machine's network.",
};
const pv_reason pv_trouble_tls_absent = {
    "TLS_ABSENT",
    PV_CODE_UNAVAILABLE,
    "What answers at this port does not speak TLS.",
    "Check the port: something other than the service, or a proxy, listens there.",
};
const pv_reason pv_trouble_tls_version = {
    "TLS_VERSION",
    PV_CODE_UNAVAILABLE,
    "The server and this program have no version of TLS in common.",
    "Something old answers, maybe a proxy in between: purveyd speaks TLS 1.3.",
};
const pv_reason pv_trouble_tls_failed = {
    "TLS_FAILED",
    PV_CODE_UNAVAILABLE,
    "The TLS handshake failed.",
    "Repeat it; a server that has too many connections of one address closes them without a word.",
};
const pv_reason pv_trouble_alpn_missing = {
    "ALPN_MISSING",
    PV_CODE_UNAVAILABLE,
    "The server does not offer HTTP/2 (ALPN h2), which gRPC needs.",
    "Check the port: a web server or a proxy that does not pass HTTP/2 on answers there.",
};
const pv_reason pv_trouble_server_root_wrong = {
    "SERVER_ROOT_WRONG",
    PV_CODE_UNAUTHENTICATED,
    "The server's certificate does not come from a root of the profile.",
    "Do not go on before you know why: somebody may be in between, or the profile's ca is that of "
    "another service.",
};
const pv_reason pv_trouble_server_name_wrong = {
    "SERVER_NAME_WRONG",
    PV_CODE_UNAUTHENTICATED,
    "The server's certificate is for other names.",
    "Call it by a name that it has, or set server_name of the profile to one.",
};
const pv_reason pv_trouble_server_expired = {
    "SERVER_EXPIRED",
    PV_CODE_UNAVAILABLE,
    "The server's certificate has expired.",
    "If the clock of this machine is right, tell the service's operator.",
};
const pv_reason pv_trouble_server_not_yet_valid = {
    "SERVER_NOT_YET_VALID",
    PV_CODE_UNAVAILABLE,
    "The server's certificate is not valid yet.",
    "It was issued in the past, so the clock of this machine is behind: set it.",
};
const pv_reason pv_trouble_server_expiring = {
    "SERVER_EXPIRING",
    PV_CODE_UNAVAILABLE,
    "The server's certificate expires soon.",
    "Tell the service's operator.",
};
const pv_reason pv_trouble_fingerprint_wrong = {
    "FINGERPRINT_WRONG",
    PV_CODE_UNAUTHENTICATED,
    "The server is not the one that the invitation is from. Nothing was sent to it.",
    "Check --server and that the invitation was copied whole; else somebody may be in between: ask "
    "whoever invited you.",
};
const pv_reason pv_trouble_certificate_rejected = {
    "CERTIFICATE_REJECTED",
    PV_CODE_UNAUTHENTICATED,
    "The server does not accept the certificate.",
    "It is of another service, or was issued by an authority that is no longer trusted: log in "
    "with an invitation of this one.",
};
const pv_reason pv_trouble_enrolment_elsewhere = {
    "ENROLMENT_ELSEWHERE",
    PV_CODE_INVALID_ARGUMENT,
    "The server wants a certificate at this port: calls go there, but nobody enrols there.",
    "Give --server the address where it enrols (purveyd --enrol-listen); whoever invited you knows "
    "it.",
};
const pv_reason pv_trouble_clock_wrong = {
    "CLOCK_WRONG",
    PV_CODE_FAILED_PRECONDITION,
    "The clock of this machine is not the service's.",
    "Set it, best by NTP: certificates are refused while it is far off.",
};
const pv_reason pv_trouble_not_serving = {
    "NOT_SERVING",
    PV_CODE_UNAVAILABLE,
    "The service says that it is not ready.",
    "It starts or stops: try again in a moment.",
};
const pv_reason pv_trouble_rights_missing = {
    "RIGHTS_MISSING",
    PV_CODE_PERMISSION_DENIED,
    "Nothing may be called but who am I.",
    "Ask whoever manages your account to put you into a group, or for a certificate with scopes.",
};

const pv_reason *const pv_troubles[] = {
    &pv_trouble_profile_missing,      &pv_trouble_profile_invalid,
    &pv_trouble_setting_missing,      &pv_trouble_not_kept,
    &pv_trouble_file_unwritten,       &pv_trouble_root_invalid,
    &pv_trouble_key_invalid,          &pv_trouble_key_exposed,
    &pv_trouble_certificate_invalid,  &pv_trouble_key_mismatch,
    &pv_trouble_certificate_expired,  &pv_trouble_certificate_not_yet_valid,
    &pv_trouble_certificate_expiring, &pv_trouble_address_invalid,
    &pv_trouble_name_unknown,         &pv_trouble_connection_refused,
    &pv_trouble_connection_timeout,   &pv_trouble_connection_failed,
    &pv_trouble_tls_absent,           &pv_trouble_tls_version,
    &pv_trouble_tls_failed,           &pv_trouble_alpn_missing,
    &pv_trouble_server_root_wrong,    &pv_trouble_server_name_wrong,
    &pv_trouble_server_expired,       &pv_trouble_server_not_yet_valid,
    &pv_trouble_server_expiring,      &pv_trouble_fingerprint_wrong,
    &pv_trouble_certificate_rejected, &pv_trouble_enrolment_elsewhere,
    &pv_trouble_clock_wrong,          &pv_trouble_not_serving,
    &pv_trouble_rights_missing,
};
const size_t pv_trouble_count = sizeof pv_troubles / sizeof *pv_troubles;

const char *pv_trouble_text(const pv_error *error)
{
    return error->message != NULL ? error->message : error->reason->text;
}
