/* Proves that the tests of this program, taken together, exercised every method, every business reason a method may
 * give, and every state change, as the generated tables list them. Runs at the end, unless a filter left
 * tests out. */
#include "purvey/catalog.pv.h"
#include "purvey/common/v1/error_reason.pv.h"
#include "server/flows/state.h"
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

/* Reasons the flow library gives to every reader of lists and tokens alike are tested once, in list_test.cc. */
bool is_library_reason(const std::string &reason)
{
    static const std::set<std::string> library = {"PAGE_TOKEN_INVALID", "FILTER_INVALID",
                                                  "FILTER_FIELD_NOT_INDEXED"};
    return library.count(reason) != 0;
}

void expect_seen(const std::string &row)
{
    EXPECT_NE(World::seen().count(row), 0U) << "no test exercises: " << row;
}

bool change_seen(const std::string &method, const pv_transition &transition, int from, int to)
{
    std::string object = strrchr(transition.object->name, '.') + 1;
    std::string before = from == 0 ? "" : pv_state_name(transition.object, from);
    std::string after = to == 0 ? "" : pv_state_name(transition.object, to);
    return World::seen().count(method + " " + object + " " + before + ">" + after) != 0;
}

/* Each state the transition may start from, and each it may end in, must have been seen with some other end. */
void expect_transition(const std::string &method, const pv_transition &transition)
{
    auto each = [](uint64_t set, auto &&visit) {
        if (set == 0) { visit(0); }
        for (int state = 1; state < 64; state++) {
            if ((set >> state & 1) != 0) { visit(state); }
        }
    };
    each(transition.from, [&](int from) {
        bool seen = false;
        each(transition.to,
             [&](int to) { seen = seen || change_seen(method, transition, from, to); });
        EXPECT_TRUE(seen) << "no test exercises: " << method << " on " << transition.object->name
                          << " from " << pv_state_name(transition.object, from);
    });
    each(transition.to, [&](int to) {
        bool seen = false;
        each(transition.from,
             [&](int from) { seen = seen || change_seen(method, transition, from, to); });
        EXPECT_TRUE(seen) << "no test exercises: " << method << " on " << transition.object->name
                          << " to " << pv_state_name(transition.object, to);
    });
}

/* Reasons that no method lists, because every method may give them, must have been given by some method too. */
void expect_reason(const std::string &reason)
{
    for (const std::string &row : World::seen()) {
        if (row.size() > reason.size() &&
            row.substr(row.size() - reason.size() - 1) == " " + reason) {
            return;
        }
    }
    ADD_FAILURE() << "no test exercises the reason " << reason;
}

class Coverage : public testing::Environment {
  public:
    void TearDown() override
    {
        if (testing::GTEST_FLAG(filter) != "*") { return; }
        for (size_t i = 0; i < pv_catalog__service_count; i++) {
            for (size_t j = 0; j < pv_catalog__services[i]->method_count; j++) {
                check(pv_catalog__services[i]->methods[j]);
            }
        }
        for (size_t i = 0; i < pv_error_reason__count; i++) {
            expect_reason(pv_error_reason__all[i]->name);
        }
    }

  private:
    static void check(const pv_method_info &method)
    {
        expect_seen(std::string(method.name) + " OK");
        for (size_t i = 0; i < method.reason_count; i++) {
            if (!is_library_reason(method.reasons[i]->name)) {
                expect_seen(std::string(method.name) + " " + method.reasons[i]->name);
            }
        }
        for (size_t i = 0; i < method.transition_count; i++) {
            expect_transition(method.name, method.transitions[i]);
        }
    }
};

const testing::Environment *const coverage = testing::AddGlobalTestEnvironment(new Coverage);

} // namespace
} // namespace purvey
