/* save.h — files that must not be lost: synced before anybody hears of them, and whole or not there.
 *
 * Threads: any. Reason: FILE_UNWRITTEN; the message names the file and what the system said. */
#ifndef PV_CLIENT_CLI_SAVE_H
#define PV_CLIENT_CLI_SAVE_H

#include "base/error.h"

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a new file with these rights (0600); one that exists is never written over. */
PV_MUST_USE pv_status pv_save_new(const char *path, mode_t rights, pv_view bytes, pv_error *error);

/* Puts a file in place of what is there, if anything: written beside (PATH.new) and renamed, so that a reader sees the
 * one or the other. What an attempt that died left beside is removed; callers keep each other away. */
PV_MUST_USE pv_status pv_save_over(const char *path, mode_t rights, pv_view bytes, pv_error *error);

/* The same for a symbolic link. */
PV_MUST_USE pv_status pv_save_link(const char *path, const char *target, pv_error *error);

/* Makes a folder that only this user may enter, with those above it that are not there. */
PV_MUST_USE pv_status pv_save_folder(const char *path, pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
