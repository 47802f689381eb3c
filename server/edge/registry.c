/* registry.c — the records of connections, found by the name of the socket that the core sees. One lock: the edge's
 * thread adds and removes, the core asks once for each connection. A process of its own would serve pv_edge_find over a
 * control socket. */
#include "base/digest.h"
#include "server/edge/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { NONCE_SIZE = 16, NUMBER_DIGITS = 16 };

/* As the core writes an abstract name. */
#define CORE_PREFIX "unix-abstract:"

void edge_registry_init(edge_registry *registry, size_t expected)
{
    memset(registry, 0, sizeof *registry);
    for (registry->slot_count = 64; registry->slot_count < expected;) { registry->slot_count *= 2; }
    registry->slots = (edge_record **)calloc(registry->slot_count, sizeof *registry->slots);
    PV_ASSERT(registry->slots != NULL);
    PV_ASSERT(pthread_mutex_init(&registry->lock, NULL) == 0);
    uint8_t nonce[NONCE_SIZE];
    char hex[2 * NONCE_SIZE + 1];
    pv_random_bytes(NULL, nonce, sizeof nonce);
    pv_hex_format(pv_view_of(nonce, sizeof nonce), hex);
    int size = snprintf(registry->prefix, sizeof registry->prefix, "pv-edge/%s/", hex);
    PV_ASSERT(size > 0 && (size_t)size < sizeof registry->prefix);
}

void edge_registry_deinit(edge_registry *registry)
{
    for (size_t i = 0; i < registry->slot_count; i++) { PV_ASSERT(registry->slots[i] == NULL); }
    free(registry->slots);
    PV_ASSERT(pthread_mutex_destroy(&registry->lock) == 0);
}

/* Numbers rise by one: neighbours in the table. */
static edge_record **slot_of(const edge_registry *registry, uint64_t number)
{
    return &registry->slots[number & (registry->slot_count - 1)];
}

edge_record *edge_registry_add(edge_registry *registry, const char *address, pv_view server_name,
                               const uint8_t *certificate_sha256)
{
    edge_record *record = (edge_record *)calloc(1, sizeof *record + server_name.size);
    PV_ASSERT(record != NULL);
    memcpy(record->address, address, strlen(address) + 1);
    memcpy(record + 1, server_name.data, server_name.size);
    record->server_name = pv_view_of(record + 1, server_name.size);
    record->has_certificate = certificate_sha256 != NULL;
    if (record->has_certificate) {
        memcpy(record->certificate_sha256, certificate_sha256, PV_EDGE_DIGEST_SIZE);
    }
    PV_ASSERT(pthread_mutex_lock(&registry->lock) == 0);
    PV_ASSERT(registry->last_number < UINT64_MAX);
    record->number = ++registry->last_number;
    edge_record **slot = slot_of(registry, record->number);
    record->hash_next = *slot;
    *slot = record;
    PV_ASSERT(pthread_mutex_unlock(&registry->lock) == 0);
    return record;
}

void edge_registry_remove(edge_registry *registry, edge_record *record)
{
    PV_ASSERT(pthread_mutex_lock(&registry->lock) == 0);
    edge_record **link = slot_of(registry, record->number);
    while (*link != record) { link = &(*link)->hash_next; }
    *link = record->hash_next;
    PV_ASSERT(pthread_mutex_unlock(&registry->lock) == 0);
    free(record);
}

size_t edge_registry_name(const edge_registry *registry, const edge_record *record, char *ret_name,
                          size_t capacity)
{
    int size = snprintf(ret_name, capacity, "%s%016llx", registry->prefix,
                        (unsigned long long)record->number);
    PV_ASSERT(size > 0 && (size_t)size < capacity);
    return (size_t)size;
}

static bool take_prefix(pv_view *name, const char *prefix)
{
    pv_view start = pv_view_text(prefix);
    if (!pv_view_starts_with(*name, start)) { return false; }
    *name = pv_view_of(name->data + start.size, name->size - start.size);
    return true;
}

/* Sixteen lower case hexadecimal digits and nothing else. */
static bool read_number(pv_view digits, uint64_t *ret_number)
{
    if (digits.size != NUMBER_DIGITS) { return false; }
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        uint8_t digit = digits.data[i];
        bool decimal = digit >= '0' && digit <= '9';
        if (!decimal && (digit < 'a' || digit > 'f')) { return false; }
        number = number << 4 | (uint64_t)(decimal ? digit - '0' : digit - 'a' + 10);
    }
    *ret_number = number;
    return true;
}

bool pv_edge_find(pv_edge *edge, const char *name, pv_edge_peer *ret_peer)
{
    edge_registry *registry = &edge->registry;
    pv_view rest = pv_view_text(name);
    uint64_t number = 0;
    if (!take_prefix(&rest, CORE_PREFIX) || !take_prefix(&rest, registry->prefix) ||
        !read_number(rest, &number)) {
        return false;
    }
    PV_ASSERT(pthread_mutex_lock(&registry->lock) == 0);
    const edge_record *record = *slot_of(registry, number);
    while (record != NULL && record->number != number) { record = record->hash_next; }
    if (record != NULL) {
        memset(ret_peer, 0, sizeof *ret_peer);
        memcpy(ret_peer->address, record->address, sizeof ret_peer->address);
        memcpy(ret_peer->server_name, record->server_name.data, record->server_name.size);
        ret_peer->has_certificate = record->has_certificate;
        memcpy(ret_peer->certificate_sha256, record->certificate_sha256, PV_EDGE_DIGEST_SIZE);
    }
    PV_ASSERT(pthread_mutex_unlock(&registry->lock) == 0);
    return record != NULL;
}
