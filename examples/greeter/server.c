/* server.c — the greeter's server.
 * usage: server ADDRESS [CA CERTIFICATE KEY]    e.g. 127.0.0.1:20500; port 0 takes a free one */
#include "server/rpc/server.h"
#include "base/file.h"
#include "greeter.pv.h"

#include <stdio.h>

static const pv_reason name_missing = {"NAME_MISSING", PV_CODE_INVALID_ARGUMENT,
                                       "Nobody can be greeted without a name.",
                                       "Fill in the name."};

pv_status greeter_v1_greeter_service_say_hello(pv_call *call,
                                               const greeter_v1_say_hello_request *request,
                                               greeter_v1_say_hello_response *response)
{
    if (request->name[0] == '\0') {
        pv_error_violate(&call->error, PV_VIOLATION_FIELD, NULL, "name", "must not be empty");
        return pv_refuse(&call->error, &name_missing, NULL);
    }
    bool formal = pv_view_equal(pv_rpc_metadata(call, "x-tone"), pv_view_text("formal"));
    response->greeting =
        pv_arena_printf(call->arena, formal ? "Good day, %s." : "Hello, %s!", request->name);
    return response->greeting == NULL ? pv_status_of(PV_CODE_RESOURCE_EXHAUSTED) : pv_ok();
}

pv_status greeter_v1_greeter_service_count_next(pv_call *call,
                                                const greeter_v1_count_request *request,
                                                greeter_v1_count_response *response,
                                                pv_step *ret_step)
{
    uint32_t *sent = call->state; /* what this stream remembers between two messages */
    if (sent == NULL) { sent = call->state = pv_arena_zalloc(call->arena, 1, sizeof *sent); }
    if (sent == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    *ret_step = *sent == request->to ? PV_STEP_END : PV_STEP_MESSAGE;
    if (*ret_step == PV_STEP_MESSAGE) { response->number = ++*sent; }
    return pv_ok();
}

int main(int count, char **arguments)
{
    static const pv_service *const services[] = {&greeter_v1_greeter_service__service};
    if (count != 2 && count != 5) { return fprintf(stderr, "see the top of server.c\n"), 2; }
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_error error;
    pv_error_init(&error, arena);
    pv_rpc_tls tls = {0};
    pv_rpc_config config = {.address = arguments[1],
                            .error_domain = "greeter.example",
                            .health = true,
                            .reflection = true};
    if (count == 5) {
        tls.ca = pv_file_read(arena, arguments[2]);
        tls.certificate = pv_file_read(arena, arguments[3]);
        tls.key = pv_file_read(arena, arguments[4]);
        if (!tls.ca || !tls.certificate || !tls.key) { return perror("PEM files"), 1; }
        config.tls = &tls;
    }
    pv_rpc_server *server = NULL;
    if (!pv_is_ok(pv_rpc_server_create(&config, services, 1, NULL, &error, &server))) {
        return fprintf(stderr, "%s\n", error.message), 1;
    }
    printf("listening on port %d\n", pv_rpc_server_port(server));
    fflush(stdout);
    pv_rpc_server_run(server, 5000); /* until SIGINT or SIGTERM */
    pv_rpc_server_destroy(server);
    pv_arena_destroy(arena);
    return 0;
}
