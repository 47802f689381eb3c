#define _GNU_SOURCE /* memmem */
#include "server/rpc/peer.h"

#include "base/digest.h"
#include "server/rpc/limits.h"

#include <grpc/support/alloc.h>
#include <stdlib.h>

enum { SLOT_COUNT = 2 * PV_RPC_PEERS_MAX };

struct pv_rpc_peers {
    pv_rpc_front front; /* `find` is NULL: none */
    size_t count;
    pv_rpc_peer *oldest, *newest;
    pv_rpc_peer *slots[SLOT_COUNT];
};

pv_rpc_peers *pv_rpc_peers_create(const pv_rpc_front *front)
{
    pv_rpc_peers *peers = (pv_rpc_peers *)calloc(1, sizeof *peers);
    PV_ASSERT(peers != NULL);
    if (front != NULL) { peers->front = *front; }
    return peers;
}

static size_t slot_of(const grpc_auth_context *context)
{
    return (size_t)(((uint64_t)(uintptr_t)context >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40) %
           SLOT_COUNT;
}

static void unlink_use(pv_rpc_peers *peers, pv_rpc_peer *peer)
{
    if (peer->older != NULL) {
        peer->older->newer = peer->newer;
    } else {
        peers->oldest = peer->newer;
    }
    if (peer->newer != NULL) {
        peer->newer->older = peer->older;
    } else {
        peers->newest = peer->older;
    }
}

static void link_newest(pv_rpc_peers *peers, pv_rpc_peer *peer)
{
    peer->newer = NULL;
    peer->older = peers->newest;
    if (peers->newest != NULL) {
        peers->newest->newer = peer;
    } else {
        peers->oldest = peer;
    }
    peers->newest = peer;
}

static void destroy(pv_rpc_peer *peer)
{
    if (peer->context != NULL) { grpc_auth_context_release(peer->context); }
    free(peer->address);
    free(peer->authority);
    free(peer->tls_server_name);
    free(peer);
}

static void forget(pv_rpc_peers *peers, pv_rpc_peer *peer)
{
    pv_rpc_peer **link = &peers->slots[slot_of(peer->context)];
    while (*link != peer) { link = &(*link)->hash_next; }
    *link = peer->hash_next;
    unlink_use(peers, peer);
    peers->count--;
    destroy(peer);
}

void pv_rpc_peers_destroy(pv_rpc_peers *peers)
{
    if (peers == NULL) { return; }
    while (peers->oldest != NULL) { forget(peers, peers->oldest); }
    free(peers);
}

/* The DER of the first certificate in a PEM text; 0: there is none that fits. The text between
 * the markers is base64 (RFC 7468), which the URL alphabet's reader takes after a change of two
 * letters. */
static size_t pem_to_der(pv_view pem, uint8_t *der)
{
    static const char begin_marker[] = "-----BEGIN CERTIFICATE-----";
    static const char end_marker[] = "-----END CERTIFICATE-----";
    if (pem.size > PV_RPC_CERTIFICATE_PEM_MAX) { return 0; }
    const uint8_t *begin =
        (const uint8_t *)memmem(pem.data, pem.size, begin_marker, sizeof begin_marker - 1);
    if (begin == NULL) { return 0; }
    begin += sizeof begin_marker - 1;
    size_t rest = pem.size - (size_t)(begin - pem.data);
    const uint8_t *end = (const uint8_t *)memmem(begin, rest, end_marker, sizeof end_marker - 1);
    if (end == NULL) { return 0; }

    uint8_t text[PV_RPC_CERTIFICATE_PEM_MAX];
    size_t size = 0;
    for (const uint8_t *at = begin; at < end; at++) {
        if (*at == '\n' || *at == '\r' || *at == ' ' || *at == '=') { continue; }
        text[size++] = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    }
    size_t der_size = 0;
    if (!pv_base64url_parse(pv_view_of(text, size), der, &der_size)) { return 0; }
    return der_size;
}

static void read_certificate(pv_rpc_peer *peer)
{
    if (peer->context == NULL || grpc_auth_context_peer_is_authenticated(peer->context) == 0) {
        return;
    }
    grpc_auth_property_iterator found =
        grpc_auth_context_find_properties_by_name(peer->context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
    const grpc_auth_property *property = grpc_auth_property_iterator_next(&found);
    if (property == NULL) { return; }
    uint8_t der[PV_RPC_CERTIFICATE_PEM_MAX];
    size_t size = pem_to_der(pv_view_of(property->value, property->value_length), der);
    if (size == 0) { return; }
    pv_sha256(pv_view_of(der, size), peer->peer.certificate_sha256);
    peer->peer.has_certificate = true;
}

static char *text_of(pv_view bytes)
{
    char *text = (char *)malloc(bytes.size + 1);
    PV_ASSERT(text != NULL);
    if (bytes.size > 0) { memcpy(text, bytes.data, bytes.size); }
    text[bytes.size] = '\0';
    return text;
}

/* What the front says of the connection with this name. */
static void ask_front(const pv_rpc_front *front, pv_rpc_peer *peer, const char *name)
{
    pv_rpc_front_peer found;
    peer->known = front->find(front->app, name, &found);
    peer->address = text_of(pv_view_text(peer->known ? found.address : name));
    peer->tls_server_name = text_of(pv_view_text(peer->known ? found.server_name : ""));
    if (!peer->known || !found.has_certificate) { return; }
    peer->peer.has_certificate = true;
    memcpy(peer->peer.certificate_sha256, found.certificate_sha256, PV_SHA256_SIZE);
}

/* Takes over the reference to `context`. */
static pv_rpc_peer *make(const pv_rpc_front *front, grpc_auth_context *context, grpc_call *call,
                         pv_view authority)
{
    pv_rpc_peer *peer = (pv_rpc_peer *)calloc(1, sizeof *peer);
    PV_ASSERT(peer != NULL);
    char *name = grpc_call_get_peer(call);
    peer->context = context;
    peer->authority = text_of(authority);
    if (front->find != NULL) {
        ask_front(front, peer, name);
    } else {
        peer->known = true;
        peer->address = text_of(pv_view_text(name));
        peer->tls_server_name = text_of(pv_view_of(NULL, 0));
        read_certificate(peer);
    }
    gpr_free(name);
    peer->peer.address = peer->address;
    peer->peer.server_name = peer->authority;
    peer->peer.tls_server_name = peer->tls_server_name;
    return peer;
}

static pv_rpc_peer *find(pv_rpc_peers *peers, const grpc_auth_context *context)
{
    pv_rpc_peer *peer = peers->slots[slot_of(context)];
    while (peer != NULL && peer->context != context) { peer = peer->hash_next; }
    return peer;
}

/* Room for one more; false when every record has open calls. */
static bool make_room(pv_rpc_peers *peers)
{
    if (peers->count < PV_RPC_PEERS_MAX) { return true; }
    pv_rpc_peer *peer = peers->oldest;
    while (peer != NULL && peer->calls > 0) { peer = peer->newer; }
    if (peer == NULL) { return false; }
    forget(peers, peer);
    return true;
}

pv_rpc_peer *pv_rpc_peers_take(pv_rpc_peers *peers, grpc_call *call, pv_view authority)
{
    grpc_auth_context *context = grpc_call_auth_context(call);
    pv_rpc_peer *peer = context == NULL ? NULL : find(peers, context);
    if (peer != NULL) {
        grpc_auth_context_release(context);
        unlink_use(peers, peer);
        link_newest(peers, peer);
    } else {
        peer = make(&peers->front, context, call, authority);
        if (context != NULL && make_room(peers)) {
            pv_rpc_peer **slot = &peers->slots[slot_of(context)];
            peer->hash_next = *slot;
            *slot = peer;
            peer->cached = true;
            peers->count++;
            link_newest(peers, peer);
        }
    }
    peer->calls++;
    return peer;
}

void pv_rpc_peers_give(pv_rpc_peers *peers, pv_rpc_peer *peer)
{
    (void)peers;
    PV_ASSERT(peer->calls > 0);
    peer->calls--;
    if (peer->calls == 0 && !peer->cached) { destroy(peer); }
}
