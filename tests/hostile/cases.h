// cases.h — what hostile peers do, one row each: what is sent, how the server ends it, and what it may cost. The
// rows follow the five groups of a hostile peer's means: connecting, frames, header compression, gRPC itself, floods.
//
// An end is a word of h2::Seen::end_of; several are separated by '|', any of them is right. "open" means that the
// server goes on: it owes this peer nothing, or waits for it.
#ifndef PV_TESTS_HOSTILE_CASES_H
#define PV_TESTS_HOSTILE_CASES_H

#include "tests/hostile/target.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace purvey {

// Memory that one hostile peer may cost the server at its peak.
constexpr int64_t kPeerKib = 1024;

// Methods that every target serves: a unary one that takes an empty message, and one with streams both ways.
constexpr char kHealthPath[] = "/grpc.health.v1.Health/Check";
constexpr char kChatPath[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

// Ends of the connection: by the core, which has several ways; by the edge, which has one.
constexpr char kEnds[] = "close|goaway";
constexpr char kCalm[] = "goaway 11";
// The same; but the GOAWAY may be missing, when the frame that the core sends meanwhile cannot be finished, or when the
// peer goes on to send and the end of the connection overtakes it.
constexpr char kCalmed[] = "goaway 11|close";
// The edge lets it pass: what becomes of it is the core's decision.
inline constexpr char kSame[] = "same";

struct Case {
    std::string name;
    // By the runtime on the bare core, and through the edge. NULL: not sent there. A case that the bare core does not
    // survive has NULL and a line in SECURITY.md.
    const char *core;
    const char *edge;
    std::string bytes;   // all that is sent, on a fresh connection
    uint32_t stream = 1; // whose end counts
    // Where bytes alone do not tell it: does everything and returns the end.
    std::function<std::string(const Target &)> act = nullptr;
    int64_t memory_kib = kPeerKib;
    int within_ms = 5000;
};

// `path` is that of a unary method which takes an empty message.
std::vector<Case> connect_cases();
std::vector<Case> frame_cases(const std::string &path);
std::vector<Case> hpack_cases(const std::string &path);
std::vector<Case> grpc_cases(const std::string &path);
std::vector<Case> flood_cases(const std::string &path);

// What a case did to the server and its neighbour.
struct Effect {
    std::string end;
    double ms = 0;
    int64_t grown_kib = 0; // at the peak
    double cpu_ms = 0;
    Neighbour::Tally neighbour;
};
Effect run_case(const Case &one, const char *expected, const Target &target, Neighbour *neighbour);

// Whether `end` is one of the words; "goaway" alone is one with any code.
bool is_expected(const std::string &end, const std::string &words);

// --- for tests ---

// All rows that have an end in this column.
std::vector<Case> cases_of(const std::string &path, const char *Case::*column);
void PrintTo(const Case &one, std::ostream *out);
std::string case_name(const ::testing::TestParamInfo<Case> &info);

// Runs the row and expects of the server: the end in time and within the memory, life, the neighbour's calls
// answered, a newcomer served.
void check_case(const Case &one, const char *expected, const Target &target, Neighbour *neighbour,
                const std::string &path);

} // namespace purvey

#endif
