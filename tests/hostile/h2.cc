#include "tests/hostile/h2.h"

#include "base/status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>

namespace h2 {

namespace {

int64_t now_ms()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

uint32_t number_at(std::string_view bytes, size_t at, size_t size)
{
    uint32_t value = 0;
    for (size_t i = at; i < at + size && i < bytes.size(); i++) {
        value = value << 8 | static_cast<uint8_t>(bytes[i]);
    }
    return value;
}

// --- reading header blocks: what servers answer with; Huffman text is not decoded ---

uint64_t take_integer(std::string_view *bytes, int prefix_bits)
{
    if (bytes->empty()) { return 0; }
    const uint64_t most = (UINT64_C(1) << prefix_bits) - 1;
    uint64_t value = static_cast<uint8_t>(bytes->front()) & most;
    bytes->remove_prefix(1);
    if (value < most) { return value; }
    for (int shift = 0; shift < 28 && !bytes->empty(); shift += 7) {
        uint8_t byte = static_cast<uint8_t>(bytes->front());
        bytes->remove_prefix(1);
        value += static_cast<uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) { break; }
    }
    return value;
}

std::string take_text(std::string_view *bytes)
{
    bool huffman = !bytes->empty() && (static_cast<uint8_t>(bytes->front()) & 0x80) != 0;
    size_t size = std::min<size_t>(take_integer(bytes, 7), bytes->size());
    std::string value = huffman ? "(huffman)" : std::string(bytes->substr(0, size));
    bytes->remove_prefix(size);
    return value;
}

// Of the static table only what a gRPC server may index: the status.
std::pair<std::string, std::string> static_entry(uint64_t index)
{
    static const char *const statuses[] = {"200", "204", "206", "304", "400", "404", "500"};
    if (index < 8 || index > 14) { return {}; }
    return {":status", statuses[index - 8]};
}

socklen_t fill_unix(const std::string &name, bool abstract, sockaddr_un *ret_address)
{
    ret_address->sun_family = AF_UNIX;
    size_t skip = abstract ? 1 : 0;
    size_t size = std::min(name.size(), sizeof ret_address->sun_path - 1 - skip);
    memcpy(ret_address->sun_path + skip, name.data(), size);
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + skip + size);
}

bool starts_with(const std::string &text, const char *prefix)
{
    return text.rfind(prefix, 0) == 0;
}

} // namespace

std::string Seen::end_of(uint32_t stream) const
{
    if (refused) { return "refused"; }
    if (alert >= 0) { return "alert " + std::to_string(alert); }
    if (goaway) { return "goaway " + std::to_string(*goaway); }
    if (closed) { return "close"; }
    auto found = streams.find(stream);
    if (found == streams.end()) { return "open"; }
    const Stream &one = found->second;
    auto status = one.headers.find("grpc-status");
    if (status != one.headers.end()) { return "status " + status->second; }
    if (one.rst) { return "rst " + std::to_string(*one.rst); }
    auto http = one.headers.find(":status");
    if (one.ended && http != one.headers.end()) { return "http " + http->second; }
    return "open";
}

Tls::Tls(const std::string &certificate, const std::string &key, const std::string &alpn)
    : context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free)
{
    signal(SIGPIPE, SIG_IGN); // OpenSSL writes without MSG_NOSIGNAL
    PV_ASSERT(context != nullptr);
    SSL_CTX_set_security_level(context.get(), 0); // what is too weak is the server's to say
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    if (!alpn.empty()) {
        std::string list = static_cast<char>(alpn.size()) + alpn;
        PV_ASSERT(SSL_CTX_set_alpn_protos(context.get(),
                                          reinterpret_cast<const unsigned char *>(list.data()),
                                          static_cast<unsigned>(list.size())) == 0);
    }
    if (certificate.empty()) { return; }
    BIO *chain = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
    X509 *leaf = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    PV_ASSERT(leaf != nullptr && SSL_CTX_use_certificate(context.get(), leaf) == 1);
    X509_free(leaf);
    while (X509 *above = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr)) {
        PV_ASSERT(SSL_CTX_add_extra_chain_cert(context.get(), above) == 1);
    }
    BIO_free(chain);
    ERR_clear_error(); // the end of the chain
    BIO *secret = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
    EVP_PKEY *pair = PEM_read_bio_PrivateKey(secret, nullptr, nullptr, nullptr);
    PV_ASSERT(pair != nullptr && SSL_CTX_use_PrivateKey(context.get(), pair) == 1);
    EVP_PKEY_free(pair);
    BIO_free(secret);
}

Peer::Peer(const std::string &address, const Options &options)
    : acknowledges_(options.acknowledges), reads_(options.reads)
{
    connect(address, options);
    if (seen_.refused || options.tls == nullptr) { return; }
    ssl_ = SSL_new(options.tls->context.get());
    PV_ASSERT(ssl_ != nullptr && SSL_set_fd(ssl_, fd_) == 1);
    if (!options.tls->server_name.empty()) {
        PV_ASSERT(SSL_set_tlsext_host_name(ssl_, options.tls->server_name.c_str()) == 1);
    }
    shake_hands(options.timeout_ms);
}

