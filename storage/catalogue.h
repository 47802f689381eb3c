/* catalogue.h — the rows in which a store says what indexes it has (storage/schema.h says what for). Internal to
 * storage. */
#ifndef PV_STORAGE_CATALOGUE_H
#define PV_STORAGE_CATALOGUE_H

#include "protos/runtime/rules.h"
#include "storage/keys.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How far an index is. Numbers are stored. */
typedef enum pv_index_state {
    PV_INDEX_READY = 1,
    PV_INDEX_BUILDING = 2,
    PV_INDEX_DROPPING = 3
} pv_index_state;

/* A row of the catalogue. */
typedef struct pv_catalogue_row {
    uint8_t tag; /* 0: all indexes of whatever object, on their way out */
    uint8_t index;
    pv_index_state state;
    pv_id position;     /* the object or account behind which the work goes on */
    pv_view definition; /* in words; borrowed */
} pv_catalogue_row;

enum {
    PV_DEFINITION_MAX = 400,               /* bytes of a definition */
    PV_CATALOGUE_ROW_SIZE = 1 + PV_ID_SIZE /* of a row before its definition */
};

/* False: these are no key and value of the catalogue. */
PV_MUST_USE bool pv_catalogue_read(pv_view key, pv_view value, pv_catalogue_row *ret_row);

/* Key and value of the row that has pv_schema_apply drop whatever indexes there are. */
void pv_catalogue_drop_all(pv_key *ret_key, uint8_t ret_value[PV_CATALOGUE_ROW_SIZE]);

/* The value of a row. Gives its size. */
size_t pv_catalogue_write(const pv_catalogue_row *row,
                          uint8_t ret_value[PV_CATALOGUE_ROW_SIZE + PV_DEFINITION_MAX]);

/* What an index is, in words: "purvey.order.v1.Order by state(2/6)": of a field also its number and type, because
 * they decide what its keys look like. An index is another one when this text is another one. `index` NULL: by
 * id. */
void pv_index_define(const pv_object_info *object, const pv_index_info *index,
                     char ret_text[PV_DEFINITION_MAX + 1]);

/* The index of this number; NULL: by id, or there is none. */
const pv_index_info *pv_index_find(const pv_object_info *object, uint8_t number);

#ifdef __cplusplus
}
#endif
#endif
