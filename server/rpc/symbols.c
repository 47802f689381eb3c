#include "server/rpc/symbols.h"

#include "base/arena.h"

#include <stdlib.h>

/* The descriptors are our own generator's output, packed by protobuf: they are well-formed, so a
 * fault in them is a programmer's error and asserted. */

typedef struct symbol {
    const char *name;
    size_t size;
    size_t file;
} symbol;

typedef struct extension {
    const char *extendee;
    int32_t number;
    size_t file;
} extension;

struct pv_symbols {
    pv_arena *arena;
    const pv_file_info **files;
    size_t file_count, file_capacity;
    symbol *table; /* open addressing; a free slot has no name */
    size_t symbol_count, slot_count;
    extension *extensions;
    size_t extension_count, extension_capacity;
};

enum { ARENA_BYTES = 64 * 1024 * 1024, SLOTS_FIRST = 1024 };

pv_symbols *pv_symbols_create(void)
{
    pv_symbols *symbols = (pv_symbols *)calloc(1, sizeof *symbols);
    PV_ASSERT(symbols != NULL);
    symbols->arena = pv_arena_create(ARENA_BYTES);
    symbols->slot_count = SLOTS_FIRST;
    symbols->table = (symbol *)calloc(SLOTS_FIRST, sizeof *symbols->table);
    PV_ASSERT(symbols->table != NULL);
    return symbols;
}

void pv_symbols_destroy(pv_symbols *symbols)
{
    if (symbols == NULL) { return; }
    pv_arena_destroy(symbols->arena);
    free((void *)symbols->files);
    free(symbols->table);
    free(symbols->extensions);
    free(symbols);
}

/* --- the table --- */

static size_t slot_of(const pv_symbols *symbols, pv_view name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.size; i++) {
        hash = (hash ^ name.data[i]) * UINT64_C(0x100000001b3);
    }
    size_t slot = (size_t)(hash ^ (hash >> 31)) & (symbols->slot_count - 1);
    while (symbols->table[slot].name != NULL) {
        if (pv_view_equal(pv_view_of(symbols->table[slot].name, symbols->table[slot].size), name)) {
            break;
        }
        slot = (slot + 1) & (symbols->slot_count - 1);
    }
    return slot;
}

static void grow(pv_symbols *symbols)
{
    symbol *old = symbols->table;
    size_t old_count = symbols->slot_count;
    symbols->slot_count *= 2;
    symbols->table = (symbol *)calloc(symbols->slot_count, sizeof *symbols->table);
    PV_ASSERT(symbols->table != NULL);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].name != NULL) {
            symbols->table[slot_of(symbols, pv_view_of(old[i].name, old[i].size))] = old[i];
        }
    }
    free(old);
}

/* "scope.name", in the arena; registered for the file. */
static const char *declare(pv_symbols *symbols, const char *scope, pv_view name, size_t file)
{
    if (2 * (symbols->symbol_count + 1) > symbols->slot_count) { grow(symbols); }
    const char *full =
        pv_arena_printf(symbols->arena, "%s%s%.*s", scope, scope[0] == '\0' ? "" : ".",
                        (int)name.size, (const char *)name.data);
    PV_ASSERT(full != NULL);
    symbol *entry = &symbols->table[slot_of(symbols, pv_view_text(full))];
    if (entry->name == NULL) { symbols->symbol_count++; }
    entry->name = full;
    entry->size = strlen(full);
    entry->file = file;
    return full;
}

/* --- reading descriptors --- */

typedef struct field {
    uint32_t number;
    uint64_t value; /* of a varint */
    pv_view bytes;  /* of a length-delimited field */
} field;

static uint64_t read_varint(pv_view *rest)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        PV_ASSERT(rest->size > 0 && shift < 64);
        uint8_t byte = rest->data[0];
        *rest = pv_view_of(rest->data + 1, rest->size - 1);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) { return value; }
    }
}

