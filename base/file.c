#include "base/file.h"

#include <errno.h>
#include <stdio.h>

/* 0, or why not in the terms of errno. */
static int read_all(FILE *file, pv_buffer *text)
{
    uint8_t chunk[4096];
    size_t count;
    while ((count = fread(chunk, 1, sizeof chunk, file)) > 0) {
        pv_buffer_append(text, pv_view_of(chunk, count));
        if (text->size > PV_FILE_BYTES_MAX) { return EFBIG; }
    }
    if (ferror(file) != 0) { return errno; }
    pv_buffer_append(text, pv_view_of("", 1));
    return text->overflow ? ENOMEM : 0;
}

char *pv_file_read(pv_arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) { return NULL; }
    pv_buffer text = pv_buffer_of(arena);
    int why = read_all(file, &text);
    (void)fclose(file); /* it was only read */
    errno = why;
    return why == 0 ? (char *)text.data : NULL;
}
