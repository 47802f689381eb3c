#include "client/cli/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { DIGITS_MIN = 8, HEX_SIZE = 2 * PV_SHA256_SIZE + 1, SHOWN_DIGITS = 16, PID_TEXT_MAX = 31 };

static pv_authority_command *of(pv_store_command *command)
{
    return (pv_authority_command *)(void *)command;
}

pv_exit pv_authority_tell(pv_authority_command *command)
{
    const pv_error *error = &command->error;
    return pv_cli_fail(command->store.cli, "%s",
                       error->message != NULL  ? error->message
                       : error->reason != NULL ? error->reason->text
                                               : "there is no memory left.");
}

static pv_authority_options options_of(const pv_authority_command *command, const char *key_file)
{
    return (pv_authority_options){.folder = command->folder,
                                  .hosts = command->hosts,
                                  .host_count = command->host_count,
                                  .now = pv_time_now(),
                                  .key_file = key_file};
}

/* --- the server --- */

/* The process that holds the store; 0: none. */
static pid_t server_of(const pv_authority_command *command)
{
    char text[PID_TEXT_MAX + 1] = "";
    const char *path =
        pv_arena_printf(command->store.cli->arena, "%s/server.lock", command->store.path);
    PV_ASSERT(path != NULL);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) { return 0; }
    bool held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    ssize_t size = held ? read(file, text, PID_TEXT_MAX) : 0;
    (void)close(file);
    return size > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* What was changed counts when a running server has read it: it looks each second, and at once when it is told. */
static void tell_server(const pv_authority_command *command)
{
    pid_t server = server_of(command);
    if (server <= 0) { return; }
    bool told = kill(server, SIGHUP) == 0;
    fprintf(command->store.cli->err, "the server (process %d) %s\n", (int)server,
            told ? "reads it now" : "reads it within a second");
}

static void put_issuer(const pv_authority_command *command, const char *done,
                       const pv_issuer *issuer)
{
    char hex[HEX_SIZE];
    char end[PV_TIME_TEXT_SIZE];
    pv_hex_format(pv_view_of(issuer->sha256, sizeof issuer->sha256), hex);
    (void)pv_time_format(issuer->not_after, end);
    FILE *out = command->store.cli->out;
    if (command->store.json) {
        fprintf(out, "{\"%s\": \"%s\", \"not_after\": \"%s\"}\n", done, hex, end);
    } else {
        fprintf(out, "%s %.*s, ends %s\n", done, SHOWN_DIGITS, hex, end);
    }
}

/* --- the commands --- */

static pv_exit work_prepare(pv_store_command *command)
{
    pv_authority_command *self = of(command);
    const pv_authority_options options = options_of(self, self->root_key);
    pv_issuer issuer;
    if (!pv_is_ok(pv_authority_prepare(&options, &self->error, &issuer))) {
        return pv_authority_tell(self);
    }
    put_issuer(self, "prepared", &issuer);
    tell_server(self);
    return PV_EXIT_OK;
}

static pv_exit work_activate(pv_store_command *command)
{
    pv_authority_command *self = of(command);
    pv_issuer issuer;
    if (!pv_is_ok(pv_authority_activate(self->folder, pv_time_now(), &self->error, &issuer))) {
        return pv_authority_tell(self);
    }
    put_issuer(self, "activated", &issuer);
    tell_server(self);
    return PV_EXIT_OK;
}

/* The one authority whose SHA-256 begins with the word. */
static pv_exit find(pv_authority_command *self, const pv_issued *list, size_t count,
                    const pv_issued **ret_found)
{
    pv_cli *cli = self->store.cli;
    const char *word = self->store.word;
    const pv_issued *found = NULL;
    size_t size = strlen(word);
    if (size < DIGITS_MIN) {
        return pv_cli_usage(cli, "give at least %d digits of its SHA-256.", DIGITS_MIN);
    }
    for (size_t i = 0; i < count; i++) {
        char hex[HEX_SIZE];
        pv_hex_format(pv_view_of(list[i].by.issuer.sha256, PV_SHA256_SIZE), hex);
        if (strncmp(hex, word, size) != 0) { continue; }
        if (found != NULL) {
            return pv_cli_usage(cli, "several authorities begin with \"%s\".", word);
        }
        found = &list[i];
    }
    if (found == NULL) {
        (void)pv_cli_fail(cli, "no issuing authority in \"%s\" begins with \"%s\".", self->folder,
                          word);
        return PV_EXIT_NOT_FOUND;
    }
    *ret_found = found;
    return PV_EXIT_OK;
}

