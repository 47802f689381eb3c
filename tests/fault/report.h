// report.h — what a program of this folder was asked and what it found: lines for people, JSON for programs.
#ifndef PV_TESTS_FAULT_REPORT_H
#define PV_TESTS_FAULT_REPORT_H

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace purvey {

// The command line: --name value pairs. A name that `known` does not have ends the process with a sentence.
class Options {
  public:
    Options(int argc, char **argv, const std::map<std::string, std::string> &known);
    const std::string &text(const std::string &name) const;
    uint64_t number(const std::string &name) const; // a value that is no number ends the process

  private:
    std::map<std::string, std::string> values;
};

class Report {
  public:
    explicit Report(const std::string &program) : name(program) {}

    void count(const std::string &what, uint64_t number) { counts.emplace_back(what, number); }
    void finding(const std::string &what); // also printed, at once
    // One thing that had to be so: prints "ok ..." or "FAIL ...".
    void judge(bool ok, const std::string &what);

    double seconds() const;
    // Prints "N passed, N failed", writes the JSON unless the path is empty; gives the exit code.
    int end(const std::string &json_path) const;

    size_t findings() const { return found.size(); }

  private:
    std::string name;
    std::vector<std::pair<std::string, uint64_t>> counts;
    std::vector<std::string> found;
    int passed = 0;
    int failed = 0;
    std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
};

} // namespace purvey

#endif
