#include "client/cli/table.h"

#include "client/cli/terminal.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "protos/runtime/message.h"
#include "protos/runtime/value.h"

enum { DEPTH_MAX = 16 };

/* Names of columns in the order in which a list shows them; those an object lacks are passed
 * over. */
static const char *const column_names[] = {
    "id",       "sequence",      "number",      "state",           "kind",
    "type",     "name",          "title",       "label",           "email",
    "mpn",      "record_id",     "object_type", "object_id",       "amount",
    "quantity", "currency",      "external_id", "subscription_id", "reason",
    "time",     "last_use_time", "days_left",   "update_time",     "create_time",
};

static bool is_shown(const ProtobufCFieldDescriptor *field)
{
    return field->label != PROTOBUF_C_LABEL_REPEATED;
}

/* Of a message that has none of the names the first simple fields must do. */
static size_t first_fields(const pv_message_info *info,
                           const ProtobufCFieldDescriptor *ret_columns[PV_TABLE_COLUMNS_MAX])
{
    size_t count = 0;
    for (unsigned i = 0; i < info->descriptor->n_fields && count < PV_TABLE_COLUMNS_MAX; i++) {
        if (is_shown(&info->descriptor->fields[i])) {
            ret_columns[count++] = &info->descriptor->fields[i];
        }
    }
    return count;
}

size_t pv_table_columns(const pv_message_info *info,
                        const ProtobufCFieldDescriptor *ret_columns[PV_TABLE_COLUMNS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof column_names / sizeof *column_names; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(info->descriptor, column_names[i]);
        if (field != NULL && is_shown(field) && count < PV_TABLE_COLUMNS_MAX) {
            ret_columns[count++] = field;
        }
    }
    return count < 2 ? first_fields(info, ret_columns) : count;
}

static void put_padded(FILE *out, const char *text, size_t columns, size_t width, bool last)
{
    fputs(text, out);
    if (!last) { fprintf(out, "%*s", (int)(width - columns + 2), ""); }
}

/* A column of a list while it is measured. */
typedef struct column {
    const ProtobufCFieldDescriptor *field;
    size_t width; /* 0: empty in all rows */
    size_t limit; /* of a cell; 0: none */
    bool is_time;
} column;

static const char *cell(pv_arena *arena, const column *at, const ProtobufCMessage *row,
                        size_t *ret_columns)
{
    const char *text = pv_value_text(row, at->field, arena);
    if (text != NULL && at->is_time && text[0] != '\0') {
        text = pv_arena_printf(arena, "%.*sZ", (int)strcspn(text, ".Z"), text); /* whole seconds */
    }
    return pv_terminal_text(arena, text == NULL ? "" : text, at->limit, ret_columns);
}

static column column_of(const ProtobufCFieldDescriptor *field)
{
    size_t size = strlen(field->name);
    bool is_id = size >= 2 && strcmp(field->name + size - 2, "id") == 0;
    bool is_time = field->type == PROTOBUF_C_TYPE_MESSAGE &&
                   field->descriptor == &google__protobuf__timestamp__descriptor;
    return (column){
        .field = field, .limit = is_id ? 0 : PV_TABLE_CELL_COLUMNS_MAX, .is_time = is_time};
}

/* Drops the columns that say nothing and widens the others for their header. */
static size_t keep_filled(column *columns, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t header = strlen(columns[i].field->name);
        if (columns[i].width == 0) { continue; }
        if (columns[i].width < header) { columns[i].width = header; }
        columns[kept++] = columns[i];
    }
    return kept;
}

static void put_header(FILE *out, const column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[PV_TABLE_CELL_COLUMNS_MAX];
        size_t size = strlen(columns[i].field->name);
        PV_ASSERT(size < sizeof name);
        for (size_t k = 0; k <= size; k++) {
            char byte = columns[i].field->name[k];
            name[k] = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
        }
        put_padded(out, name, size, columns[i].width, i + 1 == count);
    }
    fputc('\n', out);
}

void pv_table_list(FILE *out, pv_arena *arena, const pv_message_info *info,
                   const ProtobufCMessage *const *rows, size_t count)
{
    const ProtobufCFieldDescriptor *fields[PV_TABLE_COLUMNS_MAX];
    column columns[PV_TABLE_COLUMNS_MAX];
    size_t column_count = pv_table_columns(info, fields);
    for (size_t i = 0; i < column_count; i++) {
        columns[i] = column_of(fields[i]);
        for (size_t r = 0; r < count; r++) {
            size_t width = 0;
            (void)cell(arena, &columns[i], rows[r], &width);
            if (width > columns[i].width) { columns[i].width = width; }
        }
    }
    column_count = keep_filled(columns, column_count);
    if (column_count == 0) { return; }
    put_header(out, columns, column_count);
    for (size_t r = 0; r < count; r++) {
        for (size_t i = 0; i < column_count; i++) {
            size_t width = 0;
            const char *text = cell(arena, &columns[i], rows[r], &width);
            put_padded(out, text, width, columns[i].width, i + 1 == column_count);
        }
        fputc('\n', out);
    }
}

/* Walks a message twice: once to measure the names, once to write. */
typedef struct walk {
    FILE *out; /* NULL: measure */
    pv_arena *arena;
    size_t width;
} walk;

static void visit_message(walk *self, const char *path, const pv_message_info *info,
                          const ProtobufCMessage *message, unsigned depth);

static void put_line(walk *self, const char *path, const char *text)
{
    size_t columns = 0;
    size_t width = strlen(path);
    if (self->out == NULL) {
        if (width > self->width) { self->width = width; }
        return;
    }
    put_padded(self->out, path, width, self->width, false);
    fputs(pv_terminal_text(self->arena, text == NULL ? "" : text, 0, &columns), self->out);
    fputc('\n', self->out);
}

static void visit_value(walk *self, const char *path, const pv_message_info *info,
                        const ProtobufCMessage *message, unsigned depth)
{
    const char *text = pv_value_message_text(message, self->arena);
    if (text != NULL || info == NULL || depth == DEPTH_MAX) {
        put_line(self, path, text == NULL ? "{...}" : text);
    } else {
        visit_message(self, path, info, message, depth + 1);
    }
}

static void visit_field(walk *self, const char *path, const ProtobufCFieldDescriptor *field,
                        const pv_message_info *info, const ProtobufCMessage *message,
                        unsigned depth)
{
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        put_line(self, path, pv_value_text(message, field, self->arena));
    } else if (!repeated) {
        visit_value(self, path, info, pv_field_message(message, field), depth);
    } else {
        for (size_t i = 0; i < pv_field_count(message, field); i++) {
            const char *element = pv_arena_printf(self->arena, "%s[%zu]", path, i);
            if (element == NULL) { return; }
            visit_value(self, element, info, pv_field_message_at(message, field, i), depth);
        }
    }
}

static void visit_message(walk *self, const char *path, const pv_message_info *info,
                          const ProtobufCMessage *message, unsigned depth)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &info->descriptor->fields[i];
        if (!pv_field_is_set(message, field)) { continue; }
        const char *name =
            pv_arena_printf(self->arena, "%s%s%s", path, path[0] == '\0' ? "" : ".", field->name);
        if (name == NULL) { return; }
        visit_field(self, name, field, info->fields[i].message, message, depth);
    }
}

void pv_table_object(FILE *out, pv_arena *arena, const pv_message_info *info,
                     const ProtobufCMessage *message)
{
    walk self = {.arena = arena};
    visit_message(&self, "", info, message, 0);
    self.out = out;
    visit_message(&self, "", info, message, 0);
}
