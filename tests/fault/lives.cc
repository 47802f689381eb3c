#include "tests/fault/lives.h"

#include "tests/e2e/house.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace purvey {

namespace {

constexpr int kStartMs = 10000;
constexpr int64_t kDeadlineMs = 3000; // of a call; a life is shorter

} // namespace

Lives::Lives(const std::vector<std::string> &server, const std::string &own)
    : command(server), folder(own)
{
    for (const char *word : {"--listen", "127.0.0.1:0", "--log-level", "warn", "--port-file"}) {
        command.push_back(word);
    }
    command.push_back(folder + "/port");
}

Lives::~Lives()
{
    kill();
}

bool Lives::start(bool wait)
{
    PV_ASSERT(process == 0);
    (void)unlink((folder + "/port").c_str());
    process = begin(command, {}, folder + "/out", folder + "/err");
    born++;
    return !wait || wait_for_port();
}

bool Lives::wait_for_port()
{
    auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kStartMs);
    while (std::chrono::steady_clock::now() < until) {
        std::string port = read_file(folder + "/port");
        if (!port.empty() && port.back() == '\n') {
            std::lock_guard<std::mutex> hold(lock);
            address = "127.0.0.1:" + port.substr(0, port.size() - 1);
            life = born;
            changed.notify_all();
            return true;
        }
        siginfo_t ended = {};
        if (waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid == process) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
    return false;
}

void Lives::kill()
{
    if (process == 0) { return; }
    (void)::kill(process, SIGKILL);
    end_life();
    (void)wait_end();
}

// Nobody connects to this life any more.
void Lives::end_life()
{
    std::map<std::string, std::shared_ptr<pv_client>> gone; // closed without the lock
    std::lock_guard<std::mutex> hold(lock);
    life = 0;
    gone.swap(clients);
}

int Lives::wait_end()
{
    int status = 0;
    PV_ASSERT(waitpid(process, &status, 0) == process);
    process = 0;
    end_life();
    return status;
}

void Lives::finish()
{
    std::lock_guard<std::mutex> hold(lock);
    finished = true;
    changed.notify_all();
}

std::string Lives::log() const
{
    return read_file(folder + "/err");
}

uint64_t Lives::next(uint64_t seen)
{
    std::unique_lock<std::mutex> hold(lock);
    changed.wait(hold, [&] { return finished || (life != 0 && life != seen); });
    return finished ? 0 : life;
}

std::shared_ptr<pv_client> Lives::connect(uint64_t wanted, const Partner &who)
{
    std::lock_guard<std::mutex> hold(lock);
    if (life != wanted || finished) { return nullptr; }
    std::shared_ptr<pv_client> &client = clients[who.name];
    if (client == nullptr) {
        pv_client_tls tls = {};
        tls.ca = who.ca.c_str();
        tls.certificate = who.certificate.c_str();
        tls.key = who.key.c_str();
        pv_client_config config = {};
        config.target = address.c_str();
        config.tls = &tls;
        config.deadline_ms = kDeadlineMs;
        pv_client *made = nullptr;
        PV_ASSERT(pv_is_ok(pv_client_create(&config, nullptr, &made)));
        client = std::shared_ptr<pv_client>(made, pv_client_destroy);
    }
    return client;
}

} // namespace purvey
