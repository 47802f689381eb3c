// caller.h — calls over gRPC by method name, with JSON or any bytes as request, and open streams. What the command
// line client does, without its conveniences, so that tests see exactly what the server answers.
#ifndef PV_TESTS_E2E_CALLER_H
#define PV_TESTS_E2E_CALLER_H

#include "client/rpc/client.h"

#include <jansson.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace purvey {

// What came back.
struct Answer {
    pv_code code = PV_CODE_OK;
    std::string reason; // of ErrorInfo, else the code's name
    std::string message;
    std::map<std::string, std::string> notes;                    // metadata of ErrorInfo
    std::vector<std::pair<std::string, std::string>> violations; // subject, description
    std::shared_ptr<json_t> json;                                // the message; null: none
    bool replayed = false;

    bool ok() const { return code == PV_CODE_OK; }
    // Value at a path like "orders.0.id" as text; "" if there is none.
    std::string text(const std::string &path) const;
    size_t count(const std::string &path) const; // elements of the list at the path
    std::string told() const;                    // all of an error, for traces
};

// A JSON text from printf-like pieces.
__attribute__((format(printf, 1, 2))) std::string form(const char *format, ...);

// The text as a JSON text, in its quotes: etags have quotes of their own.
std::string quoted(const std::string &text);

// A fresh request_id.
std::string uuid();

// A unary call; a method is named like "GetOrder". A request_id is made up where the message has one and the text none.
Answer call(pv_client *client, const std::string &method, const std::string &request,
            int64_t deadline_ms = 0);

// The same with these bytes as message. They begin with a tag.
Answer call_bytes(pv_client *client, const std::string &method, const std::string &bytes);

// A streaming call. Closing it before its end leaves the server as a client that goes away does.
class Stream {
  public:
    Stream(pv_client *client, const std::string &method, int64_t deadline_ms = 30000);
    ~Stream();
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;

    bool send(const std::string &message); // false: the call has ended
    bool half_close();
    // The next message; without JSON: there is none any more, finish() tells why.
    Answer receive();
    // How the call ended; breaks it off when it has not.
    Answer finish();

  private:
    const pv_method_info *method_;
    pv_arena *arena_;
    pv_error error_;
    pv_client_call *call_ = nullptr;
    pv_status opened_;
};

} // namespace purvey

#endif
