/* Lists: keyset pages without gap or duplicate, filters on indexed fields only, tokens that cannot be made up.
 * Tested on hubs and tier accounts; the code is the same for every List. */
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

constexpr int kHubs = 130;

struct Lists : testing::Test {
    World world;
    Actor actor = world.account("DISTRIBUTOR", "D");

    void SetUp() override
    {
        for (int i = 0; i < kHubs; i++) {
            ASSERT_TRUE(world
                            .call(actor, "CreateHub",
                                  json(R"({"name": "Hub %03d", "instance_id": "i%d"})", i, i % 3))
                            .ok());
        }
    }

    /* All ids of a list, page by page. */
    std::vector<std::string> walk(const std::string &fields, int page_size)
    {
        std::vector<std::string> ids;
        std::string token;
        do {
            Answer page = world.call(actor, "ListHubs",
                                     json(R"({"page_size": %d, "page_token": "%s"%s})", page_size,
                                          token.c_str(), fields.c_str()));
            EXPECT_TRUE(page.ok()) << page.message;
            json_t *hubs = json_object_get(page.json.get(), "hubs");
            EXPECT_LE(json_array_size(hubs), static_cast<size_t>(page_size));
            for (size_t i = 0; i < json_array_size(hubs); i++) {
                ids.push_back(page.text("hubs." + std::to_string(i) + ".name"));
            }
            token = page.text("next_page_token");
        } while (!token.empty());
        return ids;
    }
};

TEST_F(Lists, PagesConcatenateWithoutGapOrDuplicate)
{
    for (int size : {1, 7, 50, 129, 130, 131, 1000}) {
        std::vector<std::string> names = walk("", size);
        ASSERT_EQ(names.size(), static_cast<size_t>(kHubs)) << size;
        for (int i = 0; i < kHubs; i++) {
            EXPECT_EQ(names[static_cast<size_t>(i)], json("Hub %03d", i));
        }
        std::vector<std::string> back = walk(R"(, "order_by": "id desc")", size);
        EXPECT_EQ(std::vector<std::string>(back.rbegin(), back.rend()), names) << size;
    }
}

