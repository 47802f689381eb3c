// The server as a whole: how it ends, and the services it brings along.
#include "fixture.h"

#include "google/rpc/error_details.pv.h"
#include "grpc/health/v1/health.pv.h"
#include "grpc/reflection/v1/reflection.pv.h"
#include "grpc/reflection/v1alpha/reflection.pv.h"

#include <chrono>
#include <set>

using namespace std::chrono_literals;

/* --- drain --- */

class DrainTest : public RpcTest {};

TEST_F(DrainTest, IdleStreamsAreToldToComeBack)
{
    start();
    Arena arena;
    pv_echo_request request = request_of("wait");
    request.count = 1;
    request.topic = 4;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(pv_is_ok(
        pv_echo_client_repeat_open(client(), arena, nullptr, &request, &call, &arena.error)));
    pv_echo_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_echo_client_repeat_receive(call, arena, &response)));
    auto began = std::chrono::steady_clock::now();
    std::thread drain([&] { pv_rpc_server_drain(server, 10000); });
    // A last look lets the handler send what it has; then the stream ends.
    do {
        response = nullptr;
        ASSERT_TRUE(pv_is_ok(pv_echo_client_repeat_receive(call, arena, &response)));
    } while (response != nullptr);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_UNAVAILABLE);
    EXPECT_STREQ(arena.error.reason->name, "SERVER_DRAINING");
    drain.join();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST_F(DrainTest, CallsAtWorkMayFinishWithinTheGrace)
{
    std::atomic<pv_call *> waiting{nullptr};
    app.run = [&](pv_call *call) { waiting = call; };
    start();
    pv_client *one = client();
    std::thread caller([&] {
        Arena arena;
        std::string text;
        EXPECT_TRUE(pv_is_ok(echo(one, "slow", &text, arena)));
        EXPECT_EQ(text, "slow");
    });
    ASSERT_TRUE(eventually([&] { return waiting != nullptr; }));
    std::thread drain([&] { pv_rpc_server_drain(server, 10000); });
    std::this_thread::sleep_for(100ms);
    pv_rpc_done(waiting, pv_rpc_step(waiting));
    caller.join();
    drain.join();
}

TEST_F(DrainTest, AConnectionThatRestsHoldsNobodyUp)
{
    start();
    Arena arena;
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(client(), "once", &text, arena))); // its connection stays
    pv_rpc_server_drain(server, 24 * 3600 * 1000);
    EXPECT_FALSE(pv_is_ok(echo(client(), "again", &text, arena)));
}

TEST_F(DrainTest, WhatOutlastsTheGraceIsCancelled)
{
    start();
    Arena arena;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_echo_client_collect_open(client(), arena, nullptr, &call, &arena.error)));
    pv_echo_request request = request_of("x");
    ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_send(call, &request)));
    ASSERT_TRUE(eventually([&] { return app.steps == 1; }));
    pv_rpc_server_drain(server, 100);
    pv_echo_response *response = nullptr;
    EXPECT_EQ(pv_echo_client_collect_finish(call, arena, &response).code, PV_CODE_UNAVAILABLE);
    ASSERT_TRUE(app.wait_finished(1));
}

TEST_F(DrainTest, AServerThatWasNeverStartedEndsToo)
{
    pv_rpc_config settings = {};
    settings.address = "127.0.0.1:0";
    Arena arena;
    pv_rpc_server *made = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_rpc_server_create(&settings, nullptr, 0, nullptr, &arena.error, &made)));
    pv_rpc_server_destroy(made);
}

TEST_F(DrainTest, AServiceGivenTwiceIsRefused)
{
    static const pv_service *const services[] = {&pv_echo_service__service,
                                                 &pv_echo_service__service};
    pv_rpc_config settings = {};
    settings.address = "127.0.0.1:0";
    Arena arena;
    pv_rpc_server *made = nullptr;
    EXPECT_FALSE(
        pv_is_ok(pv_rpc_server_create(&settings, services, 2, nullptr, &arena.error, &made)));
    EXPECT_NE(std::string(arena.error.message).find("purvey.test.v1.EchoService"),
              std::string::npos);
}

/* --- health --- */

class HealthTest : public RpcTest {
  protected:
    void SetUp() override
    {
        config.health = true;
        start();
    }

