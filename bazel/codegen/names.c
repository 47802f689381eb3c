#include "bazel/codegen/names.h"

#include "bazel/codegen/text.h"

#include <ctype.h>
#include <string.h>

static char upper_of(char letter)
{
    return (char)toupper((unsigned char)letter);
}

static char lower_of(char letter)
{
    return (char)tolower((unsigned char)letter);
}

char *gen_c_type(const char *full_name)
{
    gen_text text = {0};
    bool first = true;
    for (const char *at = full_name; *at != '\0'; at++) {
        if (*at == '.') {
            gen_put(&text, "__");
            first = true;
        } else if (*at == '_') {
            first = true;
        } else {
            char letter = first ? upper_of(*at) : *at;
            gen_put_bytes(&text, &letter, 1);
            first = false;
        }
    }
    return text.data;
}

/* An underscore goes in front of a capital that follows no capital: HTTPRequest is httprequest. */
static char *split_words(const char *name, bool upper, const char *dot)
{
    gen_text text = {0};
    gen_put(&text, "");
    bool was_upper = true;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '.') {
            gen_put(&text, dot);
            was_upper = true;
            continue;
        }
        bool is_upper = isupper((unsigned char)*at) != 0;
        if (is_upper && !was_upper) { gen_put(&text, "_"); }
        char letter = upper ? upper_of(*at) : lower_of(*at);
        gen_put_bytes(&text, &letter, 1);
        was_upper = is_upper;
    }
    return text.data;
}

char *gen_c_lower(const char *full_name)
{
    return split_words(full_name, false, "__");
}

char *gen_c_upper(const char *full_name)
{
    return split_words(full_name, true, "__");
}

char *gen_snake(const char *name)
{
    return split_words(name, false, "_");
}

char *gen_lower(const char *text)
{
    char *copy = gen_copy(text, strlen(text));
    for (char *at = copy; *at != '\0'; at++) { *at = lower_of(*at); }
    return copy;
}

char *gen_upper(const char *text)
{
    char *copy = gen_copy(text, strlen(text));
    for (char *at = copy; *at != '\0'; at++) { *at = upper_of(*at); }
    return copy;
}

char *gen_symbol(const char *text)
{
    char *copy = gen_copy(text, strlen(text));
    for (char *at = copy; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at)) { *at = '_'; }
    }
    return copy;
}

char *gen_stem(const char *path)
{
    size_t size = strlen(path);
    return gen_copy(path, gen_ends_with(path, ".proto") ? size - strlen(".proto") : size);
}

bool gen_is_bad_field_name(const char *name)
{
    /* `base` is the first member of every message. The others are keywords, or macros of compilers and of
     * the C library, that protoc-gen-c passes through; it appends '_' to all other C++ keywords. */
    static const char *const names[] = {
        "base",      "alignas",       "alignof",      "char16_t", "char32_t",
        "char8_t",   "co_await",      "co_return",    "co_yield", "concept",
        "consteval", "constexpr",     "constinit",    "decltype", "errno",
        "export",    "linux",         "noexcept",     "nullptr",  "requires",
        "restrict",  "static_assert", "thread_local", "typeof",   "unix",
    };
    char *lower = gen_lower(name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (gen_equal(lower, names[i])) { return true; }
    }
    return false;
}
