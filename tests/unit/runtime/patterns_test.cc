#include "protos/runtime/fields.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

struct Row {
    pv_pattern pattern;
    std::vector<std::string> good, bad;
};

std::string times(size_t count, const std::string &text)
{
    std::string all;
    for (size_t i = 0; i < count; i++) { all += text; }
    return all;
}

const std::string label63 = std::string(63, 'a');
const std::string uuid = "3f2b8c1e-5a4d-4e6f-9b7a-0c1d2e3f4a5b";

const Row rows[] = {
    {PV_PATTERN_NONE, {"", "anything", "\n"}, {}},
    {PV_PATTERN_CURRENCY, {"USD", "EUR", "XXX"}, {"usd", "US", "USDT", "U5D", "US ", "\xC3\x84U"}},
    {PV_PATTERN_COUNTRY, {"DE", "US"}, {"de", "D", "DEU", "D1", " D"}},
    {PV_PATTERN_EMAIL,
     {"a@b.c", "first.last+tag@example.com", "o'hara@sub.example-host.org", "x@localhost",
      "!#$%&'*+-/=?^_`{|}~@e.de", std::string(64, 'l') + "@example.com", "USER@EXAMPLE.COM"},
     {"plain",
      "@b.c",
      "a@",
      "a@@b.c",
      "a@b@c",
      ".a@b.c",
      "a.@b.c",
      "a..b@c.d",
      "a b@c.d",
      "\"a b\"@c.d",
      "a@b..c",
      "a@-b.c",
      "a@b-.c",
      "a@b.c.",
      "a@[1.2.3.4]",
      "a@1.2.3.4",
      "a@b_c.d",
      "\xC3\xA4@b.c",
      "a@b.c\n",
      "a(c)@b.c",
      std::string(65, 'l') + "@example.com",
      "a@" + times(3, label63 + ".") + std::string(62, 'b')}},
    {PV_PATTERN_NAME, {"a", "Z9_-", "0"}, {"a b", "a.b", "\xC3\xA4", "a\n", std::string("a\0", 2)}},
    {PV_PATTERN_UUID,
     {uuid, "00000000-0000-0000-0000-000000000000"},
     {"3F2B8C1E-5A4D-4E6F-9B7A-0C1D2E3F4A5B", uuid + "0", uuid.substr(1), "{" + uuid + "}",
      "3f2b8c1e5a4d4e6f9b7a0c1d2e3f4a5b", "3f2b8c1e-5a4d-4e6f-9b7a_0c1d2e3f4a5b",
      "3f2b8c1g-5a4d-4e6f-9b7a-0c1d2e3f4a5b"}},
    {PV_PATTERN_ETAG,
     {"\"1\"", "\"a-Z_0.9\"", "\"" + std::string(64, 'x') + "\""},
     {"1", "\"\"", "\"", "\"1", "1\"", "\"a b\"", "\"a\"b\"", "W/\"1\"", "\"\x7F\"",
      "\"" + std::string(65, 'x') + "\""}},
    {PV_PATTERN_DECIMAL,
     {"0", "-1.5", "0.000000000000000001"},
     {"", "1e3", "+1", ".5", "1.", "NaN"}},
    {PV_PATTERN_URL,
     {"http://a", "https://example.com", "https://Example.COM:8443/a/b?c=d&e=%20#frag",
      "http://127.0.0.1:80/", "https://[::1]/x", "https://[2001:db8::8a2e:370:7334]:443",
      "https://a.b?x", "https://a.b#y", "https://a/b;c=1,2:@!$&'()*+~"},
     {"",
      "http://",
      "https:///path",
      "ftp://a",
      "HTTPS://a",
      "//a",
      "http:/a",
      "http://a b",
      "http://a/b c",
      "http://user@a",
      "http://user:pass@a",
      "http://a:0",
      "http://a:65536",
      "http://a:",
      "http://a:8x",
      "http://-a",
      "http://a..b",
      "http://a/%2",
      "http://a/%zz",
      "http://a/<b>",
      "http://a/\"",
      "http://a/\\",
      "http://a/#b#c",
      "http://\xC3\xA4.de",
      "http://256.1.1.1",
      "http://1.2.3",
      "http://01.2.3.4",
      "http://[::1",
      "http://[]",
      "http://[1:2:3]",
      "http://[::1::2]",
      "http://[12345::]",
      "http://[::1]x",
      "http://[:1:2:3:4:5:6:7]",
      "http://[1:2:3:4:5:6:7:8:9]",
      "http://[:::]",
      "http://a\n",
      "http://a_b",
      "javascript:alert(1)"}},
    {PV_PATTERN_DOMAIN,
     {"a", "example.com", "xn--bcher-kva.example", "a-b.c", "9.com", label63 + ".com",
      times(3, label63 + ".") + std::string(61, 'b')},
     {"Example.com", ".com", "com.", "a..b", "-a.b", "a-.b", "a_b", "a b", "1.2.3.4", "7",
      label63 + "a.com", times(3, label63 + ".") + std::string(62, 'b'), "b\xC3\xBC.de"}},
    {PV_PATTERN_LINE,
     {"a", "Zo\xC3\xAB \xE2\x82\xAC \xF0\x9F\x98\x80", "two  blanks", "\xE2\x80\x8F"},
     {"a\nb", "\r", "a\tb", "\x1B[31m", "\x7F", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9",
      "\xE2\x80\xAE", "\xE2\x81\xA6", "\xFF", std::string("\0", 1)}},
    {PV_PATTERN_LANGUAGE,
     {"de", "gsw", "pt-BR"},
     {"d", "DE", "german", "de-", "de-a", "de-at", "de-AUT", "de_AT", "d1", "-AT"}},
    {PV_PATTERN_COLOUR,
     {"#000000", "#1a2b3c", "#ffffff"},
     {"1a2b3c", "#1A2B3C", "#1a2b3", "#1a2b3c4", "#1a2b3g", "red", "#fff", "rgb(0,0,0)",
      "#1a2b3c;"}},
    {PV_PATTERN_HTTPS,
     {"https://a", "https://example.com:8443/logo.png?v=2", "https://[::1]/"},
     {"http://a", "HTTPS://a", "https://", "https://u@a", "//a", "javascript:alert(1)", "data:,x",
      "https://a/\xE2\x80\xAE"}},
};

TEST(Patterns, TextsThatHaveTheFormMatch)
{
    for (const Row &row : rows) {
        for (const std::string &text : row.good) {
            EXPECT_TRUE(pv_pattern_matches(row.pattern, pv_view_of(text.data(), text.size())))
                << row.pattern << ": " << text;
        }
    }
}

TEST(Patterns, TextsThatDoNotHaveTheFormDoNotMatch)
{
    for (const Row &row : rows) {
        for (const std::string &text : row.bad) {
            EXPECT_FALSE(pv_pattern_matches(row.pattern, pv_view_of(text.data(), text.size())))
                << row.pattern << ": " << text;
        }
        if (row.pattern != PV_PATTERN_NONE) {
            EXPECT_FALSE(pv_pattern_matches(row.pattern, pv_view_of(nullptr, 0)));
        }
    }
}

TEST(Patterns, EveryPatternHasATextOfItsOwn)
{
    for (const Row &row : rows) {
        for (const Row &other : rows) {
            bool same = std::string(pv_pattern_text(row.pattern)) == pv_pattern_text(other.pattern);
            EXPECT_EQ(same, row.pattern == other.pattern);
        }
    }
}

} // namespace