/* Without --compromised nothing that is in use may end. */
static pv_exit check_unused(pv_authority_command *self, const pv_issued *one, bool known)
{
    pv_cli *cli = self->store.cli;
    if (self->compromised) { return PV_EXIT_OK; }
    if (!known) {
        (void)pv_cli_fail(cli,
                          "There is no store at \"%s\" that says whether its certificates have "
                          "ended; --compromised retires it all the same.",
                          self->store.path);
        return PV_EXIT_PRECONDITION;
    }
    if (one->certificates == 0) { return PV_EXIT_OK; }
    char end[PV_TIME_TEXT_SIZE];
    (void)pv_time_format(one->last_end, end);
    (void)pv_cli_fail(
        cli,
        "%llu certificates that it issued are in use, the last until %s; --compromised "
        "refuses them at once.",
        (unsigned long long)one->certificates, end);
    return PV_EXIT_PRECONDITION;
}

static pv_exit work_retire(pv_store_command *command)
{
    pv_authority_command *self = of(command);
    const pv_issued *list = NULL;
    size_t count = 0;
    bool known = false;
    if (!pv_authority_count(self, &list, &count, &known)) { return PV_EXIT_OTHER; }
    const pv_issued *one = NULL;
    pv_exit exit = find(self, list, count, &one);
    if (exit == PV_EXIT_OK) { exit = check_unused(self, one, known); }
    if (exit != PV_EXIT_OK) { return exit; }
    if (!pv_is_ok(pv_authority_retire(self->folder, one->by.issuer.sha256, self->compromised,
                                      pv_time_now(), &self->error))) {
        return pv_authority_tell(self);
    }
    put_issuer(self, "retired", &one->by.issuer);
    tell_server(self);
    return PV_EXIT_OK;
}

static pv_exit work_renew_server(pv_store_command *command)
{
    pv_authority_command *self = of(command);
    const pv_authority_options options = options_of(self, self->server_key);
    pv_issuer server;
    if (!pv_is_ok(pv_authority_renew_server(&options, &self->error)) ||
        !pv_is_ok(
            pv_authority_certificate(self->folder, PV_AUTHORITY_SERVER, &self->error, &server))) {
        return pv_authority_tell(self);
    }
    put_issuer(self, "renewed", &server);
    tell_server(self);
    return PV_EXIT_OK;
}

/* --- the command lines --- */

static pv_exit take_hosts(pv_authority_command *self, const pv_arguments *words)
{
    if (words->assignment_count > PV_HOSTS_MAX) {
        return pv_cli_usage(self->store.cli, "there are more than %d --host.", PV_HOSTS_MAX);
    }
    for (size_t i = 0; i < words->assignment_count; i++) {
        self->hosts[self->host_count++] = words->assignments[i].value;
    }
    return PV_EXIT_OK;
}

