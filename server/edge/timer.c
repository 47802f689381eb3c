/* timer.c — a binary heap of timers, the earliest first. Of the edge's thread. */
#include "server/edge/internal.h"

#include <stdlib.h>

static void set(edge_timers *timers, size_t place, edge_timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

static void rise(edge_timers *timers, edge_timer *timer)
{
    size_t place = timer->place;
    for (; place > 1 && timers->heap[place / 2]->due_ns > timer->due_ns; place /= 2) {
        set(timers, place, timers->heap[place / 2]);
    }
    set(timers, place, timer);
}

static void sink(edge_timers *timers, edge_timer *timer)
{
    size_t place = timer->place;
    for (size_t child; (child = 2 * place) <= timers->count; place = child) {
        if (child < timers->count &&
            timers->heap[child + 1]->due_ns < timers->heap[child]->due_ns) {
            child++;
        }
        if (timer->due_ns <= timers->heap[child]->due_ns) { break; }
        set(timers, place, timers->heap[child]);
    }
    set(timers, place, timer);
}

void edge_timer_set(edge_timers *timers, edge_timer *timer, int64_t due_ns)
{
    timer->due_ns = due_ns;
    if (timer->place == 0) {
        if (timers->count + 1 >= timers->capacity) {
            timers->capacity = timers->capacity == 0 ? 64 : 2 * timers->capacity;
            timers->heap =
                (edge_timer **)realloc(timers->heap, timers->capacity * sizeof *timers->heap);
            PV_ASSERT(timers->heap != NULL);
        }
        set(timers, ++timers->count, timer);
    }
    rise(timers, timer);
    sink(timers, timer);
}

void edge_timer_clear(edge_timers *timers, edge_timer *timer)
{
    size_t place = timer->place;
    if (place == 0) { return; }
    timer->place = 0;
    edge_timer *last = timers->heap[timers->count--];
    if (last == timer) { return; }
    set(timers, place, last);
    rise(timers, last);
    sink(timers, last);
}

int64_t edge_timer_next_ns(const edge_timers *timers)
{
    return timers->count == 0 ? INT64_MAX : timers->heap[1]->due_ns;
}

edge_timer *edge_timer_due(const edge_timers *timers, int64_t now_ns)
{
    return edge_timer_next_ns(timers) <= now_ns ? timers->heap[1] : NULL;
}
