/* pool.c — call records and arenas that wait for their next call. Of the polling thread. */
#include "server/rpc/internal.h"

#include <stdlib.h>

pv_rpc_call *pv_rpc_pool_take(pv_rpc_server *server)
{
    pv_rpc_pool *pool = &server->pool;
    pv_rpc_call *call = pool->records;
    if (call != NULL) {
        pool->records = call->next;
        pool->record_count--;
    } else {
        call = (pv_rpc_call *)malloc(sizeof *call);
        PV_ASSERT(call != NULL);
    }
    memset(call, 0, sizeof *call);
    call->server = server;
    call->heap_index = SIZE_MAX;
    return call;
}

void pv_rpc_pool_give(pv_rpc_call *call)
{
    pv_rpc_pool *pool = &call->server->pool;
    if (pool->record_count >= PV_RPC_RECORD_POOL) {
        free(call);
        return;
    }
    call->next = pool->records;
    pool->records = call;
    pool->record_count++;
}

pv_arena *pv_rpc_pool_take_arena(pv_rpc_server *server)
{
    pv_rpc_pool *pool = &server->pool;
    if (pool->arena_count == 0) { return pv_arena_create(server->arena_bytes); }
    pool->arena_count--;
    return pool->arenas[pool->arena_count];
}

void pv_rpc_pool_give_arena(pv_rpc_server *server, pv_arena *arena)
{
    pv_rpc_pool *pool = &server->pool;
    if (pool->arena_count == PV_RPC_ARENA_POOL) {
        pv_arena_destroy(arena);
        return;
    }
    pv_arena_reset(arena);
    pool->arenas[pool->arena_count] = arena;
    pool->arena_count++;
}

void pv_rpc_pool_clear(pv_rpc_server *server)
{
    pv_rpc_pool *pool = &server->pool;
    while (pool->records != NULL) {
        pv_rpc_call *call = pool->records;
        pool->records = call->next;
        free(call);
    }
    while (pool->arena_count > 0) {
        pool->arena_count--;
        pv_arena_destroy(pool->arenas[pool->arena_count]);
    }
}
