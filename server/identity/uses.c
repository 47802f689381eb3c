#include "server/identity/uses.h"

#include "storage/record.h"

void pv_uses_init(pv_uses *uses)
{
    memset(uses, 0, sizeof *uses);
    PV_ASSERT(pthread_mutex_init(&uses->lock, NULL) == 0);
}

void pv_uses_deinit(pv_uses *uses)
{
    PV_ASSERT(pthread_mutex_destroy(&uses->lock) == 0);
}

static pv_use_note *place_of(pv_uses *uses, pv_id certificate)
{
    _Static_assert((PV_USES_MAX & (PV_USES_MAX - 1)) == 0, "a power of two is taken by a mask");
    const uint8_t *last = &certificate.bytes[PV_ID_SIZE - 2];
    return &uses->notes[((size_t)last[0] << 8 | last[1]) & (PV_USES_MAX - 1)];
}

bool pv_uses_note(pv_uses *uses, pv_id certificate, pv_time now, const char *peer_address)
{
    PV_ASSERT(pthread_mutex_lock(&uses->lock) == 0);
    pv_use_note *note = place_of(uses, certificate);
    bool is_free = pv_id_is_zero(note->certificate);
    bool noted = is_free || pv_id_equal(note->certificate, certificate);
    if (noted) {
        note->certificate = certificate;
        note->time = now;
        size_t size = strnlen(peer_address, PV_USE_ADDRESS_MAX);
        memcpy(note->peer_address, peer_address, size);
        note->peer_address[size] = '\0';
        uses->count += is_free ? 1 : 0;
    }
    PV_ASSERT(pthread_mutex_unlock(&uses->lock) == 0);
    return noted;
}

bool pv_uses_wait(pv_uses *uses)
{
    PV_ASSERT(pthread_mutex_lock(&uses->lock) == 0);
    bool wait = uses->count > 0;
    PV_ASSERT(pthread_mutex_unlock(&uses->lock) == 0);
    return wait;
}

/* Takes the note at this place; false: there is none. */
static bool take(pv_uses *uses, size_t place, pv_use_note *ret_note)
{
    PV_ASSERT(pthread_mutex_lock(&uses->lock) == 0);
    pv_use_note *note = &uses->notes[place];
    bool found = !pv_id_is_zero(note->certificate);
    if (found) {
        *ret_note = *note;
        memset(note, 0, sizeof *note);
        uses->count--;
    }
    PV_ASSERT(pthread_mutex_unlock(&uses->lock) == 0);
    return found;
}

/* The lock is not held while the store is at work: a call must not wait for it. */
pv_status pv_uses_write(pv_uses *uses, pv_txn *txn)
{
    pv_use_note note;
    for (size_t place = 0; place < PV_USES_MAX; place++) {
        if (!take(uses, place, &note)) { continue; }
        PV_TRY(pv_use_put(txn, note.certificate, note.time, note.peer_address));
    }
    return pv_ok();
}
