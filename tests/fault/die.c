/* die.c — loaded into purveyd (LD_PRELOAD): kills it with SIGKILL at the n-th step of what makes a certificate. A step
 * is the moment before or after a sync or write of the store, or before or after a signature. While the file named by
 * DIE_AT is there, steps are counted; it holds n. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static _Atomic long steps;

static void step(void)
{
    const char *path = getenv("DIE_AT");
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    if (file == NULL) { return; }
    char text[32] = "";
    char *read = fgets(text, sizeof text, file);
    fclose(file);
    if (read != NULL && ++steps == strtol(text, NULL, 10)) { kill(getpid(), SIGKILL); }
}

/* The function that this one stands before. */
#define NEXT(type, name) ((type)(__UINTPTR_TYPE__)dlsym(RTLD_NEXT, name))

int fdatasync(int fd)
{
    step();
    int result = NEXT(int (*)(int), "fdatasync")(fd);
    step();
    return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    step();
    ssize_t result =
        NEXT(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64")(fd, bytes, size, at);
    step();
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return pwrite64(fd, bytes, size, at);
}

int X509_sign(void *certificate, void *key, const void *digest);
int X509_sign(void *certificate, void *key, const void *digest)
{
    step();
    int result = NEXT(int (*)(void *, void *, const void *), "X509_sign")(certificate, key, digest);
    step();
    return result;
}
