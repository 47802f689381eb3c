#include "client/cli/save.h"

#include "client/cli/trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static pv_status refuse(pv_error *error, const char *verb, const char *path)
{
    return pv_refuse(error, &pv_trouble_file_unwritten, "Cannot %s %s: %s.", verb, path,
                     strerror(errno));
}

static pv_status write_all(int descriptor, const char *path, pv_view bytes, pv_error *error)
{
    for (size_t done = 0; done < bytes.size;) {
        ssize_t written = write(descriptor, bytes.data + done, bytes.size - done);
        if (written >= 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            return refuse(error, "write", path);
        }
    }
    return fsync(descriptor) == 0 ? pv_ok() : refuse(error, "sync", path);
}

/* The folder that the path is in; entries made in it last once it is synced. */
static pv_status sync_folder_of(const char *path, pv_error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int size = slash == NULL ? snprintf(folder, sizeof folder, ".")
                             : snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    if (size < 0 || (size_t)size >= sizeof folder) {
        errno = ENAMETOOLONG;
        return refuse(error, "sync the folder of", path);
    }
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) { return refuse(error, "open", folder); }
    pv_status status = fsync(descriptor) == 0 ? pv_ok() : refuse(error, "sync", folder);
    (void)close(descriptor); /* it was only read */
    return status;
}

pv_status pv_save_new(const char *path, mode_t rights, pv_view bytes, pv_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, rights);
    if (descriptor < 0) { return refuse(error, "make", path); }
    pv_status status = write_all(descriptor, path, bytes, error);
    if (close(descriptor) != 0 && pv_is_ok(status)) { status = refuse(error, "close", path); }
    PV_TRY(status);
    return sync_folder_of(path, error);
}

/* "PATH.new" without what a dead attempt left there. */
static pv_status begin_beside(const char *path, char ret_beside[PATH_MAX], pv_error *error)
{
    int size = snprintf(ret_beside, PATH_MAX, "%s.new", path);
    if (size < 0 || size >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return refuse(error, "write", path);
    }
    return unlink(ret_beside) == 0 || errno == ENOENT ? pv_ok()
                                                      : refuse(error, "remove", ret_beside);
}

static pv_status put_in_place(const char *beside, const char *path, pv_error *error)
{
    if (rename(beside, path) != 0) { return refuse(error, "replace", path); }
    return sync_folder_of(path, error);
}

pv_status pv_save_over(const char *path, mode_t rights, pv_view bytes, pv_error *error)
{
    char beside[PATH_MAX];
    PV_TRY(begin_beside(path, beside, error));
    PV_TRY(pv_save_new(beside, rights, bytes, error));
    return put_in_place(beside, path, error);
}

pv_status pv_save_link(const char *path, const char *target, pv_error *error)
{
    char beside[PATH_MAX];
    PV_TRY(begin_beside(path, beside, error));
    if (symlink(target, beside) != 0) { return refuse(error, "make", beside); }
    return put_in_place(beside, path, error);
}

pv_status pv_save_folder(const char *path, pv_error *error)
{
    char folder[PATH_MAX];
    int size = snprintf(folder, sizeof folder, "%s", path);
    if (size <= 0 || (size_t)size >= sizeof folder) {
        errno = ENAMETOOLONG;
        return refuse(error, "make", path);
    }
    for (char *at = folder + 1;; at++) {
        char here = *at;
        if (here != '/' && here != '\0') { continue; }
        *at = '\0';
        if (mkdir(folder, 0700) == 0) {
            PV_TRY(sync_folder_of(folder, error));
        } else if (errno != EEXIST) {
            return refuse(error, "make the folder", folder);
        }
        if (here == '\0') { return pv_ok(); }
        *at = here;
    }
}
