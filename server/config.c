#include "server/config.h"

#include "base/status.h"
#include "server/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSION "0.1.0"

enum { LINE_MAX_BYTES = 4096 };

/* Where a value came from, strongest last. */
typedef enum origin { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG } origin;

static const char *const origin_names[] = {"default", "file", "environment", "flag"};

typedef struct values {
    const char *text[PV_SETTING_COUNT];
    origin from[PV_SETTING_COUNT];
} values;

static pv_config_outcome wrong(const char *what, const char *value)
{
    fprintf(stderr, "purveyd: %s: %s\n", what, value);
    return PV_CONFIG_WRONG;
}

static int setting_named(const char *name, size_t size)
{
    for (int i = 0; i < PV_SETTING_COUNT; i++) {
        if (strlen(pv_settings[i].name) == size && memcmp(pv_settings[i].name, name, size) == 0) {
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
    for (int i = 0; i < PV_SETTING_COUNT; i++) {
        size_t score = 0;
        for (size_t j = 0; j < size && pv_settings[i].name[j] != '\0'; j++) {
            score += pv_settings[i].name[j] == name[j];
        }
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    fprintf(stderr, "purveyd: there is no setting %.*s; did you mean %s? See purveyd --help.\n",
            (int)size, name, pv_settings[best].name);
    return PV_CONFIG_WRONG;
}

static void print_help(void)
{
    printf("purveyd serves Purvey over gRPC with mTLS.\n\nusage: purveyd --data DIR [--name value "
           "...]\n\n");
    for (int i = 0; i < PV_SETTING_COUNT; i++) {
        printf("  --%-28s %s%s%s%s\n", pv_settings[i].name, pv_settings[i].help,
               *pv_settings[i].fallback != '\0' ? " [" : "", pv_settings[i].fallback,
               *pv_settings[i].fallback != '\0' ? "]" : "");
    }
    printf("  --config                      file with lines `name = value`\n"
           "  --check-config                says whether the settings are good\n"
           "  --print-config                prints every setting with its origin\n"
           "  --version\n\nEvery setting can also come from the environment: PURVEYD_LISTEN for "
           "--listen.\n");
}

static void print_values(const values *given)
{
    for (int i = 0; i < PV_SETTING_COUNT; i++) {
        printf("%s = %s  # %s\n", pv_settings[i].name, given->text[i],
               origin_names[given->from[i]]);
    }
}

static void take_environment(values *given)
{
    for (int i = 0; i < PV_SETTING_COUNT; i++) {
        char name[64];
        int size = snprintf(name, sizeof name, "PURVEYD_%s", pv_settings[i].name);
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
    for (int i = 0; i < PV_SETTING_COUNT; i++) {
        given.text[i] = pv_settings[i].fallback;
        given.from[i] = FROM_DEFAULT;
    }
    pv_config_outcome outcome = take_flags(argc, argv, true, arena, &given);
    if (outcome != PV_CONFIG_RUN) { return outcome; }
    take_environment(&given);
    outcome = take_flags(argc, argv, false, arena, &given);
    if (outcome != PV_CONFIG_RUN) { return outcome; }
    for (int i = 0; i < PV_SETTING_COUNT; i++) {
        if (!pv_settings[i].parse(given.text[i], ret_config)) {
            fprintf(stderr, "purveyd: %s = \"%s\" (%s) is not valid: %s\n", pv_settings[i].name,
                    given.text[i], origin_names[given.from[i]], pv_settings[i].help);
            return PV_CONFIG_WRONG;
        }
    }
    if (has_flag(argc, argv, "--print-config")) { print_values(&given); }
    if (has_flag(argc, argv, "--check-config")) { printf("the settings are good\n"); }
    bool only_asked =
        has_flag(argc, argv, "--print-config") || has_flag(argc, argv, "--check-config");
    return only_asked ? PV_CONFIG_DONE : PV_CONFIG_RUN;
}
