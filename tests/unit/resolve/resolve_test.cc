// What is taken from a file of records and from answers of the DNS: here a server on loopback gives them.
#include "server/resolve/resolve.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Strings = std::vector<std::string>;

/* The texts found, or the code alone. */
Strings Ask(const pv_resolver &resolver, const std::string &name)
{
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_resolved found = resolver.resolve(&resolver, name.c_str(), arena);
    Strings texts;
    for (size_t i = 0; i < found.count; i++) { texts.emplace_back(found.texts[i]); }
    if (!pv_is_ok(found.status)) { texts = {pv_code_name(found.status.code)}; }
    pv_arena_destroy(arena);
    return texts;
}

// --- the file ---

struct FileCase {
    const char *what;
    std::string content;
    Strings texts;
};

const Strings kUnavailable = {"UNAVAILABLE"};

const FileCase kFiles[] = {
    {"Plain", "a.example TXT \"one\"\n", {"one"}},
    {"Several",
     "a.example. TXT \"one\"\nb.example. TXT \"no\"\nA.Example 60 IN TXT \"two\"",
     {"one", "two"}},
    {"JoinedWithEscapes", R"(a.example in txt "o\"n" "e; \\" ; and more)", {R"(o"ne; \)"}},
    {"ChainOfAliases",
     "a.example CNAME b.example.\nb.example. CNAME C.example\nc.example TXT \"far\"",
     {"far"}},
    {"AliasInACircle",
     "a.example CNAME b.example\nb.example CNAME a.example\na.example TXT \"x\"",
     {}},
    {"OtherTypesAndComments",
     "; zone\n\n  ; more\r\na.example A 192.0.2.1\na.example MX 10 m.example\n",
     {}},
    {"NoName", "ba.example TXT \"x\"\nexample TXT \"y\"\n", {}},
    {"TooLong",
     "a.example TXT \"" + std::string(256, 'x') + "\"\na.example TXT \"" + std::string(255, 'y') +
         "\"",
     {std::string(255, 'y')}},
    {"Empty", "", {}},
    {"Unquoted", "a.example TXT one\n", kUnavailable},
    {"Unended", "a.example TXT \"one\n", kUnavailable},
    {"EndedByABackslash", "a.example TXT \"one\\", kUnavailable},
    {"TrailingWord", "a.example TXT \"one\" two\n", kUnavailable},
    {"AliasOfNothing", "a.example CNAME\n", kUnavailable},
    {"AliasOfTwo", "a.example CNAME b.example c.example\n", kUnavailable},
    {"OnlyAName", "a.example\n", kUnavailable},
    {"Directive", "$ORIGIN example.\n", kUnavailable},
    {"NameLeftOut", "a.example A 192.0.2.1\n  TXT \"one\"\n", kUnavailable},
};

class Files : public testing::TestWithParam<FileCase> {};

TEST_P(Files, AreReadAsZonesAre)
{
    std::string path = std::string(getenv("TEST_TMPDIR")) + "/zone";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << GetParam().content;
    EXPECT_EQ(Ask(pv_resolver_file(path.c_str()), "a.example"), GetParam().texts);
}

INSTANTIATE_TEST_SUITE_P(Resolve, Files, testing::ValuesIn(kFiles),
                         [](const auto &test) { return std::string(test.param.what); });

TEST(File, IsReadAnewForEveryQuestion)
{
    std::string path = std::string(getenv("TEST_TMPDIR")) + "/changing";
    pv_resolver resolver = pv_resolver_file(path.c_str());
    EXPECT_EQ(Ask(resolver, "a.example"), kUnavailable) << "it is not there";
    std::ofstream(path) << "a.example TXT \"one\"";
    EXPECT_EQ(Ask(resolver, "a.example"), Strings{"one"});
    std::ofstream(path) << "a.example TXT \"two\"";
    EXPECT_EQ(Ask(resolver, "a.example"), Strings{"two"});
}

// --- the DNS ---

/* Answers questions on loopback with what a test says. */
class DnsServer {
  public:
    explicit DnsServer(std::function<std::string(std::string)> answer)
        : socket_(socket(AF_INET, SOCK_DGRAM, 0)), answer_(std::move(answer))
    {
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr *>(&address), size), 0);
        EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr *>(&address), &size), 0);
        thread_ = std::thread([this] { Serve(); });
    }
    ~DnsServer()
    {
        ending_ = true;
        sendto(socket_, "", 0, 0, reinterpret_cast<const sockaddr *>(&address), sizeof address);
        thread_.join();
        close(socket_);
    }
    DnsServer(const DnsServer &) = delete;
    DnsServer &operator=(const DnsServer &) = delete;

    sockaddr_in address = {};
    std::atomic<int> questions{0};

  private:
    void Serve()
    {
        while (!ending_) {
            char question[512];
            sockaddr_in from = {};
            socklen_t size = sizeof from;
            ssize_t got = recvfrom(socket_, question, sizeof question, 0,
                                   reinterpret_cast<sockaddr *>(&from), &size);
            if (got < 12) { continue; }
            questions++;
            std::string reply = answer_(std::string(question, static_cast<size_t>(got)));
            if (reply.empty()) { continue; }
            sendto(socket_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr *>(&from),
                   size);
        }
    }

    int socket_;
    std::function<std::string(std::string)> answer_;
    std::thread thread_;
    std::atomic<bool> ending_{false};
};

