#include "client/demo/platform.h"

#include "base/status.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { START_MS_MAX = 20000, POLL_MS = 20, FILE_BYTES_MAX = 64 * 1024 };

static bool fail(const char *what, const char *why)
{
    fprintf(stderr, "demo: %s: %s\n", what, why);
    return false;
}

const char *platform_path(const platform *of, const char *name)
{
    const char *path = pv_arena_printf(of->arena, "%s/%s", of->folder, name);
    PV_ASSERT(path != NULL);
    return path;
}

char *platform_read(pv_arena *arena, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    char *text = pv_arena_alloc(arena, FILE_BYTES_MAX);
    PV_ASSERT(text != NULL);
    ssize_t size = file < 0 ? -1 : read(file, text, FILE_BYTES_MAX - 1);
    if (size < 0) { (void)fail(path, strerror(errno)); }
    if (file >= 0) { close(file); }
    if (size < 0) { return NULL; }
    text[size] = '\0';
    return text;
}

static bool spawn(const char *const *arguments, const char *log, pid_t *ret_process)
{
    posix_spawn_file_actions_t actions;
    PV_ASSERT(posix_spawn_file_actions_init(&actions) == 0);
    if (log != NULL) {
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
                                         O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    }
    int error = posix_spawn(ret_process, arguments[0], &actions, NULL,
                            (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 || fail(arguments[0], strerror(error));
}

static void sleep_ms(int64_t milliseconds)
{
    struct timespec time = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

bool platform_purvey(const platform *of, const char *const *words)
{
    enum { WORDS_MAX = 16 };
    const char *log_path = platform_path(of, "purvey.log");
    const char *arguments[WORDS_MAX + 4] = {
        "/usr/bin/env", pv_arena_printf(of->arena, "XDG_CONFIG_HOME=%s", of->folder), of->cli_path};
    size_t count = 3;
    for (; *words != NULL; words++) {
        PV_ASSERT(count < WORDS_MAX + 3);
        arguments[count++] = *words;
    }
    pid_t process = 0;
    int outcome = 0;
    if (!spawn(arguments, log_path, &process)) { return false; }
    while (waitpid(process, &outcome, 0) < 0 && errno == EINTR) {}
    if (WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0) { return true; }
    const char *log = platform_read(of->arena, log_path);
    return fail("purvey", log == NULL ? "failed" : log);
}

static bool init_data(platform *of)
{
    const char *const words[] = {"init", "--data", of->data, "--operator", "Purvey Operations",
                                 NULL};
    return platform_purvey(of, words);
}

/* The server writes the port when it listens. */
static bool wait_for_port(platform *of, const char *port_file)
{
    for (int64_t waited = 0; waited < START_MS_MAX; waited += POLL_MS) {
        if (access(port_file, R_OK) == 0) {
            const char *port = platform_read(of->arena, port_file);
            if (port != NULL && strchr(port, '\n') != NULL) {
                char *enrol_port = NULL;
                long number = strtol(port, &enrol_port, 10);
                of->address = pv_arena_printf(of->arena, "127.0.0.1:%ld", number);
                of->enrol_address =
                    pv_arena_printf(of->arena, "127.0.0.1:%ld", strtol(enrol_port, NULL, 10));
                PV_ASSERT(of->address != NULL && of->enrol_address != NULL);
                return true;
            }
        }
        if (waitpid(of->process, NULL, WNOHANG) == of->process) {
            of->process = 0;
            break;
        }
        sleep_ms(POLL_MS);
    }
    const char *log = platform_read(of->arena, platform_path(of, "purveyd.log"));
    return fail("purveyd does not start", log == NULL ? "no log" : log);
}

bool platform_start(platform *of)
{
    const char *port_file = platform_path(of, "port");
    const char *listen = of->address == NULL ? "127.0.0.1:0" : of->address;
    const char *enrol = of->enrol_address == NULL ? "127.0.0.1:0" : of->enrol_address;
    (void)unlink(port_file); /* that of a server that was killed; the first time there is none */
    const char *const arguments[] = {of->server_path,  "--data", of->data,      "--listen", listen,
                                     "--enrol-listen", enrol,    "--port-file", port_file,  NULL};
    return spawn(arguments, platform_path(of, "purveyd.log"), &of->process) &&
           wait_for_port(of, port_file);
}

void platform_stop(platform *of, int signal_number)
{
    if (of->process == 0) { return; }
    kill(of->process, signal_number);
    while (waitpid(of->process, NULL, 0) < 0 && errno == EINTR) {}
    of->process = 0;
}

bool platform_begin(platform *of, pv_arena *arena, const char *server_path, const char *cli_path)
{
    *of = (platform){.arena = arena, .server_path = server_path, .cli_path = cli_path};
    const char *base = getenv("TMPDIR");
    char *template = pv_arena_printf(arena, "%s/purvey-demo-XXXXXX", base == NULL ? "/tmp" : base);
    PV_ASSERT(template != NULL);
    of->folder = mkdtemp(template);
    if (of->folder == NULL) { return fail("no temporary folder", strerror(errno)); }
    of->data = platform_path(of, "data");
    return init_data(of) && platform_start(of);
}
