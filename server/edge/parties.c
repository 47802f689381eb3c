/* parties.c — the other sides as the edge tells them apart: sources (addresses) and certificates. A party is remembered
 * while something of it is open, and after that as long as there is room: the one that left first is forgotten first.
 * Of the edge's thread. */
#include "server/edge/internal.h"

#include <stdlib.h>

bool edge_bucket_take(edge_bucket *bucket, int64_t per_second, int64_t burst, int64_t now_ns)
{
    int64_t token_ns = PV_NS_PER_S / per_second;
    int64_t full_ns = bucket->full_ns > now_ns ? bucket->full_ns : now_ns;
    if (full_ns + token_ns > now_ns + burst * token_ns) { return false; }
    bucket->full_ns = full_ns + token_ns;
    return true;
}

void edge_parties_init(edge_parties *parties, size_t expected)
{
    memset(parties, 0, sizeof *parties);
    for (parties->slot_count = 64; parties->slot_count < expected;) { parties->slot_count *= 2; }
    parties->slots = (edge_party **)calloc(parties->slot_count, sizeof *parties->slots);
    PV_ASSERT(parties->slots != NULL);
}

void edge_parties_deinit(edge_parties *parties)
{
    for (size_t i = 0; i < parties->slot_count; i++) {
        for (edge_party *party = parties->slots[i]; party != NULL;) {
            edge_party *next = party->hash_next;
            PV_ASSERT(party->open == 0);
            free(party);
            party = next;
        }
    }
    free(parties->slots);
}

/* FNV-1a. What an attacker can choose (addresses) is bounded by the number of parties that are kept. */
static edge_party **slot_of(const edge_parties *parties, const uint8_t key[PV_EDGE_DIGEST_SIZE])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < PV_EDGE_DIGEST_SIZE; i++) {
        hash = (hash ^ key[i]) * UINT64_C(0x100000001b3);
    }
    return &parties->slots[(hash >> 20) & (parties->slot_count - 1)];
}

edge_party *edge_party_find(const edge_parties *parties, const uint8_t key[PV_EDGE_DIGEST_SIZE])
{
    edge_party *party = *slot_of(parties, key);
    while (party != NULL && memcmp(party->key, key, PV_EDGE_DIGEST_SIZE) != 0) {
        party = party->hash_next;
    }
    return party;
}

static void leave_idle(edge_parties *parties, edge_party *party)
{
    *(party->older != NULL ? &party->older->newer : &parties->oldest) = party->newer;
    *(party->newer != NULL ? &party->newer->older : &parties->newest) = party->older;
    party->older = party->newer = NULL;
    parties->idle--;
}

static void join_idle(edge_parties *parties, edge_party *party)
{
    party->older = parties->newest;
    *(parties->newest != NULL ? &parties->newest->newer : &parties->oldest) = party;
    parties->newest = party;
    parties->idle++;
}

static void forget(edge_parties *parties, edge_party *party)
{
    leave_idle(parties, party);
    edge_party **link = slot_of(parties, party->key);
    while (*link != party) { link = &(*link)->hash_next; }
    *link = party->hash_next;
    free(party);
}

edge_party *edge_party_take(edge_parties *parties, const uint8_t key[PV_EDGE_DIGEST_SIZE])
{
    edge_party *party = edge_party_find(parties, key);
    if (party == NULL) {
        party = (edge_party *)calloc(1, sizeof *party);
        PV_ASSERT(party != NULL);
        memcpy(party->key, key, PV_EDGE_DIGEST_SIZE);
        edge_party **slot = slot_of(parties, key);
        party->hash_next = *slot;
        *slot = party;
    } else if (party->open == 0) {
        leave_idle(parties, party);
    }
    party->open++;
    return party;
}

void edge_party_give(edge_parties *parties, edge_party *party)
{
    PV_ASSERT(party->open > 0);
    if (--party->open > 0) { return; }
    join_idle(parties, party);
    if (parties->idle > PV_EDGE_PARTIES_IDLE) { forget(parties, parties->oldest); }
}