Peer::~Peer()
{
    if (ssl_ != nullptr) {
        SSL_set_quiet_shutdown(ssl_, 1);
        SSL_free(ssl_);
    }
    if (fd_ >= 0) { close(fd_); }
}

void Peer::connect(const std::string &address, const Options &options)
{
    sockaddr_storage to = {};
    socklen_t size = 0;
    if (starts_with(address, "unix-abstract:")) {
        size = fill_unix(address.substr(14), true, reinterpret_cast<sockaddr_un *>(&to));
    } else if (starts_with(address, "unix:")) {
        size = fill_unix(address.substr(5), false, reinterpret_cast<sockaddr_un *>(&to));
    } else {
        auto *inet = reinterpret_cast<sockaddr_in *>(&to);
        size_t colon = address.rfind(':');
        PV_ASSERT(colon != std::string::npos);
        inet->sin_family = AF_INET;
        inet->sin_port = htons(static_cast<uint16_t>(std::stoul(address.substr(colon + 1))));
        PV_ASSERT(inet_pton(AF_INET, address.substr(0, colon).c_str(), &inet->sin_addr) == 1);
        size = sizeof *inet;
    }
    fd_ = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    PV_ASSERT(fd_ >= 0);
    if (to.ss_family == AF_INET) {
        int on = 1;
        PV_ASSERT(setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    }
    if (!options.source.empty()) {
        sockaddr_in from = {};
        from.sin_family = AF_INET;
        PV_ASSERT(inet_pton(AF_INET, options.source.c_str(), &from.sin_addr) == 1);
        PV_ASSERT(bind(fd_, reinterpret_cast<sockaddr *>(&from), sizeof from) == 0);
    }
    int result = ::connect(fd_, reinterpret_cast<sockaddr *>(&to), size);
    if (result != 0 && errno == EINPROGRESS && wait(POLLOUT, now_ms() + options.timeout_ms)) {
        socklen_t length = sizeof result;
        getsockopt(fd_, SOL_SOCKET, SO_ERROR, &result, &length);
    }
    seen_.refused = result != 0;
    seen_.connected = result == 0 && options.tls == nullptr;
}

void Peer::shake_hands(int timeout_ms)
{
    const int64_t until_ms = now_ms() + timeout_ms;
    while (!seen_.closed && !seen_.connected) {
        ERR_clear_error();
        int result = SSL_connect(ssl_);
        if (result == 1) {
            seen_.connected = true;
            unsigned char *der = nullptr;
            int size = i2d_X509(SSL_get0_peer_certificate(ssl_), &der);
            PV_ASSERT(size > 0);
            seen_.server_certificate.assign(reinterpret_cast<char *>(der), size);
            OPENSSL_free(der);
            return;
        }
        note_close(result);
        if (!seen_.closed && !wait(wants_, until_ms)) { return; }
    }
}

bool Peer::wait(short events, int64_t until_ms)
{
    pollfd one = {fd_, events, 0};
    int64_t rest = until_ms - now_ms();
    return rest > 0 && poll(&one, 1, static_cast<int>(rest)) > 0;
}

// Notes why the last operation made no progress: `wants_`, or the end of the connection.
void Peer::note_close(int64_t result)
{
    if (ssl_ == nullptr) {
        seen_.closed = result == 0 || (errno != EAGAIN && errno != EINTR);
        return;
    }
    int error = SSL_get_error(ssl_, static_cast<int>(result));
    wants_ = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) { return; }
    seen_.closed = true;
    // The peer's alert is told as a reason of its own (SSL_R_SSLV3_ALERT_CLOSE_NOTIFY + number).
    int reason = ERR_GET_REASON(ERR_peek_error());
    if (error == SSL_ERROR_SSL && reason >= SSL_AD_REASON_OFFSET) {
        seen_.alert = reason - SSL_AD_REASON_OFFSET;
    }
}