TEST_F(Lists, FiltersEqualAScan)
{
    for (int size : {4, 1000}) {
        EXPECT_EQ(walk(R"(, "filter": "instance_id = \"i1\"")", size).size(), 43U);
        EXPECT_EQ(walk(R"(, "filter": "instance_id = i2 AND name = \"Hub 002\"")", size).size(),
                  1U);
        EXPECT_EQ(walk(R"(, "filter": "name >= \"Hub 100\" AND name < \"Hub 110\"")", size).size(),
                  10U);
        EXPECT_EQ(walk(R"(, "filter": "name > \"Hub 100\" AND instance_id = i0")", size).size(),
                  10U);
        EXPECT_EQ(walk(R"(, "filter": "instance_id = nothing")", size).size(), 0U);
    }
}

TEST_F(Lists, AnOrderThatIsAskedForIsKeptWhateverIndexServes)
{
    std::vector<std::string> by_id =
        walk(R"(, "filter": "name >= \"Hub 120\"", "order_by": "id desc")", 4);
    ASSERT_EQ(by_id.size(), 10U);
    EXPECT_EQ(by_id.front(), "Hub 129");
    std::vector<std::string> by_name =
        walk(R"(, "filter": "name < \"Hub 010\" AND instance_id = i1", "order_by": "name")", 2);
    EXPECT_EQ(by_name, (std::vector<std::string>{"Hub 001", "Hub 004", "Hub 007"}));
    EXPECT_EQ(world.call(actor, "ListHubs", R"({"order_by": "name"})").reason,
              "FILTER_FIELD_NOT_INDEXED");
}

TEST_F(Lists, PageSizeHasADefaultAndACeilingAndIsNotNegative)
{
    EXPECT_EQ(
        json_array_size(json_object_get(world.call(actor, "ListHubs", "{}").json.get(), "hubs")),
        50U);
    EXPECT_EQ(walk("", 2000000).size(), static_cast<size_t>(kHubs));
    EXPECT_EQ(world.call(actor, "ListHubs", R"({"page_size": -1})").reason, "INVALID_FIELD");
}

TEST_F(Lists, AFilterThatCannotBeServedIsRefusedWithThePlace)
{
    const struct {
        const char *filter;
        const char *reason;
    } rows[] = {
        {"description = x", "FILTER_FIELD_NOT_INDEXED"},
        {"nonsense = x", "FILTER_FIELD_NOT_INDEXED"},
        {"name", "FILTER_INVALID"},
        {"name =", "FILTER_INVALID"},
        {"name = \\\"open", "FILTER_INVALID"},
        {"name = a OR name = b", "FILTER_INVALID"},
        {"NOT name = a", "FILTER_INVALID"},
        {"(name = a)", "FILTER_INVALID"},
        {"name = a name = b", "FILTER_INVALID"},
        {"name ~ a", "FILTER_INVALID"},
        {"= a", "FILTER_INVALID"},
        {"name=a AND name=a AND name=a AND name=a AND name=a AND name=a AND name=a AND name=a AND "
         "name=a",
         "FILTER_INVALID"},
    };
    for (const auto &row : rows) {
        Answer answer = world.call(actor, "ListHubs", json(R"({"filter": "%s"})", row.filter));
        EXPECT_EQ(answer.reason, row.reason) << row.filter;
        EXPECT_NE(answer.note(row.reason == std::string("FILTER_INVALID") ? "position" : "fields"),
                  "")
            << row.filter;
    }
    EXPECT_EQ(world.call(actor, "ListTierAccounts", R"({"filter": "state = SLEEPING"})").reason,
              "FILTER_INVALID");
    EXPECT_TRUE(world.call(actor, "ListTierAccounts", R"({"filter": "state = ACTIVE"})").ok());
    EXPECT_EQ(
        world.call(actor, "ListContracts", R"({"filter": "agreement_version = \"\""})").reason,
        "FILTER_INVALID");
    EXPECT_TRUE(world.call(actor, "ListContracts", R"({"filter": "agreement_version = 1"})").ok());
    EXPECT_EQ(world.call(actor, "ListHubs", R"({"order_by": "description"})").reason,
              "FILTER_FIELD_NOT_INDEXED");
}

TEST_F(Lists, ATokenIsBoundToCallerMethodAndRequest)
{
    Actor other = world.account("DISTRIBUTOR", "Other");
    Answer page =
        world.call(actor, "ListHubs", R"({"page_size": 10, "filter": "instance_id = i1"})");
    std::string token = page.text("next_page_token");
    ASSERT_NE(token, "");
    auto reason = [&](const Actor &who, const char *method, const std::string &filter,
                      const std::string &with) {
        return world
            .call(who, method,
                  json(R"({"page_token": "%s", "filter": "%s"})", with.c_str(), filter.c_str()))
            .reason;
    };
    EXPECT_EQ(reason(actor, "ListHubs", "instance_id = i1", token), "");
    EXPECT_EQ(reason(actor, "ListHubs", "instance_id = i2", token), "PAGE_TOKEN_INVALID");
    EXPECT_EQ(reason(other, "ListHubs", "instance_id = i1", token), "PAGE_TOKEN_INVALID");
    EXPECT_EQ(reason(actor, "ListMarketplaces", "", token), "PAGE_TOKEN_INVALID");
    for (size_t i = 0; i < token.size(); i++) {
        std::string tampered = token;
        tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(reason(actor, "ListHubs", "instance_id = i1", tampered), "PAGE_TOKEN_INVALID")
            << i;
    }
}

TEST_F(Lists, OthersSeeNothing)
{
    Actor other = world.account("DISTRIBUTOR", "Other");
    EXPECT_EQ(
        json_array_size(json_object_get(world.call(other, "ListHubs", "{}").json.get(), "hubs")),
        0U);
}

} // namespace
} // namespace purvey
