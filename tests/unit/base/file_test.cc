// Small files as texts.
#include "base/file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

class FileTest : public ::testing::Test {
  protected:
    FileTest() : arena_(pv_arena_create(16 << 20)) {}
    ~FileTest() override { pv_arena_destroy(arena_); }

    static std::string write(const std::string &name, const std::string &text)
    {
        std::string path = std::string(getenv("TEST_TMPDIR")) + "/" + name;
        std::ofstream(path) << text;
        return path;
    }

    pv_arena *arena_;
};

TEST_F(FileTest, GivesTheWholeTextWithANul)
{
    for (size_t size : {size_t{0}, size_t{1}, size_t{70000}, size_t{PV_FILE_BYTES_MAX}}) {
        pv_arena_reset(arena_);
        std::string text(size, 'x');
        const char *read = pv_file_read(arena_, write("file", text).c_str());
        ASSERT_NE(read, nullptr) << size;
        EXPECT_EQ(read, text);
    }
}

TEST_F(FileTest, SaysWhyNot)
{
    std::string large = write("large", std::string(PV_FILE_BYTES_MAX + 1, 'x'));
    EXPECT_EQ(pv_file_read(arena_, large.c_str()), nullptr);
    EXPECT_EQ(errno, EFBIG);
    EXPECT_EQ(pv_file_read(arena_, (large + ".none").c_str()), nullptr);
    EXPECT_EQ(errno, ENOENT);
    EXPECT_EQ(pv_file_read(arena_, getenv("TEST_TMPDIR")), nullptr) << "a folder";
    pv_arena *small = pv_arena_create(16);
    EXPECT_EQ(pv_file_read(small, write("file", std::string(1000, 'x')).c_str()), nullptr);
    EXPECT_EQ(errno, ENOMEM);
    pv_arena_destroy(small);
}

} // namespace