// Bytes that went out; 0: the connection takes none now; below 0: it is closed for writing.
int64_t Peer::send_some(std::string_view bytes)
{
    constexpr size_t piece = 64 * 1024;
    size_t size = std::min(bytes.size(), piece);
    if (ssl_ == nullptr) {
        ssize_t result = ::send(fd_, bytes.data(), size, MSG_NOSIGNAL);
        return result >= 0 ? result : errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    ERR_clear_error();
    int result = SSL_write(ssl_, bytes.data(), static_cast<int>(size));
    if (result > 0) { return result; }
    int error = SSL_get_error(ssl_, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

// True: there was something.
bool Peer::receive_some()
{
    char buffer[16384];
    int64_t result = 0;
    if (ssl_ == nullptr) {
        result = recv(fd_, buffer, sizeof buffer, 0);
    } else {
        ERR_clear_error();
        result = SSL_read(ssl_, buffer, sizeof buffer);
    }
    if (result <= 0) {
        note_close(result);
        return false;
    }
    inbox_.append(buffer, static_cast<size_t>(result));
    take_frames();
    return true;
}

bool Peer::send(std::string_view bytes, int timeout_ms)
{
    const int64_t until_ms = now_ms() + timeout_ms;
    bool open = seen_.connected;
    while (!bytes.empty() && open && !seen_.closed) {
        int64_t sent = send_some(bytes);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<size_t>(sent));
            sent_bytes_ += static_cast<size_t>(sent);
        }
        open = sent >= 0;
        while (reads_ && !seen_.closed && receive_some()) {}
        if (sent == 0 && !wait(reads_ ? POLLIN | POLLOUT : POLLOUT, until_ms)) { break; }
    }
    return bytes.empty();
}

bool Peer::drip(std::string_view bytes, size_t piece, int pause_ms, int timeout_ms)
{
    const int64_t until_ms = now_ms() + timeout_ms;
    while (!bytes.empty() && now_ms() < until_ms) {
        std::string_view next = bytes.substr(0, piece);
        if (!send(next, timeout_ms)) { return false; }
        bytes.remove_prefix(next.size());
        if (reads_) {
            read_close(pause_ms);
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
        }
    }
    return bytes.empty();
}

bool Peer::read_until(const std::function<bool(const Seen &)> &condition, int timeout_ms)
{
    const int64_t until_ms = now_ms() + timeout_ms;
    if (!seen_.connected) { return seen_.closed || seen_.refused; }
    while (!seen_.closed && !condition(seen_)) {
        if (!owed_.empty()) {
            int64_t sent = send_some(owed_);
            if (sent > 0) { owed_.erase(0, static_cast<size_t>(sent)); }
            if (sent < 0) { owed_.clear(); }
        }
        if (!receive_some() && !seen_.closed && !wait(POLLIN, until_ms)) { return false; }
    }
    return true;
}

bool Peer::read_end(int timeout_ms, uint32_t stream)
{
    return read_until([=](const Seen &seen) { return seen.end_of(stream) != "open"; }, timeout_ms);
}

bool Peer::read_close(int timeout_ms)
{
    return read_until([](const Seen &) { return false; }, timeout_ms);
}

void Peer::half_close()
{
    shutdown(fd_, SHUT_WR);
}

void Peer::take_frames()
{
    size_t at = 0;
    while (inbox_.size() - at >= 9) {
        size_t size = number_at(inbox_, at, 3);
        if (inbox_.size() - at - 9 < size) { break; }
        std::string_view whole(inbox_);
        take_frame(static_cast<uint8_t>(whole[at + 3]), static_cast<uint8_t>(whole[at + 4]),
                   number_at(whole, at + 5, 4) & 0x7fffffff, whole.substr(at + 9, size));
        at += 9 + size;
    }
    inbox_.erase(0, at);
}

void Peer::take_frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload)
{
    if (type < 10) { seen_.frames[type]++; }
    if (type == SETTINGS && (flags & ACK) != 0) { seen_.settings_acks++; }
    if (type == SETTINGS && (flags & ACK) == 0) {
        for (size_t at = 0; at + 6 <= payload.size(); at += 6) {
            seen_.settings[static_cast<uint16_t>(number_at(payload, at, 2))] =
                number_at(payload, at + 2, 4);
        }
        if (acknowledges_) { owed_ += settings_ack(); }
    }
    if (type == PING && (flags & ACK) != 0) { seen_.pongs++; }
    if (type == PING && (flags & ACK) == 0 && acknowledges_) {
        owed_ += frame(PING, ACK, 0, payload);
    }
    if (type == GOAWAY) {
        seen_.goaway = number_at(payload, 4, 4);
        if (payload.size() > 8) { seen_.goaway_text = payload.substr(8); }
    }
    if (type == RST_STREAM) { seen_.streams[stream].rst = number_at(payload, 0, 4); }
    if (type == DATA) { seen_.streams[stream].data_bytes += payload.size(); }
    if (type == HEADERS || type == CONTINUATION) {
        block_ += payload;
        if ((flags & END_HEADERS) != 0) { take_block(&seen_.streams[stream]); }
    }
    if ((type == HEADERS || type == DATA) && (flags & END_STREAM) != 0) {
        seen_.streams[stream].ended = true;
    }
}

void Peer::take_block(Stream *stream)
{
    // An index counts from the newest entry, so that entries which the server has let go need not be known.
    const auto entry = [&](uint64_t index) -> std::pair<std::string, std::string> {
        if (index <= 61) { return static_entry(index); }
        uint64_t age = index - 61;
        return age <= table_.size() ? table_[table_.size() - age] : decltype(static_entry(0)){};
    };
    std::string_view rest = block_;
    while (!rest.empty()) {
        uint8_t first = static_cast<uint8_t>(rest.front());
        std::pair<std::string, std::string> one;
        if (first >= 0x80) {
            one = entry(take_integer(&rest, 7));
        } else if ((first & 0xe0) == 0x20) {
            take_integer(&rest, 5); // a new size of the table
            continue;
        } else {
            uint64_t index = take_integer(&rest, first >= 0x40 ? 6 : 4);
            one.first = index == 0 ? take_text(&rest) : entry(index).first;
            one.second = take_text(&rest);
            if (first >= 0x40) { table_.push_back(one); }
        }
        stream->headers[one.first] = one.second;
    }
    block_.clear();
}

} // namespace h2
