// The parts of the runtime that need no transport: dispatch, the index of symbols, the step.
#include "echo.pv.h"
#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"
#include "protos/runtime/step.h"
#include "server/rpc/dispatch.h"
#include "server/rpc/symbols.h"

#include <gtest/gtest.h>

#include <string>

/* --- dispatch --- */

TEST(DispatchTest, FindsExactlyItsPaths)
{
    pv_rpc_dispatch *dispatch = pv_rpc_dispatch_create(1, pv_echo_service__info.method_count);
    ASSERT_TRUE(pv_rpc_dispatch_add(dispatch, &pv_echo_service__service, false, 1000));
    for (size_t i = 0; i < pv_echo_service__info.method_count; i++) {
        std::string path = pv_echo_service__info.methods[i].path;
        const pv_rpc_method *method = pv_rpc_dispatch_find(dispatch, pv_view_text(path.c_str()));
        ASSERT_NE(method, nullptr) << path;
        EXPECT_STREQ(method->info.path, path.c_str());
        EXPECT_EQ(method->handler, &pv_echo_service__service.handlers[i]);
        EXPECT_EQ(method->request_bytes_max,
                  path.find("Small") == std::string::npos ? 1000u : 100u);
        for (std::string wrong :
             {path + "x", path.substr(1), path.substr(0, path.size() - 1), "/" + path}) {
            EXPECT_EQ(pv_rpc_dispatch_find(dispatch, pv_view_text(wrong.c_str())), nullptr)
                << wrong;
        }
    }
    EXPECT_EQ(pv_rpc_dispatch_find(dispatch, pv_view_of(nullptr, 0)), nullptr);
    EXPECT_EQ(pv_rpc_dispatch_request_bytes_max(dispatch), 1000u);
    size_t index = 7;
    EXPECT_TRUE(pv_rpc_dispatch_find_service(dispatch, "purvey.test.v1.EchoService", &index));
    EXPECT_EQ(index, 0u);
    EXPECT_FALSE(pv_rpc_dispatch_find_service(dispatch, "purvey.test.v1.Echo", &index));
    pv_rpc_dispatch_destroy(dispatch);
}

TEST(DispatchTest, BuiltinMethodsAreReadsForEveryCaller)
{
    pv_rpc_dispatch *dispatch = pv_rpc_dispatch_create(1, pv_echo_service__info.method_count);
    ASSERT_TRUE(pv_rpc_dispatch_add(dispatch, &pv_echo_service__service, true, 1000));
    const pv_rpc_method *method =
        pv_rpc_dispatch_find(dispatch, pv_view_text("/purvey.test.v1.EchoService/Echo"));
    ASSERT_NE(method, nullptr);
    EXPECT_EQ(method->info.flags, uint32_t{PV_METHOD_ANY});
    EXPECT_TRUE(method->builtin);
    pv_rpc_dispatch_destroy(dispatch);
}

/* --- symbols --- */

TEST(SymbolsTest, EveryDeclarationOfAFileIsFound)
{
    pv_symbols *symbols = pv_symbols_create();
    pv_symbols_add(symbols, &pv_file__echo);
    pv_symbols_add(symbols, &pv_file__echo);
    ASSERT_EQ(pv_symbols_file_count(symbols), 3u);
    const struct {
        const char *symbol;
        const char *file;
    } cases[] = {
        {"purvey.test.v1.EchoService", "echo.proto"},
        {"purvey.test.v1.EchoService.Chat", "echo.proto"},
        {"purvey.test.v1.EchoResponse", "echo.proto"},
        {"purvey.test.v1.EchoResponse.padding", "echo.proto"},
        {"purvey.rules.v1.method", "purvey/rules/v1/rules.proto"},
        {"purvey.rules.v1.Vocabulary", "purvey/rules/v1/rules.proto"},
        {"purvey.rules.v1.VOCABULARY_ROLE", "purvey/rules/v1/rules.proto"},
        {"google.protobuf.DescriptorProto.ExtensionRange", "google/protobuf/descriptor.proto"},
        {"google.protobuf.FieldDescriptorProto.Type", "google/protobuf/descriptor.proto"},
        {"google.protobuf.FieldDescriptorProto.TYPE_INT32", "google/protobuf/descriptor.proto"},
    };
    for (const auto &one : cases) {
        size_t file = 99;
        ASSERT_TRUE(pv_symbols_find(symbols, pv_view_text(one.symbol), &file)) << one.symbol;
        EXPECT_STREQ(pv_symbols_file(symbols, file)->name, one.file);
    }
    for (const char *wrong :
         {"", ".", "purvey", "purvey.test.v1", ".purvey.test.v1.EchoService",
          "purvey.test.v1.EchoService.", "purvey.rules.v1.Vocabulary.VOCABULARY_ROLE"}) {
        size_t file = 0;
        EXPECT_FALSE(pv_symbols_find(symbols, pv_view_text(wrong), &file)) << wrong;
    }
    pv_symbols_destroy(symbols);
}

