#include "server/config.h"

#include "base/status.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSION "0.1.0"

enum { SETTINGS = 16, LINE_MAX_BYTES = 4096 };

/* Where a value came from, strongest last. */
typedef enum origin { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG } origin;

static const char *const origin_names[] = {"default", "file", "environment", "flag"};

typedef struct setting {
    const char *name;
    const char *fallback;
    const char *help;
    bool (*parse)(const char *value, pv_config *config);
} setting;

typedef struct values {
    const char *text[SETTINGS];
    origin from[SETTINGS];
} values;

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

static const setting settings[SETTINGS] = {
    {"data", "", "folder made by `purvey init`: store, authority, server certificate", parse_data},
    {"listen", "127.0.0.1:20443", "address:port; port 0 takes a free one", parse_listen},
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
    {"port-file", "", "file to write the taken port to", parse_port_file},
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
};

static pv_config_outcome wrong(const char *what, const char *value)
{
    fprintf(stderr, "purveyd: %s: %s\n", what, value);
    return PV_CONFIG_WRONG;
}

static int setting_named(const char *name, size_t size)
{
    for (int i = 0; i < SETTINGS; i++) {
        if (strlen(settings[i].name) == size && memcmp(settings[i].name, name, size) == 0) {
            return i;
        }
    }
    return -1;
}

/* Letters in common at the same places, to name the nearest known setting. */
static pv_config_outcome unknown(const char *name, size_t size)
{
    int best = 0;
    size_t best_score = 0;
    for (int i = 0; i < SETTINGS; i++) {
        size_t score = 0;
        for (size_t j = 0; j < size && settings[i].name[j] != '\0'; j++) {
            score += settings[i].name[j] == name[j];
        }
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    fprintf(stderr, "purveyd: there is no setting %.*s; did you mean %s? See purveyd --help.\n",
            (int)size, name, settings[best].name);
    return PV_CONFIG_WRONG;
}

static void print_help(void)
{
    printf("purveyd serves Purvey over gRPC with mTLS.\n\nusage: purveyd --data DIR [--name value "
           "...]\n\n");
    for (int i = 0; i < SETTINGS; i++) {
        printf("  --%-28s %s%s%s%s\n", settings[i].name, settings[i].help,
               *settings[i].fallback != '\0' ? " [" : "", settings[i].fallback,
               *settings[i].fallback != '\0' ? "]" : "");
    }
    printf("  --config                      file with lines `name = value`\n"
           "  --check-config                says whether the settings are good\n"
           "  --print-config                prints every setting with its origin\n"
           "  --version\n\nEvery setting can also come from the environment: PURVEYD_LISTEN for "
           "--listen.\n");
}

static void print_values(const values *given)
{
    for (int i = 0; i < SETTINGS; i++) {
        printf("%s = %s  # %s\n", settings[i].name, given->text[i], origin_names[given->from[i]]);
    }
}

static void take_environment(values *given)
{
    for (int i = 0; i < SETTINGS; i++) {
        char name[64];
        int size = snprintf(name, sizeof name, "PURVEYD_%s", settings[i].name);
        PV_ASSERT(size > 0 && (size_t)size < sizeof name);
        for (char *c = name; *c != '\0'; c++) {
            *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        }
        const char *value = getenv(name);
        if (value != NULL) {
            given->text[i] = value;
            given->from[i] = FROM_ENVIRONMENT;
        }
    }
}

static pv_view trimmed(pv_view text)
{
    while (text.size > 0 && isspace(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && isspace(text.data[text.size - 1])) { text.size--; }
    return text;
}

static pv_config_outcome take_line(char *line, pv_arena *arena, values *given)
{
    line[strcspn(line, "#")] = '\0';
    pv_view whole = trimmed(pv_view_text(line));
    if (whole.size == 0) { return PV_CONFIG_RUN; }
    const char *equals = memchr(whole.data, '=', whole.size);
    if (equals == NULL) { return wrong("a line without '=' in the file", line); }
    pv_view name = trimmed(pv_view_of(whole.data, (size_t)(equals - (const char *)whole.data)));
    int index = setting_named((const char *)name.data, name.size);
    if (index < 0) { return unknown((const char *)name.data, name.size); }
    size_t used = (size_t)(equals - (const char *)whole.data) + 1;
    given->text[index] =
        pv_arena_dup(arena, trimmed(pv_view_of(whole.data + used, whole.size - used)));
    given->from[index] = FROM_FILE;
    return given->text[index] == NULL ? wrong("the file is too large", line) : PV_CONFIG_RUN;
}

static pv_config_outcome take_file(const char *path, pv_arena *arena, values *given)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) { return wrong("the file of --config cannot be read", path); }
    char line[LINE_MAX_BYTES];
    pv_config_outcome outcome = PV_CONFIG_RUN;
    while (outcome == PV_CONFIG_RUN && fgets(line, sizeof line, file) != NULL) {
        outcome = take_line(line, arena, given);
    }
    if (outcome == PV_CONFIG_RUN && ferror(file)) {
        outcome = wrong("the file of --config cannot be read", path);
    }
    fclose(file);
    return outcome;
}

