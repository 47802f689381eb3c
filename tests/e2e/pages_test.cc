// Every command that a page for people shows is run, in its order, and does what stands there.
#include "tests/e2e/house.h"

#include <filesystem>
#include <map>
#include <sstream>

namespace purvey {
namespace {

// The lines of the page's code blocks, of one heading or of all.
std::vector<std::string> shown_commands(const std::string &path, const std::string &heading = "")
{
    std::vector<std::string> commands;
    std::istringstream page(read_file(path));
    bool inside = false, wanted = heading.empty();
    for (std::string line; std::getline(page, line);) {
        if (line.rfind("```", 0) == 0) {
            inside = !inside;
        } else if (inside && wanted) {
            commands.push_back(line);
        } else if (line.rfind("## ", 0) == 0) {
            wanted = heading.empty() || line == "## " + heading;
        }
    }
    return commands;
}

std::string replaced(std::string text, const std::string &what, const std::string &by)
{
    for (size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
    return text;
}

TEST(Operators, EveryCommandOfThePageRuns)
{
    const std::string data = fresh_folder("operators") + "/data", backups = fresh_folder("backups");
    ASSERT_EQ(run({cli_program(), "init", "--data", data}).code, 0);
    const std::vector<std::string> commands = shown_commands("docs/operators.md");
    ASSERT_EQ(commands.size(), 6U);
    for (const std::string &shown : commands) {
        ASSERT_EQ(shown.rfind("purvey ", 0), 0U) << shown;
        std::string command = replaced(shown, "DATA", data);
        for (const auto &entry : std::filesystem::directory_iterator(backups)) {
            command = replaced(command, "BACKUPS/FILE", entry.path().string());
        }
        command = replaced(command, "BACKUPS", backups);
        if (shown.find("restore") != std::string::npos) {
            command += " --force";
        } // there is a store
        command = cli_program() + command.substr(sizeof "purvey" - 1);
        const Outcome outcome = run({"/bin/sh", "-c", command});
        EXPECT_EQ(outcome.code, 0) << shown << ": " << outcome.out << outcome.err;
    }
    EXPECT_EQ(run({cli_program(), "store", "check"}, {"PURVEYD_DATA=" + data}).code, 0);
}

// The value of a line "name  value".
std::string value_of(const std::string &name, const std::string &text)
{
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first, second;
        if (words >> first >> second && first == name) { return second; }
    }
    return "";
}

// A newcomer's way: the README's, then what the page of the command line shows.
TEST(CommandLine, EveryCommandOfThePagesRuns)
{
    House house;
    ASSERT_TRUE(house.ready);
    const std::string home = fresh_folder("home");
    std::map<std::string, std::string> known = {{"127.0.0.1:20444", house.on.enrol_address},
                                                {"ENROLMENT", house.on.enrol_address}};
    std::vector<std::string> commands = shown_commands("README.md", "A partner comes in");
    ASSERT_EQ(commands.size(), 4U);
    for (const std::string &shown : shown_commands("docs/command-line.md")) {
        // The README has logged in already.
        if (shown.rfind("purvey login", 0) != 0) { commands.push_back(shown); }
    }
    ASSERT_EQ(commands.size(), 11U);
    bool is_operator = true;
    for (const std::string &shown : commands) {
        ASSERT_EQ(shown.rfind("purvey ", 0), 0U) << shown;
        std::string command = cli_program() + shown.substr(sizeof "purvey" - 1);
        for (const auto &[word, value] : known) { command = replaced(command, word, value); }
        if (shown.rfind("purvey login", 0) == 0) {
            is_operator = false;
            command += std::string(" --partner ") + house.on.address;
        }
        const Outcome outcome =
            run({"/bin/sh", "-c", command},
                is_operator ? house.environment(house.people.operator_)
                            : std::vector<std::string>{"XDG_CONFIG_HOME=" + home});
        EXPECT_EQ(outcome.code, 0) << shown << ": " << outcome.out << outcome.err;
        for (const auto &[word, name] :
             std::map<std::string, std::string>{{"ACC", "id"},
                                                {"GRP", "administrators_group_id"},
                                                {"INVITATION", "invitation_token"}}) {
            std::string value = value_of(name, outcome.out);
            if (!value.empty() && known.count(word) == 0) { known[word] = value; }
        }
    }
}

} // namespace
} // namespace purvey
