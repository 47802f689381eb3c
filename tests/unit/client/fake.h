// A service behind protos/runtime/stub.h that is told in JSON what to answer and tells in JSON what
// it was asked, and a run of the whole command line against it.
#ifndef PV_TESTS_UNIT_CLIENT_FAKE_H
#define PV_TESTS_UNIT_CLIENT_FAKE_H

#include "client/cli/cli.h"
#include "protos/runtime/stub.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace fake {

// How a call ends. The error's texts must be literals.
struct Answer {
    std::string json = "{}"; // of a unary method
    pv_code code = PV_CODE_OK;
    const char *reason = "";
    const char *message = "";
    std::vector<std::pair<const char *, const char *>> metadata = {};
    std::vector<std::pair<const char *, const char *>> fields = {};
    int64_t retry_after_ms = 0;
};

// One stream: what is received from it, how it ends, after how many sent messages sending fails.
struct Stream {
    std::vector<std::string> messages = {};
    Answer end = {};
    size_t sends_max = SIZE_MAX;
};

struct Call {
    std::string method;                // "GetOrder"
    std::vector<std::string> requests; // JSON, by the field names of the .proto
    int64_t deadline_ms;
};

// What the next calls of a method answer; after the last one an empty answer is given.
extern std::map<std::string, std::deque<Answer>> answers;
extern std::map<std::string, std::deque<Stream>> streams;
extern std::vector<Call> calls;

void reset();

struct Result {
    pv_exit exit;
    std::string out;
    std::string err;
};

// Runs `purvey ARGUMENTS`.
Result run(const std::vector<std::string> &arguments, const std::string &input = "");

// A command line context with these streams, for parts that are tested alone.
struct Streams {
    pv_cli cli = {};
    char *out = nullptr;
    char *err = nullptr;
    size_t out_size = 0;
    size_t err_size = 0;
    explicit Streams(const std::string &input = "");
    ~Streams();
    Streams(const Streams &) = delete;
    Streams &operator=(const Streams &) = delete;
    std::string written();
    std::string told();
};

// The text without the values that differ from run to run: request_ids.
std::string without_uuids(const std::string &text);

} // namespace fake

#endif
