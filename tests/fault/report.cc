#include "tests/fault/report.h"

#include <jansson.h>

#include <cstdio>
#include <cstdlib>

namespace purvey {

Options::Options(int argc, char **argv, const std::map<std::string, std::string> &known)
    : values(known)
{
    for (int i = 1; i < argc; i += 2) {
        std::string option = argv[i];
        auto at = values.find(option.substr(0, 2) == "--" ? option.substr(2) : "");
        if (at == values.end() || i + 1 >= argc) {
            fprintf(stderr, "%s: %s: no such option, or it has no value; there are:", argv[0],
                    argv[i]);
            for (const auto &one : known) { fprintf(stderr, " --%s", one.first.c_str()); }
            fprintf(stderr, "\n");
            exit(2);
        }
        at->second = argv[i + 1];
    }
}

const std::string &Options::text(const std::string &name) const
{
    return values.at(name);
}

uint64_t Options::number(const std::string &name) const
{
    char *end = nullptr;
    const std::string &value = values.at(name);
    uint64_t number = std::strtoull(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0') {
        fprintf(stderr, "--%s %s is no number\n", name.c_str(), value.c_str());
        exit(2);
    }
    return number;
}

void Report::finding(const std::string &what)
{
    printf("  %s: %s\n", name.c_str(), what.c_str());
    fflush(stdout);
    found.push_back(what);
}

void Report::judge(bool ok, const std::string &what)
{
    (ok ? passed : failed)++;
    printf("%s %s: %s\n", ok ? "ok" : "FAIL", name.c_str(), what.c_str());
    fflush(stdout);
}

double Report::seconds() const
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

int Report::end(const std::string &json_path) const
{
    printf("%d passed, %d failed\n", passed, failed);
    if (json_path.empty()) { return failed == 0 ? 0 : 1; }
    json_t *numbers = json_object();
    for (const auto &one : counts) {
        json_object_set_new(numbers, one.first.c_str(),
                            json_integer(static_cast<json_int_t>(one.second)));
    }
    json_t *texts = json_array();
    for (const std::string &one : found) { json_array_append_new(texts, json_string(one.c_str())); }
    json_t *all =
        json_pack("{s:s, s:i, s:i, s:f, s:o, s:o}", "program", name.c_str(), "passed", passed,
                  "failed", failed, "seconds", seconds(), "counts", numbers, "findings", texts);
    int written = json_dump_file(all, json_path.c_str(), JSON_INDENT(2));
    json_decref(all);
    if (written != 0) { fprintf(stderr, "%s cannot be written\n", json_path.c_str()); }
    return failed == 0 && written == 0 ? 0 : 1;
}

} // namespace purvey