TEST(SymbolsTest, ExtensionsComeInOrderOfTheirNumbers)
{
    pv_symbols *symbols = pv_symbols_create();
    pv_symbols_add(symbols, &pv_file__echo);
    int32_t number = INT32_MIN;
    ASSERT_TRUE(pv_symbols_next_extension(symbols, pv_view_text("google.protobuf.FieldOptions"),
                                          number, &number));
    EXPECT_EQ(number, 50003);
    EXPECT_FALSE(pv_symbols_next_extension(symbols, pv_view_text("google.protobuf.FieldOptions"),
                                           number, &number));
    size_t file = 0;
    EXPECT_TRUE(pv_symbols_find_extension(symbols, pv_view_text("google.protobuf.FieldOptions"),
                                          50003, &file));
    EXPECT_FALSE(pv_symbols_find_extension(symbols, pv_view_text("google.protobuf.FieldOptions"),
                                           50001, &file));
    pv_symbols_destroy(symbols);
}

/* --- step --- */

class StepTest : public ::testing::Test {
  protected:
    ~StepTest() override
    {
        pv_arena_destroy(arena_);
        pv_arena_destroy(scratch_);
    }

    void begin(const char *name)
    {
        for (size_t i = 0; i < pv_echo_service__info.method_count; i++) {
            if (std::string(pv_echo_service__info.methods[i].name) != name) { continue; }
            pv_exchange_init(&exchange_, &pv_echo_service__info.methods[i],
                             &pv_echo_service__service.handlers[i], arena_, scratch_);
        }
    }

    pv_view pack(const std::string &text, uint32_t count = 0, uint32_t code = 0)
    {
        pv_echo_request request = PV_ECHO_REQUEST__INIT;
        request.text = const_cast<char *>(text.c_str());
        request.count = count;
        request.code = code;
        pv_view packed;
        EXPECT_TRUE(pv_message_encode(&request.base, arena_, &packed));
        return packed;
    }

    const pv_echo_response *reply()
    {
        ProtobufCMessage *message = nullptr;
        EXPECT_TRUE(
            pv_message_unpack(&pv_echo_response__info, exchange_.call.reply, arena_, &message));
        return reinterpret_cast<const pv_echo_response *>(message);
    }

    pv_arena *arena_ = pv_arena_create(1 << 20);
    pv_arena *scratch_ = pv_arena_create(1 << 20);
    pv_exchange exchange_;
};

TEST_F(StepTest, UnaryAnswersPacked)
{
    begin("Echo");
    pv_exchange_receive(&exchange_, PV_PHASE_UNARY, pack("hello"));
    ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
    EXPECT_STREQ(reply()->text, "hello");
}

TEST_F(StepTest, ASecondRunForgetsTheErrorOfTheFirst)
{
    begin("Echo");
    pv_exchange_receive(&exchange_, PV_PHASE_UNARY, pack("hello", 2, PV_CODE_NOT_FOUND));
    EXPECT_EQ(pv_call_step(&exchange_.call).code, PV_CODE_NOT_FOUND);
    EXPECT_EQ(pv_call_step(&exchange_.call).code, PV_CODE_NOT_FOUND);
    EXPECT_EQ(exchange_.call.error.violation_count, 2u);
    EXPECT_EQ(exchange_.call.reply.data, nullptr);
}

TEST_F(StepTest, FieldRulesHoldBeforeTheHandler)
{
    begin("Echo");
    pv_exchange_receive(&exchange_, PV_PHASE_UNARY, pack(std::string(100001, 'x')));
    EXPECT_EQ(pv_call_step(&exchange_.call).code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(exchange_.call.error.reason, &pv_reason_invalid_field);
    ASSERT_EQ(exchange_.call.error.violation_count, 1u);
    EXPECT_STREQ(exchange_.call.error.violations[0].subject, "text");
}

TEST_F(StepTest, AServerStreamKeepsItsRequest)
{
    begin("Repeat");
    pv_exchange_receive(&exchange_, PV_PHASE_NEXT, pack("again", 2));
    for (uint32_t i = 1; i <= 2; i++) {
        ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
        ASSERT_EQ(exchange_.step, PV_STEP_MESSAGE);
        EXPECT_EQ(reply()->number, i);
        exchange_.request_bytes = pv_view_of(nullptr, 0);
        pv_arena_reset(scratch_);
    }
    ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
    EXPECT_EQ(exchange_.step, PV_STEP_END);
    EXPECT_EQ(exchange_.call.reply.data, nullptr);
}

TEST_F(StepTest, AClientStreamReceivesAndFinishes)
{
    begin("Collect");
    for (const char *text : {"a", "b", "c"}) {
        pv_exchange_receive(&exchange_, PV_PHASE_RECEIVE, pack(text));
        ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
        EXPECT_EQ(exchange_.call.reply.data, nullptr);
        pv_arena_reset(scratch_);
    }
    exchange_.phase = PV_PHASE_FINISH;
    ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
    EXPECT_STREQ(reply()->text, "abc");
    EXPECT_EQ(reply()->number, 3u);
}

TEST_F(StepTest, ABidiStreamAnswersUntilItIsIdle)
{
    begin("Chat");
    pv_exchange_receive(&exchange_, PV_PHASE_RECEIVE, pack("x", 2));
    ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
    exchange_.phase = PV_PHASE_NEXT;
    for (uint32_t i = 1; i <= 2; i++) {
        ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
        ASSERT_EQ(exchange_.step, PV_STEP_MESSAGE);
        EXPECT_EQ(reply()->number, i);
    }
    ASSERT_TRUE(pv_is_ok(pv_call_step(&exchange_.call)));
    EXPECT_EQ(exchange_.step, PV_STEP_IDLE);
}
