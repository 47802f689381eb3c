// Group commit, step by step: when the store is made durable, and who is answered what, and when; and what becomes of a
// call that asks the world outside. The store is the memory engine with one function of it replaced, which writes down
// that it was called and can fail.
#include "note.pv.h"
#include "server/pipeline/pipeline.h"
#include "storage/engine.h"
#include "storage/memory/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Strings = std::vector<std::string>;

/* What happened, in order; of the one test that runs. */
Strings events;
std::atomic<int> answered; /* calls */
pv_code sync_gives = PV_CODE_OK;
const pv_engine *memory_engine = nullptr;

pv_status Sync(pv_store *store, pv_engine_view *view)
{
    events.push_back("sync");
    if (sync_gives == PV_CODE_OK) { return memory_engine->write_commit(store, view); }
    memory_engine->write_abort(store, view);
    return pv_status_of(sync_gives);
}

const pv_reason kRefused = {"REFUSED", PV_CODE_FAILED_PRECONDITION, "Refused.", "Do not."};

/* What is asked of the world outside, at the moment it is. */
std::function<pv_code(const std::string &)> outside;

pv_resolved Resolve(const pv_resolver *, const char *name, pv_arena *arena)
{
    pv_resolved answer = {};
    answer.status = pv_status_of(outside(name));
    if (!pv_is_ok(answer.status)) { return answer; }
    answer.texts = static_cast<const char **>(pv_arena_zalloc(arena, 1, sizeof *answer.texts));
    answer.texts[0] = pv_arena_printf(arena, "at %s", name);
    answer.count = 1;
    return answer;
}

const pv_resolver kResolver = {Resolve, nullptr};

/* Writes what was found at a name; is refused with the code of the answer if it is none. */
pv_status Store(pv_call *call, const char *name)
{
    pv_resolved found;
    PV_TRY(pv_resolve(call, name, &found));
    PV_TRY(found.status);
    return pv_txn_put(call->context->txn, pv_view_text(found.texts[0]), pv_view_text(name));
}

/* Writes the text of the request as a key. "refuse" is refused after it has written. "read" writes nothing. "?NAME"
 * resolves the name. */
pv_status Handle(pv_call *call, const ProtobufCMessage *request, ProtobufCMessage *)
{
    pv_view text =
        pv_view_text(reinterpret_cast<const purvey_pipelinetest_v1_write_request *>(request)->text);
    if (pv_view_equal(text, pv_view_text("read"))) { return pv_ok(); }
    if (text.data[0] == '?') { return Store(call, reinterpret_cast<const char *>(text.data) + 1); }
    if (pv_view_equal(text, pv_view_text("twice"))) {
        pv_view part = pv_view_text(call->context->durable ? "done" : "intent");
        PV_TRY(pv_txn_put(call->context->txn, part, part));
        return call->context->durable ? pv_ok() : pv_run_again(call, "");
    }
    PV_TRY(pv_txn_put(call->context->txn, text, text));
    if (pv_view_equal(text, pv_view_text("refuse"))) {
        return pv_refuse(&call->error, &kRefused, nullptr);
    }
    return pv_ok();
}

const pv_handler kHandler = {Handle, nullptr, nullptr, nullptr};

struct Call {
    pv_exchange exchange;
    pv_arena *arena;
    std::string name;
    std::string packed;
};

void Done(pv_call *call, pv_status status)
{
    events.push_back(reinterpret_cast<Call *>(call)->name + " " + pv_code_name(status.code));
    answered++;
}

void Random(void *, uint8_t *bytes, size_t size)
{
    memset(bytes, 1, size);
}

pv_time Clock(void *)
{
    pv_time now = {INT64_C(1764547200) * PV_NS_PER_S};
    return now;
}

class Commit : public testing::Test {
  protected:
    Commit()
    {
        events.clear();
        answered = 0;
        sync_gives = PV_CODE_OK;
        EXPECT_TRUE(pv_is_ok(pv_memory_open(nullptr, &store_)));
        memory_engine = store_->engine;
        engine_ = *memory_engine;
        engine_.write_commit = Sync;
        store_->engine = &engine_;
        method_.path = "/test/Write";
        method_.service = "test";
        method_.name = "Write";
        method_.kind = PV_METHOD_UNARY;
        method_.flags = PV_METHOD_WRITES | PV_METHOD_PUBLIC;
        method_.module = PV_MODULE_USAGE; /* none that changes who may do what */
        method_.request = &purvey_pipelinetest_v1_write_request__info;
        method_.response = &purvey_pipelinetest_v1_write_response__info;
        Make(&kResolver);
    }

