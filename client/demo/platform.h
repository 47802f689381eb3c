/* platform.h — a server of the demonstration's own: its temporary folder, `purvey init`, and the purveyd process,
 * which can be killed and started again on the same data and port. */
#ifndef PV_CLIENT_DEMO_PLATFORM_H
#define PV_CLIENT_DEMO_PLATFORM_H

#include "base/arena.h"

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct platform {
    pv_arena *arena;
    const char *server_path;   /* the purveyd binary */
    const char *cli_path;      /* the purvey binary */
    const char *folder;        /* everything the demonstration writes */
    const char *data;          /* folder of the server */
    const char *address;       /* "127.0.0.1:port" once it runs */
    const char *enrol_address; /* the same for those without a certificate */
    pid_t process;             /* 0: not running */
} platform;

/* Makes the folder, the authority and the store, and starts the server on a free port of loopback. False: a
 * sentence was printed to stderr. */
bool platform_begin(platform *of, pv_arena *arena, const char *server_path, const char *cli_path);

/* Starts the server again, on the port it had. */
bool platform_start(platform *of);

/* Ends the server: SIGTERM lets it drain, SIGKILL does not. */
void platform_stop(platform *of, int signal_number);

/* Runs `purvey WORDS` to its end, with its profiles in the folder. `words` ends with NULL. False: it failed, and a
 * sentence was printed to stderr. */
bool platform_purvey(const platform *of, const char *const *words);

/* A path in the folder. */
const char *platform_path(const platform *of, const char *name);

/* A whole file as NUL-ended text in the arena; NULL after a sentence on stderr. */
char *platform_read(pv_arena *arena, const char *path);

#ifdef __cplusplus
}
#endif

#endif