/* The flags; --config is taken from them first, because flags are stronger than its file. */
static pv_config_outcome take_flags(int argc, char **argv, bool only_config, pv_arena *arena,
                                    values *given)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) { return wrong("not a flag", argv[i]); }
        const char *name = argv[i] + 2;
        size_t size = strcspn(name, "=");
        if (name[size] == '\0' &&
            (strcmp(name, "check-config") == 0 || strcmp(name, "print-config") == 0)) {
            continue;
        }
        const char *value = name[size] == '=' ? name + size + 1 : (i + 1 < argc ? argv[++i] : NULL);
        if (value == NULL) { return wrong("the flag needs a value", argv[i]); }
        bool is_config = size == 6 && memcmp(name, "config", 6) == 0;
        if (is_config && only_config) {
            pv_config_outcome outcome = take_file(value, arena, given);
            if (outcome != PV_CONFIG_RUN) { return outcome; }
        }
        if (is_config || only_config) { continue; }
        int index = setting_named(name, size);
        if (index < 0) { return unknown(name, size); }
        given->text[index] = value;
        given->from[index] = FROM_FLAG;
    }
    return PV_CONFIG_RUN;
}

static bool has_flag(int argc, char **argv, const char *flag)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], flag) == 0) { return true; }
    }
    return false;
}

pv_config_outcome pv_config_read(int argc, char **argv, pv_arena *arena, pv_config *ret_config)
{
    if (has_flag(argc, argv, "--help")) {
        print_help();
        return PV_CONFIG_DONE;
    }
    if (has_flag(argc, argv, "--version")) {
        printf("purveyd %s\n", VERSION);
        return PV_CONFIG_DONE;
    }
    values given;
    for (int i = 0; i < SETTINGS; i++) {
        given.text[i] = settings[i].fallback;
        given.from[i] = FROM_DEFAULT;
    }
    pv_config_outcome outcome = take_flags(argc, argv, true, arena, &given);
    if (outcome != PV_CONFIG_RUN) { return outcome; }
    take_environment(&given);
    outcome = take_flags(argc, argv, false, arena, &given);
    if (outcome != PV_CONFIG_RUN) { return outcome; }
    for (int i = 0; i < SETTINGS; i++) {
        if (!settings[i].parse(given.text[i], ret_config)) {
            fprintf(stderr, "purveyd: %s = \"%s\" (%s) is not valid: %s\n", settings[i].name,
                    given.text[i], origin_names[given.from[i]], settings[i].help);
            return PV_CONFIG_WRONG;
        }
    }
    if (has_flag(argc, argv, "--print-config")) { print_values(&given); }
    if (has_flag(argc, argv, "--check-config")) { printf("the settings are good\n"); }
    bool only_asked =
        has_flag(argc, argv, "--print-config") || has_flag(argc, argv, "--check-config");
    return only_asked ? PV_CONFIG_DONE : PV_CONFIG_RUN;
}
