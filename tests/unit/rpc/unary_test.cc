// Unary calls: the way of a call from admission to its answer, and every way to be refused.
#include "fixture.h"

class UnaryTest : public RpcTest {};

TEST_F(UnaryTest, AnswersWithWhatTheHandlerBuilt)
{
    start();
    Arena arena;
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(client(), "hello", &text, arena))) << arena.error.message;
    EXPECT_EQ(text, "hello");
    ASSERT_TRUE(app.wait_finished(1));
    Finished one = app.finished()[0];
    EXPECT_EQ(one.method, "/purvey.test.v1.EchoService/Echo");
    EXPECT_EQ(one.code, PV_CODE_OK);
    EXPECT_EQ(one.reason, "");
    EXPECT_EQ(one.messages_in, 1u);
    EXPECT_EQ(one.messages_out, 1u);
    EXPECT_EQ(one.bytes_in, 7u);
    EXPECT_EQ(app.admitted, 1);
    EXPECT_EQ(app.released, 1);
}
