/* probe.c — the way to the server: name, connection, handshake. What the server showed is judged in probe_check.c. */
#include "client/cli/probe.h"

#include "client/cli/trouble.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* After the handshake the server is listened to for so long: what it thinks of the certificate comes then. */
enum { ADMISSION_WAIT_MS = 2000 };

typedef struct look {
    const pv_probe_options *options;
    pv_arena *arena;
    pv_error *error;
    pv_probe *probe;
    const char *host;
    const char *port;
    int64_t end_ns; /* monotonic */
    int socket;
    SSL_CTX *context;
    SSL *ssl;
} look;

static const char *dup_text(const look *self, const char *text, size_t size)
{
    const char *copy = pv_arena_dup(self->arena, pv_view_of(text, size));
    PV_ASSERT(copy != NULL); /* a line of a command */
    return copy;
}

static pv_status split_target(look *self)
{
    const char *target = self->options->target;
    const char *colon = strrchr(target, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - target);
    bool bracketed = size > 2 && target[0] == '[' && target[size - 1] == ']';
    size_t digits = colon == NULL ? 0 : strspn(colon + 1, "0123456789");
    if (size == 0 || digits == 0 || digits > 5 || colon[1 + digits] != '\0' ||
        (!bracketed && memchr(target, ':', size) != NULL)) {
        return pv_refuse(self->error, &pv_trouble_address_invalid, "%s is not HOST:PORT.", target);
    }
    self->host = bracketed ? dup_text(self, target + 1, size - 2) : dup_text(self, target, size);
    self->port = dup_text(self, colon + 1, digits);
    const char *name = self->options->server_name;
    self->probe->name = name == NULL ? self->host : dup_text(self, name, strlen(name));
    return pv_ok();
}

/* --- the connection --- */

/* Waits until the socket can be used; false: the time is up. */
static bool wait_for(const look *self, short events, int64_t end_ns)
{
    for (;;) {
        int64_t left_ns = end_ns - pv_time_monotonic_ns();
        if (left_ns <= 0) { return false; }
        struct pollfd one = {.fd = self->socket, .events = events};
        int count = poll(&one, 1, (int)(left_ns / PV_NS_PER_MS) + 1);
        if (count > 0 || (count < 0 && errno != EINTR)) { return true; }
    }
}

/* 0, or why not in the terms of errno. With others behind it an address gets half of the time that is left. */
static int connect_to(look *self, const struct addrinfo *address)
{
    int64_t now_ns = pv_time_monotonic_ns();
    int64_t end_ns = address->ai_next == NULL ? self->end_ns : now_ns + (self->end_ns - now_ns) / 2;
    self->socket = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (self->socket < 0) { return errno; }
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(self->socket, address->ai_addr, address->ai_addrlen) == 0) { return 0; }
    if (errno != EINPROGRESS) { return errno; }
    if (!wait_for(self, POLLOUT, end_ns)) { return ETIMEDOUT; }
    return getsockopt(self->socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

static pv_status refuse_connection(const look *self, int error)
{
    const pv_reason *reason = error == ECONNREFUSED ? &pv_trouble_connection_refused
                              : error == ETIMEDOUT  ? &pv_trouble_connection_timeout
                                                    : &pv_trouble_connection_failed;
    return pv_refuse(self->error, reason, "%s port %s cannot be reached: %s.", self->host,
                     self->port, strerror(error));
}

static void note_address(const look *self, const struct addrinfo *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    (void)getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof text, NULL, 0,
                      NI_NUMERICHOST);
    self->probe->address = dup_text(self, text, strlen(text));
}

/* Tries the host's addresses one after the other, as long as there is time. */
static pv_status reach(look *self)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int found = getaddrinfo(self->host, self->port, &wanted, &addresses);
    if (found != 0) {
        return pv_refuse(self->error, &pv_trouble_name_unknown, "%s is not known: %s.", self->host,
                         found == EAI_SYSTEM ? strerror(errno) : gai_strerror(found));
    }
    self->probe->step = PV_PROBE_NAMED;
    int error = 0;
    for (const struct addrinfo *one = addresses; one != NULL; one = one->ai_next) {
        error = connect_to(self, one);
        if (error == 0) {
            self->probe->step = PV_PROBE_CONNECTED;
            note_address(self, one);
            break;
        }
        if (self->socket >= 0) { (void)close(self->socket); /* nothing was sent */ }
        self->socket = -1;
    }
    freeaddrinfo(addresses);
    return error == 0 ? pv_ok() : refuse_connection(self, error);
}

/* --- TLS --- */

