// A settled thread has its name, and is woken without pushing others aside.
#include "base/thread.h"

#include <gtest/gtest.h>

#include <sched.h>
#include <string>
#include <thread>

namespace purvey {
namespace {

TEST(Thread, IsNamedAndLetsOthersFinish)
{
    std::string name;
    int policy = -1;
    std::thread worker([&] {
        pv_thread_settle(pthread_self(), "worker");
        char text[16];
        if (pthread_getname_np(pthread_self(), text, sizeof text) == 0) { name = text; }
        policy = sched_getscheduler(0);
    });
    worker.join();
    EXPECT_EQ(name, "worker");
    EXPECT_EQ(policy, SCHED_BATCH);
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER) << "nobody else";
}

} // namespace
} // namespace purvey
