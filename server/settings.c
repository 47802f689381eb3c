#include "server/settings.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool parse_data(const char *value, pv_config *config)
{
    config->data = value;
    return *value != '\0';
}

static bool parse_listen(const char *value, pv_config *config)
{
    config->listen = value;
    return strchr(value, ':') != NULL;
}

static bool parse_enrol_listen(const char *value, pv_config *config)
{
    config->enrol_listen = value;
    return *value == '\0' || strchr(value, ':') != NULL;
}

static bool parse_tls_min(const char *value, pv_config *config)
{
    config->tls12 = strcmp(value, "1.2") == 0;
    return config->tls12 || strcmp(value, "1.3") == 0;
}

static bool parse_certificates(const char *value, pv_config *config)
{
    config->certificates = value;
    return true;
}

static bool parse_port_file(const char *value, pv_config *config)
{
    config->port_file = value;
    return true;
}

static bool parse_log_level(const char *value, pv_config *config)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(value, names[i]) == 0) {
            config->log_level = (pv_log_level)i;
            return true;
        }
    }
    return false;
}

static bool parse_reflection(const char *value, pv_config *config)
{
    config->reflection = strcmp(value, "on") == 0;
    return config->reflection || strcmp(value, "off") == 0;
}

/* A whole number followed by one of the units; `scales` holds the factor of each. */
static bool parse_scaled(const char *value, const char *const *units, const int64_t *scales,
                         size_t count, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno != 0 || end == value || number < 0) { return false; }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(end, units[i]) == 0) {
            return !__builtin_mul_overflow((int64_t)number, scales[i], ret);
        }
    }
    return false;
}

static bool parse_count(const char *value, size_t *ret_count)
{
    static const char *const units[] = {""};
    static const int64_t scales[] = {1};
    int64_t count = 0;
    if (!parse_scaled(value, units, scales, 1, &count) || count > 1000 * 1000) { return false; }
    *ret_count = (size_t)count;
    return true;
}

static bool parse_connections(const char *value, pv_config *config)
{
    return parse_count(value, &config->connections);
}

static bool parse_per_source(const char *value, pv_config *config)
{
    return parse_count(value, &config->connections_per_source);
}

static bool parse_per_certificate(const char *value, pv_config *config)
{
    return parse_count(value, &config->connections_per_certificate);
}

static bool parse_handshakes(const char *value, pv_config *config)
{
    return parse_count(value, &config->handshakes_per_source);
}

static bool parse_enrol_attempts(const char *value, pv_config *config)
{
    return parse_count(value, &config->enrol_attempts);
}

static bool parse_drain(const char *value, pv_config *config)
{
    static const char *const units[] = {"ms", "s", "m"};
    static const int64_t scales[] = {1, 1000, 60000};
    return parse_scaled(value, units, scales, 3, &config->drain_ms);
}

static bool parse_map(const char *value, pv_config *config)
{
    static const char *const units[] = {"MiB", "GiB", "TiB"};
    static const int64_t scales[] = {INT64_C(1) << 20, INT64_C(1) << 30, INT64_C(1) << 40};
    int64_t bytes = 0;
    if (!parse_scaled(value, units, scales, 3, &bytes) || bytes == 0) { return false; }
    config->map_bytes = (size_t)bytes;
    return true;
}

/* How long something is kept, in milliseconds; "forever" is 0. */
static bool parse_keep(const char *value, int64_t *ret_ms)
{
    static const char *const units[] = {"h", "d"};
    static const int64_t scales[] = {INT64_C(3600) * 1000, INT64_C(86400) * 1000};
    *ret_ms = 0;
    return strcmp(value, "forever") == 0 ||
           (parse_scaled(value, units, scales, 2, ret_ms) && *ret_ms > 0);
}

static bool parse_keep_answers(const char *value, pv_config *config)
{
    return parse_keep(value, &config->retention.answers_ms);
}

static bool parse_keep_events(const char *value, pv_config *config)
{
    return parse_keep(value, &config->retention.events_ms);
}

