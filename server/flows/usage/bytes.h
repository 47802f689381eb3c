/* bytes.h — fixed-size numbers in the packed rows of usage: little endian, so that a store can be
 * moved between machines. A cursor stops at its end: reading beyond gives zeros and clears `ok`,
 * which is asked once. */
#ifndef PV_SERVER_FLOWS_USAGE_BYTES_H
#define PV_SERVER_FLOWS_USAGE_BYTES_H

#include "base/decimal.h"
#include "base/id.h"
#include "base/view.h"

static inline uint8_t *usage_put_number(uint8_t *to, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) { to[i] = (uint8_t)(number >> (8 * i)); }
    return to + size;
}

static inline uint8_t *usage_put_id(uint8_t *to, pv_id id)
{
    memcpy(to, id.bytes, PV_ID_SIZE);
    return to + PV_ID_SIZE;
}

static inline uint8_t *usage_put_decimal(uint8_t *to, pv_decimal number)
{
    unsigned __int128 units = (unsigned __int128)number.units;
    to = usage_put_number(to, (uint64_t)units, 8);
    return usage_put_number(to, (uint64_t)(units >> 64), 8);
}

typedef struct usage_cursor {
    pv_view rest;
    bool ok;
} usage_cursor;

static inline uint64_t usage_take_number(usage_cursor *cursor, size_t size)
{
    if (cursor->rest.size < size) {
        cursor->ok = false;
        return 0;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) { number |= (uint64_t)cursor->rest.data[i] << (8 * i); }
    cursor->rest = pv_view_of(cursor->rest.data + size, cursor->rest.size - size);
    return number;
}

static inline pv_id usage_take_id(usage_cursor *cursor)
{
    pv_id id = {{0}};
    if (cursor->rest.size < PV_ID_SIZE) {
        cursor->ok = false;
        return id;
    }
    memcpy(id.bytes, cursor->rest.data, PV_ID_SIZE);
    cursor->rest = pv_view_of(cursor->rest.data + PV_ID_SIZE, cursor->rest.size - PV_ID_SIZE);
    return id;
}

static inline pv_decimal usage_take_decimal(usage_cursor *cursor)
{
    unsigned __int128 low = usage_take_number(cursor, 8);
    unsigned __int128 high = usage_take_number(cursor, 8);
    pv_decimal number = {(__int128)(high << 64 | low)};
    return number;
}

#endif
