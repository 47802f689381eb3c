// What generated tables, bindings and stubs of the sample say and do. That they compile as C and as C++
// under all warnings is the first thing this test shows.
#include "foreign/v1/foreign.pv.h"
#include "grpc/health/v1/health.pv.h"
#include "grpc/testing/test.pv.h"
#include "sample/catalog.pv.h"
#include "sample/v1/sample.pv.h"
#include "sample/v1/words.pv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// The client's runtime, played by the test: it writes down what the stubs ask of it.
struct pv_client {
    std::vector<std::string> log;
    bool refuses = false;
    ProtobufCMessage *answer = nullptr;
};
struct pv_client_call {
    pv_client *client;
};

pv_status pv_client_unary(pv_client *client, const pv_method_info *method, pv_arena *,
                          const pv_client_options *, const ProtobufCMessage *request,
                          ProtobufCMessage **ret_response, pv_error *)
{
    client->log.push_back(std::string("unary ") + method->path + " " +
                          request->descriptor->short_name);
    *ret_response = client->answer;
    return client->answer == nullptr ? pv_status_of(PV_CODE_NOT_FOUND) : pv_ok();
}

pv_status pv_client_start(pv_client *client, const pv_method_info *method, pv_arena *,
                          const pv_client_options *, const ProtobufCMessage *request,
                          pv_client_call **ret_call, pv_error *)
{
    client->log.push_back(
        std::string("open ") + method->name +
        (request == nullptr ? "" : std::string(" with ") + request->descriptor->short_name));
    if (client->refuses) { return pv_status_of(PV_CODE_PERMISSION_DENIED); }
    *ret_call = new pv_client_call{client};
    return pv_ok();
}

pv_status pv_client_send(pv_client_call *call, const ProtobufCMessage *message)
{
    call->client->log.push_back(std::string("send ") + message->descriptor->short_name);
    return pv_ok();
}

pv_status pv_client_receive(pv_client_call *call, pv_arena *, ProtobufCMessage **ret_message)
{
    call->client->log.push_back("receive");
    *ret_message = call->client->answer;
    return pv_ok();
}

pv_status pv_client_finish(pv_client_call *call)
{
    call->client->log.push_back("finish");
    delete call;
    return pv_ok();
}

pv_status pv_client_answer(pv_client_call *call, pv_arena *, ProtobufCMessage **ret_response)
{
    pv_client *client = call->client;
    client->log.push_back("answer");
    delete call;
    if (client->answer == nullptr) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_response = client->answer;
    return pv_ok();
}

