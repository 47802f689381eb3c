#include "tests/bench/bench.h"

#include "base/status.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    return false;
}

bool bench_wants(const bench *of, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = of->name; at != NULL; at = strchr(at, ' ')) {
        at += *at == ' ' ? 1 : 0;
        bool whole = strncmp(at, name, size) == 0 && (at[size] == ' ' || at[size] == '\0');
        if (whole) { return true; }
    }
    return of->name == NULL;
}

bool bench_platform(bench *of)
{
    if (of->platform.process > 0) { return true; }
    return platform_begin(&of->platform, of->arena, of->server, of->cli);
}

load_target bench_target(bench *of, const char *address, pid_t process)
{
    const platform *on = &of->platform;
    return (load_target){
        .address = address,
        .ca = platform_read(of->arena, platform_path(on, "data/authority/server-ca.pem")),
        .certificate = platform_read(of->arena, platform_path(on, "data/operator.pem")),
        .key = platform_read(of->arena, platform_path(on, "data/operator.key")),
        .server = process,
    };
}

bool bench_start(bench *of, const char *path, load_target *ret_target)
{
    return bench_start_with(of, path, NULL, ret_target);
}

bool bench_start_with(bench *of, const char *path, const char *argument, load_target *ret_target)
{
    const char *folder = platform_path(&of->platform, "data/authority");
    const char *arguments[] = {path,
                               pv_arena_printf(of->arena, "%s/root.pem", folder),
                               pv_arena_printf(of->arena, "%s/server.pem", folder),
                               pv_arena_printf(of->arena, "%s/server.key", folder),
                               argument,
                               NULL};
    int ends[2];
    if (pipe(ends) != 0) { return bench_fail("no pipe"); }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    pid_t process = 0;
    int error =
        posix_spawn(&process, path, &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    char port[16] = "";
    ssize_t size = error == 0 ? read(ends[0], port, sizeof port - 1) : 0;
    close(ends[0]);
    const char *address = pv_arena_printf(of->arena, "127.0.0.1:%d", (int)strtol(port, NULL, 10));
    *ret_target = bench_target(of, address, process);
    return size > 0 || bench_fail("an echo server does not start");
}

void bench_stop(load_target *target)
{
    if (target->server <= 0) { return; }
    kill(target->server, SIGTERM);
    while (waitpid(target->server, NULL, 0) < 0 && errno == EINTR) {}
    target->server = 0;
}
