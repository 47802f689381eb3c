/* suggest.h — "did you mean": the known word that is nearest to an unknown one. */
#ifndef PV_CLIENT_CLI_SUGGEST_H
#define PV_CLIENT_CLI_SUGGEST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_SUGGEST_WORD_MAX = 64 /* longer words are never suggested: comparing costs their product */
};

/* Offered one known word after the other. Zero-initialise all but `word`. */
typedef struct pv_suggestion {
    const char *word;    /* the unknown one */
    const char *nearest; /* the best so far that is near enough to be meant; NULL: none */
    size_t distance;
} pv_suggestion;

/* Compares a known word; it must live as long as the suggestion. Near enough is a beginning that
 * was cut, or at most one slip (letter wrong, missing, too much, swapped) in three letters. */
void pv_suggest_offer(pv_suggestion *suggestion, const char *known);

#ifdef __cplusplus
}
#endif
#endif