namespace {

using Log = std::vector<std::string>;

const pv_field_info *Field(const pv_message_info *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return field == nullptr ? nullptr : &message->fields[field - message->descriptor->fields];
}

TEST(Messages, FieldTablesFollowTheOrderOfProtobufC)
{
    ASSERT_EQ(smp_task__info.descriptor, &sample__v1__task__descriptor);
    EXPECT_STREQ(smp_task__info.descriptor->fields[0].name, "id");
    EXPECT_STREQ(Field(&smp_task__info, "create_time")->json_name, "createTime");
    EXPECT_STREQ(Field(&smp_task__info, "name")->comment,
                 "What it is about. A second paragraph, with \"quotes\" and a \\ backslash.");
    EXPECT_EQ(Field(&smp_task__info, "steps")->message, &smp_task_step__info);
    EXPECT_EQ(Field(&smp_task__info, "create_time")->message, &google_protobuf_timestamp__info);
    EXPECT_TRUE(Field(&smp_task__info, "notes")->is_map);
    EXPECT_FALSE(Field(&smp_task__info, "steps")->is_map);
    EXPECT_EQ(Field(&smp_task__info, "default")->rule, nullptr);
}

TEST(Messages, RulesHoldWhatTheOptionsSay)
{
    const pv_field_rule *name = Field(&smp_task__info, "name")->rule;
    EXPECT_EQ(name->flags, static_cast<uint32_t>(PV_RULE_REQUIRED));
    EXPECT_EQ(name->length_min, 1u);
    EXPECT_EQ(name->length_max, 64u);
    EXPECT_EQ(name->pattern, PV_PATTERN_LINE);
    const pv_field_rule *weight = Field(&smp_task__info, "weight")->rule;
    EXPECT_EQ(weight->flags, static_cast<uint32_t>(PV_RULE_RANGE));
    EXPECT_EQ(weight->range_min, INT64_MIN);
    EXPECT_EQ(weight->range_max, INT64_MAX);
    const pv_field_rule *cost = Field(&smp_task__info, "cost")->rule;
    EXPECT_EQ(cost->flags, static_cast<uint32_t>(PV_RULE_DECIMAL | PV_RULE_NEGATIVE));
    EXPECT_EQ(cost->scale_max, 2u);
    const pv_field_rule *maker = Field(&smp_task__info, "maker_id")->rule;
    EXPECT_STREQ(maker->id_prefix, "mkr");
    EXPECT_EQ(maker->party, static_cast<uint32_t>(SMP_ROLE_MAKER));
    EXPECT_EQ(Field(&smp_task__info, "watcher_id")->rule->party,
              static_cast<uint32_t>(PV_PARTY_ANY));
    EXPECT_EQ(Field(&smp_task__info, "steps")->rule->items_min, 1u);
    EXPECT_EQ(Field(&smp_task__info, "words")->rule->flags, static_cast<uint32_t>(PV_RULE_UNIQUE));
    EXPECT_EQ(Field(&smp_task__info, "secret")->rule->flags,
              static_cast<uint32_t>(PV_RULE_SENSITIVE));
}

TEST(Messages, OnlyThoseThatContainThemselvesAreRecursive)
{
    EXPECT_TRUE(smp_tree__info.recursive);
    EXPECT_FALSE(smp_get_task_response__info.recursive);
    EXPECT_FALSE(smp_task__info.recursive);
}

TEST(Messages, PresenceOfAnOptionalFieldIsACase)
{
    smp_task task = SMP_TASK__INIT;
    EXPECT_EQ(protobuf_c_message_get_packed_size(&task.base), 0u);
    task.opt_priority_case = SAMPLE__V1__TASK__OPT_PRIORITY_PRIORITY;
    task.priority = 0;
    EXPECT_EQ(protobuf_c_message_get_packed_size(&task.base), 3u);
}

TEST(Objects, TableNamesFieldsPartiesAndIndexes)
{
    const pv_object_info *object = &smp_task__object;
    const ProtobufCFieldDescriptor *fields = smp_task__info.descriptor->fields;
    EXPECT_EQ(smp_task__info.object, object);
    EXPECT_STREQ(object->name, "sample.v1.Task");
    EXPECT_STREQ(object->id_prefix, "tsk");
    EXPECT_EQ(object->tag, 7);
    EXPECT_STREQ(fields[object->id_field].name, "id");
    EXPECT_STREQ(fields[object->etag_field].name, "etag");
    EXPECT_STREQ(fields[object->revision_field].name, "revision");
    EXPECT_STREQ(fields[object->create_time_field].name, "create_time");
    EXPECT_STREQ(fields[object->update_time_field].name, "update_time");
    EXPECT_STREQ(fields[object->state_field].name, "state");
    ASSERT_EQ(object->party_count, 2);
    EXPECT_EQ(object->parties[0].role, SMP_ROLE_MAKER);
    EXPECT_STREQ(fields[object->parties[0].field].name, "maker_id");
    EXPECT_EQ(object->parties[1].role, PV_PARTY_ANY);
    ASSERT_EQ(object->index_count, 2);
    EXPECT_EQ(object->indexes[0].field_count, 2);
    EXPECT_STREQ(fields[object->indexes[0].field_indexes[1]].name, "create_time");
    EXPECT_TRUE(object->indexes[1].unique);
    EXPECT_EQ(object->indexes[1].party, SMP_ROLE_MAKER);
    EXPECT_EQ(object->terminal_states, UINT64_C(1) << SMP_TASK_STATE_DONE);
    EXPECT_STREQ(object->state_prefix, "TASK_STATE_");
    EXPECT_EQ(smp_maker__object.state_field, -1);
    EXPECT_EQ(smp_maker__object.states, nullptr);
    EXPECT_EQ(object->states, &sample__v1__task_state__descriptor);
}

TEST(Methods, TableHoldsAccessEffectAndReasons)
{
    const pv_method_info *get = SMP_TASK_SERVICE_GET_TASK__METHOD;
    EXPECT_STREQ(get->path, "/sample.v1.TaskService/GetTask");
    EXPECT_EQ(get->kind, PV_METHOD_UNARY);
    EXPECT_EQ(get->flags, static_cast<uint32_t>(PV_METHOD_ANY));
    EXPECT_EQ(get->module, SMP_MODULE_TASK);
    EXPECT_EQ(get->grant, SMP_GRANT_VIEW);
    const pv_method_info *act = SMP_TASK_SERVICE_DO__METHOD;
    EXPECT_EQ(act->kind, PV_METHOD_CLIENT_STREAM);
    EXPECT_EQ(act->flags, static_cast<uint32_t>(PV_METHOD_WRITES));
    EXPECT_EQ(act->roles, UINT64_C(1) << SMP_ROLE_MAKER | UINT64_C(1) << SMP_ROLE_WATCHER);
    EXPECT_EQ(act->request_bytes_max, 1048576u);
    ASSERT_EQ(act->transition_count, 3u);
    EXPECT_EQ(act->transitions[0].from, 0u);
    EXPECT_EQ(act->transitions[1].object, &smp_task__object);
    EXPECT_EQ(act->transitions[1].roles, UINT64_C(1) << SMP_ROLE_MAKER);
    EXPECT_EQ(act->transitions[2].to,
              UINT64_C(1) << SMP_TASK_STATE_RUNNING | UINT64_C(1) << SMP_TASK_STATE_DONE);
    ASSERT_EQ(act->reason_count, 2u);
    EXPECT_EQ(act->reasons[1], &smp_reason_early);
    EXPECT_EQ(SMP_TASK_SERVICE_GOTO__METHOD->kind, PV_METHOD_SERVER_STREAM);
    EXPECT_EQ(SMP_DELETE_UNION__METHOD->kind, PV_METHOD_BIDI_STREAM);
    EXPECT_EQ(SMP_DELETE_UNION__METHOD->flags,
              static_cast<uint32_t>(PV_METHOD_PUBLIC | PV_METHOD_WRITES));
    EXPECT_EQ(SMP_DELETE_UNION__METHOD->transitions[0].to, 0u);
}

TEST(Reasons, AreNamedWithoutThePrefixOfTheirEnum)
{
    EXPECT_STREQ(smp_reason_late.name, "LATE");
    EXPECT_EQ(smp_reason_late.code, PV_CODE_FAILED_PRECONDITION);
    EXPECT_STREQ(smp_reason_late.text, "It is \"too\" late.");
    EXPECT_STREQ(smp_reason_late.next_step, "Be earlier.");
    ASSERT_EQ(smp_reason__count, 2u);
    EXPECT_EQ(smp_reason__all[0], &smp_reason_late);
    EXPECT_EQ(smp_reason__all[1], &smp_reason_early);
}

TEST(Files, DescriptorIsWholeAndFreeOfComments)
{
    const pv_file_info *file = &pv_file__sample_v1_sample;
    EXPECT_STREQ(file->name, "sample/v1/sample.proto");
    std::string bytes(reinterpret_cast<const char *>(file->descriptor), file->descriptor_size);
    EXPECT_NE(bytes.find("GetTaskRequest"), std::string::npos);
    EXPECT_EQ(bytes.find("Reads a task"), std::string::npos);
    // The option travels with the descriptor.
    EXPECT_NE(bytes.find("MAKER"), std::string::npos);
    ASSERT_EQ(file->import_count, 2u);
    EXPECT_STREQ(file->imports[0]->name, "google/protobuf/timestamp.proto");
    EXPECT_EQ(file->message_count, 10u);
    ASSERT_EQ(file->service_count, 2u);
    EXPECT_EQ(file->services[1], &smp_delete__info);
    EXPECT_EQ(smp_delete__info.file, file);
}

TEST(ForeignFiles, NobodyMayCallUnlessTheBuildSaysWho)
{
    const uint32_t access = PV_METHOD_ANY | PV_METHOD_PUBLIC;
    const pv_method_info *unsaid = FOREIGN_V1_CLASS_RETURN__METHOD;
    EXPECT_EQ(unsaid->flags & access, 0u);
    EXPECT_EQ(unsaid->roles, 0u);
    EXPECT_EQ(GRPC_HEALTH_V1_HEALTH_CHECK__METHOD->flags & access,
              static_cast<uint32_t>(PV_METHOD_ANY));
    EXPECT_EQ(GRPC_TESTING_TEST_SERVICE_UNARY_CALL__METHOD->flags & access,
              static_cast<uint32_t>(PV_METHOD_PUBLIC));
}

TEST(ForeignFiles, AreNamedByTheirPackage)
{
    EXPECT_EQ(foreign_v1_question__info.descriptor, &foreign__v1__question__descriptor);
    EXPECT_STREQ(foreign_v1_class__info.name, "foreign.v1.Class");
    EXPECT_EQ(foreign_v1_class__service.info, &foreign_v1_class__info);
    EXPECT_EQ(pv_file__foreign_v1_foreign.service_count, 2u);
}

TEST(Catalog, ListsServicesAndObjectsByName)
{
    ASSERT_EQ(pv_catalog__service_count, 2u);
    EXPECT_EQ(pv_catalog__services[0], &smp_delete__info);
    EXPECT_EQ(pv_catalog__services[1], &smp_task_service__info);
    ASSERT_EQ(pv_catalog__object_count, 2u);
    EXPECT_EQ(pv_catalog__objects[0], &smp_maker__object);
    EXPECT_EQ(pv_catalog__objects[1], &smp_task__object);
}

class Server : public testing::Test {
  protected:
    void SetUp() override
    {
        arena = pv_arena_create(1 << 20);
        call.arena = arena;
        call.state = trace;
        pv_error_init(&call.error, arena);
    }
    void TearDown() override { pv_arena_destroy(arena); }

