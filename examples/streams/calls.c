/* calls.c — calls the note service, which runs in the same process, with every kind of stream. */
#include "client/rpc/client.h"
#include "notes.pv.h"
#include "server/rpc/server.h"

#include <signal.h>
#include <stdio.h>

/* Many in, one out. */
static pv_status add_notes(pv_client *client, pv_arena *arena, notes_v1_add_response **ret_sum)
{
    static char *const texts[] = {"one", "three", "twelve"};
    pv_client_call *call = NULL;
    pv_error error;
    PV_TRY(notes_v1_note_client_add_open(client, arena, NULL, &call, &error));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        notes_v1_add_request note = NOTES_V1_ADD_REQUEST__INIT;
        note.text = texts[i];
        /* A send fails when the server has ended the call; `finish` says how. */
        if (!pv_is_ok(notes_v1_note_client_add_send(call, &note))) { break; }
    }
    return notes_v1_note_client_add_finish(call, arena, ret_sum);
}

/* Many both ways: each line is answered before the next one is sent. */
static pv_status chat(pv_client *client, pv_arena *arena, const char *word, uint32_t *ret_same)
{
    pv_client_call *call = NULL;
    pv_error error;
    PV_TRY(notes_v1_note_client_chat_open(client, arena, NULL, &call, &error));
    pv_status status = pv_ok();
    *ret_same = 0;
    for (uint32_t i = 0; i < 5 && pv_is_ok(status); i++) {
        notes_v1_chat_request said = NOTES_V1_CHAT_REQUEST__INIT;
        notes_v1_chat_response *heard = NULL;
        said.text = pv_arena_printf(arena, "%s %u", word, i);
        status = notes_v1_note_client_chat_send(call, &said);
        if (pv_is_ok(status)) { status = notes_v1_note_client_chat_receive(call, arena, &heard); }
        if (heard == NULL) { break; } /* the stream has ended */
        *ret_same += strcmp(heard->text, said.text) == 0;
    }
    if (pv_is_ok(status)) { status = pv_client_close_send(call); }
    notes_v1_chat_response *last = NULL;
    if (pv_is_ok(status)) { status = notes_v1_note_client_chat_receive(call, arena, &last); }
    pv_status ended = pv_client_finish(call);
    return pv_is_ok(ended) ? status : ended;
}

/* A stream without end, left by a deadline (`deadline_ms` > 0) or by the client itself. */
static pv_status tick(pv_client *client, pv_arena *arena, int64_t deadline_ms, uint32_t *ret_ticks)
{
    notes_v1_tick_request request = NOTES_V1_TICK_REQUEST__INIT;
    notes_v1_tick_response *response = NULL;
    pv_client_options options = {.deadline_ms = deadline_ms};
    pv_client_call *call = NULL;
    pv_error error;
    request.every_ms = 10;
    PV_TRY(notes_v1_note_client_tick_open(client, arena, &options, &request, &call, &error));
    pv_status status;
    do {
        status = notes_v1_note_client_tick_receive(call, arena, &response);
        if (!pv_is_ok(status) || response == NULL) { break; }
        *ret_ticks = response->number;
    } while (deadline_ms > 0 || response->number < 3);
    return pv_client_finish(call); /* cancels what has not ended */
}

/* Many calls at once on this thread: they complete on a loop instead of being waited for. */
static pv_status add_at_once(pv_client *client, pv_arena *arena, pv_client_loop *loop,
                             size_t *ret_ended)
{
    enum { ADDERS = 100 };
    pv_client_call *calls[ADDERS];
    pv_client_event event;
    pv_client_options options = {.loop = loop};
    for (size_t i = 0; i < ADDERS; i++) {
        PV_TRY(notes_v1_note_client_add_open(client, arena, &options, &calls[i], NULL));
    }
    while (pv_client_loop_next(loop, -1, &event)) {
        notes_v1_add_response *sum = NULL;
        if (event.kind == PV_CLIENT_ROOM) { PV_TRY(pv_client_close_send(event.call)); }
        if (event.kind != PV_CLIENT_ENDED) { continue; }
        PV_TRY(notes_v1_note_client_add_finish(event.call, arena, &sum));
        *ret_ended += 1;
    }
    return pv_ok();
}

static int expect(bool holds, const char *what)
{
    printf("%s %s\n", holds ? "ok" : "FAIL", what);
    return holds ? 0 : 1;
}

/* Returns how many expectations failed. */
static int call_all(pv_client *client, pv_arena *arena)
{
    int failures = 0;
    notes_v1_add_response *sum = NULL;
    pv_status status = add_notes(client, arena, &sum);
    failures +=
        expect(pv_is_ok(status) && sum->notes == 3 && sum->bytes == 14, "three notes are added up");
    uint32_t same = 0;
    status = chat(client, arena, "line", &same);
    failures += expect(pv_is_ok(status) && same == 5, "five lines come back");
    char longest[65] = {0};
    memset(longest, 'x', sizeof longest - 1);
    status = chat(client, arena, longest, &same);
    failures +=
        expect(status.code == PV_CODE_INVALID_ARGUMENT, "a line that is too long is refused");
    uint32_t ticks = 0;
    status = tick(client, arena, 0, &ticks);
    failures +=
        expect(status.code == PV_CODE_CANCELLED && ticks == 3, "who leaves a stream cancels it");
    status = tick(client, arena, 300, &ticks);
    failures +=
        expect(status.code == PV_CODE_DEADLINE_EXCEEDED, "a deadline ends an endless stream");
    size_t ended = 0;
    pv_client_loop *loop = pv_client_loop_create();
    status = add_at_once(client, arena, loop, &ended);
    pv_client_loop_destroy(loop);
    failures += expect(pv_is_ok(status) && ended == 100, "a hundred calls complete on one thread");
    return failures;
}

int main(void)
{
    static const pv_service *const services[] = {&notes_v1_note_service__service};
    signal(SIGPIPE, SIG_IGN);
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_error error;
    pv_error_init(&error, arena);
    pv_rpc_config server_config = {.address = "127.0.0.1:0", .error_domain = "notes.example"};
    pv_rpc_server *server = NULL;
    pv_status status = pv_rpc_server_create(&server_config, services, 1, NULL, &error, &server);
    if (!pv_is_ok(status)) { return fprintf(stderr, "%s\n", error.message), 1; }
    pv_rpc_server_start(server);

    pv_client_config client_config = {0};
    client_config.target = pv_arena_printf(arena, "127.0.0.1:%d", pv_rpc_server_port(server));
    pv_client *client = NULL;
    status = pv_client_create(&client_config, &error, &client);
    if (!pv_is_ok(status)) { return fprintf(stderr, "%s\n", error.message), 1; }
    int failures = call_all(client, arena);
    pv_client_destroy(client);
    pv_rpc_server_drain(server, 1000);
    pv_rpc_server_destroy(server);
    pv_arena_destroy(arena);
    return failures == 0 ? 0 : 1;
}
