// How a connection begins: TLS, the preface, the first frames. Who is slow here is in slow_test.cc.
#include "tests/hostile/cases.h"

#include "tests/unit/rpc/certificates.h"

using namespace h2; // NOLINT: rows of bytes

namespace purvey {

namespace {

std::function<std::string(const Target &)> shaking(const std::function<Tls(const Target &)> &hand)
{
    return [=](const Target &target) {
        Tls tls = hand(target);
        Options options;
        options.tls = &tls;
        Peer peer(target.address(), options);
        peer.send(preface() + call(1, kHealthPath));
        peer.read_end(5000);
        return peer.seen().end_of();
    };
}

// With the good certificate, and something changed.
std::function<std::string(const Target &)> shaking_with(const std::string &alpn, int version)
{
    return shaking([=](const Target &target) {
        Tls tls = static_cast<const Purveyd &>(target).tls_with(alpn);
        SSL_CTX_set_min_proto_version(tls.context.get(), version);
        SSL_CTX_set_max_proto_version(tls.context.get(), version);
        SSL_CTX_set_security_level(tls.context.get(), 0); // what is old is offered all the same
        return tls;
    });
}

// Bytes below TLS, as the first of a connection.
std::function<std::string(const Target &)> plain(const std::string &bytes)
{
    return [=](const Target &target) {
        Peer peer(target.address());
        peer.send(bytes);
        peer.read_close(4000);
        return peer.seen().end_of();
    };
}

// A ClientHello of a real client, which has not been answered yet.
std::string client_hello()
{
    Tls tls;
    SSL *ssl = SSL_new(tls.context.get());
    BIO *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_connect(ssl);
    char *bytes = nullptr;
    long size = BIO_get_mem_data(out, &bytes);
    std::string hello(bytes, static_cast<size_t>(size));
    SSL_free(ssl);
    return hello;
}

} // namespace

std::vector<Case> connect_cases()
{
    static const Authority foreign("some other root");
    static const Certificate of_foreign =
        foreign.issue("URI:spiffe://purvey.example/account/a/user/u");
    const std::string hello = client_hello();
    const std::string alert("\x15\x03\x03\0\x02\x02\x28", 7);
    return {
        {"TlsGarbage", nullptr, "close", "", 1, plain(std::string(1000, '\xa5'))},
        {"TlsRecordTooLong", nullptr, "close", "", 1,
         plain(std::string("\x16\x03\x01\xff\xff", 5) + std::string(70000, 'x'))},
        {"TlsAlertFirst", nullptr, "close", "", 1, plain(alert)},
        {"HelloTwice", nullptr, "close", "", 1, plain(hello + hello)},
        {"HelloThenGarbage", nullptr, "close", "", 1, plain(hello + std::string(1000, '\xa5'))},
        {"HelloInManyRecords", nullptr, "close", "", 1, plain([&] {
             std::string records;
             for (char byte : hello.substr(5)) {
                 records += std::string("\x16\x03\x01\0\x01", 5) + byte;
             }
             return records + alert;
         }())},
        {"HelloTooLong", nullptr, "close", "", 1,
         plain(std::string("\x16\x03\x01\x40\0\x01\x04\0\0", 9) + std::string(16380, 'x') +
               repeat(std::string("\x16\x03\x01\x40\0", 5) + std::string(16384, 'x'), 15))},
        {"Http2WithoutTls", nullptr, "close", "", 1, plain(preface() + call(1, kHealthPath))},
        {"Http1WithoutTls", nullptr, "close", "", 1,
         plain("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")},
        {"AlpnMissing", nullptr, "alert 120|close", "", 1, shaking_with("", TLS1_3_VERSION)},
        {"AlpnOfHttp1", nullptr, "alert 120", "", 1, shaking_with("http/1.1", TLS1_3_VERSION)},
        {"TlsOneTwo", nullptr, "alert 70", "", 1, shaking_with("h2", TLS1_2_VERSION)},
        {"TlsOneOne", nullptr, "alert 70", "", 1, shaking_with("h2", TLS1_1_VERSION)},
        {"NoCertificate", nullptr, "alert 116", "", 1,
         shaking([](const Target &) { return Tls(); })},
        {"CertificateOfAnotherRoot", nullptr, "alert 48", "", 1,
         shaking([](const Target &) { return Tls(of_foreign.pem, of_foreign.key); })},
        {"CertificateOfTheServer", nullptr, "alert 48", "", 1, shaking([](const Target &target) {
             return static_cast<const Purveyd &>(target).tls_of_server();
         })},
        // The preface, in the clear and inside TLS.
        {"PrefaceOfHttp1", kEnds, kCalm, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {"PrefaceWrong", kEnds, kCalm, "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + settings()},
        {"PrefaceWrongAtItsEnd", kEnds, kCalm,
         std::string(kMagic.substr(0, 23)) + "x" + settings()},
        {"PrefaceTwice", kEnds, kCalm, std::string(kMagic) + std::string(kMagic) + settings()},
        {"FirstFrameIsNoSettings", kEnds, kCalm, std::string(kMagic) + call(1, kHealthPath)},
        {"FirstFrameIsAnAck", "status 0", kCalm,
         std::string(kMagic) + settings_ack() + call(1, kHealthPath)},
        {"FirstFrameIsUnknown", kEnds, kCalm,
         std::string(kMagic) + frame(0x42, 0, 0, "x") + call(1, kHealthPath)},
    };
}

} // namespace purvey
