/* pem.c — reads one file. */
#include "pem.h"

#include <stdio.h>
#include <stdlib.h>

enum { PEM_BYTES_MAX = 64 * 1024 };

const char *pem_read(pv_arena *arena, const char *path)
{
    char *text = pv_arena_zalloc(arena, PEM_BYTES_MAX + 1, 1);
    FILE *file = fopen(path, "r");
    if (file == NULL || text == NULL) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(1);
    }
    size_t size = fread(text, 1, PEM_BYTES_MAX, file);
    bool whole = ferror(file) == 0 && getc(file) == EOF;
    (void)fclose(file); /* it was only read */
    if (size == 0 || !whole) {
        fprintf(stderr, "cannot read %s: it is empty or longer than %d bytes\n", path,
                PEM_BYTES_MAX);
        exit(1);
    }
    return text;
}
