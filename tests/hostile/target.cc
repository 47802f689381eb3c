#include "tests/hostile/target.h"

#include "grpc/testing/test.pv.h"
#include "purvey/account/v1/identity_service.pv.h"
#include "tests/e2e/house.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 1024 * 1024;
constexpr int kStartMs = 20000;
constexpr int64_t kCallMs = 10000;
constexpr int kPauseMs = 2; // between the neighbour's calls

std::string proc(pid_t process, const char *name)
{
    return "/proc/" + std::to_string(process) + "/" + name;
}

int64_t kib_of(const std::string &status, const char *name)
{
    size_t at = status.find(name);
    return at == std::string::npos ? 0
                                   : std::strtoll(status.c_str() + at + strlen(name), nullptr, 10);
}

int status_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

} // namespace

Vitals vitals_of(pid_t process)
{
    Vitals vitals;
    std::string status = read_file(proc(process, "status"));
    vitals.rss_kib = kib_of(status, "VmRSS:");
    vitals.peak_kib = kib_of(status, "VmHWM:");
    std::string stat = read_file(proc(process, "stat"));
    std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 2, stat.size())));
    std::string skipped;
    for (int i = 3; i < 14; i++) { fields >> skipped; }
    double user = 0, system = 0;
    fields >> user >> system;
    vitals.cpu_s = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
    if (DIR *folder = opendir(proc(process, "fd").c_str())) {
        while (readdir(folder) != nullptr) { vitals.descriptors++; }
        closedir(folder);
        vitals.descriptors -= 2; // "." and ".."
    }
    return vitals;
}

void reset_peak(pid_t process)
{
    std::ofstream(proc(process, "clear_refs")) << "5";
}

h2::Options Target::options() const
{
    h2::Options options;
    options.tls = tls();
    return options;
}

