#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fills `text`; the number of bytes read, or -1. A pipe gives them in pieces. */
static ssize_t read_all(int file, char *text, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = read(file, text + done, size - done);
        if (count == 0) { break; }
        if (count < 0 && errno != EINTR) { return -1; }
        done += count < 0 ? 0 : (size_t)count;
    }
    return (ssize_t)done;
}

static char *read_open(pv_arena *arena, int file)
{
    struct stat about;
    if (fstat(file, &about) != 0) { return NULL; }
    /* What has no size is read up to the limit. */
    size_t size = S_ISREG(about.st_mode) ? (size_t)about.st_size : PV_FILE_BYTES_MAX;
    char *text = size > PV_FILE_BYTES_MAX ? NULL : (char *)pv_arena_alloc(arena, size + 1);
    if (text == NULL) {
        errno = size > PV_FILE_BYTES_MAX ? EFBIG : ENOMEM;
        return NULL;
    }
    ssize_t count = read_all(file, text, size);
    if (count < 0) { return NULL; }
    text[count] = '\0';
    return text;
}

char *pv_file_read(pv_arena *arena, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) { return NULL; }
    char *text = read_open(arena, file);
    int why = errno;
    (void)close(file); /* it was only read */
    errno = why;
    return text;
}
