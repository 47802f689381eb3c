#include "base/log.h"

#include <gtest/gtest.h>
#include <jansson.h>

#include <string>
#include <thread>
#include <vector>

namespace {

class LogTest : public ::testing::Test {
  protected:
    ~LogTest() override { pv_log_set_level(PV_LOG_INFO); }

    /* What `write` puts on stderr, which must be one line that is one JSON object. */
    template <typename F> json_t *record_of(F write)
    {
        testing::internal::CaptureStderr();
        write();
        line = testing::internal::GetCapturedStderr();
        EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
        EXPECT_EQ(line.empty() ? '?' : line.back(), '\n');
        for (char byte : line) {
            EXPECT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20) << line;
        }
        json_error_t error;
        json_t *record =
            json_loadb(line.data(), line.size(), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
        EXPECT_NE(record, nullptr) << error.text << ": " << line;
        return record;
    }

    std::string line;
};

pv_log_field bytes_field(const char *key, const std::string &bytes)
{
    return pv_log_field{key, pv_view_of(bytes.data(), bytes.size()), 0};
}

std::string value_of(json_t *record, const char *key)
{
    json_t *value = json_object_get(record, key);
    return std::string(json_string_value(value), json_string_length(value));
}

TEST_F(LogTest, ARecordNamesTimeLevelEventAndFields)
{
    json_t *record = record_of([] {
        const pv_log_field fields[] = {pv_log_text("peer", "ipv4:127.0.0.1:1"),
                                       pv_log_number("size", INT64_MIN),
                                       pv_log_text("none", nullptr)};
        pv_log(PV_LOG_WARN, "call_refused", fields, 3);
    });
    EXPECT_EQ(value_of(record, "level"), "warn");
    EXPECT_EQ(value_of(record, "event"), "call_refused");
    EXPECT_EQ(value_of(record, "time").back(), 'Z');
    EXPECT_EQ(value_of(record, "peer"), "ipv4:127.0.0.1:1");
    EXPECT_EQ(value_of(record, "none"), "");
    EXPECT_EQ(json_integer_value(json_object_get(record, "size")), INT64_MIN);
    json_decref(record);
}

TEST_F(LogTest, WhateverAPeerSendsOneRecordIsOneLine)
{
    const struct {
        std::string sent, read;
    } rows[] = {
        {"a\r\nb", "a\r\nb"},
        {std::string("a\0b", 3), std::string("a\0b", 3)},
        {"quote\" back\\slash", "quote\" back\\slash"},
        {"tab\t\x1b[31m\x7f", "tab\t\x1b[31m\x7f"},
        {"\",\"level\":\"error", "\",\"level\":\"error"},
        {"bad \xC3( \xFF \xED\xA0\x80",
         "bad \xEF\xBF\xBD( \xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"line\xE2\x80\xA8 paragraph\xE2\x80\xA9 next\xC2\x85",
         "line\xE2\x80\xA8 paragraph\xE2\x80\xA9 next\xC2\x85"},
        {"Zo\xC3\xAB \xF0\x9F\x98\x80", "Zo\xC3\xAB \xF0\x9F\x98\x80"},
        {"", ""},
    };
    for (const auto &row : rows) {
        json_t *record = record_of([&] {
            pv_log_field field = bytes_field("value", row.sent);
            pv_log(PV_LOG_INFO, "test", &field, 1);
        });
        EXPECT_EQ(value_of(record, "value"), row.read);
        EXPECT_EQ(line.find("\xE2\x80\xA8"), std::string::npos);
        json_decref(record);
    }
}

TEST_F(LogTest, ValuesAreCutAt256Bytes)
{
    for (const char *piece : {"x", "\xC3\xA4", "\xE2\x82\xAC", "\xFF", "\n"}) {
        std::string sent;
        while (sent.size() < 1000) { sent += piece; }
        json_t *record = record_of([&] {
            pv_log_field field = bytes_field("value", sent);
            pv_log(PV_LOG_INFO, "test", &field, 1);
        });
        std::string read = value_of(record, "value");
        ASSERT_GT(read.size(), 3u);
        EXPECT_EQ(read.substr(read.size() - 3), "\xE2\x80\xA6");
        if (piece[0] != '\xFF') { EXPECT_EQ(read.size(), 256 / strlen(piece) * strlen(piece) + 3); }
        json_decref(record);
    }
}

TEST_F(LogTest, FieldsThatDoNotFitAreCounted)
{
    std::string sent(256, '\x01');
    std::vector<std::string> keys;
    for (int i = 0; i < 20; i++) { keys.push_back("key" + std::to_string(i)); }
    json_t *record = record_of([&] {
        std::vector<pv_log_field> fields;
        for (const std::string &key : keys) { fields.push_back(bytes_field(key.c_str(), sent)); }
        fields.push_back(pv_log_number("last", 7));
        pv_log(PV_LOG_ERROR, "test", fields.data(), fields.size());
    });
    EXPECT_EQ(value_of(record, "key0"), sent);
    json_int_t dropped = json_integer_value(json_object_get(record, "fields_dropped"));
    EXPECT_EQ(static_cast<size_t>(dropped) + json_object_size(record) - 4, 21u);
    EXPECT_EQ(json_integer_value(json_object_get(record, "last")), 7);
    json_decref(record);
}

TEST_F(LogTest, BelowTheLevelNothingIsWritten)
{
    testing::internal::CaptureStderr();
    pv_log(PV_LOG_DEBUG, "quiet", nullptr, 0);
    pv_log_set_level(PV_LOG_ERROR);
    pv_log(PV_LOG_WARN, "quiet", nullptr, 0);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(LogTest, RecordsOfManyThreadsDoNotMix)
{
    testing::internal::CaptureStderr();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([i] {
            pv_log_field field = pv_log_number("thread", i);
            for (int j = 0; j < 200; j++) { pv_log(PV_LOG_INFO, "busy", &field, 1); }
        });
    }
    for (std::thread &thread : threads) { thread.join(); }
    std::string text = testing::internal::GetCapturedStderr();
    size_t lines = 0;
    for (size_t start = 0, end; (end = text.find('\n', start)) != std::string::npos;
         start = end + 1) {
        json_t *record = json_loadb(text.data() + start, end - start, 0, nullptr);
        EXPECT_NE(record, nullptr) << text.substr(start, end - start);
        json_decref(record);
        lines++;
    }
    EXPECT_EQ(lines, 800u);
}

} // namespace