bool Target::alive() const
{
    // Left to be waited for: until then nobody else gets its number.
    siginfo_t info = {};
    return process() > 0 &&
           waitid(P_PID, static_cast<id_t>(process()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

// --- the runtime alone ---

Runtime::Runtime() : folder_(fresh_folder("runtime"))
{
    char *program = realpath("tests/interop/grpc/server", nullptr);
    PV_ASSERT(program != nullptr);
    process_ =
        begin({program, "--port=0", "--use_tls=false"}, {}, folder_ + "/out", folder_ + "/err");
    free(program);
    const std::string mark = "listening on ";
    for (int waited = 0; waited < kStartMs && alive(); waited += 10) {
        std::string out = read_file(folder_ + "/out");
        size_t at = out.find(mark), end = out.find('\n');
        if (at != std::string::npos && end != std::string::npos) {
            address_ = out.substr(at + mark.size(), end - at - mark.size());
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

Runtime::~Runtime()
{
    if (process_ > 0) { stop(); }
    std::filesystem::remove_all(folder_);
}

int Runtime::stop()
{
    int status = 0;
    kill(process_, SIGTERM);
    PV_ASSERT(waitpid(process_, &status, 0) == process_);
    process_ = 0;
    return status_of(status);
}

std::string Runtime::log() const
{
    return read_file(folder_ + "/err");
}

pv_client *Runtime::connect() const
{
    pv_client_config config = {};
    std::string target = address();
    config.target = target.c_str();
    pv_client *client = nullptr;
    PV_ASSERT(pv_is_ok(pv_client_create(&config, nullptr, &client)));
    return client;
}

pv_status Runtime::ask(pv_client *client, pv_arena *arena, const pv_client_options *options,
                       pv_error *error) const
{
    grpc_testing_empty request = GRPC_TESTING_EMPTY__INIT;
    grpc_testing_empty *response = nullptr;
    return grpc_testing_test_client_empty_call(client, arena, options, &request, &response, error);
}

// --- purveyd ---

Purveyd::Purveyd() : house_(new House)
{
    if (!house_->ready) { return; }
    tls_.reset(new h2::Tls(tls_with("h2")));
}

Purveyd::~Purveyd() = default;

h2::Tls Purveyd::tls_with(const std::string &alpn) const
{
    h2::Tls tls(read_file(house_->folder("operator.pem")),
                read_file(house_->folder("operator.key")), alpn);
    tls.server_name = "localhost";
    return tls;
}

h2::Tls Purveyd::tls_of_server() const
{
    return h2::Tls(read_file(house_->authority("server.pem")),
                   read_file(house_->authority("server.key")));
}

bool Purveyd::ready() const
{
    return house_->ready;
}

pid_t Purveyd::process() const
{
    return house_->on.process;
}

std::string Purveyd::address() const
{
    return house_->on.address;
}

pv_client *Purveyd::connect() const
{
    std::string roots = read_file(house_->authority("server-ca.pem"));
    std::string certificate = read_file(house_->folder("operator.pem"));
    std::string key = read_file(house_->folder("operator.key"));
    pv_client_tls tls = {roots.c_str(), certificate.c_str(), key.c_str(), nullptr};
    pv_client_config config = {};
    config.target = house_->on.address;
    config.tls = &tls;
    pv_client *client = nullptr;
    PV_ASSERT(pv_is_ok(pv_client_create(&config, nullptr, &client)));
    return client;
}

pv_status Purveyd::ask(pv_client *client, pv_arena *arena, const pv_client_options *options,
                       pv_error *error) const
{
    pv_who_am_irequest request = PV_WHO_AM_IREQUEST__INIT;
    pv_who_am_iresponse *response = nullptr;
    return pv_identity_client_who_am_i(client, arena, options, &request, &response, error);
}

std::string Purveyd::log() const
{
    return house_->log();
}

int Purveyd::stop()
{
    return house_->stop(SIGTERM);
}

// --- the neighbour ---

Neighbour::Neighbour(const Target &target) : target_(target), thread_(&Neighbour::work, this)
{
}

Neighbour::~Neighbour()
{
    {
        std::lock_guard<std::mutex> guard(lock_);
        over_ = true;
    }
    thread_.join();
}

void Neighbour::work()
{
    using clock = std::chrono::steady_clock;
    pv_client *client = target_.connect();
    pv_arena *arena = pv_arena_create(kArenaBytes);
    pv_client_options options = {};
    options.deadline_ms = kCallMs;
    options.wait_for_ready = true; // a server may be restarted beside it
    std::unique_lock<std::mutex> guard(lock_);
    while (!over_) {
        begun_++;
        guard.unlock();
        pv_error error;
        pv_error_init(&error, arena);
        clock::time_point start = clock::now();
        pv_status status = target_.ask(client, arena, &options, &error);
        double ms = std::chrono::duration<double, std::milli>(clock::now() - start).count();
        std::string failure = pv_is_ok(status) ? "" : pv_code_name(status.code);
        if (!failure.empty() && error.message != nullptr) {
            failure += std::string(": ") + error.message;
        }
        pv_arena_reset(arena);
        std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
        guard.lock();
        times_ms_.push_back(ms);
        if (!failure.empty() && tally_.failed++ == 0) { tally_.failure = failure; }
        ended_ = begun_;
        changed_.notify_all();
    }
    pv_arena_destroy(arena);
    pv_client_destroy(client);
}

Neighbour::Tally Neighbour::take()
{
    std::unique_lock<std::mutex> guard(lock_);
    const uint64_t wanted = begun_ + 1;
    changed_.wait(guard, [&] { return ended_ >= wanted; });
    Tally tally = tally_;
    tally.calls = times_ms_.size();
    std::sort(times_ms_.begin(), times_ms_.end());
    tally.p50_ms = times_ms_[times_ms_.size() / 2];
    tally.p99_ms = times_ms_[times_ms_.size() * 99 / 100];
    tally.max_ms = times_ms_.back();
    tally_ = Tally();
    times_ms_.clear();
    return tally;
}

} // namespace purvey
