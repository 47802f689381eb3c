// Texts in and out of calls.
#include "tests/unit/flows/harness.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace purvey {

namespace {

json_t *walk(json_t *value, const std::string &path)
{
    size_t start = 0;
    while (value != nullptr && start <= path.size()) {
        size_t end = path.find('.', start);
        if (end == std::string::npos) { end = path.size(); }
        std::string step = path.substr(start, end - start);
        value = json_is_array(value)
                    ? json_array_get(value, std::strtoul(step.c_str(), nullptr, 10))
                    : json_object_get(value, step.c_str());
        start = end + 1;
    }
    return value;
}

} // namespace

std::string json(const char *format, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    PV_ASSERT(size >= 0 && static_cast<size_t>(size) < sizeof text);
    return text;
}

std::string Answer::text(const std::string &path) const
{
    json_t *value = walk(json.get(), path);
    if (value == nullptr) { return ""; }
    if (json_is_string(value)) { return json_string_value(value); }
    char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    std::string result = dumped == nullptr ? "" : dumped;
    free(dumped);
    return result;
}

std::string Answer::note(const std::string &key) const
{
    for (const auto &pair : metadata) {
        if (pair.first == key) { return pair.second; }
    }
    return "";
}

} // namespace purvey
