#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"
#include "tests/isolation/golden.h"
#include "tests/isolation/matrix.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

const char kHead[] =
    "# Who can reach what by an id: method, field, caller, and what comes back for an id\n"
    "#   own        with which the method is answered, if there is one\n"
    "#   party      of each object that the caller is a party of\n"
    "#   shown      of objects that it may be shown (ObjectRule.shown_to), where the answer is not "
    "that of `absent`\n"
    "#   foreign    of others, in whatever state; judged to be told from `absent` by nothing\n"
    "#   absent     of no object\n"
    "#   malformed  of no form\n"
    "# Written anew by UPDATE=1 bazel run //tests/isolation:matrix_test\n";

/* A method that cannot be asked to leave no effect spoils the world for others: it gets one of its own. */
bool spoils(const pv_method_info *method)
{
    bool writes = (method->flags & PV_METHOD_WRITES) != 0;
    return writes && pv_field_find(method->request->descriptor, pv_view_text("validate_only")) < 0;
}

class Table {
  public:
    std::string text()
    {
        Watched::install();
        {
            Tenants tenants;
            Matrix matrix(tenants);
            each_method([&](const pv_method_info *method) {
                if (!spoils(method)) { add(matrix, method); }
            });
        }
        each_method([&](const pv_method_info *method) {
            if (!spoils(method)) { return; }
            Tenants tenants;
            Matrix matrix(tenants);
            add(matrix, method);
        });
        std::string table = kHead;
        for (size_t i = 0; i < pv_catalog__service_count; i++) {
            const pv_service_info *service = pv_catalog__services[i];
            std::string rows;
            for (size_t j = 0; j < service->method_count; j++) {
                rows += lines[service->methods[j].path];
            }
            if (!rows.empty()) { table += std::string("\n") + service->name + "\n" + rows; }
        }
        return table;
    }

    std::vector<std::string> faults;

  private:
    template <typename Visit> static void each_method(Visit visit)
    {
        for (size_t i = 0; i < pv_catalog__service_count; i++) {
            for (size_t j = 0; j < pv_catalog__services[i]->method_count; j++) {
                visit(&pv_catalog__services[i]->methods[j]);
            }
        }
    }

    void add(Matrix &matrix, const pv_method_info *method)
    {
        for (const std::string &line : matrix.rows(method)) { lines[method->path] += line + "\n"; }
        faults.insert(faults.end(), matrix.faults.begin(), matrix.faults.end());
        matrix.faults.clear();
    }

    std::map<std::string, std::string> lines; /* by the path of the method */
};

TEST(Matrix, IsTheGoldenTable)
{
    Table of;
    std::string table = of.text();
    for (const std::string &fault : of.faults) { ADD_FAILURE() << fault; }
    expect_golden("tests/golden/isolation.txt", table);
}

} // namespace
} // namespace purvey
