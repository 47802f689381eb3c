/* watch.c — `purvey event watch`: the feed of the account as JSON lines, across lost connections,
 * and with --token-file across runs. The token is written behind the events it stands for, so that
 * a run that is killed in between repeats events but misses none. */
#include "base/time.h"
#include "client/cli/answer.h"
#include "client/cli/connect.h"
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "client/cli/retry.h"
#include "purvey/event/v1/event_service.pv.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 * 1024 * 1024, TOKEN_BYTES_MAX = 256 };

/* The stream is opened anew each hour: no middle box keeps one for ever. */
#define STREAM_MS (INT64_C(60) * 60 * 1000)

typedef struct values {
    const char *token_file;
    const char *resume_token;
    const char *count;
    bool only_new;
} values;

static const pv_flag flags[] = {
    {"token-file", 0, "FILE", offsetof(values, token_file),
     "Continue behind the token in the file, and keep the newest token there."},
    {"resume-token", 0, "TEXT", offsetof(values, resume_token), "Continue behind this token."},
    {"only-new", 0, NULL, offsetof(values, only_new),
     "Without a token: begin with what happens from now on."},
    {"count", 0, "N", offsetof(values, count), "End after so many events."},
};

typedef struct watch {
    pv_cli *cli;
    values given;
    pv_options options;
    pv_client *client;
    pv_arena *arena;
    char token[TOKEN_BYTES_MAX]; /* of what was written last; "" before */
    bool received;               /* something came since the last failure */
    bool ever_received;
    uint64_t left;  /* events to write before the end; UINT64_MAX: no end */
    int64_t end_ns; /* monotonic; INT64_MAX: no end */
} watch;

static pv_exit keep_token(watch *self, const char *token)
{
    size_t size = strlen(token);
    if (size == 0) { return PV_EXIT_OK; }
    if (size >= sizeof self->token) {
        return pv_cli_fail(self->cli, "the service sent a token that is too long.");
    }
    memcpy(self->token, token, size + 1);
    return PV_EXIT_OK;
}

