#include "base/digest.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace {

std::string hex(const uint8_t *bytes, size_t size)
{
    std::vector<char> text(2 * size + 1);
    pv_hex_format(pv_view_of(bytes, size), text.data());
    return text.data();
}

std::string format(const std::string &bytes)
{
    std::vector<char> text((bytes.size() * 4 + 2) / 3 + 1, 'x');
    size_t size = pv_base64url_format(pv_view_of(bytes.data(), bytes.size()), text.data());
    EXPECT_EQ(size, text.size() - 1);
    EXPECT_EQ(text.back(), '\0');
    return std::string(text.data(), size);
}

bool parse(const std::string &text, std::string *ret_bytes)
{
    std::vector<uint8_t> bytes(text.size() * 3 / 4 + 1);
    size_t size = 0;
    if (!pv_base64url_parse(pv_view_of(text.data(), text.size()), bytes.data(), &size)) {
        return false;
    }
    ret_bytes->assign(reinterpret_cast<char *>(bytes.data()), size);
    return true;
}

TEST(Digest, HexIsReadAsItIsWritten)
{
    uint8_t bytes[2] = {};
    EXPECT_TRUE(pv_hex_parse("09af", bytes, sizeof bytes));
    EXPECT_EQ(hex(bytes, sizeof bytes), "09af");
    for (const char *text : {"", "09a", "09af0", "09AF", "09ag", "0 af"}) {
        EXPECT_FALSE(pv_hex_parse(text, bytes, sizeof bytes)) << text;
    }
}

TEST(Digest, Sha256OfKnownTexts)
{
    uint8_t digest[PV_SHA256_SIZE];
    pv_sha256(pv_view_of(nullptr, 0), digest);
    EXPECT_EQ(hex(digest, sizeof digest),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    pv_sha256(pv_view_text("abc"), digest);
    EXPECT_EQ(hex(digest, sizeof digest),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, HmacOfKnownTexts) /* RFC 4231, cases 2 and 6 */
{
    uint8_t mac[PV_SHA256_SIZE];
    pv_hmac_sha256(pv_view_text("Jefe"), pv_view_text("what do ya want for nothing?"), mac);
    EXPECT_EQ(hex(mac, sizeof mac),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    std::string key(131, '\xaa');
    pv_hmac_sha256(pv_view_text(key.c_str()),
                   pv_view_text("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
    EXPECT_EQ(hex(mac, sizeof mac),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    pv_hmac_sha256(pv_view_of(nullptr, 0), pv_view_of(nullptr, 0), mac);
    EXPECT_EQ(hex(mac, sizeof mac),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Digest, SecretsAreEqualOnlyWhole)
{
    EXPECT_TRUE(pv_secret_equal(pv_view_text("secret"), pv_view_text("secret")));
    EXPECT_FALSE(pv_secret_equal(pv_view_text("secret"), pv_view_text("secreT")));
    EXPECT_FALSE(pv_secret_equal(pv_view_text("secret"), pv_view_text("secre")));
    EXPECT_TRUE(pv_secret_equal(pv_view_of(nullptr, 0), pv_view_text("")));
}

TEST(Digest, RandomBytesDiffer)
{
    uint8_t a[32] = {}, b[32] = {};
    pv_random_bytes(nullptr, a, sizeof a);
    pv_random_bytes(nullptr, b, sizeof b);
    EXPECT_NE(memcmp(a, b, sizeof a), 0);
    pv_random_bytes(nullptr, a, 0);
}

TEST(Digest, Base64urlOfKnownTexts) /* RFC 4648 section 10, without padding */
{
    const struct {
        const char *bytes, *text;
    } rows[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xef\xff", "--__"}};
    for (const auto &row : rows) {
        std::string bytes;
        EXPECT_EQ(format(row.bytes), row.text);
        ASSERT_TRUE(parse(row.text, &bytes)) << row.text;
        EXPECT_EQ(bytes, row.bytes);
    }
}

TEST(Digest, Base64urlRoundTrip)
{
    std::mt19937 random(1);
    for (size_t size = 0; size < 300; size++) {
        std::string bytes, again;
        for (size_t i = 0; i < size; i++) { bytes.push_back(static_cast<char>(random())); }
        ASSERT_TRUE(parse(format(bytes), &again));
        ASSERT_EQ(again, bytes);
    }
}

TEST(Digest, Base64urlThatIsNotCanonicalIsRefused)
{
    const std::string rows[] = {
        "Z",    "Zm9vY", "Zg==", "Zg=",    "Zh",         "Zm9",
        "Zm 9", "Zm+v",  "Zm/v", "Zm9v\n", "Zm\xC3\xA4", std::string("Zm8\0", 4)};
    for (const std::string &text : rows) {
        std::string bytes;
        EXPECT_FALSE(parse(text, &bytes)) << text;
    }
}

TEST(Uuid, IsCanonicalVersion4AndNewEachTime)
{
    char one[PV_UUID_TEXT_SIZE], two[PV_UUID_TEXT_SIZE];
    pv_uuid_random(one);
    pv_uuid_random(two);
    std::string text = one;
    ASSERT_EQ(text.size(), 36u);
    for (size_t i = 0; i < text.size(); i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        EXPECT_EQ(text[i] == '-', dash) << text;
        if (!dash) { EXPECT_NE(std::string("0123456789abcdef").find(text[i]), std::string::npos); }
    }
    EXPECT_EQ(text[14], '4');
    EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
    EXPECT_STRNE(one, two);
}

} // namespace
