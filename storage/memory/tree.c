#include "storage/memory/tree.h"

#include "base/status.h"

#include <stdlib.h>

/* A key with its value, one piece of memory, shared by all copies of its node. */
struct pv_tree_row {
    size_t references;
    size_t key_size;
    size_t value_size;
    uint8_t bytes[]; /* the key, then the value */
};

struct pv_tree_node {
    size_t references;
    uint64_t epoch;
    uint64_t priority; /* at or above those of both children */
    pv_tree_row *row;
    pv_tree_node *left;
    pv_tree_node *right;
};

pv_view pv_tree_row_key(const pv_tree_row *row)
{
    return pv_view_of(row->bytes, row->key_size);
}

pv_view pv_tree_row_value(const pv_tree_row *row)
{
    return pv_view_of(row->bytes + row->key_size, row->value_size);
}

static uint64_t row_bytes(const pv_tree_row *row)
{
    return row->key_size + row->value_size;
}

static pv_tree_row *make_row(pv_view key, pv_view value)
{
    pv_tree_row *row = (pv_tree_row *)malloc(sizeof *row + key.size + value.size);
    PV_ASSERT(row != NULL);
    row->references = 1;
    row->key_size = key.size;
    row->value_size = value.size;
    if (key.size > 0) { memcpy(row->bytes, key.data, key.size); }
    if (value.size > 0) { memcpy(row->bytes + key.size, value.data, value.size); }
    return row;
}

static void release_row(pv_tree_row *row)
{
    PV_ASSERT(row->references > 0);
    if (--row->references == 0) { free(row); }
}

/* FNV-1a of the key, mixed by the finaliser of splitmix64, so that neighbours differ in the high bits. */
static uint64_t priority_of(pv_view key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.size; i++) { hash = (hash ^ key.data[i]) * UINT64_C(0x100000001b3); }
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

static pv_tree_node *hold(pv_tree_node *node)
{
    if (node != NULL) { node->references++; }
    return node;
}

/* Recursion goes as deep as the tree: some forty levels for a million keys. */
static void release_node(pv_tree_node *node)
{
    if (node == NULL) { return; }
    PV_ASSERT(node->references > 0);
    if (--node->references > 0) { return; }
    release_node(node->left);
    release_node(node->right);
    release_row(node->row);
    free(node);
}

/* A node without children; takes the reference to the row. */
static pv_tree_node *make_node(const pv_tree *tree, pv_tree_row *row, uint64_t priority)
{
    pv_tree_node *node = (pv_tree_node *)calloc(1, sizeof *node);
    PV_ASSERT(node != NULL);
    node->references = 1;
    node->epoch = tree->epoch;
    node->priority = priority;
    node->row = row;
    return node;
}

/* Takes a reference to a node and gives one to a node that may be changed: itself or its copy. */
static pv_tree_node *make_own(const pv_tree *tree, pv_tree_node *node)
{
    if (node->epoch == tree->epoch) {
        PV_ASSERT(node->references == 1);
        return node;
    }
    node->row->references++;
    pv_tree_node *copy = make_node(tree, node->row, node->priority);
    copy->left = hold(node->left);
    copy->right = hold(node->right);
    release_node(node);
    return copy;
}

/* Takes a subtree apart into what is below the key and what is above it; the key is not in it. */
static void split(const pv_tree *tree, pv_tree_node *node, pv_view key, pv_tree_node **ret_below,
                  pv_tree_node **ret_above)
{
    if (node == NULL) {
        *ret_below = NULL;
        *ret_above = NULL;
        return;
    }
    node = make_own(tree, node);
    if (pv_view_compare(pv_tree_row_key(node->row), key) < 0) {
        split(tree, node->right, key, &node->right, ret_above);
        *ret_below = node;
    } else {
        split(tree, node->left, key, ret_below, &node->left);
        *ret_above = node;
    }
}

/* Joins two subtrees of which all keys of the first are below all keys of the second. */
static pv_tree_node *join(const pv_tree *tree, pv_tree_node *below, pv_tree_node *above)
{
    if (below == NULL) { return above; }
    if (above == NULL) { return below; }
    if (below->priority >= above->priority) {
        below = make_own(tree, below);
        below->right = join(tree, below->right, above);
        return below;
    }
    above = make_own(tree, above);
    above->left = join(tree, below, above->left);
    return above;
}

/* Equal keys have equal priorities, so a key of higher priority than the node is not below it. */
static pv_tree_node *insert(pv_tree *tree, pv_tree_node *node, pv_tree_row *row, uint64_t priority)
{
    if (node == NULL) { return make_node(tree, row, priority); }
    if (priority > node->priority) {
        pv_tree_node *top = make_node(tree, row, priority);
        split(tree, node, pv_tree_row_key(row), &top->left, &top->right);
        return top;
    }
    node = make_own(tree, node);
    int order = pv_view_compare(pv_tree_row_key(row), pv_tree_row_key(node->row));
    if (order == 0) {
        tree->bytes -= row_bytes(node->row);
        release_row(node->row);
        node->row = row;
    } else if (order < 0) {
        node->left = insert(tree, node->left, row, priority);
    } else {
        node->right = insert(tree, node->right, row, priority);
    }
    return node;
}

/* The key is in the subtree. */
static pv_tree_node *take_out(pv_tree *tree, pv_tree_node *node, pv_view key)
{
    node = make_own(tree, node);
    int order = pv_view_compare(key, pv_tree_row_key(node->row));
    if (order < 0) {
        node->left = take_out(tree, node->left, key);
        return node;
    }
    if (order > 0) {
        node->right = take_out(tree, node->right, key);
        return node;
    }
    pv_tree_node *rest = join(tree, node->left, node->right);
    node->left = NULL;
    node->right = NULL;
    tree->bytes -= row_bytes(node->row);
    release_node(node);
    return rest;
}

pv_tree pv_tree_share(const pv_tree *tree)
{
    pv_tree copy = *tree;
    hold(copy.root);
    return copy;
}

void pv_tree_release(pv_tree *tree)
{
    release_node(tree->root);
    tree->root = NULL;
    tree->bytes = 0;
}

void pv_tree_begin_change(pv_tree *tree)
{
    tree->epoch++;
}

void pv_tree_put(pv_tree *tree, pv_view key, pv_view value)
{
    pv_tree_row *row = make_row(key, value);
    tree->root = insert(tree, tree->root, row, priority_of(key));
    tree->bytes += row_bytes(row);
}

void pv_tree_remove(pv_tree *tree, pv_view key)
{
    const pv_tree_row *row = pv_tree_at_least(tree, key, true);
    if (row != NULL && pv_view_equal(pv_tree_row_key(row), key)) {
        tree->root = take_out(tree, tree->root, key);
    }
}

const pv_tree_row *pv_tree_at_least(const pv_tree *tree, pv_view key, bool inclusive)
{
    const pv_tree_row *best = NULL;
    const pv_tree_node *node = tree->root;
    while (node != NULL) {
        int order = pv_view_compare(pv_tree_row_key(node->row), key);
        if (order > 0 || (order == 0 && inclusive)) {
            best = node->row;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

const pv_tree_row *pv_tree_below(const pv_tree *tree, pv_view key)
{
    const pv_tree_row *best = NULL;
    const pv_tree_node *node = tree->root;
    while (node != NULL) {
        if (key.size == 0 || pv_view_compare(pv_tree_row_key(node->row), key) < 0) {
            best = node->row;
            node = node->right;
        } else {
            node = node->left;
        }
    }
    return best;
}
