/* What holds for every write: retries give the first answer, validate_only writes nothing, a stale etag changes
 * nothing, foreign and absent ids look the same, bad requests are refused naming the field. */
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

const char kRequestId[] = "6f0c9a0e-3d0b-4e0a-9a55-0123456789ab";

struct Writes : testing::Test {
    World world;
    Actor actor = world.account("DISTRIBUTOR", "D");
    Actor other = world.account("DISTRIBUTOR", "Other");

    size_t hubs(const Actor &who)
    {
        return json_array_size(
            json_object_get(world.call(who, "ListHubs", "{}").json.get(), "hubs"));
    }
};

TEST_F(Writes, ARetryGivesTheFirstAnswerAndHasOneEffect)
{
    std::string request = json(R"({"name": "H", "request_id": "%s"})", kRequestId);
    Answer first = world.call(actor, "CreateHub", request);
    ASSERT_TRUE(first.ok()) << first.message;
    EXPECT_FALSE(first.replayed);
    world.advance(3600 * 1000);
    Answer again = world.call(actor, "CreateHub", request);
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.packed, first.packed);
    EXPECT_EQ(hubs(actor), 1U);
    /* Also when the object has changed since. */
    std::string id = first.text("hub.id");
    ASSERT_TRUE(
        world
            .call(actor, "UpdateHub",
                  json(R"({"hub_id": "%s", "name": "New", "update_mask": "name"})", id.c_str()))
            .ok());
    EXPECT_EQ(world.call(actor, "CreateHub", request).packed, first.packed);
}

TEST_F(Writes, ARequestIdUsedAgainWithOtherContentIsRefused)
{
    ASSERT_TRUE(
        world.call(actor, "CreateHub", json(R"({"name": "H", "request_id": "%s"})", kRequestId))
            .ok());
    Answer reused =
        world.call(actor, "CreateHub", json(R"({"name": "I", "request_id": "%s"})", kRequestId));
    EXPECT_EQ(reused.code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(reused.reason, "REQUEST_ID_REUSED");
    EXPECT_EQ(reused.note("request_id"), kRequestId);
    EXPECT_EQ(hubs(actor), 1U);
}

TEST_F(Writes, ARequestIdIsOfItsCallerAndMethod)
{
    std::string request = json(R"({"name": "H", "request_id": "%s"})", kRequestId);
    EXPECT_TRUE(world.call(actor, "CreateHub", request).ok());
    Answer foreign = world.call(other, "CreateHub", request);
    EXPECT_TRUE(foreign.ok());
    EXPECT_FALSE(foreign.replayed);
    Answer method =
        world.call(actor, "CreateMarketplace",
                   json(R"({"name": "M", "currency": "USD", "request_id": "%s"})", kRequestId));
    EXPECT_TRUE(method.ok()) << method.message;
    EXPECT_FALSE(method.replayed);
}

TEST_F(Writes, ARefusedRequestMayBeRepeatedWithItsRequestId)
{
    std::string request =
        json(R"({"hub_id": "hub_00000000000000000000000000", "name": "x", "request_id": "%s"})",
             kRequestId);
    EXPECT_EQ(world.call(actor, "UpdateHub", request).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(actor, "UpdateHub", request).reason, "NOT_FOUND");
}

TEST_F(Writes, ValidateOnlyChecksAndWritesNothing)
{
    Answer checked =
        world.call(actor, "CreateHub",
                   json(R"({"name": "H", "validate_only": true, "request_id": "%s"})", kRequestId));
    EXPECT_TRUE(checked.ok());
    EXPECT_EQ(hubs(actor), 0U);
    /* Nothing was stored under the request_id either. */
    Answer real =
        world.call(actor, "CreateHub", json(R"({"name": "H", "request_id": "%s"})", kRequestId));
    EXPECT_TRUE(real.ok());
    EXPECT_FALSE(real.replayed);
    EXPECT_EQ(hubs(actor), 1U);
}

TEST_F(Writes, AStaleEtagChangesNothing)
{
    Answer made = world.call(actor, "CreateHub", R"({"name": "H"})");
    std::string id = made.text("hub.id");
    std::string etag = made.text("hub.etag").substr(1, made.text("hub.etag").size() - 2);
    auto rename = [&](const char *name) {
        return world.call(
            actor, "UpdateHub",
            json(R"({"hub_id": "%s", "name": "%s", "update_mask": "name", "etag": "\"%s\""})",
                 id.c_str(), name, etag.c_str()));
    };
    Answer renamed = rename("Second");
    ASSERT_TRUE(renamed.ok()) << renamed.message;
    Answer stale = rename("Third");
    EXPECT_EQ(stale.code, PV_CODE_ABORTED);
    EXPECT_EQ(stale.reason, "ETAG_MISMATCH");
    EXPECT_EQ(stale.note("etag"), renamed.text("hub.etag"));
    EXPECT_EQ(world.call(actor, "GetHub", json(R"({"hub_id": "%s"})", id.c_str())).text("hub.name"),
              "Second");
}

