/* row.h — the bytes of an object's row, and single fields read out of a packed message without decoding it.
 * Internal to storage.
 *
 *   format (1 byte) | party slots (1) | revision (8, big endian) | per slot: role (1), account (16) | message
 *
 * The roles stand in the row, so that a row stays readable when the .proto gains a party. */
#ifndef PV_STORAGE_ROW_H
#define PV_STORAGE_ROW_H

#include "storage/object.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Builds the row around a message that packs to `message_size` bytes: all but the message is filled in,
 * whose place is given. RESOURCE_EXHAUSTED: larger than a value may be, or than the arena. */
PV_MUST_USE pv_status pv_row_build(const pv_row *header, size_t message_size, pv_arena *arena,
                                   pv_view *ret_bytes, uint8_t **ret_message);

/* Reads a row; ret_row borrows from the bytes. DATA_LOSS. */
PV_MUST_USE pv_status pv_row_read(pv_view bytes, pv_row *ret_row);

/* The value of an indexed field. An absent field has the empty text or the number 0. */
typedef struct pv_field_value {
    bool is_text;
    pv_view text;    /* borrowed from the message */
    uint64_t number; /* in an order that fits the type: see pv_number_in_order */
} pv_field_value;

/* Whether values of the field can be read by pv_row_pick: string, bool, enum, unsigned integer, Timestamp. */
bool pv_field_is_indexable(const ProtobufCFieldDescriptor *field);

/* The field's value in the packed message. DATA_LOSS: the bytes are no message of that type. */
PV_MUST_USE pv_status pv_row_pick(const ProtobufCFieldDescriptor *field, pv_view message,
                                  pv_field_value *ret_value);

/* Nanoseconds of a Timestamp as a signed number, or a plain unsigned number, turned into an unsigned one
 * that sorts as they do. */
uint64_t pv_number_in_order(const ProtobufCFieldDescriptor *field, uint64_t number);

/* The field's value as a condition names it, to be compared with picked ones. */
pv_field_value pv_value_of_condition(const ProtobufCFieldDescriptor *field,
                                     const pv_condition *condition);

/* Below, at or above zero. Both values are of one field. */
int pv_value_compare(const pv_field_value *a, const pv_field_value *b);

/* Whether it is the empty text or zero. */
bool pv_value_is_empty(const ProtobufCFieldDescriptor *field, const pv_field_value *value);

#ifdef __cplusplus
}
#endif
#endif