    pv_arena *arena = nullptr;
    char trace[200] = "";
    pv_call call = {};
};

TEST_F(Server, UnaryHandlerGetsTypedMessages)
{
    ASSERT_EQ(smp_task_service__service.info, &smp_task_service__info);
    char id[] = "tsk_1";
    smp_get_task_request request = SMP_GET_TASK_REQUEST__INIT;
    request.task_id = id;
    smp_get_task_response response = SMP_GET_TASK_RESPONSE__INIT;
    const pv_handler *handler = &smp_task_service__service.handlers[0];
    ASSERT_TRUE(pv_is_ok(handler->unary(&call, &request.base, &response.base)));
    EXPECT_EQ(response.task->state, SMP_TASK_STATE_RUNNING);
    EXPECT_STREQ(trace, "tsk_1");
    EXPECT_EQ(handler->next, nullptr);
    EXPECT_EQ(handler->receive, nullptr);
    EXPECT_EQ(handler->finish, nullptr);
}

TEST_F(Server, StreamHandlersHaveTheFunctionsOfTheirKind)
{
    char id[] = "x";
    smp_get_task_request question = SMP_GET_TASK_REQUEST__INIT;
    question.task_id = id;
    smp_get_task_response answer = SMP_GET_TASK_RESPONSE__INIT;
    smp_do_request request = SMP_DO_REQUEST__INIT;
    request.request_id = id;
    smp_do_response response = SMP_DO_RESPONSE__INIT;
    pv_step step = PV_STEP_MESSAGE;
    const pv_handler *down = &smp_task_service__service.handlers[1];
    EXPECT_TRUE(pv_is_ok(down->next(&call, &question.base, &answer.base, &step)));
    EXPECT_EQ(step, PV_STEP_END);
    const pv_handler *up = &smp_task_service__service.handlers[2];
    EXPECT_TRUE(pv_is_ok(up->receive(&call, &request.base)));
    EXPECT_EQ(up->finish(&call, &response.base).code, PV_CODE_FAILED_PRECONDITION);
    EXPECT_EQ(call.error.reason, &smp_reason_late);
    const pv_handler *both = &smp_delete__service.handlers[0];
    EXPECT_TRUE(pv_is_ok(both->receive(&call, &request.base)));
    EXPECT_TRUE(pv_is_ok(both->next(&call, nullptr, &response.base, &step)));
    EXPECT_EQ(step, PV_STEP_IDLE);
    EXPECT_STREQ(trace, "xxfinishxnext");
}

TEST(Client, UnaryStubCallsAndTypesTheAnswer)
{
    pv_client client;
    smp_get_task_request request = SMP_GET_TASK_REQUEST__INIT;
    smp_get_task_response stored = SMP_GET_TASK_RESPONSE__INIT;
    client.answer = &stored.base;
    smp_get_task_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(
        smp_task_client_get_task(&client, nullptr, nullptr, &request, &response, nullptr)));
    EXPECT_EQ(response, &stored);
    EXPECT_EQ(client.log, Log({"unary /sample.v1.TaskService/GetTask GetTaskRequest"}));
}

