/* words.h — the words that options may use for roles, modules, grants and states. */
#ifndef PV_BAZEL_CODEGEN_WORDS_H
#define PV_BAZEL_CODEGEN_WORDS_H

#include "bazel/codegen/model.h"

/* The number of `word` in the vocabulary; 0 when there is none, which is reported at the element's option
 * `tag` together with the words that there are. */
uint32_t gen_number_of_word(gen_model *model, const gen_element *element, int32_t tag,
                            const gen_enum *vocabulary, const char *what, const char *word);

/* The role number of a party: a word of the ROLE vocabulary, or ANY for an account of whatever type. */
uint32_t gen_number_of_party(gen_model *model, const gen_element *element, int32_t tag,
                             const char *word);

/* The same for a set of words: bit n for number n. */
uint64_t gen_set_of_words(gen_model *model, const gen_element *element, int32_t tag,
                          const gen_enum *vocabulary, const char *what, char *const *words,
                          size_t count);

/* A set as words in order of number, with `separator` between them; `none` for the empty set. */
const char *gen_words_of_set(const gen_enum *vocabulary, uint64_t set, const char *separator,
                             const char *none);

#endif