    void Make(const pv_resolver *resolver)
    {
        pv_pipeline_destroy(pipeline_);
        pv_pipeline_config config = {};
        config.store = store_;
        config.resolver = resolver;
        config.clock = Clock;
        config.random = Random;
        config.done = Done;
        pipeline_ = pv_pipeline_create(&config);
    }

    ~Commit() override
    {
        for (auto &call : calls_) {
            pv_pipeline_release(pipeline_, &call->exchange.call);
            pv_arena_destroy(call->arena);
        }
        pv_pipeline_destroy(pipeline_);
        store_->engine = memory_engine;
        pv_store_close(store_);
    }

    /* A call that waits in the queue. */
    void Ask(const std::string &text)
    {
        calls_.push_back(std::make_unique<Call>());
        Call *call = calls_.back().get();
        call->arena = pv_arena_create(1 << 20);
        call->name = text;
        call->packed = std::string("\x0a") + static_cast<char>(text.size()) + text;
        pv_exchange_init(&call->exchange, &method_, &kHandler, call->arena, call->arena);
        pv_exchange_receive(&call->exchange, PV_PHASE_UNARY,
                            pv_view_of(call->packed.data(), call->packed.size()));
        ASSERT_TRUE(pv_is_ok(pv_pipeline_admit(pipeline_, &call->exchange.call)));
        pv_pipeline_run(pipeline_, &call->exchange.call);
    }

    bool IsStored(const std::string &key)
    {
        pv_arena *arena = pv_arena_create(1 << 16);
        pv_txn *txn = nullptr;
        EXPECT_TRUE(pv_is_ok(pv_read_begin(store_, arena, &txn)));
        pv_view value;
        bool found = pv_is_ok(pv_txn_get(txn, pv_view_text(key.c_str()), &value));
        pv_txn_abort(txn);
        pv_arena_destroy(arena);
        return found;
    }

    pv_store *store_ = nullptr;
    pv_engine engine_ = {};
    pv_method_info method_ = {};
    pv_pipeline *pipeline_ = nullptr;
    std::vector<std::unique_ptr<Call>> calls_;
};

TEST_F(Commit, EveryAnswerComesBehindTheSync)
{
    for (const char *text : {"a", "b", "c"}) { Ask(text); }
    EXPECT_EQ(events, Strings{}) << "nothing is answered before its batch";
    EXPECT_EQ(pv_pipeline_commit(pipeline_), 3U);
    EXPECT_EQ(events, (Strings{"sync", "a OK", "b OK", "c OK"}));
    EXPECT_TRUE(IsStored("a") && IsStored("b") && IsStored("c"));
}

TEST_F(Commit, WhatRunsAgainIsDurableBeforeAndAnsweredOnce)
{
    for (const char *text : {"a", "twice", "b"}) { Ask(text); }
    EXPECT_EQ(pv_pipeline_commit(pipeline_), 4U);
    EXPECT_EQ(events, (Strings{"sync", "a OK", "b OK", "sync", "twice OK"}));
    EXPECT_TRUE(IsStored("intent") && IsStored("done"));
}

TEST_F(Commit, WhatWasToRunAgainIsRefusedWithItsLostBatch)
{
    sync_gives = PV_CODE_DATA_LOSS;
    Ask("twice");
    EXPECT_EQ(pv_pipeline_commit(pipeline_), 1U);
    EXPECT_EQ(events, (Strings{"sync", "twice DATA_LOSS"}));
    EXPECT_FALSE(IsStored("intent"));
}

TEST_F(Commit, ARefusedCallLeavesNoTrace)
{
    for (const char *text : {"a", "refuse", "b"}) { Ask(text); }
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(events, (Strings{"sync", "a OK", "refuse FAILED_PRECONDITION", "b OK"}));
    EXPECT_TRUE(IsStored("a") && IsStored("b"));
    EXPECT_FALSE(IsStored("refuse"));
}