static void skip(pv_view *rest, uint64_t size)
{
    PV_ASSERT(size <= rest->size);
    *rest = pv_view_of(rest->data + size, rest->size - (size_t)size);
}

/* Takes the next field off; false: the message is over. */
static bool next_field(pv_view *rest, field *ret_field)
{
    if (rest->size == 0) { return false; }
    uint64_t tag = read_varint(rest);
    ret_field->number = (uint32_t)(tag >> 3);
    ret_field->value = 0;
    ret_field->bytes = pv_view_of(NULL, 0);
    switch (tag & 7) {
    case 0: ret_field->value = read_varint(rest); return true;
    case 1: skip(rest, 8); return true;
    case 2: {
        uint64_t size = read_varint(rest);
        ret_field->bytes = pv_view_of(rest->data, (size_t)size);
        skip(rest, size);
        return true;
    }
    default:
        PV_ASSERT((tag & 7) == 5);
        skip(rest, 4);
        return true;
    }
}

static field find_field(pv_view message, uint32_t number)
{
    field one;
    while (next_field(&message, &one)) {
        if (one.number == number) { return one; }
    }
    memset(&one, 0, sizeof one);
    return one;
}

/* Numbers of fields in descriptor.proto. */
enum {
    FILE_PACKAGE = 2,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    FILE_EXTENSION = 7,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    MESSAGE_EXTENSION = 6,
    MESSAGE_ONEOF = 8,
    ANY_NAME = 1,
    ANY_LIST = 2, /* values of an enum, methods of a service */
    FIELD_EXTENDEE = 2,
    FIELD_NUMBER = 3
};

static pv_view name_of(pv_view message)
{
    return find_field(message, ANY_NAME).bytes;
}

static void add_extension(pv_symbols *symbols, const char *scope, pv_view bytes, size_t file)
{
    (void)declare(symbols, scope, name_of(bytes), file);
    if (symbols->extension_count == symbols->extension_capacity) {
        symbols->extension_capacity =
            symbols->extension_capacity == 0 ? 16 : 2 * symbols->extension_capacity;
        symbols->extensions = (extension *)realloc(
            symbols->extensions, symbols->extension_capacity * sizeof *symbols->extensions);
        PV_ASSERT(symbols->extensions != NULL);
    }
    pv_view extendee =
        find_field(bytes, FIELD_EXTENDEE).bytes; /* ".google.protobuf.FieldOptions" */
    PV_ASSERT(extendee.size > 1);
    extension *entry = &symbols->extensions[symbols->extension_count];
    entry->extendee =
        pv_arena_dup(symbols->arena, pv_view_of(extendee.data + 1, extendee.size - 1));
    PV_ASSERT(entry->extendee != NULL);
    entry->number = (int32_t)find_field(bytes, FIELD_NUMBER).value;
    entry->file = file;
    symbols->extension_count++;
}

/* Values of an enum are named beside it, not below it. */
static void add_enum(pv_symbols *symbols, const char *scope, pv_view bytes, size_t file)
{
    (void)declare(symbols, scope, name_of(bytes), file);
    field one;
    while (next_field(&bytes, &one)) {
        if (one.number == ANY_LIST) { (void)declare(symbols, scope, name_of(one.bytes), file); }
    }
}

static void add_service(pv_symbols *symbols, const char *scope, pv_view bytes, size_t file)
{
    const char *name = declare(symbols, scope, name_of(bytes), file);
    field one;
    while (next_field(&bytes, &one)) {
        if (one.number == ANY_LIST) { (void)declare(symbols, name, name_of(one.bytes), file); }
    }
}

