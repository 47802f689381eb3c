#include "storage/object.h"

#include "protos/runtime/message.h"
#include "storage/index.h"
#include "storage/keys.h"
#include "storage/row.h"
#include "storage/txn.h"

static const ProtobufCFieldDescriptor *field_at(const pv_object_info *object, int field)
{
    PV_ASSERT(field >= 0);
    return &object->message->descriptor->fields[field];
}

/* --- reading --- */

pv_status pv_object_get(pv_txn *txn, const pv_object_info *object, pv_id id, pv_row *ret_row)
{
    pv_key key = pv_key_of_object(object->tag, id);
    pv_view bytes;
    PV_TRY(pv_txn_get(txn, pv_key_view(&key), &bytes));
    return pv_row_read(bytes, ret_row);
}

/* The arena as protobuf-c's allocator, which remembers whether it ever had nothing to give. */
typedef struct arena_allocator {
    pv_arena *arena;
    bool exhausted;
} arena_allocator;

static void *allocate(void *context, size_t size)
{
    arena_allocator *allocator = (arena_allocator *)context;
    void *memory = pv_arena_alloc(allocator->arena, size);
    allocator->exhausted = allocator->exhausted || memory == NULL;
    return memory;
}

static void release(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

pv_status pv_object_load(pv_txn *txn, const pv_object_info *object, pv_id id, pv_arena *arena,
                         ProtobufCMessage **ret_message, pv_row *ret_row)
{
    pv_row row;
    PV_TRY(pv_object_get(txn, object, id, &row));
    arena_allocator state = {arena, false};
    ProtobufCAllocator allocator = {allocate, release, &state};
    ProtobufCMessage *message = protobuf_c_message_unpack(object->message->descriptor, &allocator,
                                                          row.message.size, row.message.data);
    if (message == NULL) {
        return pv_status_of(state.exhausted ? PV_CODE_RESOURCE_EXHAUSTED : PV_CODE_DATA_LOSS);
    }
    *ret_message = message;
    if (ret_row != NULL) { *ret_row = row; }
    return pv_ok();
}

/* --- writing --- */

static pv_status set_time(const ProtobufCFieldDescriptor *field, pv_arena *arena, pv_time now,
                          ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = (const ProtobufCMessageDescriptor *)field->descriptor;
    ProtobufCMessage *timestamp = (ProtobufCMessage *)pv_arena_alloc(arena, type->sizeof_message);
    if (timestamp == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    protobuf_c_message_init(type, timestamp);
    PV_ASSERT(now.utc_ns >= 0);
    pv_field_set_integer(timestamp, protobuf_c_message_descriptor_get_field(type, 1),
                         now.utc_ns / PV_NS_PER_S);
    pv_field_set_integer(timestamp, protobuf_c_message_descriptor_get_field(type, 2),
                         now.utc_ns % PV_NS_PER_S);
    pv_field_set_message(message, field, timestamp);
    return pv_ok();
}

/* What every write of an object sets in its message. */
static pv_status stamp(const pv_object_info *object, pv_arena *arena, uint64_t revision,
                       pv_time now, ProtobufCMessage *message)
{
    char *etag = pv_arena_printf(arena, "\"%llu\"", (unsigned long long)revision);
    if (etag == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    pv_field_set_string(message, field_at(object, object->etag_field), etag);
    pv_field_set_integer(message, field_at(object, object->revision_field), (int64_t)revision);
    PV_TRY(set_time(field_at(object, object->update_time_field), arena, now, message));
    const ProtobufCFieldDescriptor *create_time = field_at(object, object->create_time_field);
    if (pv_field_is_set(message, create_time)) { return pv_ok(); }
    return set_time(create_time, arena, now, message);
}

/* The account in a party field: "prefix_..." of whatever prefix accounts have; zero when the field is empty. */
static pv_status read_party(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                            pv_id *ret_account)
{
    pv_view text = pv_view_text(pv_field_string(message, field));
    memset(ret_account, 0, sizeof *ret_account);
    if (text.size == 0) { return pv_ok(); }
    char prefix[PV_ID_PREFIX_MAX + 1];
    size_t size = 0;
    while (size < text.size && text.data[size] != '_') { size++; }
    if (size > PV_ID_PREFIX_MAX) { return pv_status_of(PV_CODE_INVALID_ARGUMENT); }
    memcpy(prefix, text.data, size);
    prefix[size] = '\0';
    return pv_status_of(pv_id_parse(prefix, text, ret_account) ? PV_CODE_OK
                                                               : PV_CODE_INVALID_ARGUMENT);
}

/* Packs the message into a row of its parties; ret_row borrows from ret_bytes. */
static pv_status pack(const pv_object_info *object, pv_arena *arena, uint64_t revision,
                      const ProtobufCMessage *message, pv_view *ret_bytes, pv_row *ret_row)
{
    PV_ASSERT(object->party_count <= PV_ROW_PARTIES_MAX);
    pv_row row;
    memset(&row, 0, sizeof row);
    row.revision = revision;
    row.party_count = object->party_count;
    for (size_t i = 0; i < object->party_count; i++) {
        row.party_roles[i] = object->parties[i].role;
        PV_TRY(read_party(message, field_at(object, object->parties[i].field), &row.parties[i]));
    }
    uint8_t *place = NULL;
    size_t size = protobuf_c_message_get_packed_size(message);
    PV_TRY(pv_row_build(&row, size, arena, ret_bytes, &place));
    size_t packed = protobuf_c_message_pack(message, place);
    PV_ASSERT(packed == size);
    row.message = pv_view_of(place, size);
    *ret_row = row;
    return pv_ok();
}

/* The entries of the row that is there now; none when there is none. */
static pv_status list_present(pv_txn *txn, const pv_object_info *object, pv_id id, pv_arena *arena,
                              pv_index_entries *ret_entries)
{
    pv_row row;
    pv_status status = pv_object_get(txn, object, id, &row);
    if (status.code == PV_CODE_NOT_FOUND) {
        ret_entries->items = NULL;
        ret_entries->count = 0;
        return pv_ok();
    }
    PV_TRY(status);
    return pv_index_list(object, id, &row, PV_INDEX_EVERY, arena, ret_entries);
}

pv_status pv_object_put(pv_txn *txn, const pv_object_info *object, pv_arena *arena, pv_time now,
                        ProtobufCMessage *message, pv_id *ret_existing)
{
    PV_ASSERT(message->descriptor == object->message->descriptor);
    pv_id id;
    pv_view id_text = pv_view_text(pv_field_string(message, field_at(object, object->id_field)));
    if (!pv_id_parse(object->id_prefix, id_text, &id)) {
        return pv_status_of(PV_CODE_INVALID_ARGUMENT);
    }
    uint64_t revision = pv_txn_revision(txn);
    PV_TRY(stamp(object, arena, revision, now, message));

    pv_view bytes;
    pv_row row;
    PV_TRY(pack(object, arena, revision, message, &bytes, &row));
    pv_index_entries before, after;
    PV_TRY(list_present(txn, object, id, arena, &before));
    PV_TRY(pv_index_list(object, id, &row, PV_INDEX_EVERY, arena, &after));
    PV_TRY(pv_index_check_unique(txn, object, id, &row, &before, &after, arena, ret_existing));
    PV_TRY(pv_index_replace(txn, &before, &after));
    pv_key key = pv_key_of_object(object->tag, id);
    return pv_txn_put(txn, pv_key_view(&key), bytes);
}

pv_status pv_object_delete(pv_txn *txn, const pv_object_info *object, pv_id id)
{
    pv_row row;
    PV_TRY(pv_object_get(txn, object, id, &row));
    pv_index_entries before;
    const pv_index_entries none = {NULL, 0};
    PV_TRY(pv_index_list(object, id, &row, PV_INDEX_EVERY, pv_txn_arena(txn), &before));
    PV_TRY(pv_index_replace(txn, &before, &none));
    pv_key key = pv_key_of_object(object->tag, id);
    return pv_txn_delete(txn, pv_key_view(&key));
}
