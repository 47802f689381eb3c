/* `purvey store backup`, `restore` and `compact`: each writes a copy beside its place, verifies it, and only then
 * gives it its name. */
#include "base/time.h"
#include "client/cli/store.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copies `command->path`, a store or a backup, to `command->copy`. */
static pv_exit copy(pv_store_command *command, pv_lmdb_copy_kind kind)
{
    pv_exit exit = PV_EXIT_OK;
    pv_store *store = pv_store_look(command, &exit);
    if (store == NULL) { return exit; }
    char why[PV_LMDB_ERROR_SIZE];
    pv_status status = pv_lmdb_copy(store, command->copy, kind, why);
    pv_store_close(store);
    return pv_is_ok(status) ? PV_EXIT_OK : pv_store_end(command, status, why);
}

static pv_exit copy_plain(pv_store_command *command)
{
    return copy(command, PV_LMDB_COPY_PLAIN);
}

static pv_exit copy_compact(pv_store_command *command)
{
    return copy(command, PV_LMDB_COPY_COMPACT);
}

/* The copy, verified; on another result than OK there is none. */
static pv_exit make_copy(pv_store_command *command, pv_exit (*work)(pv_store_command *command))
{
    pv_exit exit = pv_store_guard(command, work);
    if (exit == PV_EXIT_OK) {
        pv_store_command made = *command;
        made.path = command->copy;
        exit = pv_store_guard(&made, pv_store_verify);
        if (exit != PV_EXIT_OK) {
            exit = pv_cli_fail(command->cli,
                               "The copy of \"%s\" does not pass the check, and was removed.",
                               command->path);
        }
    }
    if (exit != PV_EXIT_OK) { (void)unlink(command->copy); }
    return exit;
}

static const char *text(pv_store_command *command, const char *a, const char *b)
{
    const char *joined = pv_arena_printf(command->cli->arena, "%s%s", a, b);
    PV_ASSERT(joined != NULL);
    return joined;
}

/* A name beside `name` that nobody else uses. */
static const char *partial_name(pv_store_command *command, const char *name)
{
    const char *partial =
        pv_arena_printf(command->cli->arena, "%s.partial-%ld", name, (long)getpid());
    PV_ASSERT(partial != NULL);
    return partial;
}

static pv_exit tell_done(pv_store_command *command, const char *done, const char *file)
{
    struct stat info;
    long long bytes = stat(file, &info) == 0 ? (long long)info.st_size : 0;
    if (command->json) {
        json_t *value =
            json_pack("{s:s, s:s, s:I}", "done", done, "file", file, "bytes", (json_int_t)bytes);
        PV_ASSERT(value != NULL);
        (void)json_dumpf(value, command->cli->out, JSON_COMPACT);
        fputc('\n', command->cli->out);
        json_decref(value);
    } else {
        fprintf(command->cli->out, "%s: %s, %lld bytes, checked\n", file, done, bytes);
    }
    return PV_EXIT_OK;
}

/* --- backup --- */

/* In a folder the backup is called by its time. */
static const char *backup_name(pv_store_command *command)
{
    struct stat target;
    if (stat(command->word, &target) != 0 || !S_ISDIR(target.st_mode)) { return command->word; }
    char time[PV_TIME_TEXT_SIZE];
    pv_time_format(pv_time_now(), time);
    for (char *c = time; *c != '\0'; c++) {
        if (*c == ':') { *c = '-'; } /* not permitted everywhere */
    }
    return text(command, text(command, command->word, "/purvey-"), text(command, time, ".store"));
}

