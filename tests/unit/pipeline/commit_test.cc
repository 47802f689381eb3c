// Group commit, step by step: when the store is made durable, and who is answered what, and when. The store is the
// memory engine with one function of it replaced, which writes down that it was called and can fail.
#include "note.pv.h"
#include "server/pipeline/pipeline.h"
#include "storage/engine.h"
#include "storage/memory/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace {

using Strings = std::vector<std::string>;

/* What happened, in order; of the one test that runs. */
Strings events;
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

/* Writes the text of the request as a key. "refuse" is refused after it has written. "read" writes nothing. */
pv_status Handle(pv_call *call, const ProtobufCMessage *request, ProtobufCMessage *)
{
    pv_view text =
        pv_view_text(reinterpret_cast<const purvey_pipelinetest_v1_write_request *>(request)->text);
    if (pv_view_equal(text, pv_view_text("read"))) { return pv_ok(); }
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
        pv_pipeline_config config = {};
        config.store = store_;
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

} // namespace
