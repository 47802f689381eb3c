#include "base/file.h"

#include <errno.h>

bool pv_file_read_stream(pv_arena *arena, FILE *stream, size_t size_max, pv_view *ret_bytes)
{
    uint8_t chunk[4096];
    size_t count;
    pv_buffer bytes = pv_buffer_of(arena);
    errno = 0;
    while ((count = fread(chunk, 1, sizeof chunk, stream)) > 0) {
        if (bytes.size + count > size_max) {
            errno = EFBIG;
            return false;
        }
        pv_buffer_append(&bytes, pv_view_of(chunk, count));
    }
    if (ferror(stream) != 0) { return false; }
    pv_buffer_append(&bytes, pv_view_of("", 1));
    if (bytes.overflow) {
        errno = ENOMEM;
        return false;
    }
    *ret_bytes = pv_view_of(bytes.data, bytes.size - 1);
    return true;
}

char *pv_file_read(pv_arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) { return NULL; }
    pv_view text;
    bool good = pv_file_read_stream(arena, file, PV_FILE_BYTES_MAX, &text);
    int why = errno;
    (void)fclose(file); /* it was only read */
    errno = why;
    return good ? (char *)(uintptr_t)text.data : NULL;
}
