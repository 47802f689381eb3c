// The file of the profiles is changed without touching what others wrote in it.
#include "client/cli/config.h"

#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace {

class Config : public testing::Test {
  protected:
    void SetUp() override
    {
        folder = testing::TempDir() + "config_test_" + std::to_string(getpid()) + "/deep/er";
        setenv("XDG_CONFIG_HOME", folder.c_str(), 1);
        unlink(file().c_str());
        pv_error_init(&error, arena);
    }
    ~Config() override { pv_arena_destroy(arena); }
    std::string file() const { return folder + "/purvey/config"; }
    std::string content() const
    {
        std::stringstream text;
        text << std::ifstream(file()).rdbuf();
        return text.str();
    }
    void write(const std::string &text)
    {
        put("default", "x:1"); // makes the folder
        std::ofstream(file()) << text;
    }
    pv_status put(const char *name, const char *server, const char *account_name = nullptr)
    {
        pv_profile profile = {};
        profile.name = name;
        profile.server = server;
        profile.account_name = account_name;
        return pv_config_put(arena, &profile, &error);
    }
    const pv_config *read()
    {
        pv_config *config = nullptr;
        EXPECT_TRUE(pv_is_ok(pv_config_read(arena, &error, &config))) << error.message;
        return config;
    }
    std::string folder;
    pv_arena *arena = pv_arena_create(64 << 20);
    pv_error error = {};
};

TEST_F(Config, TheFirstProfileMakesTheFileAndIsTheCurrentOne)
{
    ASSERT_TRUE(pv_is_ok(put("acme", "a:1", "Acme")));
    EXPECT_EQ(content(), "profile = acme\n\n[acme]\nserver = a:1\naccount_name = Acme\n");
    struct stat about = {};
    ASSERT_EQ(stat(file().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    ASSERT_EQ(stat((folder + "/purvey").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0700U);
    ASSERT_TRUE(pv_is_ok(put("second", "b:1")));
    EXPECT_STREQ(pv_config_current(read()), "acme");
    EXPECT_STREQ(pv_config_find(read(), "second")->server, "b:1");
}

TEST_F(Config, WhatIsNotChangedStaysAsItIs)
{
    const std::string text = "# mine\n\n[a]\nserver = a:1 # one\n\n# about b\n[b]\nserver = b:1\n\n"
                             "# about c\n[c]\nserver = c:1\n";
    write(text);
    ASSERT_TRUE(pv_is_ok(put("b", "new:1")));
    EXPECT_EQ(content(), "# mine\n\n[a]\nserver = a:1 # one\n\n# about b\n[b]\nserver = new:1\n\n"
                         "# about c\n[c]\nserver = c:1\n");
    ASSERT_TRUE(pv_is_ok(pv_config_use(arena, "c", &error)));
    EXPECT_EQ(content().rfind("profile = c\n# mine\n", 0), 0U) << content();
    ASSERT_TRUE(pv_is_ok(pv_config_use(arena, "a", &error)));
    EXPECT_EQ(content().rfind("profile = a\n# mine\n", 0), 0U) << content();
    ASSERT_TRUE(pv_is_ok(pv_config_remove(arena, "a", &error)));
    EXPECT_EQ(content(),
              "# mine\n\n\n# about b\n[b]\nserver = new:1\n\n# about c\n[c]\nserver = c:1\n");
    EXPECT_STREQ(pv_config_current(read()), "default") << "the current one was removed";
}

TEST_F(Config, AFileWithoutALastLineEndIsContinued)
{
    write("[a]\nserver = a:1");
    ASSERT_TRUE(pv_is_ok(put("b", "b:1")));
    EXPECT_STREQ(pv_config_find(read(), "a")->server, "a:1");
    EXPECT_STREQ(pv_config_find(read(), "b")->server, "b:1");
}

TEST_F(Config, ANameWithASignOfCommentsIsReadAsItWasMeant)
{
    ASSERT_TRUE(pv_is_ok(put("a", "a:1", "C# und Partner")));
    EXPECT_STREQ(pv_config_find(read(), "a")->account_name, "C# und Partner");
    ASSERT_TRUE(pv_is_ok(put("a", "a:1", "Shop #1")));
    EXPECT_STREQ(pv_config_find(read(), "a")->account_name, "Shop \xEF\xBC\x83"
                                                            "1");
}

TEST_F(Config, WhatIsNotThereIsNamed)
{
    write("[a]\nserver = a:1\n");
    EXPECT_EQ(pv_config_remove(arena, "b", &error).code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_STREQ(error.reason->name, "PROFILE_MISSING");
    EXPECT_NE(pv_config_use(arena, "b", &error).code, PV_CODE_OK);
    EXPECT_EQ(content(), "[a]\nserver = a:1\n");
    EXPECT_EQ(pv_config_find(read(), "b"), nullptr);
}

TEST_F(Config, ABrokenFileIsNotWrittenOver)
{
    write("[a]\nserver = a:1\nnonsense\n");
    EXPECT_NE(put("b", "b:1").code, PV_CODE_OK);
    EXPECT_STREQ(error.reason->name, "PROFILE_INVALID");
    EXPECT_EQ(content(), "[a]\nserver = a:1\nnonsense\n");
}

TEST_F(Config, AnAttemptThatDiedDoesNotStandInTheWay)
{
    write("[a]\nserver = a:1\n");
    std::ofstream(file() + ".new") << "half";
    ASSERT_TRUE(pv_is_ok(put("b", "b:1")));
    EXPECT_NE(content().find("[b]"), std::string::npos);
    EXPECT_NE(access((file() + ".new").c_str(), F_OK), 0);
}

TEST_F(Config, ANameMustServeAsAFolders)
{
    const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"default", true},  {"acme-2.eu_x", true}, {"A", true},    {"", false},
        {".hidden", false}, {"-x", false},         {"a/b", false}, {"..", false},
        {"a b", false},     {"\xC3\xA4", false},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(pv_profile_name_is_good(row.name), row.good) << row.name;
    }
    EXPECT_TRUE(pv_profile_name_is_good(std::string(64, 'a').c_str()));
    EXPECT_FALSE(pv_profile_name_is_good(std::string(65, 'a').c_str()));
}

} // namespace
