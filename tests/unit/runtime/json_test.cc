#include "protos/runtime/json.h"

#include "tests/unit/runtime/support.h"

#include <vector>

namespace {

class JsonTest : public RuntimeTest {
  protected:
    JsonTest() { options.files = files, options.file_count = 1; }

    pt_everything *read(const std::string &text)
    {
        ProtobufCMessage *message = nullptr;
        status = pv_json_read(&pt_everything__info, pv_view_of(text.data(), text.size()), &options,
                              arena, &error, &message);
        EXPECT_EQ(pv_is_ok(status), message != nullptr);
        EXPECT_EQ(pv_is_ok(status), error.reason == nullptr);
        return reinterpret_cast<pt_everything *>(message);
    }

    std::string write(const ProtobufCMessage *message,
                      const pv_message_info *info = &pt_everything__info)
    {
        pv_view text = {};
        status = pv_json_write(info, message, &options, arena, &error, &text);
        if (!pv_is_ok(status)) { return "refused"; }
        EXPECT_EQ(text.data[text.size], '\0');
        return std::string(reinterpret_cast<const char *>(text.data), text.size);
    }

    /* What the text reads as, written again. */
    std::string again(const std::string &text)
    {
        forget();
        pt_everything *message = read(text);
        return message == nullptr ? error.message : write(&message->base);
    }

    const pv_file_info *files[1] = {&pv_file__everything};
    pv_json_options options = {};
    pv_status status = {};
};

TEST_F(JsonTest, EveryKindOfFieldIsReadAndWritten)
{
    const std::string rows[] = {
        R"({})",
        R"({"int32_value":-2147483648,"sint32_value":2147483647,"sfixed32_value":-1,"uint32_value":4294967295,"fixed32_value":7})",
        R"({"int64_value":"-9223372036854775808","sint64_value":"9223372036854775807","sfixed64_value":"-1","uint64_value":"18446744073709551615","fixed64_value":"7"})",
        R"({"float_value":0.5,"double_value":1.25e100})",
        R"({"double_value":"NaN"})",
        R"({"double_value":"-Infinity"})",
        R"({"bool_value":true,"color":"COLOR_INFRARED"})",
        R"({"string_value":"Zoë \"quoted\" \\ \n \u0001","bytes_value":"AAH+/w=="})",
        R"({"leaf":{"name":"a","size":1,"leaves":[{"name":"b"},{}]}})",
        R"({"choice_text":""})",
        R"({"choice_number":"0"})",
        R"({"choice_leaf":{}})",
        R"({"choice_color":"COLOR_UNSPECIFIED"})",
        R"({"int32_list":[1,-2,0],"uint64_list":["1","18446744073709551615"],"double_list":[0.5,"Infinity"],"bool_list":[true,false],"color_list":["COLOR_RED","COLOR_UNSPECIFIED"]})",
        R"({"string_list":["a","","b"],"bytes_list":["","YQ=="],"leaf_list":[{},{"name":"x"}]})",
        R"({"text_by_text":{"k":"v","":"empty key","e":""},"leaf_by_number":{"-1":{"size":2},"9223372036854775807":{}},"color_by_bool":{"true":"COLOR_BLUE","false":"COLOR_UNSPECIFIED"}})",
        R"({"time":"2026-11-22T20:00:00.500Z","duration":"-3.000000001s","mask":"fooBar,leaf.nameOfIt"})",
        R"({"time":"1970-01-01T00:00:00Z","duration":"0s","mask":""})",
        R"({"duration":"315576000000s"})",
        R"({"duration":"-315576000000s"})",
        R"({"any":{}})",
        R"({"empty":{}})",
        R"({"wrapped_string":"","wrapped_int64":"0","wrapped_bool":false,"wrapped_bytes":"","wrapped_double":0.0})",
        R"({"wrapped_string":"x","wrapped_int64":"-5","wrapped_bool":true,"wrapped_bytes":"YQ==","wrapped_double":1.5})",
        R"({"decimal":{"value":"1.50"}})",
        R"({"time_list":["0001-01-01T00:00:00Z","1969-12-31T23:59:59.999999999Z","9999-12-31T23:59:59.999999999Z"],"fixed32_list":[4294967295]})",
        R"({"optional_int32":0})",
        R"({"time_by_text":{"x":"2024-09-01T00:00:00Z"}})",
        R"({"any":{"@type":"type.googleapis.com/purvey.testing.v1.Leaf","name":"in any","size":3}})",
        R"({"any":{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"2024-09-01T00:00:00Z"}})",
        R"({"any":{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"x/purvey.testing.v1.Decimal","value":"5"}}})",
    };
    for (const std::string &text : rows) { EXPECT_EQ(again(text), text); }
}

