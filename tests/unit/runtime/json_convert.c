/* json_convert.c — messages of everything.proto between bytes and JSON, for comparing ours with that
 * of others. Line by line; a line that is refused gives a line that begins with '!'.
 * usage: json_convert write    bytes in hexadecimal to JSON, with the names of the mapping
 *        json_convert read     JSON to bytes in hexadecimal */
#include "everything.pv.h"
#include "protos/runtime/json.h"
#include "protos/runtime/message.h"

#include <stdio.h>
#include <stdlib.h>

static const pv_file_info *const files[] = {&pv_file__everything};
static const pv_json_options options = {.json_names = true, .files = files, .file_count = 1};

/* The bytes take the place of their digits. */
static pv_view bytes_of(char *line, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2) {
        char digits[3] = {line[i], line[i + 1], '\0'};
        line[i / 2] = (char)strtoul(digits, NULL, 16);
    }
    return pv_view_of(line, length / 2);
}

static pv_status write_json(char *line, size_t length, pv_arena *arena, pv_error *error)
{
    ProtobufCMessage *message;
    pv_view text;
    PV_TRY(pv_message_decode(&pt_everything__info, bytes_of(line, length), arena, error, &message));
    PV_TRY(pv_json_write(&pt_everything__info, message, &options, arena, error, &text));
    puts((const char *)text.data);
    return pv_ok();
}

static pv_status read_json(char *line, size_t length, pv_arena *arena, pv_error *error)
{
    ProtobufCMessage *message;
    pv_view bytes;
    PV_TRY(pv_json_read(&pt_everything__info, pv_view_of(line, length), &options, arena, error,
                        &message));
    PV_ASSERT(pv_message_encode(message, arena, &bytes));
    for (size_t i = 0; i < bytes.size; i++) { printf("%02x", bytes.data[i]); }
    putchar('\n');
    return pv_ok();
}

int main(int count, char **arguments)
{
    bool writes = count == 2 && strcmp(arguments[1], "write") == 0;
    bool reads = count == 2 && strcmp(arguments[1], "read") == 0;
    if (!writes && !reads) { return fprintf(stderr, "usage: json_convert write|read\n"), 2; }
    pv_arena *arena = pv_arena_create(16 * 1024 * 1024);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t size; (size = getline(&line, &room, stdin)) > 0; pv_arena_reset(arena)) {
        pv_error error;
        pv_error_init(&error, arena);
        size_t length = (size_t)size - (line[size - 1] == '\n' ? 1 : 0);
        pv_status status = (writes ? write_json : read_json)(line, length, arena, &error);
        if (!pv_is_ok(status)) { printf("! %s\n", error.message); }
    }
    free(line);
    pv_arena_destroy(arena);
    return 0;
}
