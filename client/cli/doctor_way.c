/* doctor_way.c — everything before the first call. */
#include "client/cli/doctor.h"

#include "client/cli/keypair.h"
#include "client/cli/probe.h"
#include "client/cli/trouble.h"

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)

static const char *date_of(const pv_doctor *self, pv_time time)
{
    char text[PV_TIME_TEXT_SIZE];
    size_t size = pv_time_format(time, text);
    const char *copy = pv_arena_dup(self->cli->arena, pv_view_of(text, size));
    PV_ASSERT(copy != NULL);
    return copy;
}

static long long days_until(pv_time end, pv_time now)
{
    return (end.utc_ns - now.utc_ns) / NS_PER_DAY;
}

static void check_pair_time(pv_doctor *self, const pv_keypair *pair, pv_error *error)
{
    pv_time now = pv_time_now();
    long long days = days_until(pair->not_after, now);
    if (!pv_is_ok(pv_keypair_check_time(pair, now, error))) {
        pv_doctor_refused(self, "certificate", PV_DOCTOR_PROBLEM, error);
    } else if (pv_keypair_is_due(pair, now)) {
        (void)pv_refuse(error, &pv_trouble_certificate_expiring,
                        "%s is valid until %s, %lld days: more than half of its life is over.",
                        pair->id, date_of(self, pair->not_after), days);
        pv_doctor_refused(self, "certificate", PV_DOCTOR_WARNING, error);
    } else {
        pv_doctor_fine(self, "certificate", "%s is valid until %s, %lld days.", pair->id,
                       date_of(self, pair->not_after), days);
    }
}

static void check_pair(pv_doctor *self)
{
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_keypair pair;
    if (!pv_is_ok(pv_keypair_read(self->profile.cert, self->profile.key, self->cli->arena, &error,
                                  &pair))) {
        bool of_key = error.reason != &pv_trouble_certificate_invalid;
        pv_doctor_refused(self, of_key ? "key" : "certificate", PV_DOCTOR_PROBLEM, &error);
        return;
    }
    self->has_pair = true;
    pv_doctor_fine(self, "key", "%s is the certificate's, and nobody else may read it.",
                   self->profile.key);
    check_pair_time(self, &pair, &error);
}

bool pv_doctor_files(pv_doctor *self)
{
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_profile *profile = &self->profile;
    pv_status status = pv_profile_read(self->cli->arena, &self->options, &error, profile);
    if (pv_is_ok(status)) { status = pv_profile_check(profile, true, &error); }
    if (!pv_is_ok(status)) {
        pv_doctor_refused(self, "profile", PV_DOCTOR_PROBLEM, &error);
        return false;
    }
    const char *variable = pv_profile_variable();
    pv_doctor_fine(self, "profile", "%s%s%sthe service is %s%s%s.",
                   profile->name == NULL ? "" : "[", profile->name == NULL ? "" : profile->name,
                   profile->name == NULL ? "" : "]: ", profile->server,
                   variable == NULL ? "" : "; the environment comes first with ",
                   variable == NULL ? "" : variable);
    if (pv_is_ok(pv_probe_check_roots(profile->ca, &error))) {
        pv_doctor_fine(self, "root", "%s is what the service is checked against.", profile->ca);
    } else {
        pv_doctor_refused(self, "root", PV_DOCTOR_PROBLEM, &error);
    }
    check_pair(self);
    return true;
}

/* The steps that succeeded, and then the one that did not. */
static void tell_way(pv_doctor *self, const pv_probe *probe, const pv_error *error)
{
    static const char *const checks[] = {
        [PV_PROBE_NOTHING] = "name",
        [PV_PROBE_NAMED] = "connection",
        [PV_PROBE_CONNECTED] = "tls",
        [PV_PROBE_SECURED] = "admission",
    };
    if (probe->step >= PV_PROBE_CONNECTED) {
        pv_doctor_fine(self, "connection", "%s listens at %s.", self->profile.server,
                       probe->address);
    }
    if (probe->step >= PV_PROBE_SECURED) {
        pv_doctor_fine(self, "tls", "%s with HTTP/2.", probe->tls);
    }
    if (error->reason == NULL) { return; }
    if (error->reason == &pv_trouble_certificate_rejected && !self->has_pair) {
        pv_doctor_skip(self, "admission", "The server wants a certificate, and there is none.");
        return;
    }
    pv_doctor_refused(self, checks[probe->step], PV_DOCTOR_PROBLEM, error);
}

static bool check_server(pv_doctor *self, const pv_probe *probe)
{
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_time now = pv_time_now();
    pv_time end = now;
    if (!pv_is_ok(pv_probe_check(probe, self->profile.ca, now, self->cli->arena, &error, &end))) {
        pv_doctor_refused(self, "server", PV_DOCTOR_PROBLEM, &error);
        return false;
    }
    long long days = days_until(end, now);
    if (days < PV_DOCTOR_SERVER_DAYS) {
        (void)pv_refuse(&error, &pv_trouble_server_expiring,
                        "The server's certificate ends at %s, in %lld days.", date_of(self, end),
                        days);
        pv_doctor_refused(self, "server", PV_DOCTOR_WARNING, &error);
    } else {
        pv_doctor_fine(self, "server", "It is %s, and its certificate is valid until %s.",
                       probe->name, date_of(self, end));
    }
    return true;
}

bool pv_doctor_way(pv_doctor *self)
{
    pv_probe_options options = {.target = self->profile.server,
                                .server_name = self->profile.server_name,
                                .wait_ms = self->options.deadline_ms};
    if (self->has_pair) {
        options.certificate_path = self->profile.cert;
        options.key_path = self->profile.key;
    }
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_probe probe = {0};
    bool good = pv_is_ok(pv_probe_run(&options, self->cli->arena, &error, &probe));
    tell_way(self, &probe, &error);
    if (probe.chain != NULL) { good = check_server(self, &probe) && good; }
    pv_probe_close(&probe);
    return good;
}