TEST_F(JsonTest, OtherSpellingsMeanTheSame)
{
    const struct {
        const char *text, *canonical;
    } rows[] = {
        {R"( { "int32Value" : "5" , "uint64Value" : 7 } )",
         R"({"int32_value":5,"uint64_value":"7"})"},
        {R"({"int32_value":5.0,"int64_value":1e3,"uint32_value":-0.0})",
         R"({"int32_value":5,"int64_value":"1000"})"},
        {R"({"double_value":"1.5","float_value":3})", R"({"float_value":3.0,"double_value":1.5})"},
        {R"({"color":2})", R"({"color":"COLOR_BLUE"})"},
        {R"({"color":"BLUE","color_list":["INFRARED",1]})",
         R"({"color":"COLOR_BLUE","color_list":["COLOR_INFRARED","COLOR_RED"]})"},
        {R"({"bytes_value":"AAH-_w"})", R"({"bytes_value":"AAH+/w=="})"},
        {R"({"bytes_value":"YQ"})", R"({"bytes_value":"YQ=="})"},
        {R"({"int32_value":null,"leaf":null,"string_list":null,"choice_text":null,"wrapped_string":null})",
         "{}"},
        {R"({"string_value":"","int32_list":[],"text_by_text":{}})", "{}"},
        {R"({"time":"2026-11-22T21:00:00+01:00"})", R"({"time":"2026-11-22T20:00:00Z"})"},
        {R"({"mask":"foo_bar,leaf.name"})", R"({"mask":"fooBar,leaf.name"})"},
        {R"({"decimal":"0.00001605990"})", R"({"decimal":{"value":"0.00001605990"}})"},
        {R"({"decimal":15})", R"({"decimal":{"value":"15"}})"},
        {R"({"textByText":{"\u006b":"v"}})", R"({"text_by_text":{"k":"v"}})"},
    };
    for (const auto &row : rows) { EXPECT_EQ(again(row.text), row.canonical) << row.text; }
}