TEST_F(Writes, AForeignIdLooksLikeAnAbsentOne)
{
    std::string id = world.call(actor, "CreateHub", R"({"name": "H"})").text("hub.id");
    std::string absent = "hub_00000000000000000000000000";
    Answer foreign = world.call(other, "GetHub", json(R"({"hub_id": "%s"})", id.c_str()));
    Answer missing = world.call(other, "GetHub", json(R"({"hub_id": "%s"})", absent.c_str()));
    EXPECT_EQ(foreign.code, PV_CODE_NOT_FOUND);
    EXPECT_EQ(foreign.reason, missing.reason);
    std::string expected = foreign.message;
    expected.replace(expected.find(id), id.size(), absent);
    EXPECT_EQ(expected, missing.message);
}

TEST_F(Writes, ABadRequestNamesItsFields)
{
    const struct {
        const char *method;
        const char *request;
        const char *field;
    } rows[] = {
        {"CreateHub", R"({"name": ""})", "name"},
        {"CreateHub", R"({"name": "a\nb"})", "name"},
        {"CreateHub", R"({"name": "H", "request_id": "not-a-uuid"})", "request_id"},
        {"CreateHub", R"({"name": "H", "request_id": ""})", "request_id"},
        {"GetHub", R"({"hub_id": ""})", "hub_id"},
        {"GetHub", R"({"hub_id": "hub_0"})", "hub_id"},
        {"GetHub", R"({"hub_id": "mkt_00000000000000000000000000"})", "hub_id"},
        {"GetHub", R"({"hub_id": "HUB_00000000000000000000000000"})", "hub_id"},
        {"UpdateHub",
         R"({"hub_id": "hub_00000000000000000000000000", "name": "x", "etag": "plain"})", "etag"},
        {"CreateMarketplace", R"({"name": "M", "currency": "usd"})", "currency"},
        {"CreateMarketplace", R"({"name": "M", "currency": "USD", "countries": ["DE", "DE"]})",
         "countries"},
    };
    for (const auto &row : rows) {
        Answer answer = world.call(actor, row.method, row.request);
        EXPECT_EQ(answer.code, PV_CODE_INVALID_ARGUMENT) << row.request;
        EXPECT_EQ(answer.reason, "INVALID_FIELD") << row.request;
        ASSERT_FALSE(answer.violations.empty()) << row.request;
        EXPECT_EQ(answer.violations[0].first, row.field) << row.request;
    }
}

TEST_F(Writes, BytesThatAreNoMessageAreRefused)
{
    std::string deep;
    for (int i = 0; i < 10000; i++) { deep = std::string("\x0a") + deep.substr(0, 100); }
    const std::string rows[] = {
        std::string("\x0a\x05"
                    "a",
                    3), /* truncated */
        std::string("\x0a\x02"
                    "a\0",
                    4),                     /* NUL in a string */
        std::string("\x0a\x02\xc3\x28", 4), /* bad UTF-8 */
        std::string("\x02\x01"
                    "a",
                    3),             /* field number 0 */
        std::string("\x0b\x0c", 2), /* a group */
        std::string("\x0a\x01"
                    "a\x0a\x01"
                    "b"), /* a singular field twice */
        deep,
    };
    for (const std::string &row : rows) {
        Answer answer = world.call_packed(actor, "CreateHub", row);
        EXPECT_EQ(answer.code, PV_CODE_INVALID_ARGUMENT);
        EXPECT_EQ(answer.reason, "MALFORMED_MESSAGE");
    }
    EXPECT_EQ(hubs(actor), 0U);
}

} // namespace
} // namespace purvey
