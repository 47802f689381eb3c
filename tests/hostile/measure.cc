// What each flood does to the bare core and what it does to purveyd behind its edge, each to a server of its own: the
// table of SECURITY.md. Prints Markdown.
// usage: bazel run --config=opt //tests/hostile:measure
#include "tests/hostile/cases.h"

#include <sys/resource.h>

#include <cstdio>

namespace purvey {
namespace {

constexpr char kEmptyCall[] = "/grpc.testing.TestService/EmptyCall";
constexpr char kWhoAmI[] = "/purvey.account.v1.IdentityService/WhoAmI";

void print_effect(const Effect &effect)
{
    printf(" %s | %.1f | %.0f | %.0f |", effect.end.c_str(),
           static_cast<double>(effect.grown_kib) / 1024, effect.cpu_ms, effect.neighbour.max_ms);
}

template <class Server> void measure(const Case &one, const char *expected)
{
    Server server;
    Neighbour neighbour(server);
    for (int i = 0; i < 20; i++) { neighbour.take(); }
    print_effect(run_case(one, expected, server, &neighbour));
}

// Whether a server serves newcomers when it had no descriptor left for a while and then has.
template <class Server> bool survives_want_of_descriptors(const std::string &path)
{
    Server server;
    {
        Neighbour neighbour(server);
        neighbour.take();
    }
    rlimit most = {}, few = {};
    prlimit(server.process(), RLIMIT_NOFILE, nullptr, &most);
    few = most;
    few.rlim_cur = static_cast<rlim_t>(vitals_of(server.process()).descriptors + 10);
    prlimit(server.process(), RLIMIT_NOFILE, &few, nullptr);
    {
        std::vector<std::unique_ptr<h2::Peer>> peers;
        h2::Options options; // no handshake: this comes before any certificate
        for (int i = 0; i < 50; i++) {
            peers.emplace_back(new h2::Peer(server.address(), options));
        }
        peers.back()->read_close(1000);
    }
    prlimit(server.process(), RLIMIT_NOFILE, &most, nullptr);
    h2::Options options = server.options();
    options.timeout_ms = 5000;
    h2::Peer newcomer(server.address(), options);
    newcomer.send(h2::preface() + h2::call(1, path));
    newcomer.read_end(5000);
    return newcomer.seen().end_of() == "status 0";
}

void print_table()
{
    printf("| flood | bare core: end | MiB | CPU ms | others wait ms | behind the edge: end | MiB "
           "| CPU ms | others "
           "wait ms |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    std::vector<Case> bare = flood_cases(kEmptyCall), edged = flood_cases(kWhoAmI);
    for (size_t i = 0; i < bare.size(); i++) {
        printf("| %s |", bare[i].name.c_str());
        measure<Runtime>(bare[i], kEnds);
        measure<Purveyd>(edged[i], kCalm);
        printf("\n");
        fflush(stdout);
    }
    printf("\nafter a want of descriptors newcomers are served: bare core %s, edge %s\n",
           survives_want_of_descriptors<Runtime>(kEmptyCall) ? "yes" : "no",
           survives_want_of_descriptors<Purveyd>(kWhoAmI) ? "yes" : "no");
}

} // namespace
} // namespace purvey

int main()
{
    purvey::print_table();
    return 0;
}
