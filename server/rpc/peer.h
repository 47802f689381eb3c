/* peer.h — who is at the other end of a connection: one record per connection, made at its first
 * call and found again by the address of its auth context. The record keeps a reference to the
 * context, so that the address cannot come to mean another connection. The certificate is not
 * parsed: its DER is hashed, and the application finds the row of the hash. Behind a front
 * (pv_rpc_front) the record is a copy of what the front says of the connection's name.
 *
 * Of the polling thread. Bounded by PV_RPC_PEERS_MAX; the record that was used least recently
 * and has no open call goes first. An auth metadata processor is never installed: with one, a
 * single header from a client ends the process. */
#ifndef PV_SERVER_RPC_PEER_H
#define PV_SERVER_RPC_PEER_H

#include "protos/runtime/call.h"
#include "server/rpc/server.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

typedef struct pv_rpc_peer {
    pv_peer peer;
    size_t calls; /* open ones */
    grpc_auth_context *context;
    struct pv_rpc_peer *hash_next;
    struct pv_rpc_peer *older, *newer; /* by last use */
    char *address;
    char *authority;
    char *tls_server_name;
    bool known; /* false: the front does not know the connection */
    bool cached;
} pv_rpc_peer;

typedef struct pv_rpc_peers pv_rpc_peers;

/* `front` is copied; NULL: none. */
pv_rpc_peers *pv_rpc_peers_create(const pv_rpc_front *front);
void pv_rpc_peers_destroy(pv_rpc_peers *peers);

/* The peer of the call's connection, with one open call more. */
pv_rpc_peer *pv_rpc_peers_take(pv_rpc_peers *peers, grpc_call *call, pv_view authority);
void pv_rpc_peers_give(pv_rpc_peers *peers, pv_rpc_peer *peer);

#endif
