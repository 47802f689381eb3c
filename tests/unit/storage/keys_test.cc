// The layout of keys: parts sort as they should, texts are exact, everything fits.
#include "storage/keys.h"

#include "tests/unit/storage/fixture.h"

#include <algorithm>
#include <random>
#include <vector>

namespace store_test {
namespace {

pv_id IdOf(uint8_t fill)
{
    pv_id id;
    memset(id.bytes, fill, sizeof id.bytes);
    return id;
}

std::string KeyOfText(const std::string &text, bool *cut = nullptr)
{
    bool ignored;
    pv_key key = pv_key_prefix_index(IdOf(1), 2, 3);
    pv_key_add_text(&key, View(text), cut == nullptr ? &ignored : cut);
    return Bytes(pv_key_view(&key));
}

TEST(Keys, AreLaidOutAsTheHeaderSays)
{
    const std::string id(16, '\x11');
    pv_key key = pv_key_of_object(7, IdOf(0x11));
    EXPECT_EQ(Bytes(pv_key_view(&key)), "o\x07" + id);
    key = pv_key_of_feed(IdOf(0x11), 0x0102);
    EXPECT_EQ(Bytes(pv_key_view(&key)), "e" + id + std::string("\0\0\0\0\0\0\x01\x02", 8));
    key = pv_key_of_block(IdOf(0x11), 0x0304);
    EXPECT_EQ(Bytes(pv_key_view(&key)), "b" + id + std::string("\0\0\x03\x04", 4));
    key = pv_key_of_setting(View("x"));
    EXPECT_EQ(Bytes(pv_key_view(&key)), std::string("mx\0\0", 4));
    key = pv_key_of_audit(IdOf(0x11), 1, 2);
    EXPECT_EQ(Bytes(pv_key_view(&key)), "a" + id + std::string("\0\0\0\0\0\0\0\x01\0\0\0\x02", 12));
    key = pv_key_of_replay(IdOf(0x11), IdOf(0x11), View("m"), View("r"));
    EXPECT_EQ(Bytes(pv_key_view(&key)), "r" + id + id + std::string("m\0\0r\0\0", 6));
    const uint8_t digest[16] = {9};
    key = pv_key_of_digest(IdOf(0x11), digest);
    EXPECT_EQ(Bytes(pv_key_view(&key)), "d" + id + "\x09" + std::string(15, '\0'));
    key = pv_key_of_run(IdOf(0x11), 1, 2);
    EXPECT_EQ(Bytes(pv_key_view(&key)), "s" + id + std::string("\0\0\0\x01\0\0\0\x02", 8));
}

TEST(Keys, NumbersSortAsNumbers)
{
    const uint64_t numbers[] = {
        0, 1, 255, 256, 65535, 65536, uint64_t{1} << 32, UINT64_MAX - 1, UINT64_MAX};
    std::string before;
    for (uint64_t number : numbers) {
        pv_key key = pv_key_of_feed(IdOf(0), number);
        const std::string now = Bytes(pv_key_view(&key));
        EXPECT_LT(before, now) << number;
        before = now;
    }
}

TEST(Keys, TextsSortAsTextsAlsoWithZeroBytes)
{
    std::vector<std::string> texts = {"",
                                      std::string(1, '\0'),
                                      std::string("\0\0", 2),
                                      std::string("\0\xff", 2),
                                      "\x01",
                                      "a",
                                      std::string("a\0", 2),
                                      std::string("a\0b", 3),
                                      "a\x01",
                                      "ab",
                                      "b",
                                      "\xff",
                                      "\xff\xff"};
    std::sort(texts.begin(), texts.end());
    for (size_t i = 0; i < texts.size(); i++) {
        for (size_t k = 0; k < texts.size(); k++) {
            EXPECT_EQ(KeyOfText(texts[i]) < KeyOfText(texts[k]), i < k) << i << " " << k;
        }
    }
}

// What follows a text in a key must not change the order of the texts.
TEST(Keys, NoTextsKeyBeginsAnothers)
{
    const uint64_t seed = Seed(77);
    SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::vector<std::string> texts;
    for (int i = 0; i < 300; i++) {
        std::string text(random() % 90, 'a');
        for (char &c : text) { c = static_cast<char>(random() % 3 == 0 ? 0 : 'a' + random() % 2); }
        texts.push_back(text);
    }
    for (const std::string &a : texts) {
        for (const std::string &b : texts) {
            if (a == b) { continue; }
            const std::string key_a = KeyOfText(a), key_b = KeyOfText(b);
            EXPECT_NE(key_b.compare(0, key_a.size(), key_a), 0);
            bool cut_a, cut_b;
            KeyOfText(a, &cut_a);
            KeyOfText(b, &cut_b);
            if (!cut_a && !cut_b) { EXPECT_EQ(key_a < key_b, a < b); }
        }
    }
}

TEST(Keys, LongTextIsCutAndTold)
{
    bool cut = true;
    const std::string longest(PV_KEY_TEXT_MAX, 'x');
    const std::string whole = KeyOfText(longest, &cut);
    EXPECT_FALSE(cut);
    const std::string other = KeyOfText(longest + "y", &cut);
    EXPECT_TRUE(cut);
    EXPECT_NE(other, KeyOfText(longest + "z", &cut)) << "the hash tells long texts apart";
    EXPECT_EQ(other, KeyOfText(longest + "y", &cut));
    EXPECT_LT(whole, other);
    EXPECT_LT(other, KeyOfText(std::string(PV_KEY_TEXT_MAX - 1, 'x') + "y", &cut));
    KeyOfText(std::string(PV_KEY_TEXT_MAX / 2, '\0'), &cut);
    EXPECT_FALSE(cut);
    KeyOfText(std::string(PV_KEY_TEXT_MAX / 2 + 1, '\0'), &cut);
    EXPECT_TRUE(cut) << "the escaped form counts";
}

TEST(Keys, BoundOfACutTextIsWhatItsKeysBeginWith)
{
    const std::string text(200, 'x');
    bool cut;
    pv_key bound = pv_key_prefix_index(IdOf(1), 2, 3);
    pv_key_add_text_bound(&bound, View(text), &cut);
    EXPECT_TRUE(cut);
    EXPECT_TRUE(pv_view_starts_with(View(KeyOfText(text)), pv_key_view(&bound)));
    EXPECT_TRUE(pv_view_starts_with(View(KeyOfText(text + "more")), pv_key_view(&bound)));
    bound = pv_key_prefix_index(IdOf(1), 2, 3);
    pv_key_add_text_bound(&bound, View("short"), &cut);
    EXPECT_FALSE(cut);
    EXPECT_EQ(Bytes(pv_key_view(&bound)), KeyOfText("short"));
}

TEST(Keys, FourLongTextsOfZeroBytesFit)
{
    pv_key key = pv_key_prefix_index(IdOf(1), 2, 3);
    for (int i = 0; i < 4; i++) {
        bool cut;
        pv_key_add_text(&key, View(std::string(1000, '\0')), &cut);
    }
    pv_key_add_id(&key, IdOf(9));
    EXPECT_FALSE(key.overflow);
    pv_id id;
    ASSERT_TRUE(pv_key_read_index_id(pv_key_view(&key), &id));
    EXPECT_TRUE(pv_id_equal(id, IdOf(9)));
}

TEST(Keys, KeyThatDoesNotFitIsLongerThanAnyStoreTakes)
{
    pv_key key = pv_key_of_replay(IdOf(1), IdOf(2), View(std::string(200, 'm')),
                                  View(std::string(200, 'r')));
    EXPECT_TRUE(key.overflow);
    EXPECT_GT(pv_key_view(&key).size, static_cast<size_t>(PV_STORE_KEY_MAX));
    EXPECT_FALSE(pv_key_step_over(&key));
}

TEST(Keys, StepOverIsAboveAllThatBeginWithTheKey)
{
    pv_key key = pv_key_of_feed(IdOf(0xff), UINT64_MAX);
    ASSERT_TRUE(pv_key_step_over(&key));
    EXPECT_EQ(Bytes(pv_key_view(&key)), "f");
    key.size = 0;
    EXPECT_FALSE(pv_key_step_over(&key));
    key = pv_key_of_feed(IdOf(1), 0x12ff);
    ASSERT_TRUE(pv_key_step_over(&key));
    EXPECT_EQ(pv_key_view(&key).data[key.size - 1], 0x13);
}

TEST(Keys, PositionLeadsBackToItsKey)
{
    pv_key key = pv_key_prefix_index(IdOf(1), 2, 3);
    pv_key_add_number(&key, 99);
    pv_key_add_id(&key, IdOf(4));
    const pv_view position = pv_key_position(pv_key_view(&key));
    pv_key again;
    ASSERT_TRUE(pv_key_of_position(IdOf(1), 2, 3, position, &again));
    EXPECT_EQ(Bytes(pv_key_view(&again)), Bytes(pv_key_view(&key)));
    EXPECT_FALSE(pv_key_of_position(IdOf(1), 2, 4, position, &again)) << "another index";
    EXPECT_FALSE(pv_key_of_position(IdOf(1), 2, 3, pv_view_of(position.data, 16), &again))
        << "too short";
    const std::string too_long(PV_STORE_KEY_MAX, '\x03');
    EXPECT_FALSE(pv_key_of_position(IdOf(1), 2, 3, View(too_long), &again));
}

TEST(Keys, ReadersRefuseKeysOfOtherKinds)
{
    pv_key feed = pv_key_of_feed(IdOf(1), 5), block = pv_key_of_block(IdOf(1), 6),
           audit = pv_key_of_audit(IdOf(1), 7, 8);
    uint64_t number64;
    uint32_t number32;
    pv_id id;
    ASSERT_TRUE(pv_key_read_feed(pv_key_view(&feed), &number64));
    EXPECT_EQ(number64, 5U);
    ASSERT_TRUE(pv_key_read_block(pv_key_view(&block), &number32));
    EXPECT_EQ(number32, 6U);
    ASSERT_TRUE(pv_key_read_audit(pv_key_view(&audit), &number64, &number32));
    EXPECT_EQ(number64, 7U);
    EXPECT_EQ(number32, 8U);
    EXPECT_FALSE(pv_key_read_feed(pv_key_view(&block), &number64));
    EXPECT_FALSE(pv_key_read_block(pv_key_view(&feed), &number32));
    EXPECT_FALSE(pv_key_read_audit(pv_key_view(&feed), &number64, &number32));
    EXPECT_FALSE(pv_key_read_index_id(pv_key_view(&audit), &id));
    EXPECT_FALSE(pv_key_read_index_id(View("i"), &id));
}

} // namespace
} // namespace store_test
