#include "client/cli/store.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child leaves behind when it dies: the key it was reading. */
typedef struct pv_store_trace {
    uint8_t key[PV_STORE_KEY_MAX];
    size_t size;
} pv_store_trace;

pv_exit pv_store_end(pv_store_command *command, pv_status status, const char *sentence)
{
    (void)pv_cli_fail(command->cli, "%s", sentence);
    return pv_exit_of(status.code);
}

pv_exit pv_store_parse(pv_cli *cli, const pv_extra *extra, const char *wants, size_t count,
                       char *const *arguments, pv_store_command *ret_command, bool *ret_done)
{
    pv_store_command command = {.cli = cli, .data = getenv("PURVEYD_DATA")};
    pv_options every = {0};
    pv_arguments words = {0};
    size_t words_max = *extra->words == '\0' ? 0 : 1;
    pv_exit exit =
        pv_extra_parse(cli, extra, &command, &every, count, arguments, words_max, &words, ret_done);
    if (exit != PV_EXIT_OK || *ret_done) { return exit; }
    command.json = every.output != PV_OUTPUT_TABLE;
    if (words.word_count > 0) { command.word = words.words[0]; }
    if (wants != NULL && command.word == NULL) {
        return pv_cli_usage(cli, "%s is missing: purvey store %s %s", wants, extra->verb,
                            extra->words);
    }
    if (command.data != NULL) {
        command.path = pv_arena_printf(cli->arena, "%s/store", command.data);
        PV_ASSERT(command.path != NULL);
    }
    *ret_command = command;
    return PV_EXIT_OK;
}

/* --- the child --- */

void pv_store_at(pv_store_command *command, pv_view key)
{
    pv_store_trace *trace = command->trace;
    size_t size = key.size < sizeof trace->key ? key.size : sizeof trace->key;
    if (size > 0) { memcpy(trace->key, key.data, size); }
    trace->size = size;
}

/* Damage shows as a signal: a page that is not there, or LMDB's own assertions. */
static pv_exit tell_death(pv_store_command *command, int signal_number)
{
    const pv_check_rules rules = pv_store_rules();
    const char *where = "";
    const pv_store_trace *trace = command->trace;
    if (trace->size > 0) {
        const char *name =
            pv_check_name(&rules, pv_view_of(trace->key, trace->size), command->cli->arena);
        where = pv_arena_printf(command->cli->arena, " behind %s", name);
        PV_ASSERT(where != NULL);
    }
    return pv_cli_fail(command->cli, "The store at \"%s\" is damaged: it cannot be read on%s (%s).",
                       command->path, where, strsignal(signal_number));
}

pv_exit pv_store_guard(pv_store_command *command, pv_exit (*work)(pv_store_command *command))
{
    void *page = mmap(NULL, sizeof(pv_store_trace), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) { return pv_cli_fail(command->cli, "no memory: %s.", strerror(errno)); }
    command->trace = page;
    fflush(command->cli->out);
    fflush(command->cli->err);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none); /* a dump of somebody's map helps nobody */
        (void)signal(SIGBUS,
                     SIG_DFL); /* a page that is not there is a finding: nobody else reports it */
        pv_exit exit = work(command);
        bool written = fflush(command->cli->out) == 0 && fflush(command->cli->err) == 0;
        _exit(written || exit != PV_EXIT_OK ? (int)exit : PV_EXIT_OTHER);
    }
    int how = 0;
    pv_exit exit = PV_EXIT_OTHER;
    if (child < 0 || waitpid(child, &how, 0) != child) {
        exit = pv_cli_fail(command->cli, "no process to read the store in: %s.", strerror(errno));
    } else if (WIFSIGNALED(how)) {
        exit = tell_death(command, WTERMSIG(how));
    } else {
        exit = (pv_exit)WEXITSTATUS(how);
    }
    (void)munmap(page, sizeof(pv_store_trace));
    command->trace = NULL;
    return exit;
}

pv_store *pv_store_look(pv_store_command *command, pv_exit *ret_exit)
{
    if (command->path == NULL) {
        *ret_exit = pv_cli_usage(command->cli, "which store? Give --data DIR.");
        return NULL;
    }
    const pv_lmdb_options look = {.look = true};
    pv_store *store = NULL;
    char why[PV_LMDB_ERROR_SIZE];
    pv_status status = pv_lmdb_open(command->path, &look, &store, why);
    if (pv_is_ok(status)) { return store; }
    *ret_exit = pv_store_end(command, status, why);
    return NULL;
}
