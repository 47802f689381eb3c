#include "client/cli/doctor.h"

#include "client/cli/failure.h"
#include "client/cli/terminal.h"
#include "protos/runtime/reasons.h"

#include <stddef.h>

static const char *const level_names[] = {
    [PV_DOCTOR_OK] = "ok",
    [PV_DOCTOR_WARNING] = "warning",
    [PV_DOCTOR_PROBLEM] = "PROBLEM",
    [PV_DOCTOR_SKIPPED] = "skipped",
};

static void tell(pv_doctor *self, const char *check, pv_doctor_level level, const char *reason,
                 const char *text, const char *next)
{
    if (self->findings != NULL) {
        json_t *one = json_pack("{s:s, s:s, s:s*, s:s, s:s*}", "check", check, "level",
                                level_names[level], "reason", reason, "text", text, "next", next);
        PV_ASSERT(one != NULL && json_array_append_new(self->findings, one) == 0);
        return;
    }
    fprintf(self->cli->out, "%-8s %-12s %s\n", level_names[level], check,
            pv_terminal_text(self->cli->arena, text, 0, NULL));
    if (next != NULL) {
        fprintf(self->cli->out, "%-21s next: %s\n", "",
                pv_terminal_text(self->cli->arena, next, 0, NULL));
    }
    fflush(self->cli->out); /* the next look may take a while */
}

static void tell_text(pv_doctor *self, const char *check, pv_doctor_level level, const char *format,
                      va_list arguments)
{
    const char *text = pv_arena_vprintf(self->cli->arena, format, arguments);
    PV_ASSERT(text != NULL);
    tell(self, check, level, NULL, text, NULL);
}

void pv_doctor_fine(pv_doctor *self, const char *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell_text(self, check, PV_DOCTOR_OK, format, arguments);
    va_end(arguments);
}

void pv_doctor_skip(pv_doctor *self, const char *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell_text(self, check, PV_DOCTOR_SKIPPED, format, arguments);
    va_end(arguments);
}

void pv_doctor_refused(pv_doctor *self, const char *check, pv_doctor_level level,
                       const pv_error *error)
{
    /* What a server answers may be too much to be read. */
    const pv_reason *reason = error->reason == NULL ? &pv_reason_internal : error->reason;
    const char *next = reason->next_step;
    if (next == NULL || next[0] == '\0') { next = pv_failure_next_step(reason->name); }
    tell(self, check, level, reason->name, error->message == NULL ? reason->text : error->message,
         next[0] == '\0' ? NULL : next);
    if (level == PV_DOCTOR_PROBLEM && self->exit == PV_EXIT_OK) {
        self->exit = pv_exit_of(reason->code);
    }
}

static void examine(pv_doctor *self)
{
    bool files = pv_doctor_files(self);
    bool way = files && pv_doctor_way(self);
    if (way && self->has_pair) {
        pv_doctor_service(self);
    } else {
        pv_doctor_skip(self, "service", "Not asked, because of what is said above.");
    }
}

/* Everything as one JSON value. */
static pv_exit write_json(pv_doctor *self)
{
    json_t *all = json_pack("{s:b, s:o, s:o}", "ok", self->exit == PV_EXIT_OK, "findings",
                            self->findings, "rights", self->rights);
    bool written =
        all != NULL &&
        json_dumpf(all, self->cli->out,
                   self->options.output == PV_OUTPUT_JSON ? JSON_INDENT(2) : JSON_COMPACT) == 0;
    fputc('\n', self->cli->out);
    json_decref(all);
    return written ? self->exit : pv_cli_fail(self->cli, "the findings cannot be written.");
}

static pv_exit run_doctor(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_doctor self = {.cli = cli};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_doctor, &self, &self.options, count, arguments, 0,
                                  &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (self.options.output == PV_OUTPUT_JSON || self.options.output == PV_OUTPUT_JSONL) {
        self.findings = json_array();
        self.rights = json_array();
        PV_ASSERT(self.findings != NULL && self.rights != NULL);
    }
    examine(&self);
    return self.findings == NULL ? self.exit : write_json(&self);
}

static const pv_flag flags[] = {
    {"methods", 0, NULL, offsetof(pv_doctor, methods),
     "Name each method, whether it may be called, and if not, why."},
};

const pv_extra pv_extra_doctor = {
    .noun = "doctor",
    .words = "",
    .text = "Finds out why calls fail, or would. Tries everything that a call needs, one after the "
            "other: the "
            "profile, key and certificate, the way to the service, TLS, the service's certificate "
            "and yours, "
            "the clock, the service's state, and what you may call; says what is wrong and what "
            "to do about it. "
            "Ends with 0 when all is well, also if something needs attention soon, else with what "
            "the first "
            "problem is about: 2 the profile, 4 the clock, 5 key, certificate, trust or rights, 6 "
            "the way to the service or its state.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .connects = true,
    .run = run_doctor,
};
