// Nouns and verbs: the rules of their derivation, and that every RPC of the catalog is a command of
// its own.
#include "client/cli/command.h"
#include "client/cli/extra.h"
#include "client/cli/services.h"
#include "protos/runtime/message.h"
#include "tests/unit/client/fake.h"

#include <gtest/gtest.h>

#include <set>

namespace {

struct Derived {
    const char *service;
    const char *method;
    const char *noun;
    const char *verb;
};

const Derived derived[] = {
    {"x.v1.OrderService", "GetOrder", "order", "get"},
    {"x.v1.OrderService", "ListOrders", "order", "list"},
    {"x.v1.OrderService", "ApproveOrder", "order", "approve"},
    {"x.v1.OrderService", "AnswerInquiry", "order", "answer-inquiry"},
    {"x.v1.OrderService", "UpdateOrderParameters", "order", "update-parameters"},
    {"x.v1.TierAccountService", "CreateTierAccount", "tier-account", "create"},
    {"x.v1.TierAccountService", "ListTierAccounts", "tier-account", "list"},
    {"x.v1.ListingProposalService", "ListListingProposals", "listing-proposal", "list"},
    {"x.v1.ListingService", "ListListings", "listing", "list"},
    {"x.v1.ItemService", "EndItemSale", "item", "end-sale"},
    {"x.v1.UsageReportService", "UploadUsageRecords", "usage-report", "upload-records"},
    {"x.v1.UsageReportService", "GetUsageUpload", "usage-report", "get-upload"},
    {"x.v1.UsageReportService", "CloseUsageReport", "usage-report", "close"},
    {"x.v1.CategoryService", "ListCategories", "category", "list"},
    {"x.v1.HubService", "GetHub", "hub", "get"},
    {"x.v1.IdentityService", "WhoAmI", "identity", "who-am-i"},
    {"x.v1.EventService", "WatchEvents", "event", "watch"},
    {"x.v1.KeyService", "SignCSRForKey", "key", "sign-csr-for"},
    {"x.v1.Order", "Order", "order", "order"},
    {"x.v1.Service", "Get", "service", "get"},
    {"Plain", "DoThing", "plain", "do-thing"},
};

TEST(Command, NounAndVerbComeFromTheNames)
{
    for (const Derived &row : derived) {
        pv_method_info method = {};
        pv_service_info service = {};
        method.name = row.method;
        service.name = row.service;
        service.methods = &method;
        service.method_count = 1;
        pv_command command;
        pv_command_of(&service, 0, &command);
        EXPECT_STREQ(command.noun, row.noun) << row.service << "/" << row.method;
        EXPECT_STREQ(command.verb, row.verb) << row.service << "/" << row.method;
    }
}

std::vector<pv_command> all_commands()
{
    std::vector<pv_command> commands;
    pv_service_list list = pv_services_all();
    for (size_t i = 0; i < list.count; i++) {
        for (size_t k = 0; k < list.services[i]->method_count; k++) {
            pv_command command;
            pv_command_of(list.services[i], k, &command);
            commands.push_back(command);
        }
    }
    return commands;
}

TEST(Command, EveryRpcHasAWordPairOfItsOwn)
{
    std::set<std::string> seen;
    for (const pv_command &command : all_commands()) {
        EXPECT_TRUE(seen.insert(std::string(command.noun) + " " + command.verb).second)
            << command.method->path << " has the same command as another method";
        pv_command found;
        ASSERT_TRUE(pv_command_find(pv_services_all(), command.noun, command.verb, &found));
        EXPECT_EQ(found.method, command.method);
    }
    EXPECT_GE(seen.size(), 60u);
}

// Runs the command of every RPC against a service that takes everything.
TEST(Command, EveryRpcIsReached)
{
    for (const pv_command &command : all_commands()) {
        std::vector<std::string> arguments = {command.noun, command.verb};
        if (pv_command_id_field(&command) != nullptr) { arguments.push_back("some-id"); }
        fake::reset();
        bool is_watch = std::string(command.method->name) == "WatchEvents";
        if (is_watch) { // it would go on for ever: one event is enough
            arguments.push_back("--count=1");
            fake::streams["WatchEvents"] = {{{R"({"events": [{}]})"}}};
        }
        fake::Result result = fake::run(arguments);
        ASSERT_FALSE(fake::calls.empty()) << command.method->path << ": " << result.err;
        EXPECT_EQ(fake::calls[0].method, command.method->name);
        EXPECT_EQ(result.exit, PV_EXIT_OK) << command.method->path << ": " << result.err;
        if (command.method->kind != PV_METHOD_UNARY) {
            EXPECT_EQ(fake::calls[0].requests.size(), 1u);
        }
    }
}

TEST(Command, TheWordBehindTheVerbIsTheId)
{
    struct {
        const char *noun, *verb, *field, *reader;
    } rows[] = {
        {"order", "get", "order_id", "GetOrder"},
        {"order", "approve", "order_id", "GetOrder"},
        {"order", "list", nullptr, nullptr},
        {"order", "create", nullptr, nullptr},
        {"agreement", "get", "agreement_id", "GetAgreement"},
        {"agreement", "activate-version", "agreement_version_id", "GetAgreementVersion"},
        {"agreement", "create-version", "agreement_id", "GetAgreement"},
        {"item", "end-sale", "item_id", "GetItem"},
        {"usage-report", "close", "report_id", "GetUsageReport"},
        {"usage-report", "upload-records", "report_id", "GetUsageReport"},
        {"invitation", "create", "membership_id", "GetMembership"},
    };
    for (const auto &row : rows) {
        pv_command command;
        ASSERT_TRUE(pv_command_find(pv_services_all(), row.noun, row.verb, &command))
            << row.noun << row.verb;
        const ProtobufCFieldDescriptor *field = pv_command_id_field(&command);
        EXPECT_STREQ(field == nullptr ? nullptr : field->name, row.field)
            << row.noun << " " << row.verb;
        if (field == nullptr) { continue; }
        const pv_method_info *reader = pv_command_reader(pv_services_all(), &command, field);
        EXPECT_STREQ(reader == nullptr ? nullptr : reader->name, row.reader)
            << row.noun << " " << row.verb;
    }
}

// A field of a request that is named like a flag of every command could never be set by its own
// flag.
TEST(Command, NoFieldHidesBehindAFlagOfEveryCommand)
{
    pv_options options = {};
    pv_flag_table table = pv_options_flags(&options);
    for (const pv_command &command : all_commands()) {
        const ProtobufCMessageDescriptor *request = command.method->request->descriptor;
        for (unsigned i = 0; i < request->n_fields; i++) {
            std::string flag = request->fields[i].name;
            for (char &byte : flag) { byte = byte == '_' ? '-' : byte; }
            for (size_t k = 0; k < table.count; k++) {
                EXPECT_NE(flag, table.flags[k].name)
                    << command.method->path << ": rename the field or the flag";
            }
        }
    }
}

// The etag of every verb can be read first: "--etag auto" never fails for want of a reader.
TEST(Command, EveryEtagHasAReader)
{
    for (const pv_command &command : all_commands()) {
        const ProtobufCMessageDescriptor *request = command.method->request->descriptor;
        if (protobuf_c_message_descriptor_get_field_by_name(request, "etag") == nullptr) {
            continue;
        }
        const ProtobufCFieldDescriptor *field = pv_command_id_field(&command);
        ASSERT_NE(field, nullptr) << command.method->path;
        EXPECT_NE(pv_command_reader(pv_services_all(), &command, field), nullptr)
            << command.method->path;
    }
}

TEST(Command, HelpIsThereForEveryCommand)
{
    for (const pv_command &command : all_commands()) {
        fake::Result help = fake::run({"help", command.noun, command.verb});
        EXPECT_EQ(help.exit, PV_EXIT_OK);
        EXPECT_NE(help.out.find(std::string("usage: purvey ") + command.noun + " " + command.verb),
                  std::string::npos);
        EXPECT_EQ(help.out, fake::run({command.noun, command.verb, "--help"}).out);
        EXPECT_EQ(help.err, "");
    }
}

} // namespace
