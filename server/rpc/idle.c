/* idle.c — streams that have nothing to send now, found again by their topic or when their
 * heartbeat is due. A hash table of lists, and a binary heap of the heartbeats. Of the polling
 * thread. */
#include "server/rpc/internal.h"

#include <stdlib.h>

static size_t slot_of(const uint8_t topic[16])
{
    uint64_t low;
    uint64_t high;
    memcpy(&low, topic, sizeof low);
    memcpy(&high, topic + sizeof low, sizeof high);
    return (size_t)((low * UINT64_C(0x9e3779b97f4a7c15) ^ high * UINT64_C(0xc2b2ae3d27d4eb4f)) >>
                    40) &
           (PV_RPC_IDLE_SLOTS - 1);
}

static void heap_set(pv_rpc_idle *idle, size_t index, pv_rpc_call *call)
{
    idle->heap[index] = call;
    call->heap_index = index;
}

static void heap_rise(pv_rpc_idle *idle, size_t index)
{
    pv_rpc_call *call = idle->heap[index];
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (idle->heap[parent]->heartbeat_ns <= call->heartbeat_ns) { break; }
        heap_set(idle, index, idle->heap[parent]);
        index = parent;
    }
    heap_set(idle, index, call);
}

static void heap_sink(pv_rpc_idle *idle, size_t index)
{
    pv_rpc_call *call = idle->heap[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= idle->heap_size) { break; }
        if (child + 1 < idle->heap_size &&
            idle->heap[child + 1]->heartbeat_ns < idle->heap[child]->heartbeat_ns) {
            child++;
        }
        if (call->heartbeat_ns <= idle->heap[child]->heartbeat_ns) { break; }
        heap_set(idle, index, idle->heap[child]);
        index = child;
    }
    heap_set(idle, index, call);
}

static void heap_add(pv_rpc_idle *idle, pv_rpc_call *call)
{
    if (idle->heap_size == idle->heap_capacity) {
        size_t capacity = idle->heap_capacity == 0 ? 64 : 2 * idle->heap_capacity;
        idle->heap = (pv_rpc_call **)realloc(idle->heap, capacity * sizeof(pv_rpc_call *));
        PV_ASSERT(idle->heap != NULL);
        idle->heap_capacity = capacity;
    }
    idle->heap[idle->heap_size] = call;
    idle->heap_size++;
    heap_rise(idle, idle->heap_size - 1);
}

static void heap_remove(pv_rpc_idle *idle, pv_rpc_call *call)
{
    size_t index = call->heap_index;
    call->heap_index = SIZE_MAX;
    idle->heap_size--;
    if (index == idle->heap_size) { return; }
    heap_set(idle, index, idle->heap[idle->heap_size]);
    heap_rise(idle, index);
    heap_sink(idle, idle->heap[index]->heap_index);
}

void pv_rpc_idle_add(pv_rpc_call *call)
{
    pv_rpc_idle *idle = &call->server->idle;
    const pv_call *base = pv_rpc_base(call);
    PV_ASSERT(!call->idle);
    call->idle = true;
    pv_rpc_call **slot = &idle->slots[slot_of(base->wake_topic)];
    call->idle_next = *slot;
    call->idle_link = slot;
    if (*slot != NULL) { (*slot)->idle_link = &call->idle_next; }
    *slot = call;
    if (base->wake_after_ms <= 0) { return; }
    int64_t wait_ms = base->wake_after_ms < PV_RPC_HEARTBEAT_MS_MIN ? PV_RPC_HEARTBEAT_MS_MIN
                                                                    : base->wake_after_ms;
    int64_t now_ns = pv_time_monotonic_ns();
    int64_t longest_ms = (INT64_MAX - now_ns) / PV_NS_PER_MS;
    call->heartbeat_ns = wait_ms >= longest_ms ? INT64_MAX : now_ns + wait_ms * PV_NS_PER_MS;
    heap_add(idle, call);
}

void pv_rpc_idle_remove(pv_rpc_call *call)
{
    if (!call->idle) { return; }
    call->idle = false;
    *call->idle_link = call->idle_next;
    if (call->idle_next != NULL) { call->idle_next->idle_link = call->idle_link; }
    if (call->heap_index != SIZE_MAX) { heap_remove(&call->server->idle, call); }
}

static void wake(pv_rpc_call *call)
{
    pv_rpc_idle_remove(call);
    call->pull = true;
    call->waited = true;
    pv_rpc_call_drive(call);
}

/* Streams that go idle again while they are driven are put in front of the list, so a walk from a
 * remembered head would meet them for ever: the list is taken off first. */
static void wake_slot(pv_rpc_server *server, size_t slot, const uint8_t *topic)
{
    pv_rpc_call *list = server->idle.slots[slot];
    server->idle.slots[slot] = NULL;
    if (list != NULL) { list->idle_link = &list; }
    while (list != NULL) {
        pv_rpc_call *call = list;
        if (topic == NULL || memcmp(pv_rpc_base(call)->wake_topic, topic, 16) == 0) {
            wake(call);
            continue;
        }
        /* Another topic of the same slot: back it goes. */
        list = call->idle_next;
        if (list != NULL) { list->idle_link = &list; }
        pv_rpc_call **head = &server->idle.slots[slot];
        call->idle_next = *head;
        call->idle_link = head;
        if (*head != NULL) { (*head)->idle_link = &call->idle_next; }
        *head = call;
    }
}

void pv_rpc_idle_wake(pv_rpc_server *server, const uint8_t topic[16])
{
    wake_slot(server, slot_of(topic), topic);
}

void pv_rpc_idle_wake_all(pv_rpc_server *server)
{
    for (size_t slot = 0; slot < PV_RPC_IDLE_SLOTS; slot++) {
        if (server->idle.slots[slot] != NULL) { wake_slot(server, slot, NULL); }
    }
}

int64_t pv_rpc_idle_next_ns(const pv_rpc_server *server)
{
    return server->idle.heap_size == 0 ? INT64_MAX : server->idle.heap[0]->heartbeat_ns;
}

void pv_rpc_idle_beat(pv_rpc_server *server, int64_t now_ns)
{
    /* A stream that goes idle again is due at least PV_RPC_HEARTBEAT_MS_MIN later, so this ends. */
    while (server->idle.heap_size > 0 && server->idle.heap[0]->heartbeat_ns <= now_ns) {
        wake(server->idle.heap[0]);
    }
}
