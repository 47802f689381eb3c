/* tree.h — a persistent sorted map: sharing a tree costs nothing, and changing one leaves all that share
 * it as they were. A treap whose priorities are hashes of the keys, with reference counts; a change copies
 * the nodes on the way to the key, unless this very change has made them. Internal to storage/memory.
 * Threads: share, release, put and remove under one lock of the owner; searching needs none. */
#ifndef PV_STORAGE_MEMORY_TREE_H
#define PV_STORAGE_MEMORY_TREE_H

#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_tree_node pv_tree_node;
typedef struct pv_tree_row pv_tree_row;

/* Zero-initialised it is empty. Owns one reference to its root. */
typedef struct pv_tree {
    pv_tree_node *root;
    uint64_t epoch; /* nodes of this epoch belong to this tree alone */
    uint64_t bytes; /* of keys and values */
} pv_tree;

/* Another owner of the same content. */
pv_tree pv_tree_share(const pv_tree *tree);

/* Gives the content back; the tree is then empty. */
void pv_tree_release(pv_tree *tree);

/* To be called on a shared tree before it is changed. */
void pv_tree_begin_change(pv_tree *tree);

/* Inserts or replaces; aborts when the process has no memory. */
void pv_tree_put(pv_tree *tree, pv_view key, pv_view value);

/* Removes the key if it is there. */
void pv_tree_remove(pv_tree *tree, pv_view key);

/* The first row above the key, or at it when `inclusive`; the last row below it (empty: the last of all).
 * NULL: none. Rows stay as they are until the tree is changed or released. */
const pv_tree_row *pv_tree_at_least(const pv_tree *tree, pv_view key, bool inclusive);
const pv_tree_row *pv_tree_below(const pv_tree *tree, pv_view key);

pv_view pv_tree_row_key(const pv_tree_row *row);
pv_view pv_tree_row_value(const pv_tree_row *row);

#ifdef __cplusplus
}
#endif
#endif