TEST_F(JsonTest, WhatIsRefusedIsNamedWithLineColumnAndPath)
{
    const struct {
        const char *text, *message;
    } rows[] = {
        {"{\n \"leaf\": {\n  \"nam\": 1}}",
         "line 3, column 10: leaf[\"nam\"]: Leaf has no field \"nam\""},
        {"{\"leaf_list\":[{},\n\n {\"size\": \"x\"}]}",
         "line 3, column 11: leaf_list[1].size: must be a whole number from -2147483648 to "
         "2147483647"},
        {"{\"string_value\":5}", "line 1, column 17: string_value: must be a text"},
        {"{\"\\u0073tringValue\":5}", "line 1, column 21: string_value: must be a text"},
        {"{\"string_value\":\"Zo\u00eb\",\"int32_value\":2147483648}",
         "line 1, column 37: int32_value: must be a whole number from -2147483648 to 2147483647"},
        {"{\"int32_value\":1.5}",
         "line 1, column 16: int32_value: must be a whole number from -2147483648 to 2147483647"},
        {"{\"uint32_value\":-1}",
         "line 1, column 17: uint32_value: must be a whole number from 0 to 4294967295"},
        {"{\"uint64_value\":\"18446744073709551616\"}",
         "line 1, column 17: uint64_value: must be a whole number from 0 to 18446744073709551615"},
        {"{\"int64_value\":\"9223372036854775808\"}",
         "line 1, column 16: int64_value: must be a whole number of 64 bits"},
        {"{\"int64_value\":\"\"}",
         "line 1, column 16: int64_value: must be a whole number of 64 bits"},
        {"{\"int64_value\":\" 1\"}",
         "line 1, column 16: int64_value: must be a whole number of 64 bits"},
        {"{\"int64_value\":true}",
         "line 1, column 16: int64_value: must be a whole number of 64 bits"},
        {"{\"double_value\":\"0x1\"}", "line 1, column 17: double_value: must be a number"},
        {"{\"double_value\":\"inf\"}", "line 1, column 17: double_value: must be a number"},
        {"{\"float_value\":1e300}", "line 1, column 16: float_value: must be a number"},
        {"{\"bool_value\":\"true\"}", "line 1, column 15: bool_value: must be true or false"},
        {"{\"color\":\"COLOR_GREEN\"}", "line 1, column 10: color: \"COLOR_GREEN\" is no value of "
                                        "the enum purvey.testing.v1.Color"},
        {"{\"color\":7}", "line 1, column 10: color: must be the name of a value of the enum "
                          "purvey.testing.v1.Color"},
        {"{\"string_value\":\"a\\u0000b\"}",
         "line 1, column 17: string_value: must not hold a NUL"},
        {"{\"bytes_value\":\"a\"}", "line 1, column 16: bytes_value: must be base64"},
        {"{\"bytes_value\":\"YQ=\"}", "line 1, column 16: bytes_value: must be base64"},
        {"{\"bytes_value\":\"Y Q\"}", "line 1, column 16: bytes_value: must be base64"},
        {"{\"leaf\":[]}", "line 1, column 9: leaf: must be an object (Leaf)"},
        {"{\"int32_list\":{}}", "line 1, column 15: int32_list: must be a list"},
        {"{\"int32_list\":[1,null]}", "line 1, column 18: int32_list[1]: must not be null"},
        {"{\"text_by_text\":[]}", "line 1, column 17: text_by_text: must be an object"},
        {"{\"text_by_text\":{\"a\":\"b\",\"c d\":5}}",
         "line 1, column 32: text_by_text[\"c d\"]: must be a text"},
        {"{\"text_by_text\":{\"a\":null}}",
         "line 1, column 22: text_by_text[\"a\"]: must not be null"},
        {"{\"leaf_by_number\":{\"x\":{}}}", "line 1, column 24: leaf_by_number[\"x\"]: must have a "
                                            "key that is a whole number of 64 bits"},
        {"{\"color_by_bool\":{\"1\":1}}",
         "line 1, column 23: color_by_bool[\"1\"]: must have the key true or false"},
        {"{\"leaf_by_number\":{\"1\":{\"name\":1}}}",
         "line 1, column 32: leaf_by_number[\"1\"].name: must be a text"},
        {"{\"int32_value\":1,\"int32Value\":2}",
         "line 1, column 31: int32_value: comes a second time, under another name"},
        {"{\"choice_text\":\"\",\"choice_number\":2}",
         "line 1, column 35: choice_number: comes together with choice_text, but only one of them "
         "may be set"},
        {"{\"time\":\"2026-13-01\"}", "line 1, column 9: time: must be a time as in RFC 3339, e.g. "
                                      "\"2026-11-22T20:00:00Z\""},
        {"{\"time\":\"0000-12-31T23:59:59Z\"}",
         "line 1, column 9: time: must be a time as in RFC 3339, e.g. \"2026-11-22T20:00:00Z\""},
        {"{\"time\":\"9999-12-31T23:59:59-00:01\"}",
         "line 1, column 9: time: must be a time as in RFC 3339, e.g. \"2026-11-22T20:00:00Z\""},
        {"{\"time\":5}", "line 1, column 9: time: must be a time as in RFC 3339, e.g. "
                         "\"2026-11-22T20:00:00Z\""},
        {"{\"duration\":\"3\"}",
         "line 1, column 13: duration: must be a duration in seconds, e.g. \"3.5s\""},
        {"{\"duration\":\"3.s\"}",
         "line 1, column 13: duration: must be a duration in seconds, e.g. \"3.5s\""},
        {"{\"duration\":\"3.1234567890s\"}",
         "line 1, column 13: duration: must be a duration in seconds, e.g. \"3.5s\""},
        {"{\"duration\":\"315576000001s\"}",
         "line 1, column 13: duration: must be a duration in seconds, e.g. \"3.5s\""},
        {"{\"mask\":[\"a\"]}",
         "line 1, column 9: mask: must be a text of field names joined by commas"},
        {"{\"decimal\":1.5}",
         "line 1, column 12: decimal: must be a decimal number in quotes, e.g. \"1.50\""},
        {"{\"any\":{\"size\":1}}", "line 1, column 8: any: must be an object with \"@type\""},
        {"{\"any\":[]}", "line 1, column 8: any: must be an object with \"@type\""},
        {"{\"any\":{\"@type\":\"x/y.Z\"}}",
         "line 1, column 8: any: has the unknown type \"x/y.Z\""},
        {"{\"any\":{\"@type\":\"x/purvey.testing.v1.Leaf\",\"size\":\"z\"}}",
         "line 1, column 51: any.size: must be a whole number from -2147483648 to 2147483647"},
        {"{\"any\":{\"@type\":\"x/google.protobuf.Duration\"}}",
         "line 1, column 8: any: must have \"@type\" and \"value\" and nothing else"},
        {"[]", "line 1, column 1: must be an object (Everything)"},
        {" 5", "line 1, column 2: must be an object (Everything)"},
        {"{\"int32_value\":1,\"int32_value\":2}",
         "line 1, column 31: no JSON: duplicate object key near '\"int32_value\"'"},
        {"{\"string_value\":\"x}",
         "line 1, column 20: no JSON: premature end of input near '\"x}'"},
        {"{\"uint64_value\":18446744073709551615}",
         "line 1, column 37: no JSON: too big integer near '18446744073709551615'"},
        {"", "line 1, column 1: no JSON: the text is empty"},
        {" \n ", "line 2, column 2: no JSON: the text is empty"},
        {"{}\n{}", "line 2, column 1: no JSON: something stands behind the end of the message"},
    };
    for (const auto &row : rows) { EXPECT_EQ(again(row.text), row.message) << row.text; }
}

