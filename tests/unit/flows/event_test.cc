/* The feed: every change is an event for every party, in order, without a gap; a token continues exactly. */
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

std::string hub(int number)
{
    return json(R"({"name": "Hub %d"})", number);
}

/* Makes `count` changes that the actor, a distributor, sees. */
void change(World &world, const Actor &actor, int count)
{
    for (int i = 0; i < count; i++) { ASSERT_TRUE(world.call(actor, "CreateHub", hub(i)).ok()); }
}

std::string resume(const std::string &token)
{
    return json(R"({"resume_token": "%s"})", token.c_str());
}

TEST(Events, AreNumberedWithoutGapAndTellWhatChanged)
{
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "D");
    size_t before =
        std::stoul("0" + world.call(distributor, "ListEvents", "{}").text("events.0.sequence"));
    change(world, distributor, 3);
    Answer feed = world.call(distributor, "ListEvents", "{}");
    ASSERT_TRUE(feed.ok()) << feed.message;
    size_t count = json_array_size(json_object_get(feed.json.get(), "events"));
    ASSERT_GE(count, 3U);
    for (size_t i = 0; i < count; i++) {
        EXPECT_EQ(feed.text("events." + std::to_string(i) + ".sequence"), std::to_string(i + 1))
            << before;
    }
    std::string last = "events." + std::to_string(count - 1);
    EXPECT_EQ(feed.text(last + ".object_type"), "purvey.product.v1.Hub");
    EXPECT_EQ(feed.text(last + ".method"), "purvey.product.v1.HubService/CreateHub");
    EXPECT_EQ(feed.text(last + ".actor_account_id"), distributor.account_id);
    EXPECT_EQ(feed.text(last + ".actor_user_id"), distributor.user_id);
    EXPECT_EQ(feed.text(last + ".resume_token"), feed.text("resume_token"));
}

TEST(Events, ATokenContinuesExactlyBehindItsEvent)
{
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "D");
    change(world, distributor, 5);
    Answer all = world.call(distributor, "ListEvents", "{}");
    size_t count = json_array_size(json_object_get(all.json.get(), "events"));
    for (size_t i = 0; i < count; i++) {
        std::string token = all.text("events." + std::to_string(i) + ".resume_token");
        Answer rest = world.call(distributor, "ListEvents", resume(token));
        std::string next = i + 1 < count ? std::to_string(i + 2) : "";
        EXPECT_EQ(rest.text("events.0.sequence"), next);
    }
    /* Page by page gives the same feed. */
    std::string token;
    size_t total = 0;
    for (bool more = true; more;) {
        Answer page = world.call(distributor, "ListEvents",
                                 json(R"({"resume_token": "%s", "page_size": 2})", token.c_str()));
        ASSERT_TRUE(page.ok());
        total += json_array_size(json_object_get(page.json.get(), "events"));
        token = page.text("resume_token");
        more = page.text("more") == "true";
    }
    EXPECT_EQ(total, count);
}

TEST(Events, AStreamGivesTheSameFeedAndThenWaits)
{
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "D");
    change(world, distributor, 250);
    std::vector<Answer> messages = world.pull(distributor, "WatchEvents", "{}");
    size_t total = 0;
    std::string token;
    for (const Answer &message : messages) {
        ASSERT_TRUE(message.ok()) << message.message;
        size_t count = json_array_size(json_object_get(message.json.get(), "events"));
        EXPECT_LE(count, 100U);
        for (size_t i = 0; i < count; i++) {
            EXPECT_EQ(message.text("events." + std::to_string(i) + ".sequence"),
                      std::to_string(++total));
        }
        token = message.text("resume_token");
    }
    EXPECT_GE(total, 250U);
    /* Behind the newest there is only a heartbeat with a fresh token. */
    std::vector<Answer> quiet = world.pull(distributor, "WatchEvents", resume(token));
    ASSERT_EQ(quiet.size(), 1U);
    EXPECT_EQ(quiet[0].text("events.0.sequence"), "");
    EXPECT_EQ(quiet[0].text("resume_token"), token);
    std::vector<Answer> fresh = world.pull(distributor, "WatchEvents", R"({"only_new": true})");
    ASSERT_EQ(fresh.size(), 1U);
    EXPECT_EQ(fresh[0].text("resume_token"), token);
}

TEST(Events, ATokenIsOfOneAccountAndCannotBeMadeUp)
{
    World world;
    Actor one = world.account("DISTRIBUTOR", "One");
    Actor two = world.account("DISTRIBUTOR", "Two");
    change(world, one, 1);
    std::string token = world.call(one, "ListEvents", "{}").text("resume_token");
    ASSERT_NE(token, "");
    EXPECT_EQ(world.call(two, "ListEvents", resume(token)).reason, "RESUME_TOKEN_INVALID");
    EXPECT_EQ(world.pull(two, "WatchEvents", resume(token))[0].reason, "RESUME_TOKEN_INVALID");
    for (size_t i = 0; i < token.size(); i++) {
        std::string tampered = token;
        tampered[i] = tampered[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(world.call(one, "ListEvents", resume(tampered)).reason, "RESUME_TOKEN_INVALID")
            << i;
    }
    EXPECT_EQ(world.call(one, "ListEvents", resume("x")).reason, "RESUME_TOKEN_INVALID");
}

TEST(Events, AUserSeesOnlyModulesItMayView)
{
    World world;
    Actor manager = world.account("DISTRIBUTOR", "D");
    change(world, manager, 2);
    Actor narrow = world.user(manager, {{"ORDER", "VIEW"}});
    Answer feed = world.call(narrow, "ListEvents", "{}");
    EXPECT_TRUE(feed.ok());
    EXPECT_EQ(feed.text("events.0.sequence"), "");
    Actor wide = world.user(manager, {{"PRODUCT", "VIEW"}});
    EXPECT_EQ(world.call(wide, "ListEvents", "{}").text("events.0.object_type"),
              "purvey.product.v1.Hub");
}

TEST(Events, ARefusedOrOnlyValidatedChangeLeavesNone)
{
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "D");
    std::string token = world.call(distributor, "ListEvents", "{}").text("resume_token");
    EXPECT_TRUE(
        world.call(distributor, "CreateHub", R"({"name": "H", "validate_only": true})").ok());
    EXPECT_FALSE(world.call(distributor, "CreateHub", R"({"name": ""})").ok());
    EXPECT_EQ(world.call(distributor, "ListEvents", resume(token)).text("events.0.sequence"), "");
}

} // namespace
} // namespace purvey
