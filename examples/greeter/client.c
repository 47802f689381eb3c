/* client.c — the greeter's client: greets NAME, then counts to three.
 * usage: client TARGET NAME [CA CERTIFICATE KEY]    e.g. 127.0.0.1:20500 World */
#include "client/rpc/client.h"
#include "base/file.h"
#include "greeter.pv.h"

#include <stdio.h>

static int complain(const char *what, pv_status status, const pv_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what,
            error->reason == NULL ? pv_code_name(status.code) : error->reason->name,
            error->message == NULL ? "" : error->message);
    for (size_t i = 0; i < error->violation_count; i++) {
        fprintf(stderr, "  %s: %s\n", error->violations[i].subject,
                error->violations[i].description);
    }
    return 1;
}

static int greet(pv_client *client, pv_arena *arena, char *name)
{
    pv_client_pair tone = {"x-tone", pv_view_text("formal")};
    pv_client_options options = {.deadline_ms = 5000, .metadata = &tone, .metadata_count = 1};
    greeter_v1_say_hello_request request = GREETER_V1_SAY_HELLO_REQUEST__INIT;
    greeter_v1_say_hello_response *response = NULL;
    pv_error error;
    request.name = name;
    pv_status status =
        greeter_v1_greeter_client_say_hello(client, arena, &options, &request, &response, &error);
    if (!pv_is_ok(status)) { return complain("SayHello", status, &error); }
    printf("%s\n", response->greeting);
    return 0;
}

static int count_to(pv_client *client, pv_arena *arena, uint32_t last)
{
    greeter_v1_count_request request = GREETER_V1_COUNT_REQUEST__INIT;
    greeter_v1_count_response *response = NULL;
    pv_client_call *call = NULL;
    pv_error error;
    request.to = last;
    pv_status status =
        greeter_v1_greeter_client_count_open(client, arena, NULL, &request, &call, &error);
    if (!pv_is_ok(status)) { return complain("Count", status, &error); }
    while (pv_is_ok(greeter_v1_greeter_client_count_receive(call, arena, &response)) &&
           response != NULL) {
        printf("%u\n", response->number);
    }
    status = pv_client_finish(call);
    return pv_is_ok(status) ? 0 : complain("Count", status, &error);
}

int main(int count, char **arguments)
{
    if (count != 3 && count != 6) { return fprintf(stderr, "see the top of client.c\n"), 2; }
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_error error;
    pv_error_init(&error, arena);
    pv_client_tls tls = {0};
    pv_client_config config = {.target = arguments[1]};
    if (count == 6) {
        tls.ca = pv_file_read(arena, arguments[3]);
        tls.certificate = pv_file_read(arena, arguments[4]);
        tls.key = pv_file_read(arena, arguments[5]);
        if (!tls.ca || !tls.certificate || !tls.key) { return perror("PEM files"), 1; }
        config.tls = &tls;
    }
    pv_client *client = NULL;
    pv_status status = pv_client_create(&config, &error, &client);
    if (!pv_is_ok(status)) { return complain("connection", status, &error); }
    int result = greet(client, arena, arguments[2]);
    if (result == 0) { result = count_to(client, arena, 3); }
    pv_client_destroy(client);
    pv_arena_destroy(arena);
    return result;
}
