#include "tests/bench/peers.h"

#include "base/status.h"
#include "base/time.h"
#include "tests/hostile/h2.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <thread>
#include <vector>

namespace {

using namespace h2; // NOLINT: rows of bytes

constexpr int kReadMs = 2000;
constexpr int64_t kAttackNs = 4 * PV_NS_PER_S;
const std::string kPath = "/purvey.bench.v1.EchoService/Echo";
const std::string kStreamPath = "/purvey.bench.v1.EchoService/Up"; // stays open

double seconds_since(int64_t begin_ns)
{
    return static_cast<double>(pv_time_monotonic_ns() - begin_ns) / 1e9;
}

// A figure in KiB of the kernel's status of a process.
double kib_of(pid_t process, const std::string &name)
{
    std::ifstream file("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind(name, 0) == 0) { return std::stod(line.substr(name.size())); }
    }
    return 0;
}

void reset_peak(pid_t process)
{
    std::ofstream("/proc/" + std::to_string(process) + "/clear_refs") << "5";
}

Tls tls_of(const load_target *target)
{
    return Tls(target->certificate, target->key);
}

Options options_with(const Tls &tls)
{
    Options options;
    options.tls = &tls;
    return options;
}

bool greet(Peer *peer)
{
    return peer->send(preface()) &&
           peer->read_until(
               [](const Seen &seen) { return seen.settings_acks > 0 && !seen.settings.empty(); },
               kReadMs) &&
           !peer->seen().closed;
}

// One call after the other, beside an attack.
class Neighbour {
  public:
    explicit Neighbour(const load_target *target)
        : tls_(tls_of(target)), peer_(target->address, options_with(tls_)),
          thread_([this] { work(); })
    {
    }
    ~Neighbour() { stop(); }
    void stop()
    {
        over_ = true;
        if (thread_.joinable()) { thread_.join(); }
    }
    size_t calls() const { return calls_; }
    size_t failed = 0; // both after stop
    double p99_ms()
    {
        std::sort(times_ms_.begin(), times_ms_.end());
        return times_ms_.empty() ? 0 : times_ms_[times_ms_.size() * 99 / 100];
    }

