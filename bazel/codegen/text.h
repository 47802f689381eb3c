/* text.h — memory and text for the generator. It is a build tool that runs for a fraction of a second:
 * it allocates, never frees, and ends the process when the machine has no memory. */
#ifndef PV_BAZEL_CODEGEN_TEXT_H
#define PV_BAZEL_CODEGEN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `size` bytes, zeroed. */
void *gen_alloc(size_t size);

/* A text of its own, in printf form. */
__attribute__((format(printf, 1, 2))) char *gen_format(const char *format, ...);

/* The first `size` bytes of `text`, NUL-ended. */
char *gen_copy(const char *text, size_t size);

bool gen_equal(const char *a, const char *b);
bool gen_starts_with(const char *text, const char *prefix);
bool gen_ends_with(const char *text, const char *suffix);

/* A text that grows. Zero-initialise; `data` is NUL-ended once something was put. */
typedef struct gen_text {
    char *data;
    size_t size;
    size_t capacity;
} gen_text;

void gen_put(gen_text *text, const char *words);
void gen_put_bytes(gen_text *text, const void *bytes, size_t size);
__attribute__((format(printf, 2, 3))) void gen_print(gen_text *text, const char *format, ...);

/* A list of pointers that grows. Zero-initialise. */
typedef struct gen_list {
    void **items;
    size_t count;
    size_t capacity;
} gen_list;

void gen_add(gen_list *list, const void *item);

/* Puts a C string literal; NULL gives "". */
void gen_put_literal(gen_text *text, const char *words);

/* Puts a C comment, wrapped at 100 columns; nothing for an empty text. */
void gen_put_comment(gen_text *text, const char *words);

/* The same in steps: begin, paragraphs that stand `indent` spaces in, end. */
void gen_begin_comment(gen_text *text, const char *words);
void gen_continue_comment(gen_text *text, int indent, const char *words);
void gen_end_comment(gen_text *text);

/* The whole of a file or of standard input; ends the process with a message when it cannot be read. */
gen_text gen_read_file(const char *path);
gen_text gen_read_input(void);

#endif