static bool parse_keep_audit(const char *value, pv_config *config)
{
    return parse_keep(value, &config->retention.audit_ms);
}

/* An IPv4 address, then perhaps ":" and a port. */
static bool parse_dns_server(const char *value, struct sockaddr_in *ret_server)
{
    static const char *const units[] = {""};
    static const int64_t scales[] = {1};
    char address[INET_ADDRSTRLEN];
    int64_t port = NS_DEFAULTPORT;
    size_t size = strcspn(value, ":");
    if (size >= sizeof address) { return false; }
    memcpy(address, value, size);
    address[size] = '\0';
    if (value[size] == ':' && !parse_scaled(value + size + 1, units, scales, 1, &port)) {
        return false;
    }
    ret_server->sin_family = AF_INET;
    ret_server->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, address, &ret_server->sin_addr) == 1 && port > 0 &&
           port <= UINT16_MAX;
}

static bool parse_resolver(const char *value, pv_config *config)
{
    config->resolves = strcmp(value, "off") != 0;
    if (!config->resolves) { return true; }
    if (strncmp(value, "file:", 5) == 0) {
        config->resolver = pv_resolver_file(value + 5);
        return value[5] != '\0';
    }
    bool of_system = strcmp(value, "dns") == 0;
    config->resolver = pv_resolver_dns(of_system ? NULL : &config->dns);
    return of_system ||
           (strncmp(value, "dns:", 4) == 0 && parse_dns_server(value + 4, &config->dns));
}

const pv_setting pv_settings[PV_SETTING_COUNT] = {
    {"data", "", "folder made by `purvey init`: store, authority, server certificate", parse_data},
    {"listen", "127.0.0.1:20443", "address:port; port 0 takes a free one", parse_listen},
    {"enrol-listen", "",
     "address:port for those who have no certificate yet and come with an invitation; port 0 takes "
     "a free one; nowhere if not given",
     parse_enrol_listen},
    {"enrol-attempts", "5",
     "attempts to enrol of one IPv4 address or IPv6 /64 per minute; 0 for any number",
     parse_enrol_attempts},
    {"tls-min", "1.3", "oldest TLS: 1.3, or 1.2 (ECDHE and AEAD only) for clients that need it",
     parse_tls_min},
    {"certificates", "",
     "folder of more server certificates, NAME.pem with NAME.key, chosen by the name that a client "
     "asks for; read again when it changes; DATA/certificates if not given",
     parse_certificates},
    {"connections", "8192", "connections in all; each takes two descriptors", parse_connections},
    {"connections-per-source", "1024", "connections of one IPv4 address or IPv6 /64",
     parse_per_source},
    {"connections-per-certificate", "256", "connections of one client certificate",
     parse_per_certificate},
    {"handshakes-per-source", "50",
     "new connections of one source per second; ten times as many may come at once",
     parse_handshakes},
    {"port-file", "", "file to write the taken port to; its second line is that of enrol-listen",
     parse_port_file},
    {"log-level", "info", "debug, info, warn or error", parse_log_level},
    {"reflection", "on", "serve gRPC reflection: on or off", parse_reflection},
    {"drain", "10s", "grace for calls at work after SIGTERM: a number with ms, s or m",
     parse_drain},
    {"map-size", "1TiB",
     "address space the store begins with; it grows by itself: a number with MiB, GiB or TiB",
     parse_map},
    {"keep-answers", "7d",
     "a request_id repeated within this time gets its first answer: a number with h or d, or "
     "forever",
     parse_keep_answers},
    {"keep-events", "90d",
     "events can be read and resumed for this time: a number with h or d, or forever",
     parse_keep_events},
    {"keep-audit", "forever",
     "audit entries are kept for this time: a number with h or d, or forever", parse_keep_audit},
    {"resolver", "dns",
     "whom to ask whether a domain belongs to an account: dns (as in /etc/resolv.conf), "
     "dns:IPV4[:PORT], "
     "file:PATH, or off",
     parse_resolver},
};