TEST(Client, FailedUnaryStubLeavesTheAnswerAlone)
{
    pv_client client;
    smp_get_task_request request = SMP_GET_TASK_REQUEST__INIT;
    smp_get_task_response *response = nullptr;
    pv_status status =
        smp_task_client_get_task(&client, nullptr, nullptr, &request, &response, nullptr);
    EXPECT_EQ(status.code, PV_CODE_NOT_FOUND);
    EXPECT_EQ(response, nullptr);
}

TEST(Client, ServerStreamSendsItsRequestWhenItOpens)
{
    pv_client client;
    smp_get_task_request request = SMP_GET_TASK_REQUEST__INIT;
    smp_get_task_response *response = nullptr;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(smp_task_client_goto_open(&client, nullptr, nullptr, &request, &call, nullptr)));
    ASSERT_TRUE(pv_is_ok(smp_task_client_goto_receive(call, nullptr, &response)));
    EXPECT_EQ(response, nullptr);
    EXPECT_TRUE(pv_is_ok(pv_client_finish(call)));
    EXPECT_EQ(client.log, Log({"open Goto with GetTaskRequest", "receive", "finish"}));
}

TEST(Client, AStreamThatIsRefusedLeavesNoCall)
{
    pv_client client;
    client.refuses = true;
    smp_get_task_request request = SMP_GET_TASK_REQUEST__INIT;
    pv_client_call *call = nullptr;
    pv_status status =
        smp_task_client_goto_open(&client, nullptr, nullptr, &request, &call, nullptr);
    EXPECT_EQ(status.code, PV_CODE_PERMISSION_DENIED);
    EXPECT_EQ(call, nullptr);
}

