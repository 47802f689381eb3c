#include "client/cli/help_text.h"

#include <stdbool.h>
#include <string.h>

/* Where the next word would begin. */
typedef struct line {
    FILE *out;
    int indent;
    int column;
    bool fresh; /* nothing on the line behind the indent */
} line;

static int columns_of(const char *text, size_t size)
{
    int columns = 0;
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)text[i] & 0xC0) != 0x80) { columns++; }
    }
    return columns;
}

static void put_word(line *at, const char *word, size_t size)
{
    int columns = columns_of(word, size);
    if (!at->fresh && at->column + 1 + columns > PV_HELP_WIDTH) {
        fprintf(at->out, "\n%*s", at->indent, "");
        at->column = at->indent;
        at->fresh = true;
    }
    if (!at->fresh) {
        fputc(' ', at->out);
        at->column++;
    }
    fwrite(word, 1, size, at->out);
    at->column += columns;
    at->fresh = false;
}

static void put_words(line *at, const char *text)
{
    static const char blanks[] = " \t\r\n";
    text += strspn(text, blanks);
    while (*text != '\0') {
        size_t size = strcspn(text, blanks);
        put_word(at, text, size);
        text += size;
        text += strspn(text, blanks);
    }
}

void pv_help_entry(FILE *out, const char *name, const char *mark, const char *text)
{
    int columns = 2 + columns_of(name, strlen(name));
    fprintf(out, "  %s", name);
    if (columns + 2 > PV_HELP_INDENT) {
        fprintf(out, "\n%*s", PV_HELP_INDENT, "");
    } else {
        fprintf(out, "%*s", PV_HELP_INDENT - columns, "");
    }
    line at = {.out = out, .indent = PV_HELP_INDENT, .column = PV_HELP_INDENT, .fresh = true};
    put_words(&at, mark);
    put_words(&at, text);
    fputc('\n', out);
}

void pv_help_paragraph(FILE *out, int indent, const char *text)
{
    fprintf(out, "%*s", indent, "");
    line at = {.out = out, .indent = indent, .column = indent, .fresh = true};
    put_words(&at, text);
    fputc('\n', out);
}
