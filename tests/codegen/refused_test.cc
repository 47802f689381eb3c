// Runs protoc with the generator on each file in refused/. A comment "// refused: WORDS" in such a file
// stands for the problem "FILE:LINE: WORDS" at the next line that is no comment; all of them must be told,
// in this order within a line or another, and nothing else. "// whole" as first line checks all files
// together.
#include <gtest/gtest.h>

#include <dirent.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

const char kFolder[] = "tests/codegen/refused";

std::vector<std::string> Files()
{
    std::vector<std::string> files;
    DIR *folder = opendir(kFolder);
    if (folder == nullptr) { return files; }
    for (const dirent *entry = readdir(folder); entry != nullptr; entry = readdir(folder)) {
        std::string name = entry->d_name;
        if (name.size() > 6 && name.substr(name.size() - 6) == ".proto") { files.push_back(name); }
    }
    closedir(folder);
    std::sort(files.begin(), files.end());
    return files;
}

struct Expected {
    bool whole = false;
    std::vector<std::string> problems;
};

Expected Read(const std::string &file)
{
    static const std::string kMark = "// refused: ";
    Expected expected;
    std::ifstream stream(std::string(kFolder) + "/" + file);
    std::vector<std::string> waiting;
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
        number++;
        size_t begin = line.find_first_not_of(' ');
        if (number == 1 && line == "// whole") { expected.whole = true; }
        if (begin == std::string::npos) { continue; }
        if (line.compare(begin, kMark.size(), kMark) == 0) {
            waiting.push_back(line.substr(begin + kMark.size()));
        } else if (line.compare(begin, 2, "//") != 0) {
            for (const std::string &words : waiting) {
                expected.problems.push_back(file + ":" + std::to_string(number) + ": " + words);
            }
            waiting.clear();
        }
    }
    std::sort(expected.problems.begin(), expected.problems.end());
    return expected;
}

// The generator never frees, so no leaks are looked for when it is built with a sanitizer.
std::string Protoc(const std::string &options, const std::string &file)
{
    return "ASAN_OPTIONS=detect_leaks=0 ../protoc/protoc -Iprotos -I../google_protos -I" +
           std::string(kFolder) + " --plugin=protoc-gen-purvey=bazel/codegen/protoc-gen-purvey" +
           " --purvey_out=" + testing::TempDir() + " " + options + " " + file + " 2>&1";
}

struct Told {
    int exit_code = -1;
    std::vector<std::string> problems;
    std::string output;
};

Told RunProtoc(const std::string &file, bool whole)
{
    std::string command = Protoc(whole ? "--purvey_opt=whole=all" : "", file);
    Told told;
    FILE *pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) { return told; }
    char line[4096];
    while (fgets(line, sizeof line, pipe) != nullptr) {
        std::string text = line;
        told.output += text;
        // Names are strings in options, which protoc does not see as use of an import.
        if (text.find("warning: Import") != std::string::npos) { continue; }
        if (text.compare(0, file.size(), file) != 0) { continue; }
        told.problems.push_back(text.substr(0, text.size() - 1));
    }
    int status = pclose(pipe);
    told.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::sort(told.problems.begin(), told.problems.end());
    return told;
}

class Refused : public testing::TestWithParam<std::string> {};

TEST_P(Refused, TellsEveryProblemWithFileAndLine)
{
    Expected expected = Read(GetParam());
    Told told = RunProtoc(GetParam(), expected.whole);
    EXPECT_EQ(told.problems, expected.problems) << told.output;
    EXPECT_EQ(told.exit_code == 0, expected.problems.empty()) << told.output;
}

INSTANTIATE_TEST_SUITE_P(Files, Refused, testing::ValuesIn(Files()),
                         [](const testing::TestParamInfo<std::string> &file) {
                             return file.param.substr(0, file.param.find('.'));
                         });

TEST(RefusedFiles, AreThere)
{
    EXPECT_GE(Files().size(), 13u);
}

TEST(Generator, RefusesAnUnknownParameter)
{
    EXPECT_NE(std::system(Protoc("--purvey_opt=hole", "words.proto").c_str()), 0);
}

} // namespace