TEST(Client, ClientStreamFinishesWithItsOneAnswer)
{
    pv_client client;
    smp_do_request request = SMP_DO_REQUEST__INIT;
    smp_do_response stored = SMP_DO_RESPONSE__INIT;
    client.answer = &stored.base;
    pv_client_call *call = nullptr;
    smp_do_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(smp_task_client_do_open(&client, nullptr, nullptr, &call, nullptr)));
    ASSERT_TRUE(pv_is_ok(smp_task_client_do_send(call, &request)));
    ASSERT_TRUE(pv_is_ok(smp_task_client_do_finish(call, nullptr, &response)));
    EXPECT_EQ(response, &stored);
    EXPECT_EQ(client.log, Log({"open Do", "send DoRequest", "answer"}));
}

TEST(Client, UnaryIsOpenedAndFinishedWhereItIsNotWaitedFor)
{
    pv_client client;
    smp_get_task_request request = SMP_GET_TASK_REQUEST__INIT;
    smp_get_task_response stored = SMP_GET_TASK_RESPONSE__INIT;
    client.answer = &stored.base;
    pv_client_call *call = nullptr;
    smp_get_task_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(
        smp_task_client_get_task_open(&client, nullptr, nullptr, &request, &call, nullptr)));
    ASSERT_TRUE(pv_is_ok(smp_task_client_get_task_finish(call, nullptr, &response)));
    EXPECT_EQ(response, &stored);
    EXPECT_EQ(client.log, Log({"open GetTask with GetTaskRequest", "answer"}));
}

TEST(Client, AnAnswerThatDoesNotComeLeavesTheResponseAlone)
{
    pv_client client;
    pv_client_call *call = nullptr;
    smp_do_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(smp_task_client_do_open(&client, nullptr, nullptr, &call, nullptr)));
    EXPECT_EQ(smp_task_client_do_finish(call, nullptr, &response).code, PV_CODE_NOT_FOUND);
    EXPECT_EQ(response, nullptr);
}

TEST(Client, BidiStreamSendsAndReceives)
{
    pv_client client;
    smp_do_request request = SMP_DO_REQUEST__INIT;
    pv_client_call *call = nullptr;
    smp_do_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(smp_delete_client_union_open(&client, nullptr, nullptr, &call, nullptr)));
    ASSERT_TRUE(pv_is_ok(smp_delete_client_union_send(call, &request)));
    ASSERT_TRUE(pv_is_ok(smp_delete_client_union_receive(call, nullptr, &response)));
    ASSERT_TRUE(pv_is_ok(pv_client_finish(call)));
    EXPECT_EQ(client.log, Log({"open Union", "send DoRequest", "receive", "finish"}));
}

} // namespace
