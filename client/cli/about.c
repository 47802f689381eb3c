/* about.c — small commands: who am I, which version, is the service there. */
#include "base/version.h"
#include "client/cli/answer.h"
#include "client/cli/connect.h"
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "client/cli/whoami.h"
#include "grpc/health/v1/health.pv.h"
#include "protos/runtime/message.h"
#include "purvey/account/v1/identity_service.pv.h"

/* --- version --- */

static pv_exit run_version(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_options options = {0};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit =
        pv_extra_parse(cli, &pv_extra_version, NULL, &options, count, arguments, 0, &words, &done);
    if (exit == PV_EXIT_OK && !done) { fprintf(cli->out, "purvey %s\n", PV_VERSION); }
    return exit;
}

const pv_extra pv_extra_version = {
    .noun = "version",
    .words = "",
    .text = "Says the version of this program.",
    .run = run_version,
};

/* --- whoami --- */

/* Calls a method with a request that is ready and writes the answer. */
static pv_exit ask(pv_cli *cli, const pv_options *options, const pv_method_info *method,
                   const ProtobufCMessage *request, ProtobufCMessage **ret_answer)
{
    pv_client *client = NULL;
    pv_exit exit = pv_connect(cli, options, &client);
    if (exit != PV_EXIT_OK) { return exit; }
    pv_error error;
    pv_error_init(&error, cli->arena);
    pv_status status = pv_client_unary(client, method, cli->arena,
                                       pv_connect_options(cli->arena, options->deadline_ms),
                                       request, ret_answer, &error);
    if (!pv_is_ok(status)) { exit = pv_failure_report(cli, method, status, &error, NULL); }
    pv_disconnect(client);
    return exit;
}

static pv_exit run_whoami(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_options options = {0};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit =
        pv_extra_parse(cli, &pv_extra_whoami, NULL, &options, count, arguments, 0, &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    const pv_method_info *method = PV_IDENTITY_SERVICE_WHO_AM_I__METHOD;
    const ProtobufCMessage *request = pv_message_new(method->request, cli->arena);
    PV_ASSERT(request != NULL); /* an empty message in an empty arena */
    ProtobufCMessage *answer = NULL;
    exit = ask(cli, &options, method, request, &answer);
    if (exit != PV_EXIT_OK) { return exit; }
    if (options.output == PV_OUTPUT_TABLE) {
        pv_whoami_write(cli, (const pv_who_am_iresponse *)(const void *)answer, pv_time_now());
        return PV_EXIT_OK;
    }
    return pv_answer_write(cli, cli->arena, options.output, method->response, answer);
}

const pv_extra pv_extra_whoami = {
    .noun = "whoami",
    .words = "",
    .text = "Says which account, user and certificate you are to the service, what you may do, and "
            "which "
            "accounts you are a member of.",
    .connects = true,
    .run = run_whoami,
};

/* --- health --- */

static pv_exit run_health(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_options options = {0};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit =
        pv_extra_parse(cli, &pv_extra_health, NULL, &options, count, arguments, 1, &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    grpc_health_v1_health_check_request request = GRPC_HEALTH_V1_HEALTH_CHECK_REQUEST__INIT;
    if (words.word_count > 0) {
        request.service = pv_arena_dup(cli->arena, pv_view_text(words.words[0]));
        PV_ASSERT(request.service != NULL);
    }
    ProtobufCMessage *answer = NULL;
    exit = ask(cli, &options, GRPC_HEALTH_V1_HEALTH_CHECK__METHOD, &request.base, &answer);
    if (exit != PV_EXIT_OK) { return exit; }
    const grpc_health_v1_health_check_response *health =
        (const grpc_health_v1_health_check_response *)answer;
    const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
        &grpc__health__v1__health_check_response__serving_status__descriptor, (int)health->status);
    fprintf(cli->out, "%s\n", state == NULL ? "UNKNOWN" : state->name);
    bool serving = health->status == GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING;
    return serving ? PV_EXIT_OK : PV_EXIT_UNAVAILABLE;
}

const pv_extra pv_extra_health = {
    .noun = "health",
    .words = "[SERVICE]",
    .text = "Asks whether the service, or one of its gRPC services by full name, is ready. "
            "SERVING ends with 0, anything else with 6.",
    .connects = true,
    .run = run_health,
};
