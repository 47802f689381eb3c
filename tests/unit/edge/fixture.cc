#include "tests/unit/edge/fixture.h"

#include "base/digest.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 1024 * 1024;
constexpr size_t kPrefaceBytes = 24, kHeaderBytes = 9;
constexpr int kSliceMs = 20;

bool readable(int fd)
{
    pollfd watched = {fd, POLLIN, 0};
    return poll(&watched, 1, kSliceMs) > 0;
}

// Bytes of the frames at the beginning that are complete.
size_t whole_frames(const std::string &bytes)
{
    size_t at = 0;
    while (bytes.size() - at >= kHeaderBytes) {
        size_t length = 0;
        for (size_t i = 0; i < 3; i++) {
            length = length << 8 | static_cast<uint8_t>(bytes[at + i]);
        }
        if (bytes.size() - at < kHeaderBytes + length) { break; }
        at += kHeaderBytes + length;
    }
    return at;
}

} // namespace

bool eventually(const std::function<bool()> &holds)
{
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) { return false; }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

// Short: the path of a UNIX socket has 107 bytes.
std::string folder_of_test()
{
    std::string path = "/tmp/pv-edge-XXXXXX";
    PV_ASSERT(mkdtemp(path.data()) != nullptr);
    return path;
}

void write_file(const std::string &path, const std::string &text, unsigned mode)
{
    std::ofstream(path + ".new", std::ios::binary | std::ios::trunc) << text;
    PV_ASSERT(chmod((path + ".new").c_str(), mode) == 0);
    PV_ASSERT(rename((path + ".new").c_str(), path.c_str()) == 0);
}

// --- the core ---

Core::Core(const std::string &path, int backlog)
{
    sockaddr_un at = {};
    at.sun_family = AF_UNIX;
    PV_ASSERT(path.size() < sizeof at.sun_path);
    path.copy(at.sun_path, path.size());
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    PV_ASSERT(listener_ >= 0);
    PV_ASSERT(bind(listener_, reinterpret_cast<sockaddr *>(&at), sizeof at) == 0);
    PV_ASSERT(listen(listener_, backlog) == 0);
    acceptor_ = std::thread([this] { accept_all(); });
}

Core::~Core()
{
    over_ = true;
    acceptor_.join();
    for (std::thread &thread : threads_) { thread.join(); }
    close(listener_);
}

std::vector<Arrival> Core::arrivals()
{
    std::lock_guard<std::mutex> hold(lock_);
    return arrivals_;
}

void Core::accept_all()
{
    while (!over_) {
        if (!accepts) { std::this_thread::sleep_for(std::chrono::milliseconds(kSliceMs)); }
        if (!accepts || !readable(listener_)) { continue; }
        sockaddr_un from = {};
        socklen_t size = sizeof from;
        int fd = accept(listener_, reinterpret_cast<sockaddr *>(&from), &size);
        if (fd < 0) { continue; }
        size_t name_size = size - offsetof(sockaddr_un, sun_path);
        Arrival arrival;
        arrival.name = name_size > 1
                           ? "unix-abstract:" + std::string(from.sun_path + 1, name_size - 1)
                           : "unix:";
        std::lock_guard<std::mutex> hold(lock_);
        arrivals_.push_back(arrival);
        threads_.emplace_back(&Core::serve, this, fd, arrivals_.size() - 1);
    }
}

void Core::serve(int fd, size_t index)
{
    std::vector<char> buffer(64 * 1024);
    std::string held, answer;
    bool greeted = false;
    while (!over_) {
        if (!reads) {
            std::this_thread::sleep_for(std::chrono::milliseconds(kSliceMs));
            continue;
        }
        if (readable(fd)) {
            ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
            if (got <= 0) { break; }
            held.append(buffer.data(), static_cast<size_t>(got));
            std::lock_guard<std::mutex> hold(lock_);
            arrivals_[index].bytes.append(buffer.data(), static_cast<size_t>(got));
        }
        if (!greeted && held.size() >= kPrefaceBytes) {
            held.erase(0, kPrefaceBytes);
            greeted = true;
        }
        size_t whole = greeted ? whole_frames(held) : 0;
        answer.append(held, 0, whole);
        held.erase(0, whole);
        while (answer.size() > keeps_back && !over_) {
            ssize_t put =
                send(fd, answer.data(), answer.size() - keeps_back, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (put < 0 && errno != EAGAIN) { break; }
            if (put < 0) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }
            if (put > 0) { answer.erase(0, static_cast<size_t>(put)); }
        }
    }
    close(fd);
    std::lock_guard<std::mutex> hold(lock_);
    arrivals_[index].ended = true;
}

// --- the edge ---

Edge::Edge()
{
    signal(SIGPIPE, SIG_IGN);
    arena = pv_arena_create(kArenaBytes);
    pv_error_init(&error, arena);
    write_file(roots_path, clients.pem());
    write_file(certificate_path, server.pem);
    write_file(key_path, server.key);
    PV_ASSERT(mkdir(pairs_path.c_str(), 0700) == 0);
    core = std::make_unique<Core>(core_path);
    listener.address = "127.0.0.1:0";
    listener.core_path = core_path.c_str();
    listener.demands_certificate = true;
    config.listeners = &listener;
    config.listener_count = 1;
    config.tls.client_roots = roots_path.c_str();
    config.tls.certificate = certificate_path.c_str();
    config.tls.key = key_path.c_str();
    config.tls.folder = pairs_path.c_str();
}

Edge::~Edge()
{
    pv_edge_destroy(edge);
    core.reset();
    pv_arena_destroy(arena);
    (void)!system(("rm -rf " + folder).c_str());
}

void Edge::start()
{
    ASSERT_TRUE(pv_is_ok(pv_edge_create(&config, &error, &edge))) << error.message;
    pv_edge_start(edge);
}

std::string Edge::address() const
{
    return "127.0.0.1:" + std::to_string(pv_edge_port(edge, 0));
}

std::unique_ptr<h2::Peer> Edge::connect(const Certificate &as, const std::string &server_name)
{
    h2::Tls tls(as.pem, as.key);
    tls.server_name = server_name;
    h2::Options options;
    options.tls = &tls;
    auto peer = std::make_unique<h2::Peer>(address(), options);
    peer->send(h2::preface());
    return peer;
}

bool Edge::answers(h2::Peer *peer, uint32_t stream)
{
    peer->send(h2::call(stream, "/a/b", "hello"));
    (void)peer->read_until(
        [stream](const h2::Seen &seen) {
            auto found = seen.streams.find(stream);
            return found != seen.streams.end() && found->second.ended;
        },
        10000);
    auto found = peer->seen().streams.find(stream);
    return found != peer->seen().streams.end() && found->second.ended;
}

pv_edge_counts Edge::counts() const
{
    pv_edge_counts counts;
    pv_edge_count(edge, &counts);
    return counts;
}

std::string Edge::hex(const Certificate &certificate)
{
    char text[2 * PV_SHA256_SIZE + 1];
    pv_hex_format(pv_view_of(certificate.sha256.data(), certificate.sha256.size()), text);
    return text;
}

std::string Edge::shown_for(const std::string &server_name) const
{
    h2::Tls tls(one.pem, one.key);
    tls.server_name = server_name;
    h2::Options options;
    options.tls = &tls;
    const std::string der = h2::Peer(address(), options).seen().server_certificate;
    Certificate shown;
    pv_sha256(pv_view_of(der.data(), der.size()), shown.sha256.data());
    return hex(shown);
}

} // namespace purvey
