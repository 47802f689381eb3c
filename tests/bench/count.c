#include "tests/bench/count.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The allocator of the C library, under its other names. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
/* The binary's own code, as the linker names it. */
extern const char __executable_start[], etext[];

static allocation_count nowhere;
static allocation_count *counts = &nowhere;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv(COUNT_FILE);
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) { return; }
    void *map = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map != MAP_FAILED) { counts = map; }
}

static void count(const void *caller)
{
    const char *from = caller;
    __atomic_fetch_add(&counts->all, 1, __ATOMIC_RELAXED);
    if (from >= __executable_start && from < etext) {
        __atomic_fetch_add(&counts->own, 1, __ATOMIC_RELAXED);
    }
}

void *malloc(size_t size)
{
    count(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_realloc(pointer, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}
