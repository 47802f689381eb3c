// The rules of the CSV reader: what a record is, and which line and column a fault is told at.
#include "client/csv/csv.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace {

// Hands out a text in pieces, so that every state of the scan meets the end of a read.
struct Pieces {
    std::string text;
    size_t piece;
    size_t at = 0;
    int error = 0; // given at the end instead of the end

    static int64_t read(void *context, uint8_t *bytes, size_t size)
    {
        Pieces *self = static_cast<Pieces *>(context);
        size_t count = std::min({size, self->piece, self->text.size() - self->at});
        memcpy(bytes, self->text.data() + self->at, count);
        self->at += count;
        if (count == 0 && self->error != 0) {
            errno = self->error;
            return -1;
        }
        return static_cast<int64_t>(count);
    }
};

using Record = std::vector<std::string>;

struct Outcome {
    std::vector<Record> records;
    std::vector<uint64_t> lines;
    pv_code code = PV_CODE_OK;
    pv_csv_fault fault = {};
    uint64_t offset = 0;
};

Outcome read_all(const std::string &text, size_t piece, int error = 0)
{
    pv_arena *arena = pv_arena_create(2 << 20);
    Pieces pieces{text, piece, 0, error};
    pv_csv_source source = {Pieces::read, &pieces};
    pv_csv *csv = nullptr;
    EXPECT_TRUE(pv_is_ok(pv_csv_open(arena, source, &csv)));
    Outcome outcome;
    for (;;) {
        pv_csv_record record = {};
        bool found = false;
        pv_status status = pv_csv_next(csv, &found, &record);
        outcome.code = status.code;
        if (!pv_is_ok(status)) {
            outcome.fault = *pv_csv_fault_of(csv);
            EXPECT_EQ(pv_csv_next(csv, &found, &record).code, status.code) << "a fault is final";
            break;
        }
        if (!found) { break; }
        Record fields;
        for (size_t i = 0; i < record.field_count; i++) {
            const char *field = reinterpret_cast<const char *>(record.fields[i].data);
            fields.emplace_back(field, record.fields[i].size);
            EXPECT_EQ(field[record.fields[i].size], '\0') << "a field is a C string too";
        }
        outcome.records.push_back(fields);
        outcome.lines.push_back(record.line);
    }
    outcome.offset = pv_csv_offset(csv);
    pv_arena_destroy(arena);
    return outcome;
}

struct Good {
    const char *rule;
    std::string text;
    std::vector<Record> records;
    std::vector<uint64_t> lines;
};

const Good good[] = {
    {"plain fields, LF", "a,b\n1,2\n", {{"a", "b"}, {"1", "2"}}, {1, 2}},
    {"CRLF", "a,b\r\n1,2\r\n", {{"a", "b"}, {"1", "2"}}, {1, 2}},
    {"last line unended", "a,b\n1,2", {{"a", "b"}, {"1", "2"}}, {1, 2}},
    {"last field empty and unended", "a,b\n1,", {{"a", "b"}, {"1", ""}}, {1, 2}},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "a,b\n1,2\n",
     {{"a", "b"}, {"1", "2"}},
     {1, 2}},
    {"byte order mark before a quote",
     "\xEF\xBB\xBF"
     "\"a\",b\n",
     {{"a", "b"}},
     {1}},
    {"empty fields", "a,b,c\n,,\n", {{"a", "b", "c"}, {"", "", ""}}, {1, 2}},
    {"quoted empty", "\"\",b\n", {{"", "b"}}, {1}},
    {"comma in quotes", "\"a,x\",b\n", {{"a,x", "b"}}, {1}},
    {"doubled quotes", "\"a \"\"x\"\"\",\"\"\"\"\n", {{"a \"x\"", "\""}}, {1}},
    {"line break in quotes",
     "a,b\n\"1\n2\r\n3\",x\n4,5\n",
     {{"a", "b"}, {"1\n2\r\n3", "x"}, {"4", "5"}},
     {1, 2, 5}},
    {"blanks are kept", " a , b\n", {{" a ", " b"}}, {1}},
    {"empty lines are skipped", "a,b\n\n1,2\r\n\r\n\n", {{"a", "b"}, {"1", "2"}}, {1, 3}},
    {"one column", "a\n1\n2", {{"a"}, {"1"}, {"2"}}, {1, 2, 3}},
    {"UTF-8", "\xC3\xA9,\xF0\x9F\x98\x80\n", {{"\xC3\xA9", "\xF0\x9F\x98\x80"}}, {1}},
};

