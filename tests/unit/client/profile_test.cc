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

TEST_F(Profile, TheCommandsSayWhatIsMissing)
{
    const struct {
        std::vector<std::string> arguments;
        int exit;
        const char *told;
    } rows[] = {
        {{"list"}, PV_EXIT_OK, "(none; purvey login makes one"},
        {{"list", "-o", "id"}, PV_EXIT_USAGE, "--output id is neither table nor json"},
        {{"show"}, PV_EXIT_USAGE, "There is no profile default"},
        {{"use"}, PV_EXIT_USAGE, "which profile?"},
        {{"use", "nobody"}, PV_EXIT_USAGE, "has no profile [nobody]"},
        {{"remove"}, PV_EXIT_USAGE, "which profile?"},
        {{"remove", "nobody", "--yes"}, PV_EXIT_USAGE, "There is no profile nobody"},
        {{"add"}, PV_EXIT_USAGE, "which name?"},
        {{"add", "../x"}, PV_EXIT_USAGE, "which name?"},
        {{"add", "x"}, PV_EXIT_USAGE, "--server, --ca, --cert and --key are needed"},
        {{"add", "x", "--server", "a:1", "--ca", "/none", "--cert", "/none", "--key", "/none"},
         PV_EXIT_USAGE,
         "/none cannot be read"},
    };
    for (const auto &row : rows) {
        std::vector<std::string> arguments = {"profile"};
        arguments.insert(arguments.end(), row.arguments.begin(), row.arguments.end());
        fake::Result result = fake::run(arguments);
        EXPECT_EQ(result.exit, row.exit) << row.told;
        EXPECT_NE(result.err.find(row.told), std::string::npos) << result.err;
    }
    write("[a]\nserver = a:1\n");
    EXPECT_EQ(fake::run({"profile", "add", "a"}).err, "purvey: there is a profile a already.\n");
    fake::Result list = fake::run({"profile", "list", "-o", "json"});
    EXPECT_EQ(list.out, "{\"name\":\"a\",\"current\":false,\"certificate\":\"no certificate\","
                        "\"server\":\"a:1\"}\n");
    EXPECT_EQ(fake::run({"profile", "remove", "a"}).exit, PV_EXIT_USAGE) << "nobody can be asked";
    EXPECT_EQ(fake::run({"profile", "remove", "a", "--yes"}).exit, PV_EXIT_OK);
    EXPECT_EQ(fake::run({"profile", "list"}).out, "");
}

TEST_F(Profile, AProfileThatIsAskedForNeedsTheFile)
{
    pv_options options = {};
    options.profile = "mine";
    EXPECT_EQ(read(options), PV_EXIT_USAGE);
    EXPECT_NE(streams->told().find("to hold the profile mine"), std::string::npos);
}

} // namespace