static pv_exit run_backup(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_store_command command;
    bool done = false;
    pv_exit exit = pv_store_parse(cli, &pv_extra_store_backup, "the name of the backup", count,
                                  arguments, &command, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    const char *name = backup_name(&command);
    if (!command.force && access(name, F_OK) == 0) {
        (void)pv_cli_fail(cli, "\"%s\" is there already: --force replaces it.", name);
        return PV_EXIT_PRECONDITION;
    }
    command.copy = partial_name(&command, name);
    exit = make_copy(&command, copy_plain);
    if (exit != PV_EXIT_OK) { return exit; }
    char why[PV_LMDB_ERROR_SIZE];
    pv_status status = pv_lmdb_name(command.copy, name, command.force, why);
    if (pv_is_ok(status)) { return tell_done(&command, "backup", name); }
    (void)unlink(command.copy);
    return pv_store_end(&command, status, why);
}

static const pv_flag backup_flags[] = {
    PV_STORE_FLAG_DATA,
    {"force", 0, NULL, offsetof(pv_store_command, force), "Replace a backup of that name."},
};

const pv_extra pv_extra_store_backup = {
    .noun = "store",
    .verb = "backup",
    .words = "FILE|DIR",
    .text = "Copies the store of --data into FILE, or into DIR under the time, while the server "
            "runs. The copy "
            "is one snapshot; it is checked like `purvey store check` does, and gets its name only "
            "then. "
            "Keep the folder authority of --data with it: certificates are not in the store.",
    .flags = backup_flags,
    .flag_count = sizeof backup_flags / sizeof *backup_flags,
    .answers = true,
    .run = run_backup,
};

/* --- restore and compact --- */

/* Writes the copy into the folder that is held, and makes it the store there. */
static pv_exit replace_store(pv_store_command *command, pv_lmdb_place *place, const char *folder,
                             pv_exit (*work)(pv_store_command *command), const char *done)
{
    const char *store = text(command, folder, "/data.mdb");
    command->copy = partial_name(command, store);
    pv_exit exit = make_copy(command, work);
    if (exit != PV_EXIT_OK) { return exit; }
    char why[PV_LMDB_ERROR_SIZE];
    pv_status status = pv_lmdb_install(place, command->copy, why);
    if (pv_is_ok(status)) { return tell_done(command, done, store); }
    (void)unlink(command->copy);
    return pv_store_end(command, status, why);
}

static pv_exit run_restore(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_store_command command;
    bool done = false;
    pv_exit exit = pv_store_parse(cli, &pv_extra_store_restore, "the backup", count, arguments,
                                  &command, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (command.path == NULL) { return pv_cli_usage(cli, "into which folder? Give --data DIR."); }
    const char *folder = command.path;
    command.path = command.word;
    exit = pv_store_guard(&command, pv_store_verify);
    if (exit == PV_EXIT_OTHER) {
        (void)pv_cli_fail(cli, "\"%s\" does not pass the check: nothing was restored.",
                          command.word);
    }
    if (exit != PV_EXIT_OK) { return exit; }
    if (mkdir(command.data, 0700) != 0 && errno != EEXIST) {
        return pv_cli_fail(cli, "\"%s\" cannot be made: %s.", command.data, strerror(errno));
    }
    char why[PV_LMDB_ERROR_SIZE];
    pv_lmdb_place *place = NULL;
    pv_status status = pv_lmdb_hold(folder, true, &place, why);
    if (!pv_is_ok(status)) { return pv_store_end(&command, status, why); }
    if (pv_lmdb_is_taken(place) && !command.force) {
        (void)pv_cli_fail(cli, "There is a store at \"%s\": --force puts the backup in its place.",
                          folder);
        exit = PV_EXIT_PRECONDITION;
    } else {
        exit = replace_store(&command, place, folder, copy_plain, "restored");
    }
    pv_lmdb_let_go(place);
    return exit;
}

static const pv_flag restore_flags[] = {
    PV_STORE_FLAG_DATA,
    {"force", 0, NULL, offsetof(pv_store_command, force),
     "Replace the store that is there. What it holds is gone."},
};

const pv_extra pv_extra_store_restore = {
    .noun = "store",
    .verb = "restore",
    .words = "FILE",
    .text = "Makes a backup the store of --data, where no server may run. The backup is checked "
            "first, and its "
            "copy once more before it takes the place.",
    .flags = restore_flags,
    .flag_count = sizeof restore_flags / sizeof *restore_flags,
    .answers = true,
    .run = run_restore,
};

static pv_exit run_compact(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_store_command command;
    bool done = false;
    pv_exit exit =
        pv_store_parse(cli, &pv_extra_store_compact, NULL, count, arguments, &command, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (command.path == NULL) { return pv_cli_usage(cli, "which store? Give --data DIR."); }
    char why[PV_LMDB_ERROR_SIZE];
    pv_lmdb_place *place = NULL;
    pv_status status = pv_lmdb_hold(command.path, false, &place, why);
    if (!pv_is_ok(status)) { return pv_store_end(&command, status, why); }
    exit = replace_store(&command, place, command.path, copy_compact, "compacted");
    pv_lmdb_let_go(place);
    return exit;
}

static const pv_flag compact_flags[] = {PV_STORE_FLAG_DATA};

const pv_extra pv_extra_store_compact = {
    .noun = "store",
    .verb = "compact",
    .words = "",
    .text =
        "Writes the store of --data anew without its free pages, checks the result, and puts it in "
        "place. No "
        "server may run; there must be room for both. A store that is served uses its free pages "
        "again by itself: this only gives disk back.",
    .flags = compact_flags,
    .flag_count = sizeof compact_flags / sizeof *compact_flags,
    .answers = true,
    .run = run_compact,
};