TEST(Csv, ReadsWhatRfc4180Writes)
{
    for (const Good &row : good) {
        for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{4096}}) {
            Outcome outcome = read_all(row.text, piece);
            EXPECT_EQ(outcome.code, PV_CODE_OK) << row.rule << ": " << outcome.fault.text;
            EXPECT_EQ(outcome.records, row.records) << row.rule << " in pieces of " << piece;
            EXPECT_EQ(outcome.lines, row.lines) << row.rule;
            EXPECT_EQ(outcome.offset, row.text.size()) << row.rule;
        }
    }
}

struct Bad {
    const char *rule;
    std::string text;
    pv_csv_fault_kind kind;
    uint64_t line;
    uint64_t column;
    size_t records; // given before the fault
};

const Bad bad[] = {
    {"empty file", "", PV_CSV_FAULT_EMPTY, 1, 1, 0},
    {"only a mark", "\xEF\xBB\xBF", PV_CSV_FAULT_EMPTY, 1, 1, 0},
    {"only empty lines", "\n\r\n", PV_CSV_FAULT_EMPTY, 3, 1, 0},
    {"unclosed quote", "a,b\n1,\"2\n3,4\n", PV_CSV_FAULT_UNCLOSED_QUOTE, 2, 3, 1},
    {"unclosed quote behind a doubled one", "a,b\n1,\"2\"\"\n", PV_CSV_FAULT_UNCLOSED_QUOTE, 2, 3,
     1},
    {"unclosed quote at the end", "a,b\n1,\"", PV_CSV_FAULT_UNCLOSED_QUOTE, 2, 3, 1},
    {"quote in a field", "a,b\n1,2\"x\n", PV_CSV_FAULT_QUOTE_IN_FIELD, 2, 4, 1},
    {"text behind a quote", "a,b\n1,\"2\"x\n", PV_CSV_FAULT_TEXT_AFTER_QUOTE, 2, 6, 1},
    {"blank behind a quote", "\"a\" ,b\n", PV_CSV_FAULT_TEXT_AFTER_QUOTE, 1, 4, 0},
    {"carriage return alone", "a,b\r1,2\r", PV_CSV_FAULT_CARRIAGE_RETURN, 1, 4, 0},
    {"carriage return at the end", "a,b\n1,2\r", PV_CSV_FAULT_CARRIAGE_RETURN, 2, 4, 1},
    {"too few fields", "a,b,c\n1,2\n3,4,5\n", PV_CSV_FAULT_TOO_FEW_FIELDS, 2, 4, 1},
    {"file cut inside a row", "a,b,c\n1,2,3\n4,5", PV_CSV_FAULT_TOO_FEW_FIELDS, 3, 4, 2},
    {"too many fields", "a,b\n1,2,3\n", PV_CSV_FAULT_TOO_MANY_FIELDS, 2, 5, 1},
    {"too many empty fields", "a,b\n1,2,\n", PV_CSV_FAULT_TOO_MANY_FIELDS, 2, 5, 1},
    {"NUL", std::string("a,b\n1,\0x\n", 9), PV_CSV_FAULT_NUL, 2, 3, 1},
    {"NUL in quotes", std::string("a,b\n1,\"x\n\0\"\n", 12), PV_CSV_FAULT_NUL, 3, 1, 1},
    {"not UTF-8", "a,b\n\xC3\xA9,\xFF\n", PV_CSV_FAULT_NOT_UTF8, 2, 3, 1},
    {"cut character", "a,b\n1,\xC3\n", PV_CSV_FAULT_NOT_UTF8, 2, 3, 1},
    {"surrogate", "a,b\n1,\xED\xA0\x80\n", PV_CSV_FAULT_NOT_UTF8, 2, 3, 1},
    {"UTF-16",
     std::string("\xFF\xFE"
                 "a\0",
                 4),
     PV_CSV_FAULT_NOT_UTF8, 1, 1, 0},
    {"columns count characters, lines count breaks in quotes", "a,b\n\"\n\xC3\xA9\xC3\xA9\",x\"\n",
     PV_CSV_FAULT_QUOTE_IN_FIELD, 3, 6, 1},
};

