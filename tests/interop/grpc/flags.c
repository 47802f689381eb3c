#include "tests/interop/grpc/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 * 1024 };

static interop_flag *find(interop_flag *flags, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(flags[i].name) == size && memcmp(flags[i].name, name, size) == 0) {
            return &flags[i];
        }
    }
    return NULL;
}

bool interop_flags_parse(int count, char **words, interop_flag *flags, size_t flag_count)
{
    for (int i = 1; i < count; i++) {
        const char *name = words[i];
        const char *equals = strchr(name, '=');
        if (name[0] != '-' || equals == NULL) {
            (void)fprintf(stderr, "%s: flags are written --name=value\n", words[i]);
            return false;
        }
        name += name[1] == '-' ? 2 : 1;
        interop_flag *flag = find(flags, flag_count, name, (size_t)(equals - name));
        if (flag == NULL) {
            (void)fprintf(stderr, "%s: there is no such flag\n", words[i]);
            return false;
        }
        flag->value = equals + 1;
    }
    return true;
}

bool interop_flag_truth(const interop_flag *flag, bool *ret_truth)
{
    static const char *const words[] = {"false", "true", "0", "1", "False", "True"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (flag->value != NULL && strcmp(flag->value, words[i]) == 0) {
            *ret_truth = i % 2 == 1;
            return true;
        }
    }
    (void)fprintf(stderr, "--%s must be true or false\n", flag->name);
    return false;
}

bool interop_flag_port(const interop_flag *flag, int *ret_port)
{
    int port = 0;
    const char *digit = flag->value == NULL ? "" : flag->value;
    size_t size = strlen(digit);
    bool good = size > 0 && size <= 5;
    for (; good && *digit != '\0'; digit++) {
        good = *digit >= '0' && *digit <= '9';
        port = 10 * port + (*digit - '0');
    }
    if (!good || port > 65535) {
        (void)fprintf(stderr, "--%s must be a port, 0 to 65535\n", flag->name);
        return false;
    }
    *ret_port = port;
    return true;
}

char *interop_read_file(const char *path)
{
    if (path == NULL) {
        (void)fprintf(stderr, "--use_tls=true needs the files of certificates\n");
        return NULL;
    }
    FILE *file = fopen(path, "re");
    char *text = (char *)calloc(FILE_BYTES_MAX + 1, 1);
    size_t size = file == NULL || text == NULL ? 0 : fread(text, 1, FILE_BYTES_MAX, file);
    if (file != NULL) { (void)fclose(file); }
    if (size > 0) { return text; }
    (void)fprintf(stderr, "cannot read %s: %s\n", path, errno != 0 ? strerror(errno) : "empty");
    free(text);
    return NULL;
}
