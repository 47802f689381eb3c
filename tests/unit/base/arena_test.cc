#include "base/arena.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

class ArenaTest : public ::testing::Test {
  protected:
    ArenaTest() : arena(pv_arena_create(1 << 20)) {}
    ~ArenaTest() override { pv_arena_destroy(arena); }
    pv_arena *arena;
};

std::string text_of(const pv_buffer &buffer)
{
    return std::string(reinterpret_cast<const char *>(buffer.data), buffer.size);
}

TEST_F(ArenaTest, EveryAllocationIsAlignedTo16)
{
    for (size_t size : {0u, 1u, 7u, 15u, 16u, 17u, 100u, 5000u, 20000u, 70000u}) {
        void *memory = pv_arena_alloc(arena, size);
        ASSERT_NE(memory, nullptr) << size;
        EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 16, 0u) << size;
        memset(memory, 0xAB, size);
    }
}

TEST_F(ArenaTest, AllocationsDoNotOverlap)
{
    std::vector<std::pair<uint8_t *, size_t>> given;
    for (size_t size = 1; size < 3000; size += 37) {
        uint8_t *memory = static_cast<uint8_t *>(pv_arena_alloc(arena, size));
        ASSERT_NE(memory, nullptr);
        memset(memory, static_cast<int>(size & 0xFF), size);
        given.push_back({memory, size});
    }
    for (auto &[memory, size] : given) {
        for (size_t i = 0; i < size; i++) { ASSERT_EQ(memory[i], size & 0xFF); }
    }
}

TEST(Arena, NothingIsHandedOutBeyondTheCeiling)
{
    for (size_t ceiling : {16u, 100u, 1024u, 100000u, 3u << 20}) {
        pv_arena *arena = pv_arena_create(ceiling);
        EXPECT_EQ(pv_arena_alloc(arena, ceiling + 1), nullptr);
        size_t given = 0;
        while (pv_arena_alloc(arena, 16) != nullptr) { given += 16; }
        EXPECT_EQ(given, ceiling / 16 * 16);
        EXPECT_EQ(pv_arena_used(arena), given);
        EXPECT_EQ(pv_arena_alloc(arena, 0), nullptr);
        pv_arena_destroy(arena);
    }
}

TEST(Arena, ARefusedAllocationTakesNothing)
{
    pv_arena *arena = pv_arena_create(1024);
    EXPECT_EQ(pv_arena_alloc(arena, 2000), nullptr);
    EXPECT_EQ(pv_arena_used(arena), 0u);
    EXPECT_NE(pv_arena_alloc(arena, 1024), nullptr);
    pv_arena_destroy(arena);
}

TEST_F(ArenaTest, SizesThatOverflowAreRefused)
{
    EXPECT_EQ(pv_arena_alloc(arena, SIZE_MAX), nullptr);
    EXPECT_EQ(pv_arena_alloc(arena, SIZE_MAX - 8), nullptr);
    EXPECT_EQ(pv_arena_zalloc(arena, SIZE_MAX / 2, 3), nullptr);
    EXPECT_EQ(pv_arena_zalloc(arena, (SIZE_MAX / 16) + 2, 16), nullptr);
    EXPECT_EQ(pv_arena_dup(arena, pv_view_of("x", SIZE_MAX)), nullptr);
    EXPECT_EQ(pv_arena_used(arena), 0u);
}

TEST_F(ArenaTest, ZallocGivesZeroes)
{
    memset(pv_arena_alloc(arena, 4096), 0xFF, 4096);
    pv_arena_reset(arena);
    uint8_t *memory = static_cast<uint8_t *>(pv_arena_zalloc(arena, 1024, 4));
    for (size_t i = 0; i < 4096; i++) { ASSERT_EQ(memory[i], 0); }
}

TEST_F(ArenaTest, ResetGivesTheWholeCeilingAgain)
{
    for (int round = 0; round < 3; round++) {
        size_t given = 0;
        while (pv_arena_alloc(arena, 10000) != nullptr) { given++; }
        EXPECT_EQ(given, (1u << 20) / 10000);
        pv_arena_reset(arena);
        EXPECT_EQ(pv_arena_used(arena), 0u);
    }
}

TEST_F(ArenaTest, DupAddsANul)
{
    char *copy = pv_arena_dup(arena, pv_view_of("a\0b", 3));
    EXPECT_EQ(memcmp(copy, "a\0b", 4), 0);
    EXPECT_STREQ(pv_arena_dup(arena, pv_view_of(nullptr, 0)), "");
}