static void add_message(pv_symbols *symbols, const char *scope, pv_view bytes, size_t file)
{
    const char *name = declare(symbols, scope, name_of(bytes), file);
    field one;
    while (next_field(&bytes, &one)) {
        switch (one.number) {
        case MESSAGE_FIELD:
        case MESSAGE_ONEOF: (void)declare(symbols, name, name_of(one.bytes), file); break;
        case MESSAGE_NESTED: add_message(symbols, name, one.bytes, file); break;
        case MESSAGE_ENUM: add_enum(symbols, name, one.bytes, file); break;
        case MESSAGE_EXTENSION: add_extension(symbols, name, one.bytes, file); break;
        default: break;
        }
    }
}

static void add_declarations(pv_symbols *symbols, pv_view bytes, size_t file)
{
    pv_view package_bytes = find_field(bytes, FILE_PACKAGE).bytes;
    const char *package = pv_arena_dup(symbols->arena, package_bytes);
    PV_ASSERT(package != NULL);
    field one;
    while (next_field(&bytes, &one)) {
        switch (one.number) {
        case FILE_MESSAGE: add_message(symbols, package, one.bytes, file); break;
        case FILE_ENUM: add_enum(symbols, package, one.bytes, file); break;
        case FILE_SERVICE: add_service(symbols, package, one.bytes, file); break;
        case FILE_EXTENSION: add_extension(symbols, package, one.bytes, file); break;
        default: break;
        }
    }
}

void pv_symbols_add(pv_symbols *symbols, const pv_file_info *file)
{
    size_t number;
    if (pv_symbols_find_file(symbols, pv_view_text(file->name), &number)) { return; }
    if (symbols->file_count == symbols->file_capacity) {
        symbols->file_capacity = symbols->file_capacity == 0 ? 32 : 2 * symbols->file_capacity;
        symbols->files = (const pv_file_info **)realloc(
            (void *)symbols->files, symbols->file_capacity * sizeof *symbols->files);
        PV_ASSERT(symbols->files != NULL);
    }
    number = symbols->file_count;
    symbols->files[number] = file;
    symbols->file_count++;
    add_declarations(symbols, pv_view_of(file->descriptor, file->descriptor_size), number);
    for (size_t i = 0; i < file->import_count; i++) { pv_symbols_add(symbols, file->imports[i]); }
}

/* --- finding --- */

size_t pv_symbols_file_count(const pv_symbols *symbols)
{
    return symbols->file_count;
}

const pv_file_info *pv_symbols_file(const pv_symbols *symbols, size_t number)
{
    PV_ASSERT(number < symbols->file_count);
    return symbols->files[number];
}

bool pv_symbols_find_file(const pv_symbols *symbols, pv_view name, size_t *ret_file)
{
    for (size_t i = 0; i < symbols->file_count; i++) {
        if (pv_view_equal(pv_view_text(symbols->files[i]->name), name)) {
            *ret_file = i;
            return true;
        }
    }
    return false;
}

bool pv_symbols_find(const pv_symbols *symbols, pv_view name, size_t *ret_file)
{
    const symbol *entry = &symbols->table[slot_of(symbols, name)];
    if (entry->name == NULL) { return false; }
    *ret_file = entry->file;
    return true;
}

bool pv_symbols_find_extension(const pv_symbols *symbols, pv_view extendee, int32_t number,
                               size_t *ret_file)
{
    for (size_t i = 0; i < symbols->extension_count; i++) {
        const extension *entry = &symbols->extensions[i];
        if (entry->number == number && pv_view_equal(pv_view_text(entry->extendee), extendee)) {
            *ret_file = entry->file;
            return true;
        }
    }
    return false;
}

bool pv_symbols_next_extension(const pv_symbols *symbols, pv_view extendee, int32_t after,
                               int32_t *ret_number)
{
    bool found = false;
    for (size_t i = 0; i < symbols->extension_count; i++) {
        const extension *entry = &symbols->extensions[i];
        if (entry->number <= after || !pv_view_equal(pv_view_text(entry->extendee), extendee)) {
            continue;
        }
        if (!found || entry->number < *ret_number) { *ret_number = entry->number; }
        found = true;
    }
    return found;
}