static bool is_address(const char *host)
{
    uint8_t bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool prepare(look *self)
{
    static const uint8_t h2[] = "\x02h2";
    const pv_probe_options *options = self->options;
    self->context = SSL_CTX_new(TLS_client_method());
    if (self->context == NULL ||
        SSL_CTX_set_min_proto_version(self->context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos(self->context, h2, sizeof h2 - 1) != 0) {
        return false;
    }
    if (options->certificate_path != NULL &&
        (SSL_CTX_use_certificate_chain_file(self->context, options->certificate_path) != 1 ||
         SSL_CTX_use_PrivateKey_file(self->context, options->key_path, SSL_FILETYPE_PEM) != 1)) {
        return false;
    }
    self->ssl = SSL_new(self->context);
    const char *name = self->probe->name;
    return self->ssl != NULL && SSL_set_fd(self->ssl, self->socket) == 1 &&
           (is_address(name) || SSL_set_tlsext_host_name(self->ssl, name) == 1);
}

/* What OpenSSL's reason means here. Alerts are the server's words. */
static const pv_reason *reason_of(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH: return &pv_trouble_tls_absent;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY: return &pv_trouble_tls_version;
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: return &pv_trouble_alpn_missing;
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return &pv_trouble_certificate_rejected;
    default: return &pv_trouble_tls_failed;
    }
}

static pv_status refuse_tls(const look *self, int ssl_error)
{
    unsigned long error = ERR_peek_error();
    const char *text = ERR_reason_error_string(error);
    bool told = ssl_error == SSL_ERROR_SSL && text != NULL;
    pv_status status =
        pv_refuse(self->error, told ? reason_of(ERR_GET_REASON(error)) : &pv_trouble_tls_failed,
                  "The TLS handshake with %s:%s failed: %s.", self->host, self->port,
                  told ? text : "the server closed the connection without a word");
    ERR_clear_error();
    return status;
}

/* Runs one step of OpenSSL's until it ends or the time is up; gives the error of SSL_get_error, and
 * SSL_ERROR_WANT_READ when the time is up. */
static int drive(const look *self, int (*step)(SSL *ssl), int64_t end_ns)
{
    for (;;) {
        ERR_clear_error();
        int done = step(self->ssl);
        int error = SSL_get_error(self->ssl, done);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) { return error; }
        if (!wait_for(self, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, end_ns)) {
            return SSL_ERROR_WANT_READ;
        }
    }
}

static int look_at_byte(SSL *ssl)
{
    char byte;
    return SSL_peek(ssl, &byte, 1);
}

static pv_status secure(look *self)
{
    if (!prepare(self)) {
        ERR_clear_error();
        return pv_refuse(self->error, &pv_trouble_tls_failed, "The certificate cannot be shown.");
    }
    int error = drive(self, SSL_connect, self->end_ns);
    if (error == SSL_ERROR_WANT_READ) {
        return pv_refuse(self->error, &pv_trouble_connection_timeout,
                         "%s:%s takes connections but does not answer in TLS.", self->host,
                         self->port);
    }
    /* What it has shown is kept, also when it ended the handshake afterwards. */
    STACK_OF(X509) *shown = SSL_get_peer_cert_chain(self->ssl);
    if (shown != NULL) { self->probe->chain = X509_chain_up_ref(shown); }
    if (error != SSL_ERROR_NONE) { return refuse_tls(self, error); }
    const char *version = SSL_get_version(self->ssl);
    self->probe->tls = dup_text(self, version, strlen(version));
    const uint8_t *protocol = NULL;
    unsigned size = 0;
    SSL_get0_alpn_selected(self->ssl, &protocol, &size);
    if (size != 2 || memcmp(protocol, "h2", 2) != 0) {
        return pv_refuse(self->error, &pv_trouble_alpn_missing, NULL);
    }
    self->probe->step = PV_PROBE_SECURED;
    return pv_ok();
}

/* With TLS 1.3 the client's certificate is judged after the client's part of the handshake has ended: what comes then
 * is an alert, or the server's first HTTP/2 frame. A server that says neither in time may be asked by a call. */
static pv_status be_admitted(look *self)
{
    int64_t end_ns = pv_time_monotonic_ns() + ADMISSION_WAIT_MS * PV_NS_PER_MS;
    int error = drive(self, look_at_byte, end_ns);
    if (error == SSL_ERROR_NONE) { self->probe->step = PV_PROBE_ADMITTED; }
    if (error == SSL_ERROR_NONE || error == SSL_ERROR_WANT_READ) { return pv_ok(); }
    return refuse_tls(self, error);
}

pv_status pv_probe_run(const pv_probe_options *options, pv_arena *arena, pv_error *error,
                       pv_probe *probe)
{
    int64_t wait_ms = options->wait_ms == 0 ? PV_PROBE_WAIT_MS : options->wait_ms;
    if (wait_ms > PV_PROBE_WAIT_MS_MAX) { wait_ms = PV_PROBE_WAIT_MS_MAX; }
    look self = {.options = options,
                 .arena = arena,
                 .error = error,
                 .probe = probe,
                 .end_ns = pv_time_monotonic_ns() + wait_ms * PV_NS_PER_MS,
                 .socket = -1};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    (void)sigaction(SIGPIPE, &ignore, &before);
    pv_status status = split_target(&self);
    if (pv_is_ok(status)) { status = reach(&self); }
    if (pv_is_ok(status)) { status = secure(&self); }
    if (pv_is_ok(status)) { status = be_admitted(&self); }
    SSL_free(self.ssl);
    SSL_CTX_free(self.context);
    if (self.socket >= 0) { (void)close(self.socket); /* the look is over */ }
    (void)sigaction(SIGPIPE, &before, NULL);
    return status;
}

void pv_probe_close(pv_probe *probe)
{
    sk_X509_pop_free(probe->chain, X509_free);
    probe->chain = NULL;
}
