/* Group commit: calls that wait together are committed together and yet do not see each other's failures; what is
 * bounded is refused with a sentence; stored bytes that are none are said to be damaged. */
#include "purvey/product/v1/hub.pv.h"
#include "server/pipeline/pipeline.h"
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

struct Batches : testing::Test {
    World world;
    Actor actor = world.account("DISTRIBUTOR", "D");

    std::string hubs()
    {
        return world.call(actor, "ListHubs", R"({"page_size": 1000})").text("hubs");
    }
};

TEST_F(Batches, ARefusedCallLeavesNoTraceAndHarmsNoOther)
{
    std::string id = world.call(actor, "CreateHub", R"({"name": "First"})").text("hub.id");
    auto update = [&](const char *name, const char *etag) {
        return json(R"({"hub_id": "%s", "name": "%s", "update_mask": "name", "etag": "%s"})",
                    id.c_str(), name, etag);
    };
    std::vector<Answer> answers = world.burst(
        actor, "UpdateHub",
        {
            update("Second", ""),
            update("Stale", R"(\"0\")"),
            json(
                R"({"hub_id": "%s", "name": "Checked", "update_mask": "name", "validate_only": true})",
                id.c_str()),
            update("Third", ""),
        });
    EXPECT_TRUE(answers[0].ok());
    EXPECT_EQ(answers[1].reason, "ETAG_MISMATCH");
    /* A later call sees what an earlier one of the same batch has changed. */
    EXPECT_EQ(answers[1].note("etag"), answers[0].text("hub.etag"));
    EXPECT_TRUE(answers[2].ok());
    EXPECT_TRUE(answers[3].ok());
    Answer stored = world.call(actor, "GetHub", json(R"({"hub_id": "%s"})", id.c_str()));
    EXPECT_EQ(stored.text("hub.name"), "Third");
    EXPECT_EQ(stored.text("hub.etag"), answers[3].text("hub.etag"));
    EXPECT_NE(answers[0].text("hub.revision"), answers[3].text("hub.revision"));
}

TEST_F(Batches, ARetryInTheSameBatchHasOneEffect)
{
    std::string request =
        R"({"name": "Once", "request_id": "00000000-1111-4222-8333-444444444444"})";
    std::vector<Answer> answers = world.burst(actor, "CreateHub", {request, request});
    EXPECT_TRUE(answers[0].ok());
    EXPECT_TRUE(answers[1].ok());
    EXPECT_FALSE(answers[0].replayed);
    EXPECT_TRUE(answers[1].replayed);
    EXPECT_EQ(answers[0].packed, answers[1].packed);
}

TEST_F(Batches, AFullQueueIsRefusedAndTheRestIsServed)
{
    std::vector<std::string> requests(PV_PIPELINE_QUEUE_MAX + 2,
                                      R"({"name": "H", "validate_only": true})");
    std::vector<Answer> answers = world.burst(actor, "CreateHub", requests);
    for (size_t i = 0; i < requests.size(); i++) {
        bool fits = i < PV_PIPELINE_QUEUE_MAX;
        EXPECT_EQ(answers[i].reason, fits ? "" : "WRITE_QUEUE_FULL") << i;
    }
    EXPECT_EQ(answers.back().code, PV_CODE_RESOURCE_EXHAUSTED);
    EXPECT_EQ(hubs(), "");
}

TEST_F(Batches, ADamagedRowIsSaidToBeDamaged)
{
    std::string id = world.call(actor, "CreateHub", R"({"name": "H"})").text("hub.id");
    world.damage(&pv_hub__object, id);
    Answer answer = world.call(actor, "GetHub", json(R"({"hub_id": "%s"})", id.c_str()));
    EXPECT_EQ(answer.code, PV_CODE_DATA_LOSS);
    EXPECT_EQ(answer.reason, "DATA_DAMAGED");
}

} // namespace
} // namespace purvey