TEST(Csv, TellsKindLineAndColumnOfAFault)
{
    for (const Bad &row : bad) {
        for (size_t piece : {size_t{1}, size_t{3}, size_t{4096}}) {
            Outcome outcome = read_all(row.text, piece);
            EXPECT_EQ(outcome.code, PV_CODE_INVALID_ARGUMENT) << row.rule;
            EXPECT_EQ(outcome.fault.kind, row.kind) << row.rule << ": " << outcome.fault.text;
            EXPECT_EQ(outcome.fault.line, row.line) << row.rule;
            EXPECT_EQ(outcome.fault.column, row.column) << row.rule;
            EXPECT_EQ(outcome.records.size(), row.records) << row.rule;
            EXPECT_NE(outcome.fault.text[0], '\0') << row.rule;
        }
    }
}

TEST(Csv, NamesHowManyFieldsATruncatedRowHas)
{
    EXPECT_STREQ(read_all("a,b,c\n1,2", 100).fault.text, "The row ends after 2 of 3 fields.");
}

TEST(Csv, ReadFailureIsNotTheEnd)
{
    Outcome outcome = read_all("a,b\n1,2\n3", 4, EIO);
    EXPECT_EQ(outcome.code, PV_CODE_UNAVAILABLE);
    EXPECT_EQ(outcome.fault.kind, PV_CSV_FAULT_READ);
    EXPECT_EQ(outcome.records.size(), 2u);
}

TEST(Csv, LongestRecordIsReadAndOneMoreByteRefused)
{
    std::string field(PV_CSV_RECORD_BYTES_MAX - 3, 'x');
    for (size_t piece : {size_t{4096}, size_t{1} << 20}) {
        Outcome fits = read_all("a,b\n" + field + ",y\n" + "1,2\n", piece);
        EXPECT_EQ(fits.code, PV_CODE_OK) << fits.fault.text;
        EXPECT_EQ(fits.records.size(), 3u);
        Outcome over = read_all("a,b\n" + field + "x,y\n1,2\n", piece);
        EXPECT_EQ(over.fault.kind, PV_CSV_FAULT_RECORD_TOO_LONG);
        EXPECT_EQ(over.fault.line, 2u);
        Outcome far_over = read_all("a,b\n" + field + field + field + ",y\n1,2\n", piece);
        EXPECT_EQ(far_over.fault.kind, PV_CSV_FAULT_RECORD_TOO_LONG);
        Outcome quote = read_all("a,b\n1,\"" + field + field + ",y\n1,2\n", piece);
        EXPECT_EQ(quote.fault.kind, PV_CSV_FAULT_UNCLOSED_QUOTE);
        EXPECT_EQ(quote.fault.line, 2u);
        EXPECT_EQ(quote.fault.column, 3u);
    }
}

TEST(Csv, MostFieldsAreReadAndOneMoreRefused)
{
    std::string commas(PV_CSV_FIELDS_MAX - 1, ',');
    EXPECT_EQ(read_all(commas + "\n", 100).records.at(0).size(), size_t{PV_CSV_FIELDS_MAX});
    EXPECT_EQ(read_all(commas + ",\n", 100).fault.kind, PV_CSV_FAULT_TOO_MANY_FIELDS);
}

TEST(Csv, ManyRecordsCrossTheBufferUnharmed)
{
    std::string text = "n,text\n";
    for (int i = 0; i < 40000; i++) {
        text += std::to_string(i) + ",\"row \"\"" + std::to_string(i) + "\"\",\n" +
                std::string(static_cast<size_t>(i % 90), 'z') + "\"\n";
    }
    Outcome outcome = read_all(text, 60001);
    ASSERT_EQ(outcome.code, PV_CODE_OK) << outcome.fault.text;
    ASSERT_EQ(outcome.records.size(), 40001u);
    for (int i = 0; i < 40000; i += 997) {
        const Record &record = outcome.records.at(static_cast<size_t>(i) + 1);
        EXPECT_EQ(record[0], std::to_string(i));
        EXPECT_EQ(record[1], "row \"" + std::to_string(i) + "\",\n" +
                                 std::string(static_cast<size_t>(i % 90), 'z'));
        EXPECT_EQ(outcome.lines.at(static_cast<size_t>(i) + 1), static_cast<uint64_t>(2 * i + 2));
    }
}

TEST(Csv, SmallArenaIsAnAnswerNotACrash)
{
    pv_arena *arena = pv_arena_create(4096);
    Pieces pieces{"a\n", 10};
    pv_csv_source source = {Pieces::read, &pieces};
    pv_csv *csv = nullptr;
    EXPECT_EQ(pv_csv_open(arena, source, &csv).code, PV_CODE_RESOURCE_EXHAUSTED);
    pv_arena_destroy(arena);
}

} // namespace
