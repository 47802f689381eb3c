// h2.h — HTTP/2 by hand, for peers that no library would let us be: builders of frames and header blocks that may
// lie, and a connection that sends any bytes, reads within a bound of time, and tells how the server ended it. Over
// TCP or a UNIX socket, plain or in TLS with a client certificate.
//
// Threads: a Peer belongs to one thread; a Tls may be shared by many. Nothing blocks longer than the time it is given.
// Building is unchecked on purpose: lengths, flags and stream ids go out as they are given.
#ifndef PV_TESTS_HOSTILE_H2_H
#define PV_TESTS_HOSTILE_H2_H

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace h2 {

// --- bytes (RFC 9113) ---

enum Type : uint8_t {
    DATA = 0,
    HEADERS = 1,
    PRIORITY = 2,
    RST_STREAM = 3,
    SETTINGS = 4,
    PUSH_PROMISE = 5,
    PING = 6,
    GOAWAY = 7,
    WINDOW_UPDATE = 8,
    CONTINUATION = 9
};

enum Flag : uint8_t { ACK = 1, END_STREAM = 1, END_HEADERS = 4, PADDED = 8, HAS_PRIORITY = 32 };

enum Code : uint32_t {
    NO_ERROR = 0,
    PROTOCOL_ERROR = 1,
    FLOW_CONTROL_ERROR = 3,
    FRAME_SIZE_ERROR = 6,
    CANCEL = 8,
    ENHANCE_YOUR_CALM = 11
};

enum Setting : uint16_t {
    HEADER_TABLE_SIZE = 1,
    MAX_CONCURRENT_STREAMS = 3,
    INITIAL_WINDOW_SIZE = 4,
    MAX_FRAME_SIZE = 5,
    MAX_HEADER_LIST_SIZE = 6
};

extern const std::string_view kMagic; // the first 24 bytes of a connection

// The nine bytes in front of a frame; `length` need not be true.
std::string frame_header(uint32_t length, uint8_t type, uint8_t flags, uint32_t stream);
std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload = {});

std::string settings(const std::vector<std::pair<uint16_t, uint32_t>> &values = {});
std::string settings_ack();
std::string ping();
std::string rst_stream(uint32_t stream, uint32_t code = CANCEL);
std::string window_update(uint32_t stream, uint32_t increment);
std::string goaway(uint32_t last_stream, uint32_t code);
std::string priority(uint32_t stream, uint32_t parent);
std::string preface(); // kMagic and an empty SETTINGS

std::string number(uint32_t value, int bytes); // big-endian
std::string repeat(std::string_view piece, size_t times);

// --- header blocks (RFC 7541), never compressed ---

// An integer with a prefix of so many bits, whose remaining bits are those of `pattern`.
std::string integer(uint64_t value, int prefix_bits, uint8_t pattern = 0);
std::string text(std::string_view value); // a string literal without Huffman code
std::string field(std::string_view name, std::string_view value); // literal, not indexed

// A block of fields in the order given; what makes up a gRPC request is there to be changed.
using Fields = std::vector<std::pair<std::string, std::string>>;
Fields request(const std::string &path);
// The same with the value of `name` replaced, or the field added at the end.
Fields with(Fields fields, const std::string &name, const std::string &value);
Fields without(Fields fields, const std::string &name);
std::string block(const Fields &fields);

// HEADERS with END_HEADERS that begin a call.
std::string open_call(uint32_t stream, const Fields &fields, uint8_t more_flags = 0);
// A gRPC message: five bytes of prefix and the payload.
std::string message(std::string_view payload, uint8_t compressed = 0);
// DATA frames of at most 16 KiB with these bytes, the last one with END_STREAM if `end`.
std::string data(uint32_t stream, std::string_view bytes, bool end = true);
// A whole unary call.
std::string call(uint32_t stream, const std::string &path, std::string_view payload = {});

// --- what a server did ---

struct Stream {
    bool ended = false;                         // END_STREAM
    std::optional<uint32_t> rst;                // code of RST_STREAM
    std::map<std::string, std::string> headers; // and trailers; the last value of each name
    size_t data_bytes = 0;
};

struct Seen {
    bool refused = false;           // there was no connection
    bool connected = false;         // TCP, and TLS where it was asked for
    bool closed = false;            // by the server
    int alert = -1;                 // of TLS
    std::string server_certificate; // DER; empty without TLS
    std::optional<uint32_t> goaway;
    std::string goaway_text; // its debug data
    std::map<uint16_t, uint32_t> settings;
    std::map<uint32_t, Stream> streams;
    size_t frames[10] = {}; // by type
    size_t settings_acks = 0;
    size_t pongs = 0;

    // The end in one word. Of the connection: "refused", "alert N", "goaway N" (the connection may be closed or not),
    // "close". If it goes on, of the stream: "status N" (grpc-status), "rst N", "http N" (no gRPC at all), or "open".
    std::string end_of(uint32_t stream = 1) const;
};

// --- a connection ---

// PEM texts; empty: no client certificate.
struct Tls {
    explicit Tls(const std::string &certificate = "", const std::string &key = "",
                 const std::string &alpn = "h2");
    std::shared_ptr<SSL_CTX> context;
    std::string server_name; // SNI; empty: none
};

struct Options {
    const Tls *tls = nullptr; // borrowed; nullptr: plain
    std::string source;       // local IPv4 address to connect from; empty: the kernel's choice
    bool acknowledges = true; // answers SETTINGS and PING as it should
    bool reads = true;        // while it sends; without this nothing is read before read_until
    int timeout_ms = 10000;   // of connecting
};

class Peer {
  public:
    // Connects to "127.0.0.1:port", "unix:path" or "unix-abstract:name", and shakes hands if there is TLS. Whether
    // that went well says seen().connected.
    explicit Peer(const std::string &address, const Options &options = Options());
    ~Peer(); // closes without a word
    Peer(const Peer &) = delete;
    Peer &operator=(const Peer &) = delete;

    // False if the server closed before all was sent, or the time is over.
    bool send(std::string_view bytes, int timeout_ms = 10000);
    // The same a few bytes at a time, with a pause after each piece.
    bool drip(std::string_view bytes, size_t piece, int pause_ms, int timeout_ms);
    // Reads until the server has closed the connection, the condition holds, or the time is over. True: it holds or
    // the server closed.
    bool read_until(const std::function<bool(const Seen &)> &condition, int timeout_ms);
    // Until the server has closed, or has ended the stream or the connection in its own words.
    bool read_end(int timeout_ms, uint32_t stream = 1);
    bool read_close(int timeout_ms);
    void half_close(); // no more will be sent

    const Seen &seen() const { return seen_; }
    int descriptor() const { return fd_; }
    size_t sent_bytes() const { return sent_bytes_; }

  private:
    void connect(const std::string &address, const Options &options);
    void shake_hands(int timeout_ms);
    bool wait(short events, int64_t until_ms);
    int64_t send_some(std::string_view bytes);
    bool receive_some();
    void note_close(int64_t result);
    void take_frames();
    void take_frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload);
    void take_block(Stream *stream);

    int fd_ = -1;
    SSL *ssl_ = nullptr;
    short wants_ = 0; // events that TLS waits for
    bool acknowledges_, reads_;
    Seen seen_;
    size_t sent_bytes_ = 0;
    std::string inbox_, block_, owed_;
    std::vector<std::pair<std::string, std::string>> table_; // HPACK's dynamic table, newest last
};

} // namespace h2

#endif