    pv_status check(const char *service, int *ret_status)
    {
        Arena arena;
        grpc_health_v1_health_check_request request = GRPC_HEALTH_V1_HEALTH_CHECK_REQUEST__INIT;
        request.service = const_cast<char *>(service);
        grpc_health_v1_health_check_response *response = nullptr;
        pv_status status = grpc_health_v1_health_client_check(client(), arena, nullptr, &request,
                                                              &response, nullptr);
        *ret_status = pv_is_ok(status) ? static_cast<int>(response->status) : -1;
        return status;
    }

    pv_client_call *watch(const char *service, Arena &arena)
    {
        grpc_health_v1_health_check_request request = GRPC_HEALTH_V1_HEALTH_CHECK_REQUEST__INIT;
        request.service = const_cast<char *>(service);
        pv_client_call *call = nullptr;
        pv_status status = grpc_health_v1_health_client_watch_open(client(), arena, nullptr,
                                                                   &request, &call, &arena.error);
        EXPECT_TRUE(pv_is_ok(status));
        return call;
    }

    static int next(pv_client_call *call)
    {
        Arena arena;
        grpc_health_v1_health_check_response *response = nullptr;
        pv_status status = grpc_health_v1_health_client_watch_receive(call, arena, &response);
        EXPECT_TRUE(pv_is_ok(status));
        return response == nullptr ? -1 : static_cast<int>(response->status);
    }
};

TEST_F(HealthTest, CheckKnowsTheServerAndItsServices)
{
    int status = 0;
    for (const char *service : {"", "purvey.test.v1.EchoService", "grpc.health.v1.Health"}) {
        EXPECT_TRUE(pv_is_ok(check(service, &status)));
        EXPECT_EQ(status, GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING);
    }
    EXPECT_EQ(check("no.such.Service", &status).code, PV_CODE_NOT_FOUND);
    EXPECT_TRUE(pv_rpc_server_set_serving(server, "", false));
    EXPECT_TRUE(pv_is_ok(check("", &status)));
    EXPECT_EQ(status, GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING);
    // Health asks `admit` like everything else, but never `run`.
    EXPECT_GT(app.admitted, 0);
    EXPECT_EQ(app.steps, 0);
}

TEST_F(HealthTest, WatchTellsEveryChange)
{
    Arena arena;
    pv_client_call *call = watch("purvey.test.v1.EchoService", arena);
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING);
    EXPECT_TRUE(pv_rpc_server_set_serving(server, "", false));
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING);
    EXPECT_TRUE(pv_rpc_server_set_serving(server, "", true));
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING);
    (void)pv_client_finish(call).code;
}

TEST_F(HealthTest, OneServiceMayBeOutWhileTheServerServes)
{
    const char *one = "purvey.test.v1.EchoService";
    Arena arena;
    pv_client_call *call = watch(one, arena);
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING);
    EXPECT_TRUE(pv_rpc_server_set_serving(server, one, false));
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING);
    int status = 0;
    for (const char *other : {"", "grpc.health.v1.Health"}) {
        EXPECT_TRUE(pv_is_ok(check(other, &status)));
        EXPECT_EQ(status, GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING) << other;
    }
    // The whole server's word counts for all its services.
    EXPECT_TRUE(pv_rpc_server_set_serving(server, one, true));
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING);
    EXPECT_TRUE(pv_rpc_server_set_serving(server, "", false));
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING);
    (void)pv_client_finish(call).code;
    EXPECT_FALSE(pv_rpc_server_set_serving(server, "no.such.Service", false));
}

TEST_F(HealthTest, WatchOfAnUnknownServiceSaysSoAndGoesOn)
{
    Arena arena;
    pv_client_call *call = watch("no.such.Service", arena);
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVICE_UNKNOWN);
    (void)pv_client_finish(call).code;
}

TEST_F(HealthTest, WatchersHearOfTheDrainBeforeTheyAreSentAway)
{
    Arena arena;
    pv_client_call *call = watch("", arena);
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_SERVING);
    std::thread drain([&] { pv_rpc_server_drain(server, 10000); });
    EXPECT_EQ(next(call), GRPC_HEALTH_V1_HEALTH_CHECK_RESPONSE_NOT_SERVING);
    EXPECT_EQ(next(call), -1);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_UNAVAILABLE);
    drain.join();
}

/* --- reflection --- */

