/* golden.h — a text that is compared with a file of the tree, or written to it. */
#ifndef PV_TESTS_ISOLATION_GOLDEN_H
#define PV_TESTS_ISOLATION_GOLDEN_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace purvey {

/* With UPDATE=1 under `bazel run` the file is written; else the first line that differs is a failure. */
inline void expect_golden(const std::string &path, const std::string &text)
{
    const char *tree = getenv("BUILD_WORKSPACE_DIRECTORY");
    if (getenv("UPDATE") != nullptr && tree != nullptr) {
        std::ofstream(std::string(tree) + "/" + path) << text;
        return;
    }
    std::ifstream then(path);
    std::istringstream now(text);
    std::string line;
    std::string old;
    for (int number = 1; std::getline(now, line); number++) {
        if (!std::getline(then, old)) { old = "(the file ends)"; }
        ASSERT_EQ(line, old) << path << ":" << number;
    }
    EXPECT_FALSE(std::getline(then, old)) << path << " goes on: " << old;
}

} // namespace purvey

#endif