/* In a child: the store may be damaged, and says so then. */
static pv_exit run(pv_cli *cli, const pv_extra *extra, size_t count, char *const *arguments,
                   pv_exit (*work)(pv_store_command *command))
{
    pv_authority_command self = {.store = {.cli = cli, .data = getenv("PURVEYD_DATA")}};
    pv_options every = {0};
    pv_arguments words = {0};
    bool done = false;
    bool wants_word = *extra->words != '\0';
    pv_exit exit = pv_extra_parse(cli, extra, &self, &every, count, arguments, wants_word ? 1 : 0,
                                  &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (self.store.data == NULL) { return pv_cli_usage(cli, "which authority? Give --data DIR."); }
    if (wants_word && words.word_count == 0) {
        return pv_cli_usage(cli, "%s is missing: purvey authority %s %s", extra->words, extra->verb,
                            extra->words);
    }
    exit = take_hosts(&self, &words);
    if (exit != PV_EXIT_OK) { return exit; }
    self.store.json = every.output != PV_OUTPUT_TABLE;
    self.store.word = wants_word ? words.words[0] : NULL;
    self.store.path = pv_arena_printf(cli->arena, "%s/store", self.store.data);
    self.folder = pv_arena_printf(cli->arena, "%s/authority", self.store.data);
    PV_ASSERT(self.store.path != NULL && self.folder != NULL);
    pv_error_init(&self.error, cli->arena);
    return pv_store_guard(&self.store, work);
}

#define FLAG_DATA                                                                       \
    {                                                                                   \
        "data", 0, "DIR", offsetof(pv_authority_command, store.data),                   \
            "The folder with the folder authority, as in purveyd --data. PURVEYD_DATA." \
    }

#define COMMAND(name, WORK, VERB, WORDS, REPEATED, FLAGS, TEXT)                               \
    static pv_exit run_##name(pv_cli *cli, size_t count, char *const *arguments)              \
    {                                                                                         \
        return run(cli, &pv_extra_authority_##name, count, arguments, WORK);                  \
    }                                                                                         \
    const pv_extra pv_extra_authority_##name = {.noun = "authority",                          \
                                                .verb = VERB,                                 \
                                                .words = WORDS,                               \
                                                .text = TEXT,                                 \
                                                .flags = FLAGS,                               \
                                                .flag_count = sizeof FLAGS / sizeof FLAGS[0], \
                                                .repeated = REPEATED,                         \
                                                .answers = true,                              \
                                                .run = run_##name}

static const pv_flag plain_flags[] = {FLAG_DATA};

static const pv_flag prepare_flags[] = {
    FLAG_DATA,
    {"root-key", 0, "FILE", offsetof(pv_authority_command, root_key),
     "The root's key, from where it is kept. Default: root.key in the folder authority."},
};

static const pv_flag retire_flags[] = {
    FLAG_DATA,
    {"compromised", 0, NULL, offsetof(pv_authority_command, compromised),
     "Its key is in other hands: refuse everything that it issued at once, also what is in use."},
};

static const pv_flag renew_flags[] = {
    FLAG_DATA,
    {"server-ca-key", 0, "FILE", offsetof(pv_authority_command, server_key),
     "The key of the servers' root, from where it is kept. Default: server-ca.key in the folder "
     "authority."},
};

COMMAND(show, pv_authority_show, "show", "", NULL, plain_flags,
        "Lists the certificates of the authority of --data: roots, purveyd's own, and those that "
        "issue clients' certificates, with their state, their days, and how many certificates of "
        "theirs are in use.");

COMMAND(prepare, work_prepare, "prepare", "", NULL, prepare_flags,
        "Makes the next authority that issues clients' certificates, signed by the root. It signs "
        "nothing before it is activated, but what it will sign is accepted from now on.");

COMMAND(activate, work_activate, "activate", "", NULL, plain_flags,
        "Lets the prepared authority issue all certificates from now on. Those of the one before "
        "stay good until they end.");

COMMAND(retire, work_retire, "retire", "SHA256", NULL, retire_flags,
        "Accepts nothing more of an issuing authority, and removes its key. It is named by the "
        "first digits of its SHA-256. Refused while certificates of it are in use, or while it is "
        "the one that signs, unless it is compromised: then the prepared one takes over.");

COMMAND(renew_server, work_renew_server, "renew-server", "", "host", renew_flags,
        "Makes a new key and certificate for purveyd. A server that runs shows it to whoever "
        "connects from now on; open connections stay. --host NAME, once or several times, gives "
        "the names that it is for beside localhost; without, those of the present one.");

static const pv_flag readmit_flags[] = {
    FLAG_DATA,
    {"out", 0, "DIR", offsetof(pv_authority_command, out),
     "The folder for operator.key and operator.pem; neither may be there. (required)"},
};

COMMAND(readmit, pv_authority_readmit, "readmit", "", NULL, readmit_flags,
        "Makes a key and a certificate for an administrator of the operator's account, where "
        "nobody of it can call any more: its certificates were lost, have ended, or were issued "
        "by an authority that was retired. No server may run.");