class ReflectionTest : public RpcTest {
  protected:
    using Request = grpc_reflection_v1_server_reflection_request;
    using Response = grpc_reflection_v1_server_reflection_response;

    void SetUp() override
    {
        static const pv_file_info *const files[] = {&pv_file__google_rpc_error_details};
        config.health = true;
        config.reflection = true;
        config.reflection_files = files;
        config.reflection_file_count = 1;
        start();
    }

    void TearDown() override
    {
        if (call_ != nullptr) {
            EXPECT_TRUE(pv_is_ok(pv_client_close_send(call_)));
            Response *response = nullptr;
            EXPECT_TRUE(
                pv_is_ok(grpc_reflection_v1_server_reflection_client_server_reflection_info_receive(
                    call_, arena_, &response)));
            EXPECT_EQ(response, nullptr);
            EXPECT_EQ(pv_client_finish(call_).code, PV_CODE_OK);
        }
    }

    // Asks on one stream.
    Response *ask(const Request &request)
    {
        if (call_ == nullptr) {
            EXPECT_TRUE(
                pv_is_ok(grpc_reflection_v1_server_reflection_client_server_reflection_info_open(
                    client(), arena_, nullptr, &call_, &arena_.error)));
        }
        EXPECT_TRUE(
            pv_is_ok(grpc_reflection_v1_server_reflection_client_server_reflection_info_send(
                call_, &request)));
        Response *response = nullptr;
        EXPECT_TRUE(
            pv_is_ok(grpc_reflection_v1_server_reflection_client_server_reflection_info_receive(
                call_, arena_, &response)));
        EXPECT_NE(response, nullptr);
        return response;
    }

    Response *ask_symbol(const char *symbol)
    {
        Request request = GRPC_REFLECTION_V1_SERVER_REFLECTION_REQUEST__INIT;
        request.message_request_case =
            GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
        request.file_containing_symbol = const_cast<char *>(symbol);
        return ask(request);
    }

    // Names of the files in an answer, read from field 1 of each packed descriptor.
    static std::set<std::string> files_of(const Response *response)
    {
        std::set<std::string> names;
        if (response->message_response_case !=
            GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE) {
            return names;
        }
        const auto *files = response->file_descriptor_response;
        for (size_t i = 0; i < files->n_file_descriptor_proto; i++) {
            const ProtobufCBinaryData &bytes = files->file_descriptor_proto[i];
            EXPECT_EQ(bytes.data[0], 0x0a);
            names.insert(
                std::string(reinterpret_cast<const char *>(bytes.data) + 2, bytes.data[1]));
        }
        return names;
    }

    static int error_of(const Response *response)
    {
        bool is_error =
            response->message_response_case ==
            GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
        return is_error ? response->error_response->error_code : 0;
    }

    Arena arena_;
    pv_client_call *call_ = nullptr;
};

TEST_F(ReflectionTest, ListsAllServices)
{
    Request request = GRPC_REFLECTION_V1_SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES;
    request.list_services = const_cast<char *>("");
    request.host = const_cast<char *>("here");
    Response *response = ask(request);
    EXPECT_STREQ(response->valid_host, "here");
    EXPECT_STREQ(response->original_request->host, "here");
    std::set<std::string> names;
    const auto *list = response->list_services_response;
    for (size_t i = 0; i < list->n_service; i++) { names.insert(list->service[i]->name); }
    EXPECT_EQ(names, (std::set<std::string>{"purvey.test.v1.EchoService", "grpc.health.v1.Health",
                                            "grpc.reflection.v1.ServerReflection",
                                            "grpc.reflection.v1alpha.ServerReflection"}));
}

TEST_F(ReflectionTest, ASymbolBringsItsFileAndImportsOnce)
{
    std::set<std::string> all = {"echo.proto", "purvey/rules/v1/rules.proto",
                                 "google/protobuf/descriptor.proto"};
    EXPECT_EQ(files_of(ask_symbol("purvey.test.v1.EchoService")), all);
    for (const char *symbol : {"purvey.test.v1.EchoService.Echo", "purvey.test.v1.EchoRequest",
                               "purvey.test.v1.EchoRequest.text"}) {
        EXPECT_EQ(files_of(ask_symbol(symbol)), std::set<std::string>{"echo.proto"}) << symbol;
    }
    EXPECT_EQ(files_of(ask_symbol("google.protobuf.FieldDescriptorProto.TYPE_STRING")),
              std::set<std::string>{"google/protobuf/descriptor.proto"});
    EXPECT_EQ(files_of(ask_symbol("purvey.rules.v1.Pattern")),
              std::set<std::string>{"purvey/rules/v1/rules.proto"});
    EXPECT_EQ(error_of(ask_symbol("purvey.test.v1.Nothing")), PV_CODE_NOT_FOUND);
    EXPECT_EQ(error_of(ask_symbol("")), PV_CODE_NOT_FOUND);
}

