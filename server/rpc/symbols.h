/* symbols.h — an index of .proto files by name, and of what they declare by full name, read from
 * their packed descriptors. Built once from our own generated data, immutable afterwards. Knows
 * no transport. */
#ifndef PV_SERVER_RPC_SYMBOLS_H
#define PV_SERVER_RPC_SYMBOLS_H

#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_symbols pv_symbols;

pv_symbols *pv_symbols_create(void);
void pv_symbols_destroy(pv_symbols *symbols);

/* Adds a file and everything it imports; a file that is there already is passed over. `file`
 * must outlive the index. */
void pv_symbols_add(pv_symbols *symbols, const pv_file_info *file);

/* Files have numbers from 0 on, in the order of their arrival. */
size_t pv_symbols_file_count(const pv_symbols *symbols);
const pv_file_info *pv_symbols_file(const pv_symbols *symbols, size_t number);

/* Numbers of files; false: there is none. Symbols are full names without a leading dot:
 * messages, enums, enum values, fields, oneofs, extensions, services and methods. */
bool pv_symbols_find_file(const pv_symbols *symbols, pv_view name, size_t *ret_file);
bool pv_symbols_find(const pv_symbols *symbols, pv_view symbol, size_t *ret_file);
bool pv_symbols_find_extension(const pv_symbols *symbols, pv_view extendee, int32_t number,
                               size_t *ret_file);

/* The next extension number of a message type above `after`; false: there is none. Start with
 * INT32_MIN. */
bool pv_symbols_next_extension(const pv_symbols *symbols, pv_view extendee, int32_t after,
                               int32_t *ret_number);

#ifdef __cplusplus
}
#endif
#endif
