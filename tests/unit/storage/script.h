// script.h — plays a script against a store. A script is lines of words; "." is the empty text, "\xNN" a byte.
//
//   batch | sync | drop             opens, commits, aborts the batch
//   call | commit | abort           opens, folds, aborts a call on the batch
//   read NAME | end NAME            opens, ends a snapshot
//   in NAME | in call               which transaction the next lines ask; `read` and `call` select theirs
//   put KEY VALUE | del KEY
//   get KEY VALUE                   VALUE "-": there is no such key
//   fwd FROM TO [KEY=VALUE ...]     a scan gives exactly these; rev: backwards; fwd:N and rev:N: at most N
//   prefix P [KEY=VALUE ...]        a scan of all keys that begin with P
//   revision N                      of the selected transaction
//   reopen                          closes and opens the store
//   fails CODE LINE                 the line's operation gives this code
#ifndef PV_TESTS_UNIT_STORAGE_SCRIPT_H
#define PV_TESTS_UNIT_STORAGE_SCRIPT_H

#include "tests/unit/storage/fixture.h"

#include <list>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace store_test {

class Player {
  public:
    explicit Player(Store &store) : store_(store) {}

    ~Player()
    {
        for (auto &entry : reads_) { pv_txn_abort(entry.second); }
        if (call_ != nullptr) { pv_txn_abort(call_); }
        if (batch_ != nullptr) { pv_batch_abort(batch_); }
    }

    void Play(const std::string &script)
    {
        std::istringstream lines(script);
        std::string line;
        while (std::getline(lines, line)) {
            std::istringstream text(line);
            std::vector<std::string> words;
            for (std::string word; text >> word;) { words.push_back(word); }
            if (words.empty()) { continue; }
            std::string expected = "OK";
            if (words[0] == "fails") {
                expected = words.at(1);
                words.erase(words.begin(), words.begin() + 2);
            }
            words.resize(words.size() < 3 ? 3 : words.size());
            EXPECT_EQ(Step(words, line), expected) << line;
        }
    }

  private:
    using Words = std::vector<std::string>;

    static std::string Decode(const std::string &word)
    {
        if (word == ".") { return ""; }
        std::string bytes;
        for (size_t i = 0; i < word.size(); i++) {
            if (word[i] == '\\' && i + 3 < word.size()) {
                bytes += static_cast<char>(std::stoi(word.substr(i + 2, 2), nullptr, 16));
                i += 3;
            } else {
                bytes += word[i];
            }
        }
        return bytes;
    }

    static std::string Encode(pv_view bytes)
    {
        if (bytes.size == 0) { return "."; }
        std::string word;
        for (size_t i = 0; i < bytes.size; i++) {
            char text[8];
            bool plain = bytes.data[i] > 0x20 && bytes.data[i] < 0x7f;
            std::snprintf(text, sizeof text, plain ? "%c" : "\\x%02x", bytes.data[i]);
            word += text;
        }
        return word;
    }

    std::string Step(const Words &words, const std::string &line)
    {
        const std::string verb = words[0].substr(0, words[0].find(':'));
        if (verb == "put" || verb == "del" || verb == "get" || verb == "fwd" || verb == "rev" ||
            verb == "prefix" || verb == "revision") {
            return Use(words, line);
        }
        return Control(words);
    }

    std::string Control(const Words &words)
    {
        const std::string &verb = words[0];
        if (verb == "batch") { return Code(pv_batch_begin(store_.get(), &batch_)); }
        if (verb == "sync") { return Code(pv_batch_commit(std::exchange(batch_, nullptr))); }
        if (verb == "drop") {
            pv_batch_abort(std::exchange(batch_, nullptr));
            return "OK";
        }
        if (verb == "call") {
            pv_status status = pv_write_begin(batch_, NewArena(), &call_);
            current_ = call_;
            return Code(status);
        }
        if (verb == "commit") { return Code(pv_txn_commit(std::exchange(call_, nullptr))); }
        if (verb == "abort") {
            pv_txn_abort(std::exchange(call_, nullptr));
            return "OK";
        }
        if (verb == "read") {
            pv_status status = pv_read_begin(store_.get(), NewArena(), &current_);
            reads_[words[1]] = current_;
            return Code(status);
        }
        if (verb == "end") {
            pv_txn_abort(reads_.at(words[1]));
            reads_.erase(words[1]);
            return "OK";
        }
        if (verb == "in") {
            current_ = words[1] == "call" ? call_ : reads_.at(words[1]);
            return "OK";
        }
        if (verb == "reopen") {
            store_.Reopen();
            return "OK";
        }
        return "no such verb";
    }

    std::string Use(const Words &words, const std::string &line)
    {
        const std::string &verb = words[0];
        const std::string key = Decode(words[1]);
        if (verb == "put") { return Code(pv_txn_put(current_, View(key), View(Decode(words[2])))); }
        if (verb == "del") { return Code(pv_txn_delete(current_, View(key))); }
        if (verb == "revision") {
            EXPECT_EQ(pv_txn_revision(current_), std::stoull(words[1])) << line;
            return "OK";
        }
        if (verb == "get") {
            pv_view value = pv_view_of(nullptr, 0);
            pv_status status = pv_txn_get(current_, View(key), &value);
            if (words[2] == "-" && status.code == PV_CODE_NOT_FOUND) { return "OK"; }
            if (pv_is_ok(status)) { EXPECT_EQ(Encode(value), words[2]) << line; }
            return Code(status);
        }
        return Scan(words, line);
    }

    std::string Scan(const Words &words, const std::string &line)
    {
        const std::string from = Decode(words[1]);
        const std::string to = Decode(words[2]);
        pv_range range = {View(from), View(to), words[0].substr(0, 3) == "rev", 0};
        if (words[0].find(':') == 3) {
            range.limit = static_cast<uint32_t>(std::stoul(words[0].substr(4)));
        }
        size_t first = 3;
        if (words[0] == "prefix") {
            EXPECT_CODE("OK", pv_range_of_prefix(NewArena(), View(from), &range));
            first = 2;
        }
        std::string expected;
        for (size_t i = first; i < words.size(); i++) {
            expected += words[i].empty() ? "" : " " + words[i];
        }

        pv_scan *scan = nullptr;
        pv_status status = pv_scan_open(current_, NewArena(), range, &scan);
        if (!pv_is_ok(status)) { return Code(status); }
        std::string found;
        pv_view key, value;
        while (pv_is_ok(status = pv_scan_next(scan, &key, &value))) {
            found += " " + Encode(key) + "=" + Encode(value);
        }
        EXPECT_CODE("NOT_FOUND", status) << line;
        EXPECT_CODE("NOT_FOUND", pv_scan_next(scan, &key, &value)) << line;
        pv_scan_close(scan);
        EXPECT_EQ(found, expected) << line;
        return "OK";
    }

    pv_arena *NewArena()
    {
        arenas_.emplace_back(size_t{1} << 20);
        return arenas_.back();
    }

    Store &store_;
    std::list<Arena> arenas_;
    std::map<std::string, pv_txn *> reads_;
    pv_batch *batch_ = nullptr;
    pv_txn *call_ = nullptr;
    pv_txn *current_ = nullptr;
};

} // namespace store_test

#endif