TEST_F(ArenaTest, PrintfFormatsShortAndLongTexts)
{
    EXPECT_STREQ(pv_arena_printf(arena, "%s-%d", "ord", 7), "ord-7");
    for (size_t size : {254u, 255u, 256u, 257u, 5000u}) {
        std::string text(size, 'x');
        EXPECT_EQ(pv_arena_printf(arena, "%s", text.c_str()), text);
    }
}

TEST(Arena, PrintfBeyondTheCeilingIsNull)
{
    pv_arena *arena = pv_arena_create(64);
    EXPECT_EQ(pv_arena_printf(arena, "%0100d", 1), nullptr);
    pv_arena_destroy(arena);
}

TEST(Arena, DestroyOfNullIsPermitted)
{
    pv_arena_destroy(nullptr);
}

TEST_F(ArenaTest, BufferKeepsWhatWasAppended)
{
    pv_buffer buffer = pv_buffer_of(arena);
    std::string expected;
    for (int i = 0; i < 2000; i++) {
        pv_buffer_printf(&buffer, "%d,", i);
        expected += std::to_string(i) + ",";
        if (i % 100 == 0) { pv_arena_alloc(arena, 8); } /* so that it also has to move */
    }
    EXPECT_FALSE(buffer.overflow);
    EXPECT_EQ(text_of(buffer), expected);
}

TEST_F(ArenaTest, BufferGrowsInPlaceWhenNothingIsBehindIt)
{
    pv_buffer buffer = pv_buffer_of(arena);
    pv_buffer_append(&buffer, pv_view_text("first"));
    const uint8_t *before = buffer.data;
    while (buffer.size < 4000) { pv_buffer_append(&buffer, pv_view_text("and more of it ")); }
    EXPECT_EQ(buffer.data, before);
}

TEST_F(ArenaTest, BufferMayAppendItself)
{
    pv_buffer buffer = pv_buffer_of(arena);
    pv_buffer_append(&buffer, pv_view_text("abcdefgh"));
    for (int i = 0; i < 10; i++) { pv_buffer_append(&buffer, pv_buffer_view(&buffer)); }
    ASSERT_EQ(buffer.size, 8192u);
    for (size_t i = 0; i < buffer.size; i++) { ASSERT_EQ(buffer.data[i], 'a' + i % 8); }
}

TEST_F(ArenaTest, BufferPrintsLongTexts)
{
    pv_buffer buffer = pv_buffer_of(arena);
    std::string text(1000, 'y');
    pv_buffer_printf(&buffer, "%s", text.c_str());
    pv_buffer_printf(&buffer, "%s", text.c_str());
    EXPECT_EQ(text_of(buffer), text + text);
}

TEST(Arena, BufferAtTheCeilingKeepsItsSizeAndSaysSo)
{
    pv_arena *arena = pv_arena_create(256);
    pv_buffer buffer = pv_buffer_of(arena);
    std::string text(200, 'z');
    pv_buffer_append(&buffer, pv_view_text(text.c_str()));
    EXPECT_FALSE(buffer.overflow);
    pv_buffer_append(&buffer, pv_view_text(text.c_str()));
    EXPECT_TRUE(buffer.overflow);
    EXPECT_EQ(buffer.size, 200u);
    EXPECT_EQ(pv_buffer_grow(&buffer, SIZE_MAX), nullptr);
    EXPECT_EQ(text_of(buffer), text);
    pv_arena_destroy(arena);
}

TEST(Arena, BufferTakesTheRestWhenDoublingDoesNotFit)
{
    pv_arena *arena = pv_arena_create(256);
    pv_buffer buffer = pv_buffer_of(arena);
    std::string text(160, 'z');
    pv_buffer_append(&buffer, pv_view_text(text.c_str()));
    pv_buffer_append(&buffer, pv_view_of(text.data(), 90));
    EXPECT_FALSE(buffer.overflow);
    EXPECT_EQ(buffer.size, 250u);
    pv_arena_destroy(arena);
}

TEST_F(ArenaTest, ABufferThatIsExpectedToGrowIsNotMoved)
{
    pv_buffer buffer = pv_buffer_of(arena);
    pv_buffer_append(&buffer, pv_view_text("abc"));
    pv_buffer_expect(&buffer, 5000);
    const uint8_t *data = buffer.data;
    std::string text(4997, 'x');
    for (char letter : text) { pv_buffer_append(&buffer, pv_view_of(&letter, 1)); }
    EXPECT_EQ(buffer.data, data);
    EXPECT_EQ(text_of(buffer), "abc" + text);
    pv_buffer_expect(&buffer, SIZE_MAX);
    EXPECT_FALSE(buffer.overflow) << "a hint that cannot be met is none";
}

} // namespace
