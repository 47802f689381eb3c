#include "client/cli/suggest.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Slips between two words (optimal string alignment); rows of the table are reused in turn. */
static size_t slips(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][PV_SUGGEST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++) { rows[0][j] = j; }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *second_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], second_above[j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

void pv_suggest_offer(pv_suggestion *suggestion, const char *known)
{
    size_t word_size = strlen(suggestion->word);
    size_t known_size = strlen(known);
    if (word_size == 0 || word_size > PV_SUGGEST_WORD_MAX || known_size > PV_SUGGEST_WORD_MAX) {
        return;
    }
    size_t distance = slips(suggestion->word, word_size, known, known_size);
    size_t longer = word_size > known_size ? word_size : known_size;
    size_t permitted = longer < 3 ? 1 : longer / 3;
    if (word_size >= 3 && strncmp(known, suggestion->word, word_size) == 0) { distance = 1; }
    if (distance > permitted) { return; }
    if (suggestion->nearest == NULL || distance < suggestion->distance) {
        suggestion->nearest = known;
        suggestion->distance = distance;
    }
}
