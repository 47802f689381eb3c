/* doctor_service.c — what the service says of itself and of the caller. */
#include "client/cli/doctor.h"

#include "base/version.h"
#include "client/cli/connect.h"
#include "client/cli/trouble.h"
#include "grpc/health/v1/health.pv.h"
#include "protos/runtime/timestamp.h"

#include <inttypes.h>

/* Asked and answered between these two instants of this machine's clock, the service's clock showed `server`. */
static void check_clock(pv_doctor *self, pv_time before, pv_time server, pv_time after)
{
    int64_t middle_ns = before.utc_ns + (after.utc_ns - before.utc_ns) / 2;
    int64_t ahead_ns = middle_ns - server.utc_ns;
    int64_t apart_s = (ahead_ns < 0 ? -ahead_ns : ahead_ns) / PV_NS_PER_S;
    int64_t unsure_s = (after.utc_ns - before.utc_ns) / 2 / PV_NS_PER_S;
    if (apart_s <= PV_DOCTOR_CLOCK_S + unsure_s) {
        pv_doctor_fine(self, "clock", "This machine's is %" PRId64 " s from the service's.",
                       apart_s);
        return;
    }
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    (void)pv_refuse(&error, &pv_trouble_clock_wrong,
                    "The clock of this machine is %" PRId64 " s (%" PRId64 " h %" PRId64
                    " min) %s the service's.",
                    apart_s, apart_s / 3600, apart_s / 60 % 60,
                    ahead_ns > 0 ? "ahead of" : "behind");
    pv_doctor_refused(self, "clock", PV_DOCTOR_PROBLEM, &error);
}

static void check_identity(pv_doctor *self, const pv_who_am_iresponse *who)
{
    bool complete = who->account != NULL && who->user != NULL && who->certificate != NULL;
    pv_doctor_fine(self, "identity", "You are %s of %s, with %s.",
                   complete ? who->user->name : "somebody",
                   complete ? who->account->name : "an account",
                   complete ? who->certificate->id : "a certificate");
}

static void check_release(pv_doctor *self, const char *version)
{
    bool told = version != NULL && version[0] != '\0';
    bool same = told && strcmp(version, PV_VERSION) == 0;
    pv_doctor_fine(self, "release", "The service is %s, this program %s%s.",
                   told ? version : "older than 0.1.0", PV_VERSION,
                   same ? "" : "; one may know methods and fields that the other does not");
}

static void check_health(pv_doctor *self, pv_client *client)
{
    grpc_health_v1_health_check_request request = GRPC_HEALTH_V1_HEALTH_CHECK_REQUEST__INIT;
    grpc_health_v1_health_check_response *response = NULL;
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_status status = grpc_health_v1_health_client_check(
        client, self->cli->arena, pv_connect_options(self->cli->arena, self->options.deadline_ms),
        &request, &response, &error);
    if (pv_is_ok(status) && response->status != GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING) {
        status = pv_refuse(&error, &pv_trouble_not_serving, NULL);
    }
    if (pv_is_ok(status)) {
        pv_doctor_fine(self, "health", "The service is serving.");
    } else {
        pv_doctor_refused(self, "health", PV_DOCTOR_PROBLEM, &error);
    }
}

static void ask(pv_doctor *self, pv_client *client)
{
    pv_who_am_irequest request = PV_WHO_AM_IREQUEST__INIT;
    pv_who_am_iresponse *who = NULL;
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_time before = pv_time_now();
    pv_status status = pv_identity_client_who_am_i(
        client, self->cli->arena, pv_connect_options(self->cli->arena, self->options.deadline_ms),
        &request, &who, &error);
    pv_time after = pv_time_now();
    if (!pv_is_ok(status)) {
        pv_doctor_refused(self, "identity", PV_DOCTOR_PROBLEM, &error);
        pv_doctor_skip(self, "rights", "Not known, because of what is said above.");
        return;
    }
    check_identity(self, who);
    pv_time server;
    if (who->server_time != NULL && pv_time_of(who->server_time, &server)) {
        check_clock(self, before, server, after);
    } else {
        pv_doctor_skip(self, "clock", "The service does not tell its time.");
    }
    check_health(self, client);
    check_release(self, who->server_version);
    pv_doctor_rights(self, who);
}

void pv_doctor_service(pv_doctor *self)
{
    pv_client *client = NULL;
    pv_exit exit = pv_connect_with(self->cli, &self->profile, self->options.deadline_ms, &client);
    if (exit == PV_EXIT_OK) {
        ask(self, client);
    } else if (self->exit == PV_EXIT_OK) {
        self->exit = exit; /* it has been told */
    }
    pv_disconnect(client);
}
