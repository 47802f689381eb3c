// Every command that docs/operators.md shows is run, in its order, and does what stands there.
#include "tests/e2e/house.h"

#include <filesystem>
#include <sstream>

namespace purvey {
namespace {

// The lines of the page's code blocks.
std::vector<std::string> shown_commands()
{
    std::vector<std::string> commands;
    std::istringstream page(read_file("docs/operators.md"));
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
        if (line.rfind("```", 0) == 0) {
            inside = !inside;
        } else if (inside) {
            commands.push_back(line);
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
    const std::vector<std::string> commands = shown_commands();
    ASSERT_EQ(commands.size(), 5U);
    for (const std::string &shown : commands) {
        ASSERT_EQ(shown.rfind("purvey store ", 0), 0U) << shown;
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

} // namespace
} // namespace purvey