std::string U16(size_t number)
{
    return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

std::string Name(const std::string &name)
{
    std::string wire;
    for (size_t start = 0; start < name.size();) {
        size_t dot = std::min(name.find('.', start), name.size());
        wire += static_cast<char>(dot - start) + name.substr(start, dot - start);
        start = dot + 1;
    }
    return wire + '\0';
}

std::string Record(const std::string &name, size_t type, const std::string &data)
{
    return Name(name) + U16(type) + U16(1) + std::string(4, '\0') + U16(data.size()) + data;
}

std::string Text(const std::string &name, const Strings &strings)
{
    std::string data;
    for (const std::string &text : strings) { data += static_cast<char>(text.size()) + text; }
    return Record(name, 16, data);
}

/* The reply to a question for a.example with these records and this result code. */
std::string Reply(const std::string &question, const Strings &records, unsigned code = 0,
                  bool truncated = false)
{
    size_t end = 12 + Name("a.example").size() + 4;
    std::string head = question.substr(0, 2) + static_cast<char>(0x81 | (truncated ? 2 : 0)) +
                       static_cast<char>(0x80 | code) + U16(1) + U16(records.size()) + U16(0) +
                       U16(0);
    std::string reply = head + question.substr(12, end - 12);
    for (const std::string &record : records) { reply += record; }
    return reply;
}

struct DnsCase {
    const char *what;
    std::function<std::string(const std::string &)> answer;
    Strings texts;
};

const DnsCase kAnswers[] = {
    {"Texts",
     [](const std::string &q) {
         return Reply(q, {Text("a.example", {"one"}), Text("A.EXAMPLE", {"tw", "o"})});
     },
     {"one", "two"}},
    {"BehindAnAlias",
     [](const std::string &q) {
         return Reply(q, {Record("a.example", 5, Name("b.example")), Text("b.example", {"far"})});
     },
     {"far"}},
    {"OfAnotherName",
     [](const std::string &q) { return Reply(q, {Text("b.example", {"not asked for"})}); },
     {}},
    {"OfAnotherType",
     [](const std::string &q) { return Reply(q, {Record("a.example", 1, "\1\2\3\4")}); },
     {}},
    {"NoSuchName", [](const std::string &q) { return Reply(q, {}, 3); }, {}},
    {"NoText", [](const std::string &q) { return Reply(q, {}); }, {}},
    {"ServerFails", [](const std::string &q) { return Reply(q, {}, 2); }, kUnavailable},
    {"Refused", [](const std::string &q) { return Reply(q, {}, 5); }, kUnavailable},
    {"Truncated",
     [](const std::string &q) { return Reply(q, {Text("a.example", {"one"})}, 0, true); },
     kUnavailable},
    {"StringLongerThanItsRecord",
     [](const std::string &q) { return Reply(q, {Record("a.example", 16, "\x09short")}); },
     {""}},
    {"NulInside",
     [](const std::string &q) {
         return Reply(q,
                      {Text("a.example", {std::string("o\0ne", 4)}), Text("a.example", {"one"})});
     },
     {"one"}},
    {"RecordCutShort",
     [](const std::string &q) {
         std::string whole = Reply(q, {Text("a.example", {"one"})});
         return whole.substr(0, whole.size() - 2);
     },
     kUnavailable},
};

class Answers : public testing::TestWithParam<DnsCase> {};

TEST_P(Answers, GiveWhatWasAskedForAndNothingElse)
{
    DnsServer server(GetParam().answer);
    EXPECT_EQ(Ask(pv_resolver_dns(&server.address), "a.example"), GetParam().texts);
    EXPECT_GE(server.questions, 1);
}

INSTANTIATE_TEST_SUITE_P(Resolve, Answers, testing::ValuesIn(kAnswers),
                         [](const auto &test) { return std::string(test.param.what); });

TEST(Dns, AnAnswerToSomebodyElseIsNone)
{
    int number = 0;
    DnsServer server([&](std::string question) {
        if (++number == 1) { question[0] = static_cast<char>(question[0] ^ 1); }
        return Reply(question, {Text("a.example", {number == 1 ? "forged" : "true"})});
    });
    EXPECT_EQ(Ask(pv_resolver_dns(&server.address), "a.example"), Strings{"true"});
}

TEST(Dns, SilenceEnds)
{
    DnsServer server([](const std::string &) { return std::string(); });
    EXPECT_EQ(Ask(pv_resolver_dns(&server.address), "a.example"), kUnavailable);
    EXPECT_EQ(server.questions, PV_RESOLVE_TRIES);
}

} // namespace