TEST_F(JsonTest, LineAndColumnAreNotedToo)
{
    EXPECT_EQ(read("{\n  \"color\": 9}"), nullptr);
    EXPECT_EQ(reason(), "INVALID_FIELD");
    ASSERT_EQ(error.metadata_count, 2u);
    EXPECT_STREQ(error.metadata[0].value, "2");
    EXPECT_STREQ(error.metadata[1].value, "12");
    EXPECT_EQ(violations(),
              "color: must be the name of a value of the enum purvey.testing.v1.Color");
}

TEST_F(JsonTest, TextThatIsNoUtf8IsRefused)
{
    EXPECT_EQ(read("{\"string_value\":\"\xFF\"}"), nullptr);
    EXPECT_EQ(reason(), "MALFORMED_MESSAGE");
}

TEST_F(JsonTest, DepthIsBounded)
{
    auto nested = [](int depth) {
        std::string text = "{\"leaf\":";
        for (int i = 0; i < depth; i++) { text += "{\"leaves\":["; }
        text += "{}";
        for (int i = 0; i < depth; i++) { text += "]}"; }
        return text + "}";
    };
    pt_everything *message = read(nested(30));
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(write(&message->base), nested(30));
    EXPECT_EQ(read(nested(31)), nullptr);
    forget();
    EXPECT_EQ(read(nested(10000)), nullptr);
}

TEST_F(JsonTest, AnIndentSpreadsOverLines)
{
    options.indent = 2;
    pt_everything *message = read(R"({"int32_value":1,"string_list":["a"]})");
    EXPECT_EQ(write(&message->base),
              "{\n  \"int32_value\": 1,\n  \"string_list\": [\n    \"a\"\n  ]\n}");
}

TEST_F(JsonTest, DefaultsAreWrittenOnRequest)
{
    options.defaults = true;
    pt_leaf leaf = PT_LEAF__INIT;
    EXPECT_EQ(write(&leaf.base, &pt_leaf__info), R"({"name":"","size":0,"leaves":[]})");
    pt_everything empty = PT_EVERYTHING__INIT;
    std::string text = write(&empty.base);
    for (const char *absent : {"choice_text", "\"leaf\"", "\"time\"", "optional_int32"}) {
        EXPECT_EQ(text.find(absent), std::string::npos) << absent;
    }
    for (const char *present : {R"("int64_value":"0")", R"("color":"COLOR_UNSPECIFIED")",
                                R"("bytes_value":"")", R"("text_by_text":{})"}) {
        EXPECT_NE(text.find(present), std::string::npos) << present;
    }
    EXPECT_EQ(again(text), text);
}

TEST_F(JsonTest, NamesInLowerCamelCaseAreWrittenOnRequest)
{
    options.json_names = true;
    const std::string text =
        R"({"int32Value":1,"leafByNumber":{"1":{"leaves":[{}]}},"wrappedInt64":"0"})";
    EXPECT_EQ(again(text), text);
    EXPECT_EQ(again(R"({"int32_value":1})"), R"({"int32Value":1})");
}

TEST_F(JsonTest, SensitiveFieldsAreHiddenOnRequest)
{
    pt_ruled ruled = PT_RULED__INIT;
    ruled.secret = dup("hunter2");
    EXPECT_EQ(write(&ruled.base, &pt_ruled__info), R"({"secret":"hunter2"})");
    options.redact = true;
    EXPECT_EQ(write(&ruled.base, &pt_ruled__info), R"j({"secret":"(hidden)"})j");
}