TEST_F(Commit, WhatWasNotMadeDurableIsNotSaidToBe)
{
    sync_gives = PV_CODE_RESOURCE_EXHAUSTED;
    for (const char *text : {"a", "refuse", "b"}) { Ask(text); }
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(events, (Strings{"sync", "a RESOURCE_EXHAUSTED", "refuse RESOURCE_EXHAUSTED",
                               "b RESOURCE_EXHAUSTED"}))
        << "also who was refused for what stood in the lost batch";
    EXPECT_FALSE(IsStored("a") || IsStored("b"));
    sync_gives = PV_CODE_OK;
    events.clear();
    Ask("c");
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(events, (Strings{"sync", "c OK"})) << "the next batch is not harmed";
}

TEST_F(Commit, OneSyncForAllThatWaitAndNoneForNothing)
{
    Ask("alone");
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(events, (Strings{"sync", "alone OK"})) << "idle: a call waits for its own sync only";
    events.clear();
    for (int i = 0; i < PV_PIPELINE_BATCH_MAX + 1; i++) { Ask("k" + std::to_string(i)); }
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(std::count(events.begin(), events.end(), "sync"), 2);
    EXPECT_EQ(events[PV_PIPELINE_BATCH_MAX + 1], "sync") << "the first batch is answered before";
    events.clear();
    Ask("refuse");
    Ask("read");
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(events, (Strings{"refuse FAILED_PRECONDITION", "read OK"}));
}

// --- calls that ask the world outside ---

TEST_F(Commit, ACallThatAsksRunsAgainWithTheAnswerWhenOthersAreThrough)
{
    outside = [](const std::string &name) {
        events.push_back("asked " + name);
        return PV_CODE_OK;
    };
    for (const char *text : {"?a", "b"}) { Ask(text); }
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(events, (Strings{"sync", "asked a", "b OK", "sync", "?a OK"}));
    EXPECT_TRUE(IsStored("at a") && IsStored("b"));
}

TEST_F(Commit, WithoutAnAnswerTheCallIsToldSo)
{
    outside = [](const std::string &) { return PV_CODE_UNAVAILABLE; };
    Ask("?a");
    pv_pipeline_commit(pipeline_);
    Make(nullptr);
    Ask("?b");
    pv_pipeline_commit(pipeline_);
    EXPECT_EQ(events, (Strings{"?a UNAVAILABLE", "?b UNIMPLEMENTED"}));
    EXPECT_FALSE(IsStored("at a"));
}

class Slow : public Commit {
  protected:
    Slow()
    {
        outside = [this](const std::string &) {
            asked++;
            while (!released) { usleep(1000); }
            return PV_CODE_OK;
        };
    }

    static void Await(const std::atomic<int> &count, int least)
    {
        for (int i = 0; i < 10000 && count < least; i++) { usleep(1000); }
        ASSERT_GE(count, least);
    }

    std::atomic<int> asked{0};
    std::atomic<bool> released{false};
};

TEST_F(Slow, AnAnswerThatTakesLongHoldsNobodyElseUp)
{
    pv_pipeline_start(pipeline_);
    Ask("?a");
    Await(asked, 1);
    Ask("b");
    Await(answered, 1);
    released = true;
    Await(answered, 2);
    pv_pipeline_stop(pipeline_);
    EXPECT_EQ(events, (Strings{"sync", "b OK", "sync", "?a OK"}));
}

TEST_F(Slow, OneAccountWaitsForFewAnswersOnly)
{
    pv_pipeline_start(pipeline_);
    for (int i = 0; i <= PV_PIPELINE_ASKING_PER_ACCOUNT; i++) { Ask("?" + std::to_string(i)); }
    Await(answered, 1);
    released = true;
    Await(answered, PV_PIPELINE_ASKING_PER_ACCOUNT + 1);
    pv_pipeline_stop(pipeline_);
    EXPECT_EQ(events[0],
              "?" + std::to_string(PV_PIPELINE_ASKING_PER_ACCOUNT) + " RESOURCE_EXHAUSTED");
    EXPECT_EQ(asked, PV_PIPELINE_ASKING_PER_ACCOUNT);
}

TEST_F(Slow, AtTheEndWhoeverStillWaitsIsAnswered)
{
    pv_pipeline_start(pipeline_);
    for (const char *text : {"?a", "?b"}) { Ask(text); }
    Await(asked, 1);
    std::thread later([this] {
        usleep(100 * 1000);
        released = true;
    });
    pv_pipeline_stop(pipeline_);
    later.join();
    std::sort(events.begin(), events.end());
    EXPECT_EQ(events, (Strings{"?a OK", "?b UNAVAILABLE", "sync"}));
    EXPECT_EQ(asked, 1);
}

} // namespace
