#include "bazel/codegen/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMENT_COLUMNS = 100 };

void *gen_alloc(size_t size)
{
    void *memory = calloc(1, size == 0 ? 1 : size);
    if (memory == NULL) {
        fputs("protoc-gen-purvey: no memory\n", stderr);
        exit(1);
    }
    return memory;
}

static char *format_arguments(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size < 0) { abort(); }
    char *text = gen_alloc((size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    return text;
}

char *gen_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_arguments(format, arguments);
    va_end(arguments);
    return text;
}

char *gen_copy(const char *text, size_t size)
{
    char *copy = gen_alloc(size + 1);
    if (size > 0) { memcpy(copy, text, size); }
    return copy;
}

bool gen_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool gen_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool gen_ends_with(const char *text, const char *suffix)
{
    size_t text_size = strlen(text);
    size_t suffix_size = strlen(suffix);
    return text_size >= suffix_size && gen_equal(text + text_size - suffix_size, suffix);
}

/* At least `size` bytes and one for the NUL. */
static void reserve(gen_text *text, size_t size)
{
    if (size < text->capacity) { return; }
    size_t capacity = (size + 64) * 2;
    char *data = gen_alloc(capacity);
    if (text->size > 0) { memcpy(data, text->data, text->size); }
    text->data = data;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): see text.h, nothing is freed */
    text->capacity = capacity;
}

void gen_put_bytes(gen_text *text, const void *bytes, size_t size)
{
    reserve(text, text->size + size);
    if (size > 0) { memcpy(text->data + text->size, bytes, size); }
    text->size += size;
    text->data[text->size] = '\0';
}

void gen_put(gen_text *text, const char *words)
{
    gen_put_bytes(text, words, strlen(words));
}

void gen_print(gen_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gen_put(text, format_arguments(format, arguments));
    va_end(arguments); /* NOLINT(clang-analyzer-unix.Malloc): see text.h, nothing is freed */
}

void gen_add(gen_list *list, const void *item)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity * 2 + 8;
        void **items = gen_alloc(list->capacity * sizeof *items);
        if (list->count > 0) { memcpy(items, list->items, list->count * sizeof *items); }
        list->items = items;
    }
    list->items[list->count] = (void *)(uintptr_t)item;
    list->count++;
}

void gen_put_literal(gen_text *text, const char *words)
{
    gen_put(text, "\"");
    for (const char *at = words == NULL ? "" : words; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            gen_print(text, "\\%c", byte);
        } else if (byte == '?') {
            gen_put(text, "\\?"); /* two in a row could begin a trigraph */
        } else if (byte < 0x20) {
            gen_print(text, "\\%03o", byte);
        } else {
            gen_put_bytes(text, at, 1);
        }
    }
    gen_put(text, "\"");
}

/* Puts words behind what stands in the line up to `column`; new lines begin with " * " and `indent`. */
static void put_wrapped(gen_text *text, int column, int indent, const char *words)
{
    for (const char *at = words + strspn(words, " \n"); *at != '\0';) {
        size_t size = strcspn(at, " \n");
        if (column + 1 + (int)size > COMMENT_COLUMNS - 3) {
            gen_print(text, "\n *%*s", indent, "");
            column = 2 + indent;
        }
        gen_put(text, " ");
        for (size_t i = 0; i < size; i++) {
            /* A comment in the .proto may not open or end ours. */
            bool splits =
                i > 0 && ((at[i] == '/' && at[i - 1] == '*') || (at[i] == '*' && at[i - 1] == '/'));
            if (splits) { gen_put(text, " "); }
            gen_put_bytes(text, at + i, 1);
        }
        column += 1 + (int)size;
        at += size;
        at += strspn(at, " \n");
    }
}

void gen_begin_comment(gen_text *text, const char *words)
{
    gen_put(text, "/*");
    put_wrapped(text, 2, 0, words);
}

void gen_continue_comment(gen_text *text, int indent, const char *words)
{
    gen_print(text, "\n *%*s", indent, "");
    put_wrapped(text, 2 + indent, indent + 4, words);
}

void gen_end_comment(gen_text *text)
{
    gen_put(text, " */\n");
}

void gen_put_comment(gen_text *text, const char *words)
{
    if (words == NULL || *words == '\0') { return; }
    gen_begin_comment(text, words);
    gen_end_comment(text);
}

static gen_text read_stream(FILE *stream, const char *name)
{
    gen_text text = {0};
    char block[65536];
    size_t size;
    while ((size = fread(block, 1, sizeof block, stream)) > 0) {
        gen_put_bytes(&text, block, size);
    }
    if (ferror(stream)) {
        fprintf(stderr, "protoc-gen-purvey: cannot read %s\n", name);
        exit(1);
    }
    return text;
}

gen_text gen_read_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fprintf(stderr, "protoc-gen-purvey: cannot open %s\n", path);
        exit(1);
    }
    gen_text text = read_stream(stream, path);
    fclose(stream);
    return text;
}

gen_text gen_read_input(void)
{
    return read_stream(stdin, "standard input");
}
