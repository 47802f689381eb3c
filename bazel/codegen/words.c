#include "bazel/codegen/words.h"

#include "bazel/codegen/options.h"
#include "protos/runtime/rules.h"

/* What could have been meant, for a word that names nothing. */
static const char *known_words(const gen_enum *vocabulary)
{
    gen_text text = {0};
    for (size_t i = 0; vocabulary != NULL && i < vocabulary->values.count; i++) {
        const gen_value *value = vocabulary->values.items[i];
        if (value->proto->number == 0) { continue; }
        gen_print(&text, "%s%s", text.size == 0 ? "known are " : ", ", value->word);
    }
    return text.size == 0 ? "no file in sight declares any" : text.data;
}

uint32_t gen_number_of_word(gen_model *model, const gen_element *element, int32_t tag,
                            const gen_enum *vocabulary, const char *what, const char *word)
{
    const gen_value *value = vocabulary == NULL ? NULL : gen_find_word(vocabulary, word);
    if (value == NULL || value->proto->number <= 0) {
        gen_refuse(model, element, tag, "unknown %s \"%s\"; %s", what, word,
                   known_words(vocabulary));
        return 0;
    }
    return (uint32_t)value->proto->number;
}

uint32_t gen_number_of_party(gen_model *model, const gen_element *element, int32_t tag,
                             const char *word)
{
    if (gen_equal(word, "ANY")) { return PV_PARTY_ANY; }
    return gen_number_of_word(model, element, tag, model->roles, "role", word);
}

uint64_t gen_set_of_words(gen_model *model, const gen_element *element, int32_t tag,
                          const gen_enum *vocabulary, const char *what, char *const *words,
                          size_t count)
{
    uint64_t set = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = gen_number_of_word(model, element, tag, vocabulary, what, words[i]);
        if (number == 0 || number > 63) { continue; }
        uint64_t bit = UINT64_C(1) << number;
        if ((set & bit) != 0) {
            gen_refuse(model, element, tag, "%s \"%s\" is named twice", what, words[i]);
        }
        set |= bit;
    }
    return set;
}

const char *gen_words_of_set(const gen_enum *vocabulary, uint64_t set, const char *separator,
                             const char *none)
{
    gen_text text = {0};
    for (int32_t number = 0; number < 64; number++) {
        if ((set >> number & 1) == 0) { continue; }
        const gen_value *value = vocabulary == NULL ? NULL : gen_find_number(vocabulary, number);
        gen_print(&text, "%s%s", text.size == 0 ? "" : separator,
                  value == NULL ? "?" : value->word);
    }
    return text.size == 0 ? none : text.data;
}