/* Puts the token into the file at once: a new file takes the old one's place. */
static pv_exit save_token(watch *self)
{
    const char *path = self->given.token_file;
    if (path == NULL || self->token[0] == '\0') { return PV_EXIT_OK; }
    const char *fresh = pv_arena_printf(self->arena, "%s.new", path);
    FILE *file = fresh == NULL ? NULL : fopen(fresh, "we");
    bool written = file != NULL && fprintf(file, "%s\n", self->token) > 0 && fflush(file) == 0 &&
                   fsync(fileno(file)) == 0;
    int error = errno;
    if (file != NULL && fclose(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written && rename(fresh, path) == 0) { return PV_EXIT_OK; }
    return pv_cli_fail(self->cli, "the token cannot be kept in %s: %s.", path,
                       strerror(written ? errno : error));
}

static pv_exit load_token(watch *self)
{
    const char *path = self->given.token_file;
    if (self->given.resume_token != NULL) { return keep_token(self, self->given.resume_token); }
    if (path == NULL || access(path, F_OK) != 0) { return PV_EXIT_OK; }
    const char *text = pv_cli_read_file(self->cli, path, TOKEN_BYTES_MAX, "the token");
    if (text == NULL) { return PV_EXIT_USAGE; }
    const char *token = pv_arena_dup(self->cli->arena, pv_view_of(text, strcspn(text, "\r\n")));
    return token == NULL ? PV_EXIT_OTHER : keep_token(self, token);
}

static pv_exit write_events(watch *self, pv_watch_events_response *message)
{
    if (message->n_events > self->left) {
        message->n_events = (size_t)self->left;
        message->resume_token = message->events[message->n_events - 1]->resume_token;
    }
    pv_exit exit = pv_answer_write_streamed(self->cli, self->arena, self->options.output,
                                            &pv_watch_events_response__info, &message->base);
    if (exit != PV_EXIT_OK) { return exit; }
    if (ferror(self->cli->out) != 0) {
        return pv_cli_fail(self->cli, "the events cannot be written.");
    }
    if (self->left != UINT64_MAX) { self->left -= message->n_events; }
    return PV_EXIT_OK;
}

/* Receives until the stream ends. Exits other than OK are final. */
static pv_exit receive(watch *self, pv_client_call *call)
{
    while (self->left > 0) {
        pv_arena_reset(self->arena);
        pv_watch_events_response *message = NULL;
        if (!pv_is_ok(pv_event_client_watch_events_receive(call, self->arena, &message)) ||
            message == NULL) {
            return PV_EXIT_OK;
        }
        self->received = true;
        self->ever_received = true;
        pv_exit exit = message->n_events == 0 ? PV_EXIT_OK : write_events(self, message);
        if (exit == PV_EXIT_OK) { exit = keep_token(self, message->resume_token); }
        if (exit == PV_EXIT_OK) { exit = save_token(self); }
        if (exit != PV_EXIT_OK) { return exit; }
    }
    return PV_EXIT_OK;
}

static int64_t stream_ms(const watch *self)
{
    if (self->end_ns == INT64_MAX) { return STREAM_MS; }
    int64_t left_ms = (self->end_ns - pv_time_monotonic_ns()) / PV_NS_PER_MS;
    if (left_ms < 1) { left_ms = 1; }
    return left_ms < STREAM_MS ? left_ms : STREAM_MS;
}

static pv_exit watch_once(watch *self, pv_status *ret_status, pv_error *error)
{
    pv_watch_events_request request = PV_WATCH_EVENTS_REQUEST__INIT;
    pv_client_call *call = NULL;
    request.resume_token = self->token;
    request.only_new = self->given.only_new && self->token[0] == '\0';
    *ret_status = pv_event_client_watch_events_open(
        self->client, self->cli->arena, pv_connect_options(self->cli->arena, stream_ms(self)),
        &request, &call, error);
    if (!pv_is_ok(*ret_status)) { return PV_EXIT_OK; }
    pv_exit exit = receive(self, call);
    *ret_status = pv_client_finish(call);
    return exit;
}

static bool is_over(const watch *self)
{
    return self->left == 0 || pv_time_monotonic_ns() >= self->end_ns;
}

/* A stream that ends is opened again; a service that was never reached is not waited for. */
static pv_exit watch_on(watch *self)
{
    pv_retry retry = {0};
    while (!is_over(self)) {
        pv_error error;
        pv_status status;
        pv_error_init(&error, self->cli->arena);
        self->received = false;
        pv_exit exit = watch_once(self, &status, &error);
        if (exit != PV_EXIT_OK || is_over(self)) { return exit; }
        bool temporary = pv_is_ok(status) || pv_exit_of(status.code) == PV_EXIT_UNAVAILABLE;
        if (!temporary || !self->ever_received) {
            return pv_failure_report(self->cli, PV_EVENT_SERVICE_WATCH_EVENTS__METHOD, status,
                                     &error, NULL);
        }
        if (self->received) { pv_retry_reset(&retry); }
        pv_retry_wait(&retry, error.retry_after_ms);
    }
    return PV_EXIT_OK;
}

static bool read_count(const char *text, uint64_t *ret_count)
{
    *ret_count = UINT64_MAX;
    if (text == NULL) { return true; }
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != '\0') { return false; }
    *ret_count = strtoull(text, NULL, 10);
    return true;
}

static pv_exit run_watch(pv_cli *cli, size_t count, char *const *arguments)
{
    watch self = {.cli = cli, .end_ns = INT64_MAX};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_event_watch, &self.given, &self.options, count,
                                  arguments, 0, &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (!read_count(self.given.count, &self.left)) {
        return pv_cli_usage(cli, "--count %s is no number.", self.given.count);
    }
    if (self.options.deadline_ms > 0) {
        self.end_ns = pv_time_monotonic_ns() + self.options.deadline_ms * PV_NS_PER_MS;
    }
    exit = load_token(&self);
    if (exit == PV_EXIT_OK) { exit = pv_connect(cli, &self.options, &self.client); }
    if (exit != PV_EXIT_OK) { return exit; }
    self.arena = pv_arena_create(ARENA_BYTES);
    exit = watch_on(&self);
    pv_arena_destroy(self.arena);
    pv_disconnect(self.client);
    return exit;
}

const pv_extra pv_extra_event_watch = {
    .noun = "event",
    .verb = "watch",
    .words = "",
    .text = "Writes every event of the account as JSON on a line of its own, those that happened "
            "and then each new "
            "one at once, and goes on by itself when the connection is lost. With --deadline it "
            "ends after that time.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .connects = true,
    .run = run_watch,
};
