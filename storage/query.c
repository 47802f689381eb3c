#include "storage/catalogue.h"
#include "storage/object.h"
#include "storage/row.h"

/* A condition with its value as rows have it. */
typedef struct check {
    const ProtobufCFieldDescriptor *field;
    uint16_t field_index;
    pv_comparison comparison;
    pv_field_value value;
    bool served; /* the range of the scan sees to it */
} check;

struct pv_query_run {
    pv_txn *txn;
    const pv_object_info *object;
    pv_id account;
    uint8_t role;
    bool by_id;
    check checks[PV_QUERY_CONDITIONS_MAX];
    size_t check_count;
    pv_scan *scan;
    size_t looked_at;
    uint8_t position[PV_STORE_KEY_MAX];
    size_t position_size;
};

/* --- conditions --- */

static bool is_indexed(const pv_object_info *object, uint16_t field)
{
    for (size_t i = 0; i < object->index_count; i++) {
        const pv_index_info *index = &object->indexes[i];
        for (size_t k = 0; k < index->field_count; k++) {
            if (index->field_indexes[k] == field) { return true; }
        }
    }
    return false;
}

static pv_status take_conditions(pv_query_run *run, const pv_query *query, pv_arena *arena)
{
    if (query->condition_count > PV_QUERY_CONDITIONS_MAX) {
        return pv_status_of(PV_CODE_INVALID_ARGUMENT);
    }
    for (size_t i = 0; i < query->condition_count; i++) {
        const pv_condition *condition = &query->conditions[i];
        if (condition->comparison > PV_GREATER_EQUAL ||
            !is_indexed(run->object, condition->field)) {
            return pv_status_of(PV_CODE_INVALID_ARGUMENT);
        }
        check *to = &run->checks[run->check_count++];
        to->field_index = condition->field;
        to->field = &run->object->message->descriptor->fields[condition->field];
        to->comparison = condition->comparison;
        to->value = pv_value_of_condition(to->field, condition);
        to->served = false;
        if (to->value.is_text) {
            const char *copy = pv_arena_dup(arena, to->value.text);
            if (copy == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
            to->value.text = pv_view_of(copy, to->value.text.size);
        }
    }
    return pv_ok();
}

static bool holds(const check *condition, const pv_field_value *value)
{
    int order = pv_value_compare(value, &condition->value);
    switch (condition->comparison) {
    case PV_EQUAL: return order == 0;
    case PV_LESS: return order < 0;
    case PV_LESS_EQUAL: return order <= 0;
    case PV_GREATER: return order > 0;
    case PV_GREATER_EQUAL: return order >= 0;
    }
    return false;
}

/* Whether no empty value can meet the condition: of the conditions people write, those that say so plainly. */
static bool excludes_empty(const check *condition)
{
    bool upwards = condition->comparison == PV_EQUAL || condition->comparison == PV_GREATER ||
                   condition->comparison == PV_GREATER_EQUAL;
    pv_field_value empty;
    empty.is_text = condition->value.is_text;
    empty.text = pv_view_of(NULL, 0);
    empty.number = pv_number_in_order(condition->field, 0);
    return upwards && !holds(condition, &empty);
}

/* --- the plan --- */

static check *find_equality(pv_query_run *run, uint16_t field)
{
    for (size_t i = 0; i < run->check_count; i++) {
        check *condition = &run->checks[i];
        if (condition->field_index == field && condition->comparison == PV_EQUAL) {
            return condition;
        }
    }
    return NULL;
}

static bool is_bounded(const pv_query_run *run, uint16_t field)
{
    for (size_t i = 0; i < run->check_count; i++) {
        if (run->checks[i].field_index == field && run->checks[i].comparison != PV_EQUAL) {
            return true;
        }
    }
    return false;
}

static bool has_no_empty_value(const pv_query_run *run, uint16_t field)
{
    for (size_t i = 0; i < run->check_count; i++) {
        if (run->checks[i].field_index == field && excludes_empty(&run->checks[i])) { return true; }
    }
    return false;
}

/* Whether an account that is a party in this slot is listed: as the role asked for, or as a party of
 * whatever role. */
static bool role_fits(const pv_query_run *run, uint8_t slot_role)
{
    return run->role == 0 || slot_role == run->role || slot_role == PV_PARTY_ANY;
}

/* Whether every row that the query can find has an entry in the index. */
static bool is_complete(const pv_query_run *run, const pv_index_info *index)
{
    for (size_t i = 0; index->party != 0 && i < run->object->party_count; i++) {
        uint8_t role = run->object->parties[i].role;
        if (role_fits(run, role) && role != index->party) { return false; }
    }
    for (size_t i = 0; index->unique && i < index->field_count; i++) {
        if (!has_no_empty_value(run, index->field_indexes[i])) { return false; }
    }
    return true;
}

/* How well the index serves: 0 not at all; a bounded field counts most, then equalities, then brevity. */
static unsigned score(pv_query_run *run, const pv_index_info *index)
{
    if (!is_complete(run, index)) { return 0; }
    unsigned equalities = 0;
    while (equalities < index->field_count &&
           find_equality(run, index->field_indexes[equalities]) != NULL) {
        equalities++;
    }
    bool bounded =
        equalities < index->field_count && is_bounded(run, index->field_indexes[equalities]);
    if (equalities == 0 && !bounded) { return 0; }
    /* Behind equal values the entries of an index are in order of id, but only behind all its fields. */
    if (run->by_id && equalities < index->field_count) { return 0; }
    unsigned brevity = UINT8_MAX - (unsigned)index->field_count;
    return (bounded ? 1U << 16 : 0U) + (equalities << 8) + brevity;
}

static const pv_index_info *choose_index(pv_query_run *run)
{
    const pv_index_info *best = NULL;
    unsigned best_score = 0;
    for (size_t i = 0; i < run->object->index_count; i++) {
        unsigned found = score(run, &run->object->indexes[i]);
        if (found > best_score) {
            best = &run->object->indexes[i];
            best_score = found;
        }
    }
    return best;
}

/* What to scan: keys from `from` up to `to`. */
typedef struct key_range {
    pv_key from;
    pv_key to;
} key_range;

static void raise_from(key_range *range, const pv_key *key)
{
    if (pv_view_compare(pv_key_view(key), pv_key_view(&range->from)) > 0) { range->from = *key; }
}

static void lower_to(key_range *range, const pv_key *key)
{
    if (pv_view_compare(pv_key_view(key), pv_key_view(&range->to)) < 0) { range->to = *key; }
}

static void add_value(pv_key *key, const pv_field_value *value, bool *ret_cut)
{
    *ret_cut = false;
    if (value->is_text) {
        pv_key_add_text(key, value->text, ret_cut);
    } else {
        pv_key_add_number(key, value->number);
    }
}

/* Keys always begin with a space byte, so there is always one above all that begin with a key. */
static void step_over(pv_key *key)
{
    bool stepped = pv_key_step_over(key);
    PV_ASSERT(stepped);
}

/* Narrows the range to what can meet a bound of the field behind `prefix`. Of long texts the key tells only
 * the beginning: those that share it with the bound stay in, and the condition is checked on the row. */
static void narrow(key_range *range, const pv_key *prefix, check *condition)
{
    pv_key below = *prefix; /* the least key with the value */
    bool cut = false;
    if (condition->value.is_text) {
        pv_key_add_text_bound(&below, condition->value.text, &cut);
    } else {
        pv_key_add_number(&below, condition->value.number);
    }
    pv_key above = below; /* the least key above all with the value */
    step_over(&above);
    switch (condition->comparison) {
    case PV_LESS: lower_to(range, cut ? &above : &below); break;
    case PV_LESS_EQUAL: lower_to(range, &above); break;
    case PV_GREATER: raise_from(range, cut ? &below : &above); break;
    case PV_GREATER_EQUAL: raise_from(range, &below); break;
    case PV_EQUAL: return;
    }
    condition->served = !cut;
}

static key_range plan(pv_query_run *run, const pv_index_info *index)
{
    uint8_t number = index == NULL ? (uint8_t)PV_INDEX_BY_ID : index->number;
    pv_key prefix = pv_key_prefix_index(run->account, run->object->tag, number);
    size_t i = 0;
    for (; index != NULL && i < index->field_count; i++) {
        check *equality = find_equality(run, index->field_indexes[i]);
        if (equality == NULL) { break; }
        bool cut;
        add_value(&prefix, &equality->value, &cut);
        equality->served = !cut;
    }
    key_range range;
    range.from = prefix;
    range.to = prefix;
    step_over(&range.to);
    for (size_t k = 0; index != NULL && i < index->field_count && k < run->check_count; k++) {
        if (run->checks[k].field_index == index->field_indexes[i]) {
            narrow(&range, &prefix, &run->checks[k]);
        }
    }
    return range;
}

static pv_status go_on_after(const pv_query *query, const pv_query_run *run,
                             const pv_index_info *index, key_range *range)
{
    if (query->after.size == 0) { return pv_ok(); }
    uint8_t number = index == NULL ? (uint8_t)PV_INDEX_BY_ID : index->number;
    pv_key last;
    if (!pv_key_of_position(run->account, run->object->tag, number, query->after, &last)) {
        return pv_status_of(PV_CODE_INVALID_ARGUMENT);
    }
    if (query->descending) {
        lower_to(range, &last);
        return pv_ok();
    }
    pv_key_step(&last);
    if (last.overflow) { return pv_status_of(PV_CODE_INVALID_ARGUMENT); }
    raise_from(range, &last);
    return pv_ok();
}

static pv_status make_run(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                          const pv_query *query, pv_query_run **ret_run)
{
    pv_query_run *run = (pv_query_run *)pv_arena_zalloc(arena, 1, sizeof *run);
    if (run == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    run->txn = txn;
    run->object = object;
    run->account = query->account;
    run->role = query->role;
    run->by_id = query->by_id;
    PV_TRY(take_conditions(run, query, arena));
    *ret_run = run;
    return pv_ok();
}

/* Opens the scan of an index; NULL: by id. */
static pv_status open_scan(pv_query_run *run, pv_arena *arena, const pv_query *query,
                           const pv_index_info *index)
{
    key_range keys = plan(run, index);
    PV_TRY(go_on_after(query, run, index, &keys));
    pv_range range = {0};
    range.from = pv_key_view(&keys.from);
    range.to = pv_key_view(&keys.to);
    range.reverse = query->descending;
    return pv_scan_open(run->txn, arena, range, &run->scan);
}

pv_status pv_query_open(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                        const pv_query *query, pv_query_run **ret_run)
{
    pv_query_run *run = NULL;
    PV_TRY(make_run(txn, object, arena, query, &run));
    PV_TRY(open_scan(run, arena, query, choose_index(run)));
    *ret_run = run;
    return pv_ok();
}

/* --- the walk --- */

static bool has_role(const pv_query_run *run, const pv_row *row)
{
    for (size_t i = 0; i < row->party_count; i++) {
        if (pv_id_equal(row->parties[i], run->account) && role_fits(run, row->party_roles[i])) {
            return true;
        }
    }
    return false;
}

static pv_status meets_all(const pv_query_run *run, const pv_row *row, bool *ret_meets)
{
    *ret_meets = has_role(run, row);
    for (size_t i = 0; i < run->check_count && *ret_meets; i++) {
        const check *condition = &run->checks[i];
        if (condition->served) { continue; }
        pv_field_value value;
        PV_TRY(pv_row_pick(condition->field, row->message, &value));
        *ret_meets = holds(condition, &value);
    }
    return pv_ok();
}

pv_status pv_query_next(pv_query_run *run, pv_id *ret_id, pv_row *ret_row)
{
    for (;;) {
        if (run->looked_at == PV_QUERY_SCAN_MAX) { return pv_status_of(PV_CODE_OUT_OF_RANGE); }
        pv_view key, nothing;
        PV_TRY(pv_scan_next(run->scan, &key, &nothing));
        run->looked_at++;
        pv_view position = pv_key_position(key);
        memcpy(run->position, position.data, position.size);
        run->position_size = position.size;
        pv_id id;
        if (!pv_key_read_index_id(key, &id)) { return pv_status_of(PV_CODE_DATA_LOSS); }
        pv_row row;
        pv_status status = pv_object_get(run->txn, run->object, id, &row);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_status_of(PV_CODE_DATA_LOSS); }
        PV_TRY(status);
        bool meets;
        PV_TRY(meets_all(run, &row, &meets));
        if (meets) {
            *ret_id = id;
            *ret_row = row;
            return pv_ok();
        }
    }
}

pv_view pv_query_position(const pv_query_run *run)
{
    return pv_view_of(run->position, run->position_size);
}

void pv_query_close(pv_query_run *run)
{
    if (run != NULL) { pv_scan_close(run->scan); }
}

pv_status pv_object_find(pv_txn *txn, const pv_object_info *object, pv_arena *arena, pv_id account,
                         uint8_t index_number, pv_view value, pv_id *ret_id)
{
    const pv_index_info *index = pv_index_find(object, index_number);
    PV_ASSERT(index != NULL && index->unique && index->field_count == 1);
    PV_ASSERT(object->message->descriptor->fields[index->field_indexes[0]].type ==
              PROTOBUF_C_TYPE_STRING);
    pv_condition condition;
    memset(&condition, 0, sizeof condition);
    condition.field = index->field_indexes[0];
    condition.comparison = PV_EQUAL;
    condition.text = value;
    pv_query query;
    memset(&query, 0, sizeof query);
    query.account = account;
    query.conditions = &condition;
    query.condition_count = 1;
    if (value.size == 0) { return pv_status_of(PV_CODE_NOT_FOUND); }
    pv_query_run *run = NULL;
    PV_TRY(make_run(txn, object, arena, &query, &run));
    PV_TRY(open_scan(run, arena, &query, index));
    pv_row row;
    pv_status status = pv_query_next(run, ret_id, &row);
    pv_query_close(run);
    return status;
}