TEST_F(JsonTest, WhatJsonCannotSayIsRefused)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    pt_everything message = PT_EVERYTHING__INIT;
    time.seconds = INT64_MAX;
    message.time = &time;
    EXPECT_EQ(write(&message.base), "refused");
    EXPECT_EQ(violations(), "time: is not a time in the years 1 to 9999");
    forget();
    message.time = nullptr;
    duration.seconds = 1;
    duration.nanos = -1;
    message.duration = &duration;
    EXPECT_EQ(write(&message.base), "refused");
    EXPECT_EQ(violations(), "duration: is not a well-formed duration");
    forget();
    message.duration = nullptr;
    any.type_url = dup("type.googleapis.com/no.Such");
    message.any = &any;
    EXPECT_EQ(write(&message.base), "refused");
    EXPECT_EQ(violations(),
              "any: holds a message of the unknown type \"type.googleapis.com/no.Such\"");
    forget();
    message.any = nullptr;
    message.string_value = dup("\xFF");
    EXPECT_EQ(write(&message.base), "refused");
    EXPECT_EQ(violations(), "string_value: is not UTF-8");
}

TEST_F(JsonTest, AnUnknownEnumNumberIsWrittenAsNumber)
{
    pt_everything message = PT_EVERYTHING__INIT;
    int number = 77;
    memcpy(&message.color, &number, sizeof number);
    EXPECT_EQ(write(&message.base), R"({"color":77})");
}

TEST_F(JsonTest, MessagesBehindEachOtherAreReadOneByOne)
{
    const std::string text =
        "{\"int32_value\":1}\n{\"int32_value\":2} {\"int32_value\":3}\n\n{\"color\":9}";
    size_t position = 0;
    for (int i = 1; i <= 3; i++) {
        ProtobufCMessage *message = nullptr;
        ASSERT_TRUE(
            pv_is_ok(pv_json_read_next(&pt_everything__info, pv_view_of(text.data(), text.size()),
                                       &options, arena, &error, &position, &message)));
        ASSERT_NE(message, nullptr);
        EXPECT_EQ(reinterpret_cast<pt_everything *>(message)->int32_value, i);
    }
    ProtobufCMessage *message = nullptr;
    EXPECT_FALSE(
        pv_is_ok(pv_json_read_next(&pt_everything__info, pv_view_of(text.data(), text.size()),
                                   &options, arena, &error, &position, &message)));
    EXPECT_EQ(std::string(error.message).substr(0, 26), "line 4, column 10: color: ");
    position = text.size();
    forget();
    EXPECT_TRUE(
        pv_is_ok(pv_json_read_next(&pt_everything__info, pv_view_of(text.data(), text.size()),
                                   &options, arena, &error, &position, &message)));
    EXPECT_EQ(message, nullptr);
}

TEST_F(JsonTest, ValuesWithoutTextAreReadAndWritten)
{
    json_t *value = json_pack("{s:i,s:[s]}", "int32_value", 5, "string_list", "a");
    ProtobufCMessage *message = nullptr;
    ASSERT_TRUE(pv_is_ok(
        pv_json_to_message(&pt_everything__info, value, nullptr, arena, &error, &message)));
    json_t *written = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_json_of_message(&pt_everything__info, message, nullptr, &error, &written)));
    EXPECT_TRUE(json_equal(value, written));
    json_decref(written);
    json_object_set_new(value, "color", json_string("GREEN"));
    EXPECT_FALSE(pv_is_ok(
        pv_json_to_message(&pt_everything__info, value, nullptr, arena, &error, &message)));
    EXPECT_STREQ(error.message, "color: \"GREEN\" is no value of the enum purvey.testing.v1.Color");
    json_decref(value);
}

TEST(JsonFault, AnExhaustedArenaIsToldAsSuch)
{
    const char *text =
        R"({"string_value":"abc","leaf":{"name":"x"},"string_list":["a","b"],"text_by_text":{"k":"v"},"bytes_value":"YQ==",)"
        R"("mask":"a,b","decimal":"5","any":{"@type":"x/purvey.testing.v1.Leaf","name":"n"}})";
    const pv_file_info *files[1] = {&pv_file__everything};
    pv_json_options options = {};
    options.files = files;
    options.file_count = 1;
    pv_arena *error_arena = pv_arena_create(1 << 16);
    bool read = false;
    for (size_t ceiling = 16; !read; ceiling += 16) {
        pv_arena *arena = pv_arena_create(ceiling);
        pv_error error;
        pv_error_init(&error, error_arena);
        ProtobufCMessage *message = nullptr;
        read = pv_is_ok(pv_json_read(&pt_everything__info, pv_view_text(text), &options, arena,
                                     &error, &message));
        if (!read) { ASSERT_STREQ(error.reason->name, "ARENA_EXHAUSTED"); }
        pv_arena_destroy(arena);
        pv_arena_reset(error_arena);
    }
    pv_arena_destroy(error_arena);
}

} // namespace
