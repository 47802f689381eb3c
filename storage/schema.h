/* schema.h — brings the indexes of a store to those that this program declares in its .proto files. The store
 * has a catalogue of the indexes it holds: of each, its definition in words and how far it is built or
 * dropped. An index that the program declares and the store lacks is built; one that it does not declare any
 * more is dropped; one whose definition has changed is dropped and built again.
 *
 * When. Before anything is served, so that no query ever meets an index in the making. A program that does
 * not know an index would not keep it, so an older program drops it too.
 * How. In transactions of bounded size; each leaves in the catalogue where the next one goes on. Whatever ends
 * the process between two of them, the next start goes on there. A kill within one leaves nothing of it.
 *
 * Threads: the committer's, before it serves. */
#ifndef PV_STORAGE_SCHEMA_H
#define PV_STORAGE_SCHEMA_H

#include "protos/runtime/rules.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the program declares: the generated catalogue of its stored objects. */
typedef struct pv_schema {
    const pv_object_info *const *objects;
    size_t object_count;
    /* Told of each index that has been built or dropped, in words; may be NULL. */
    void (*progress)(void *context, const char *definition, bool dropped);
    void *context;
} pv_schema;

/* The format of stores that this program writes; storage/engine.h says what each has. */
enum { PV_SCHEMA_FORMAT = 3 };

/* Rows looked at or entries written in one transaction, and the size of a sentence. */
enum { PV_SCHEMA_STEP_MAX = 4000, PV_SCHEMA_ERROR_SIZE = 512 };

/* Does everything that is to be done. FAILED_PRECONDITION: two objects hold one value of a new unique index;
 * RESOURCE_EXHAUSTED, DATA_LOSS; each with the reason in one sentence. */
PV_MUST_USE pv_status pv_schema_apply(pv_store *store, const pv_schema *schema,
                                      char ret_error[PV_SCHEMA_ERROR_SIZE]);

/* The same, but at most one transaction of about `budget` rows and entries; ret_done: nothing is left to do. */
PV_MUST_USE pv_status pv_schema_step(pv_store *store, const pv_schema *schema, uint32_t budget,
                                     bool *ret_done, char ret_error[PV_SCHEMA_ERROR_SIZE]);

/* Tells of every index that the store has, in words, and whether it is ready. DATA_LOSS. */
PV_MUST_USE pv_status pv_schema_list(pv_store *store,
                                     void (*each)(void *context, const char *definition,
                                                  bool ready),
                                     void *context);

#ifdef __cplusplus
}
#endif
#endif
