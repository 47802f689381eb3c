/* Retention: what is older than its time goes, the newest of each feed stays, and nobody is told of a gap as if
 * there were none. A World keeps everything for kKeepDays days. */
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

constexpr int64_t kMinuteMs = 60 * 1000;

struct Retention : testing::Test {
    World world;
    Actor actor = world.account("DISTRIBUTOR", "D");

    std::string first_token()
    {
        return world.call(actor, "ListEvents", R"({"page_size": 1})").text("resume_token");
    }
    Answer events(const std::string &token = "")
    {
        return world.call(actor, "ListEvents", json(R"({"resume_token": "%s"})", token.c_str()));
    }
    uint64_t newest()
    {
        uint64_t last = 0;
        std::string token;
        for (bool more = true; more;) {
            Answer page = events(token);
            size_t count = json_array_size(json_object_get(page.json.get(), "events"));
            if (count > 0) {
                last = std::stoull(page.text("events." + std::to_string(count - 1) + ".sequence"));
            }
            token = page.text("resume_token");
            more = page.text("more") == "true";
        }
        return last;
    }
    void make_hubs(int count)
    {
        for (int i = 0; i < count; i++) {
            ASSERT_TRUE(world.call(actor, "CreateHub", json(R"({"name": "H%d"})", i)).ok());
        }
    }
};

TEST_F(Retention, OldEventsGoAndATokenBehindThemNamesTheOldestOne)
{
    make_hubs(3);
    std::string early = first_token();
    uint64_t last_old = newest();
    world.advance(kKeepDays * kDayMs + kMinuteMs);
    make_hubs(2);
    world.prune();

    std::string oldest = std::to_string(last_old + 1);
    EXPECT_EQ(events().text("events.0.sequence"), oldest);
    Answer late = events(early);
    EXPECT_EQ(late.code, PV_CODE_OUT_OF_RANGE);
    EXPECT_EQ(late.reason, "RESUME_TOKEN_EXPIRED");
    EXPECT_EQ(events(late.note("oldest_token")).text("events.0.sequence"), oldest);
    std::vector<Answer> stream =
        world.pull(actor, "WatchEvents", json(R"({"resume_token": "%s"})", early.c_str()));
    EXPECT_EQ(stream.back().reason, "RESUME_TOKEN_EXPIRED");
}

TEST_F(Retention, AnEventIsKeptUpToItsTimeAndTheNewestForEver)
{
    make_hubs(2);
    uint64_t last = newest();
    world.advance(kKeepDays * kDayMs - kMinuteMs);
    world.prune();
    EXPECT_EQ(events().text("events.0.sequence"), "1");
    world.advance(2 * kMinuteMs);
    world.prune();
    EXPECT_EQ(events().text("events.0.sequence"), std::to_string(last));
    /* So numbers go on where they were. */
    make_hubs(1);
    EXPECT_EQ(newest(), last + 1);
}

TEST_F(Retention, AStreamWhosePeerWasTooSlowIsToldOfTheGap)
{
    make_hubs(150);
    world.meanwhile = [&] {
        world.advance(kKeepDays * kDayMs + kMinuteMs);
        make_hubs(1);
        world.prune();
    };
    std::vector<Answer> messages = world.pull(actor, "WatchEvents", "{}");
    ASSERT_EQ(messages.size(), 2U); /* a hundred events, and the refusal */
    EXPECT_TRUE(messages[0].ok());
    EXPECT_EQ(messages[1].reason, "RESUME_TOKEN_EXPIRED");
    EXPECT_EQ(events(messages[1].note("oldest_token")).text("events.0.sequence"),
              std::to_string(newest()));
}

TEST_F(Retention, ARequestIdIsRememberedForItsTime)
{
    const char *request = R"({"name": "H", "request_id": "00000000-1111-4222-8333-444444444444"})";
    Answer first = world.call(actor, "CreateHub", request);
    world.advance(kKeepDays * kDayMs - kMinuteMs);
    world.prune();
    EXPECT_EQ(world.call(actor, "CreateHub", request).packed, first.packed);
    world.advance(2 * kMinuteMs);
    world.prune();
    Answer anew = world.call(actor, "CreateHub", request);
    EXPECT_TRUE(anew.ok());
    EXPECT_FALSE(anew.replayed);
    EXPECT_NE(anew.text("hub.id"), first.text("hub.id"));
}

TEST_F(Retention, TheCommitterLooksByItself)
{
    make_hubs(3);
    uint64_t last = newest();
    world.advance(kKeepDays * kDayMs + kMinuteMs);
    EXPECT_TRUE(world.run_committer_until(
        [&] { return events().text("events.0.sequence") == std::to_string(last); }));
}

TEST_F(Retention, ObjectsStay)
{
    make_hubs(3);
    world.advance(kKeepDays * kDayMs * 2);
    world.prune();
    Answer hubs = world.call(actor, "ListHubs", "{}");
    EXPECT_EQ(json_array_size(json_object_get(hubs.json.get(), "hubs")), 3U);
}

} // namespace
} // namespace purvey
