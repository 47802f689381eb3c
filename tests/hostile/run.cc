#include "tests/hostile/cases.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sstream>

namespace purvey {

namespace {

#if defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#else
#define HAS_ASAN 0
#endif
constexpr bool kKeepsFreedMemory = HAS_ASAN; // as the sanitizer does, in the server too

constexpr int kSilenceMs = 250; // after which a server that may go on is taken to do so

double ms_since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

} // namespace

bool is_expected(const std::string &end, const std::string &words)
{
    std::istringstream rest(words);
    for (std::string word; std::getline(rest, word, '|');) {
        if (word == end || (word == "goaway" && end.rfind("goaway ", 0) == 0)) { return true; }
    }
    return false;
}

Effect run_case(const Case &one, const char *expected, const Target &target, Neighbour *neighbour)
{
    neighbour->take();
    reset_peak(target.process());
    const Vitals before = vitals_of(target.process());
    const auto start = std::chrono::steady_clock::now();
    Effect effect;
    if (one.act) {
        effect.end = one.act(target);
    } else {
        h2::Options options = target.options();
        options.acknowledges = false; // the bytes are all that is sent
        h2::Peer peer(target.address(), options);
        peer.send(one.bytes, one.within_ms);
        // What may end with its stream is not waited for until the connection ends.
        const bool of_stream =
            strstr(expected, "rst") != nullptr || strstr(expected, "status") != nullptr;
        const bool to_end =
            !of_stream && (is_expected("close", expected) || is_expected("goaway 11", expected));
        peer.read_until(
            [&](const h2::Seen &seen) {
                return to_end ? seen.goaway.has_value() : seen.end_of(one.stream) != "open";
            },
            is_expected("open", expected) ? kSilenceMs : one.within_ms);
        effect.end = peer.seen().end_of(one.stream);
    }
    effect.ms = ms_since(start);
    effect.neighbour = neighbour->take();
    const Vitals after = vitals_of(target.process());
    effect.grown_kib = after.peak_kib - before.rss_kib;
    effect.cpu_ms = (after.cpu_s - before.cpu_s) * 1000;
    return effect;
}

std::vector<Case> cases_of(const std::string &path, const char *Case::*column)
{
    std::vector<Case> chosen;
    for (const std::vector<Case> &group : {connect_cases(), frame_cases(path), hpack_cases(path),
                                           grpc_cases(path), flood_cases(path)}) {
        for (Case one : group) {
            if (one.edge == kSame) { one.edge = one.core; }
            if (one.*column != nullptr) { chosen.push_back(one); }
        }
    }
    return chosen;
}

void PrintTo(const Case &one, std::ostream *out)
{
    *out << one.name;
}

std::string case_name(const ::testing::TestParamInfo<Case> &info)
{
    return info.param.name;
}

void check_case(const Case &one, const char *expected, const Target &target, Neighbour *neighbour,
                const std::string &path)
{
    Effect effect = run_case(one, expected, target, neighbour);
    printf(
        "hostile %-44s %-12s %6.0f ms %7lld KiB %6.0f ms CPU, neighbour: %zu calls, p99 %.1f ms\n",
        one.name.c_str(), effect.end.c_str(), effect.ms, static_cast<long long>(effect.grown_kib),
        effect.cpu_ms, effect.neighbour.calls, effect.neighbour.p99_ms);
    EXPECT_TRUE(is_expected(effect.end, expected)) << effect.end << ", not " << expected;
    EXPECT_LE(effect.ms, one.within_ms);
    if (!kKeepsFreedMemory) { EXPECT_LE(effect.grown_kib, one.memory_kib); }
    ASSERT_TRUE(target.alive()) << target.log();
    EXPECT_EQ(effect.neighbour.failed, 0u) << effect.neighbour.failure;
    h2::Options elsewhere = target.options();
    elsewhere.source = "127.0.0.2"; // where nobody has misbehaved
    h2::Peer newcomer(target.address(), elsewhere);
    newcomer.send(h2::preface() + h2::call(1, path));
    newcomer.read_end(5000);
    EXPECT_EQ(newcomer.seen().end_of(), "status 0") << "a newcomer";
}

} // namespace purvey