  private:
    void work()
    {
        bool open = greet(&peer_);
        for (uint32_t stream = 1; open && !over_; stream += 2) {
            int64_t begin_ns = pv_time_monotonic_ns();
            peer_.send(call(stream, kPath));
            peer_.read_end(10000, stream);
            times_ms_.push_back(seconds_since(begin_ns) * 1000);
            failed += peer_.seen().end_of(stream) != "status 0";
            open = !peer_.seen().closed;
            calls_++;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        failed += !open;
    }

    Tls tls_;
    Peer peer_;
    std::atomic<bool> over_{false};
    std::atomic<size_t> calls_{0};
    std::vector<double> times_ms_;
    std::thread thread_;
};

// --- attacks: each returns how it was ended ---

using Piece = std::function<std::string(uint32_t)>;

std::string opened(uint32_t number, const std::string &path = kStreamPath)
{
    return open_call(2 * number + 1, request(path));
}

// `begin`, and then pieces until they are all out, the server has ended it, or the time is over.
std::string flood(const load_target *target, const std::string &begin, uint32_t count, Piece piece,
                  bool acknowledges = true)
{
    Tls tls = tls_of(target);
    Options options = options_with(tls);
    options.acknowledges = acknowledges;
    Peer peer(target->address, options);
    bool open = acknowledges ? greet(&peer) : peer.send(preface());
    open = open && peer.send(begin);
    int64_t end_ns = pv_time_monotonic_ns() + kAttackNs;
    for (uint32_t i = 0; open && i < count && !peer.seen().goaway; i += 50) {
        std::string bytes;
        for (uint32_t j = i; j < i + 50; j++) { bytes += piece(j); }
        open = peer.send(bytes, 1000) && pv_time_monotonic_ns() < end_ns;
    }
    peer.read_close(500);
    return peer.seen().end_of(0);
}

// Many connections that send a byte of a request now and then.
std::string drip(const load_target *target)
{
    constexpr size_t kPeers = 100;
    Tls tls = tls_of(target);
    std::vector<std::unique_ptr<Peer>> peers;
    for (size_t i = 0; i < kPeers; i++) {
        peers.push_back(std::make_unique<Peer>(target->address, options_with(tls)));
        greet(peers.back().get());
    }
    const std::string bytes = call(1, kPath);
    for (size_t at = 0; at < 20; at++) {
        for (auto &peer : peers) { peer->send(bytes.substr(at, 1), 100); }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return peers[0]->seen().end_of(0);
}

std::string rest(const load_target *)
{
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return "";
}

std::string rapid_reset(const load_target *target)
{
    return flood(target, "", 20000, [](uint32_t i) { return opened(i) + rst_stream(2 * i + 1); });
}

std::string continuation(const load_target *target)
{
    return flood(target, frame(HEADERS, 0, 1, block(request(kPath))), 500,
                 [](uint32_t) { return frame(CONTINUATION, 0, 1, repeat(field("a", "b"), 3000)); });
}

std::string pings(const load_target *target)
{
    return flood(target, "", 200000, [](uint32_t) { return ping(); });
}

std::string settings_flood(const load_target *target)
{
    return flood(target, "", 200000, [](uint32_t) { return settings(); });
}

std::string empty_data(const load_target *target)
{
    return flood(target, opened(0), 500000, [](uint32_t) { return frame(DATA, 0, 1); });
}

std::string streams_before_ack(const load_target *target)
{
    return flood(
        target, "", 20000, [](uint32_t i) { return opened(i); }, false);
}

// Streams that the server resets, because the client has broken a rule of each.
std::string made_you_reset(const load_target *target)
{
    return flood(target, "", 20000,
                 [](uint32_t i) { return opened(i) + window_update(2 * i + 1, 0); });
}

const struct {
    const char *name;
    std::string (*run)(const load_target *);
} attacks[PEERS_ATTACKS] = {
    {"none", rest},
    {"rapid reset", rapid_reset},
    {"made you reset", made_you_reset},
    {"CONTINUATION", continuation},
    {"PING", pings},
    {"SETTINGS", settings_flood},
    {"empty DATA", empty_data},
    {"streams before the ACK", streams_before_ack},
    {"slow-loris, 100 connections", drip},
};

} // namespace

bool peers_shake_hands(const load_target *target, size_t count, peers_handshakes *ret)
{
    Tls tls = tls_of(target);
    double cpu_s = load_cpu_s(target->server);
    int64_t begin_ns = pv_time_monotonic_ns();
    for (size_t i = 0; i < count; i++) {
        Peer peer(target->address, options_with(tls));
        if (!greet(&peer)) { return false; }
    }
    ret->per_second = static_cast<double>(count) / seconds_since(begin_ns);
    ret->server_ms = (load_cpu_s(target->server) - cpu_s) * 1000 / static_cast<double>(count);
    return true;
}

double peers_idle_kib(const load_target *target, size_t count)
{
    Tls tls = tls_of(target);
    std::vector<std::unique_ptr<Peer>> peers;
    double before = 0;
    for (size_t i = 0; i < count + 16; i++) {
        if (i == 16) { before = kib_of(target->server, "VmRSS:"); } // what the first ones load
        peers.push_back(std::make_unique<Peer>(target->address, options_with(tls)));
        if (!greet(peers.back().get())) { return -1; }
    }
    return (kib_of(target->server, "VmRSS:") - before) / static_cast<double>(count);
}

peers_attack peers_run_attack(const load_target *target, size_t index, double call_us)
{
    peers_attack result = {};
    result.name = attacks[index].name;
    Neighbour neighbour(target);
    while (neighbour.calls() < 200) { // what the first calls load is no attack's
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    size_t calls = neighbour.calls();
    double before = kib_of(target->server, "VmRSS:");
    reset_peak(target->server);
    double cpu_s = load_cpu_s(target->server);
    int64_t begin_ns = pv_time_monotonic_ns();
    std::string end = attacks[index].run(target);
    result.seconds = seconds_since(begin_ns);
    size_t after = neighbour.calls();
    neighbour.stop();
    result.server_s =
        load_cpu_s(target->server) - cpu_s - static_cast<double>(after - calls) * call_us / 1e6;
    result.memory_mib = (kib_of(target->server, "VmHWM:") - before) / 1024;
    result.neighbour_p99_ms = neighbour.p99_ms();
    result.neighbour_calls = after - calls;
    result.neighbour_failed = neighbour.failed;
    end.copy(result.end, sizeof result.end - 1);
    return result;
}