TEST_F(ReflectionTest, ErrorDetailsCanBeAskedFor)
{
    std::set<std::string> files = files_of(ask_symbol("google.rpc.ErrorInfo"));
    EXPECT_EQ(files.count("google/rpc/error_details.proto"), 1u);
    EXPECT_EQ(files.count("google/protobuf/duration.proto"), 1u);
}

TEST_F(ReflectionTest, FilesAreFoundByName)
{
    Request request = GRPC_REFLECTION_V1_SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME;
    request.file_by_filename = const_cast<char *>("grpc/health/v1/health.proto");
    EXPECT_EQ(files_of(ask(request)), std::set<std::string>{"grpc/health/v1/health.proto"});
    request.file_by_filename = const_cast<char *>("no/such.proto");
    EXPECT_EQ(error_of(ask(request)), PV_CODE_NOT_FOUND);
}

TEST_F(ReflectionTest, ExtensionsAreFoundByTypeAndNumber)
{
    Request request = GRPC_REFLECTION_V1_SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION;
    grpc_reflection_v1_extension_request extension = GRPC_REFLECTION_V1_EXTENSION_REQUEST__INIT;
    extension.containing_type = const_cast<char *>("google.protobuf.MethodOptions");
    extension.extension_number = 50001;
    request.file_containing_extension = &extension;
    EXPECT_EQ(files_of(ask(request)).count("purvey/rules/v1/rules.proto"), 1u);
    extension.extension_number = 49999;
    EXPECT_EQ(error_of(ask(request)), PV_CODE_NOT_FOUND);

    request.message_request_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE;
    request.all_extension_numbers_of_type = const_cast<char *>("google.protobuf.MethodOptions");
    Response *response = ask(request);
    ASSERT_EQ(
        response->message_response_case,
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE);
    ASSERT_EQ(response->all_extension_numbers_response->n_extension_number, 1u);
    EXPECT_EQ(response->all_extension_numbers_response->extension_number[0], 50001);
    request.all_extension_numbers_of_type = const_cast<char *>("no.such.Type");
    EXPECT_EQ(error_of(ask(request)), PV_CODE_NOT_FOUND);
}

TEST_F(ReflectionTest, ARequestForNothingIsAnError)
{
    Request request = GRPC_REFLECTION_V1_SERVER_REFLECTION_REQUEST__INIT;
    EXPECT_EQ(error_of(ask(request)), PV_CODE_INVALID_ARGUMENT);
}

TEST_F(ReflectionTest, TheAlphaPathAnswersTheSame)
{
    using AlphaRequest = grpc_reflection_v1alpha_server_reflection_request;
    using AlphaResponse = grpc_reflection_v1alpha_server_reflection_response;
    Arena arena;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(grpc_reflection_v1alpha_server_reflection_client_server_reflection_info_open(
            client(), arena, nullptr, &call, &arena.error)));
    AlphaRequest request = GRPC_REFLECTION_V1ALPHA_SERVER_REFLECTION_REQUEST__INIT;
    request.message_request_case =
        GRPC__REFLECTION__V1ALPHA__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL;
    request.file_containing_symbol = const_cast<char *>("purvey.test.v1.EchoService");
    ASSERT_TRUE(
        pv_is_ok(grpc_reflection_v1alpha_server_reflection_client_server_reflection_info_send(
            call, &request)));
    AlphaResponse *response = nullptr;
    ASSERT_TRUE(
        pv_is_ok(grpc_reflection_v1alpha_server_reflection_client_server_reflection_info_receive(
            call, arena, &response)));
    ASSERT_NE(response, nullptr);
    EXPECT_EQ(response->file_descriptor_response->n_file_descriptor_proto, 3u);
    (void)pv_client_finish(call).code;
}
