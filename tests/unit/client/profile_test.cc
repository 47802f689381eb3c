// Where the connection's values come from, and which wins.
#include "client/cli/failure.h"
#include "client/cli/profile.h"
#include "tests/unit/client/fake.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace {

class Profile : public testing::Test {
  protected:
    void SetUp() override
    {
        for (const char *name : {"PURVEY_SERVER", "PURVEY_CA", "PURVEY_CERT", "PURVEY_KEY",
                                 "PURVEY_SERVER_NAME", "PURVEY_PROFILE"}) {
            unsetenv(name);
        }
        folder = testing::TempDir() + "profile_test_" + std::to_string(getpid());
        mkdir(folder.c_str(), 0700);
        mkdir((folder + "/purvey").c_str(), 0700);
        setenv("XDG_CONFIG_HOME", folder.c_str(), 1);
        unlink(file().c_str());
    }
    std::string file() const { return folder + "/purvey/config"; }
    void write(const std::string &content)
    {
        std::ofstream stream(file());
        stream << content;
    }
    pv_exit read(const pv_options &options = {})
    {
        values = {};
        streams = std::make_unique<fake::Streams>();
        pv_error error;
        pv_error_init(&error, streams->cli.arena);
        pv_status status = pv_profile_read(streams->cli.arena, &options, &error, &values);
        return pv_is_ok(status) ? PV_EXIT_OK : pv_failure_tell(&streams->cli, status, &error);
    }
    std::string folder;
    std::unique_ptr<fake::Streams> streams;
    pv_profile values = {};
};

TEST_F(Profile, NothingGivenIsNothing)
{
    EXPECT_EQ(read(), PV_EXIT_OK);
    EXPECT_EQ(values.server, nullptr);
}

TEST_F(Profile, FlagsBeatTheEnvironmentAndThatTheFile)
{
    write("# mine\n[default]\nserver = file:1\nca = ca.pem # beside\ncert=/abs/me.pem\n"
          "server_name = name\n[other]\nserver = other:1\n");
    ASSERT_EQ(read(), PV_EXIT_OK) << streams->told();
    EXPECT_STREQ(values.server, "file:1");
    EXPECT_EQ(values.ca, folder + "/purvey/ca.pem") << "paths are relative to the file";
    EXPECT_STREQ(values.cert, "/abs/me.pem");
    EXPECT_STREQ(values.server_name, "name");
    setenv("PURVEY_SERVER", "env:1", 1);
    ASSERT_EQ(read(), PV_EXIT_OK);
    EXPECT_STREQ(values.server, "env:1");
    pv_options options = {};
    options.server = "flag:1";
    ASSERT_EQ(read(options), PV_EXIT_OK);
    EXPECT_STREQ(values.server, "flag:1");
    EXPECT_STREQ(values.cert, "/abs/me.pem");
}

TEST_F(Profile, AProfileIsChosenByFlagOrEnvironment)
{
    write("[default]\nserver = a:1\n[other]\nserver = b:1\n[third]\nserver = c:1\n");
    setenv("PURVEY_PROFILE", "other", 1);
    ASSERT_EQ(read(), PV_EXIT_OK);
    EXPECT_STREQ(values.server, "b:1");
    pv_options options = {};
    options.profile = "third";
    ASSERT_EQ(read(options), PV_EXIT_OK);
    EXPECT_STREQ(values.server, "c:1");
    options.profile = "absent";
    EXPECT_EQ(read(options), PV_EXIT_USAGE);
    EXPECT_NE(streams->told().find("has no profile [absent]"), std::string::npos);
}

TEST_F(Profile, MistakesAreToldWithTheirLine)
{
    write("[default]\nserver = a:1\nsever = b\n");
    EXPECT_EQ(read(), PV_EXIT_USAGE);
    EXPECT_NE(streams->told().find("line 3: there is no setting sever; did you mean server"),
              std::string::npos)
        << streams->told();
    write("server\n");
    EXPECT_EQ(read(), PV_EXIT_USAGE);
    EXPECT_NE(streams->told().find("line 1: expected [profile] or name = value"),
              std::string::npos);
}

TEST_F(Profile, AProfileThatIsAskedForNeedsTheFile)
{
    pv_options options = {};
    options.profile = "mine";
    EXPECT_EQ(read(options), PV_EXIT_USAGE);
    EXPECT_NE(streams->told().find("to hold the profile mine"), std::string::npos);
}

} // namespace
