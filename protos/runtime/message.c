#include "protos/runtime/message.h"

#include "protos/runtime/reasons.h"
#include "protos/runtime/wire.h"

/* --- bytes --- */

/* An allocator of protobuf-c on an arena. It remembers a refusal, because protobuf-c tells only
 * that it could not unpack. */
typedef struct arena_allocator {
    ProtobufCAllocator base;
    pv_arena *arena;
    bool exhausted;
} arena_allocator;

static void *allocate(void *data, size_t size)
{
    arena_allocator *allocator = (arena_allocator *)data;
    void *memory = pv_arena_alloc(allocator->arena, size);
    if (memory == NULL) { allocator->exhausted = true; }
    return memory;
}

/* The arena goes back whole. */
static void release(void *data, void *memory)
{
    (void)data;
    (void)memory;
}

static ProtobufCMessage *unpack(const pv_message_info *info, pv_view bytes, pv_arena *arena,
                                bool *ret_exhausted)
{
    static const uint8_t nothing[1] = {0};
    arena_allocator allocator = {{allocate, release, &allocator}, arena, false};
    ProtobufCMessage *message = protobuf_c_message_unpack(
        info->descriptor, &allocator.base, bytes.size, bytes.size == 0 ? nothing : bytes.data);
    *ret_exhausted = allocator.exhausted;
    return message;
}

pv_status pv_message_decode(const pv_message_info *info, pv_view bytes, pv_arena *arena,
                            pv_error *error, ProtobufCMessage **ret_message)
{
    *ret_message = NULL;
    PV_TRY(pv_wire_check(info, bytes, error));
    bool exhausted;
    ProtobufCMessage *message = unpack(info, bytes, arena, &exhausted);
    if (message == NULL && exhausted) {
        return pv_refuse(error, &pv_reason_arena_exhausted,
                         "%s of %zu bytes needs more memory than one call may use",
                         info->descriptor->short_name, bytes.size);
    }
    if (message == NULL) {
        return pv_refuse(error, &pv_reason_malformed_message, "the bytes are no %s",
                         info->descriptor->name);
    }
    *ret_message = message;
    return pv_ok();
}

bool pv_message_unpack(const pv_message_info *info, pv_view bytes, pv_arena *arena,
                       ProtobufCMessage **ret_message)
{
    bool exhausted;
    *ret_message = unpack(info, bytes, arena, &exhausted);
    return *ret_message != NULL;
}

bool pv_message_encode(const ProtobufCMessage *message, pv_arena *arena, pv_view *ret_bytes)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = (uint8_t *)pv_arena_alloc(arena, size);
    if (data == NULL) { return false; }
    size_t packed = protobuf_c_message_pack(message, data);
    PV_ASSERT(packed == size);
    *ret_bytes = pv_view_of(data, size);
    return true;
}

ProtobufCMessage *pv_message_new(const pv_message_info *info, pv_arena *arena)
{
    const ProtobufCMessageDescriptor *descriptor = info->descriptor;
    ProtobufCMessage *message =
        (ProtobufCMessage *)pv_arena_alloc(arena, descriptor->sizeof_message);
    if (message != NULL) { protobuf_c_message_init(descriptor, message); }
    return message;
}

bool pv_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b, pv_arena *scratch)
{
    if (a->descriptor != b->descriptor) { return false; }
    if (protobuf_c_message_get_packed_size(a) != protobuf_c_message_get_packed_size(b)) {
        return false;
    }
    pv_view a_bytes, b_bytes;
    return pv_message_encode(a, scratch, &a_bytes) && pv_message_encode(b, scratch, &b_bytes) &&
           pv_view_equal(a_bytes, b_bytes);
}

/* --- copies --- */

static void *copy_bytes(const void *data, size_t size, pv_arena *arena)
{
    void *copy = pv_arena_alloc(arena, size);
    if (copy != NULL && size > 0) { memcpy(copy, data, size); }
    return copy;
}

/* Replaces the pointer in a value by one to a copy; false at the ceiling. */
static bool copy_value(void *value, const pv_field *field, pv_arena *arena)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        char **text = (char **)value;
        bool constant = *text == field->default_value || *text == protobuf_c_empty_string;
        if (*text == NULL || constant) { return true; }
        *text = (char *)copy_bytes(*text, strlen(*text) + 1, arena);
        return *text != NULL;
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData *bytes = (ProtobufCBinaryData *)value;
        if (bytes->len == 0) { return true; }
        bytes->data = (uint8_t *)copy_bytes(bytes->data, bytes->len, arena);
        return bytes->data != NULL;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage **message = (ProtobufCMessage **)value;
        if (*message == NULL) { return true; }
        *message = pv_message_copy(*message, arena);
        return *message != NULL;
    }
    return true;
}

static bool copy_elements(ProtobufCMessage *copy, const pv_field *field, pv_arena *arena)
{
    size_t count = pv_field_count(copy, field), size = pv_field_value_size(field);
    void **elements = (void **)(void *)((uint8_t *)copy + field->offset);
    if (count == 0) { return true; }
    *elements = copy_bytes(*elements, count * size, arena);
    if (*elements == NULL) { return false; }
    for (size_t i = 0; i < count; i++) {
        if (!copy_value((uint8_t *)*elements + i * size, field, arena)) { return false; }
    }
    return true;
}

static bool copy_unknown(ProtobufCMessage *copy, pv_arena *arena)
{
    if (copy->n_unknown_fields == 0) { return true; }
    copy->unknown_fields = (ProtobufCMessageUnknownField *)copy_bytes(
        copy->unknown_fields, copy->n_unknown_fields * sizeof copy->unknown_fields[0], arena);
    if (copy->unknown_fields == NULL) { return false; }
    for (unsigned i = 0; i < copy->n_unknown_fields; i++) {
        ProtobufCMessageUnknownField *field = &copy->unknown_fields[i];
        field->data = (uint8_t *)copy_bytes(field->data, field->len, arena);
        if (field->data == NULL) { return false; }
    }
    return true;
}

ProtobufCMessage *pv_message_copy(const ProtobufCMessage *message, pv_arena *arena)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    ProtobufCMessage *copy =
        (ProtobufCMessage *)copy_bytes(message, descriptor->sizeof_message, arena);
    if (copy == NULL || !copy_unknown(copy, arena)) { return NULL; }
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const pv_field *field = &descriptor->fields[i];
        bool copied = field->label == PROTOBUF_C_LABEL_REPEATED
                          ? copy_elements(copy, field, arena)
                          : !pv_field_is_set(copy, field) ||
                                copy_value((uint8_t *)copy + field->offset, field, arena);
        if (!copied) { return NULL; }
    }
    return copy;
}

/* --- fields by descriptor --- */

static bool is_repeated(const pv_field *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static bool in_oneof(const pv_field *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* The word that says whether or which: has_x of proto2, the case of a oneof. */
static int *quantifier(const ProtobufCMessage *message, const pv_field *field)
{
    return (int *)(void *)((uint8_t *)(uintptr_t)message + field->quantifier_offset);
}

static void *member(const ProtobufCMessage *message, const pv_field *field)
{
    return (uint8_t *)(uintptr_t)message + field->offset;
}

int pv_field_find(const ProtobufCMessageDescriptor *descriptor, pv_view name)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (pv_view_equal(pv_view_text(descriptor->fields[i].name), name)) { return (int)i; }
    }
    return -1;
}

size_t pv_field_value_size(const pv_field *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM: return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    }
    return 0;
}

bool pv_field_is_set(const ProtobufCMessage *message, const pv_field *field)
{
    static const uint8_t zero[8] = {0};
    const void *value = member(message, field);
    if (is_repeated(field)) {
        return *(const size_t *)(const void *)quantifier(message, field) > 0;
    }
    if (in_oneof(field)) { return *quantifier(message, field) == (int)field->id; }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return *(ProtobufCMessage *const *)value != NULL;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)value;
        return text != NULL && *text != '\0';
    }
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL) { return *quantifier(message, field) != 0; }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)value)->len > 0;
    }
    return memcmp(value, zero, pv_field_value_size(field)) != 0;
}

const void *pv_field_data(const ProtobufCMessage *message, const pv_field *field)
{
    void *value = member(message, field);
    return is_repeated(field) ? *(void **)value : value;
}

size_t pv_field_count(const ProtobufCMessage *message, const pv_field *field)
{
    if (is_repeated(field)) { return *(const size_t *)(const void *)quantifier(message, field); }
    return pv_field_is_set(message, field) ? 1 : 0;
}

const char *pv_field_string(const ProtobufCMessage *message, const pv_field *field)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_STRING && !is_repeated(field));
    return pv_field_is_set(message, field) ? *(char *const *)member(message, field) : "";
}

const ProtobufCMessage *pv_field_message(const ProtobufCMessage *message, const pv_field *field)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_MESSAGE && !is_repeated(field));
    return pv_field_is_set(message, field) ? *(ProtobufCMessage *const *)member(message, field)
                                           : NULL;
}

const char *pv_field_string_at(const ProtobufCMessage *message, const pv_field *field, size_t index)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_STRING && is_repeated(field));
    PV_ASSERT(index < pv_field_count(message, field));
    return ((char *const *)pv_field_data(message, field))[index];
}

const ProtobufCMessage *pv_field_message_at(const ProtobufCMessage *message, const pv_field *field,
                                            size_t index)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_MESSAGE && is_repeated(field));
    PV_ASSERT(index < pv_field_count(message, field));
    return ((ProtobufCMessage *const *)pv_field_data(message, field))[index];
}

int64_t pv_value_integer(const pv_field *field, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_BOOL: return *(const int32_t *)value;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: return *(const uint32_t *)value;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: return *(const int64_t *)value;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: return (int64_t) * (const uint64_t *)value;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: break;
    }
    pv_assert_failed("an integer, bool or enum field", __FILE__, __LINE__);
}

int64_t pv_field_integer(const ProtobufCMessage *message, const pv_field *field)
{
    PV_ASSERT(!is_repeated(field));
    return pv_field_is_set(message, field) ? pv_value_integer(field, member(message, field)) : 0;
}

/* Says that the field holds a value, where that is said beside the value. */
static void mark_set(ProtobufCMessage *message, const pv_field *field)
{
    if (in_oneof(field)) {
        *quantifier(message, field) = (int)field->id;
    } else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
               field->type != PROTOBUF_C_TYPE_MESSAGE) {
        *quantifier(message, field) = 1;
    }
}

void pv_field_set_string(ProtobufCMessage *message, const pv_field *field, char *text)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_STRING && !is_repeated(field));
    *(char **)member(message, field) = text;
    mark_set(message, field);
}

void pv_field_set_message(ProtobufCMessage *message, const pv_field *field, ProtobufCMessage *value)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_MESSAGE && !is_repeated(field));
    PV_ASSERT(value->descriptor == field->descriptor);
    *(ProtobufCMessage **)member(message, field) = value;
    mark_set(message, field);
}

void pv_field_set_integer(ProtobufCMessage *message, const pv_field *field, int64_t value)
{
    PV_ASSERT(!is_repeated(field));
    void *place = member(message, field);
    if (pv_field_value_size(field) == 8) {
        memcpy(place, &value, sizeof value);
    } else {
        uint32_t low = (uint32_t)(uint64_t)value;
        memcpy(place, &low, sizeof low);
    }
    PV_ASSERT(pv_value_integer(field, place) == value);
    mark_set(message, field);
}

void *pv_field_place(ProtobufCMessage *message, const pv_field *field)
{
    PV_ASSERT(!is_repeated(field));
    mark_set(message, field);
    return member(message, field);
}

void pv_field_set_elements(ProtobufCMessage *message, const pv_field *field, void *elements,
                           size_t count)
{
    PV_ASSERT(is_repeated(field));
    *(size_t *)(void *)quantifier(message, field) = count;
    *(void **)member(message, field) = elements;
}

void pv_field_clear(ProtobufCMessage *message, const pv_field *field)
{
    void *value = member(message, field);
    if (is_repeated(field)) {
        *(size_t *)(void *)quantifier(message, field) = 0;
        *(void **)value = NULL;
        return;
    }
    if (in_oneof(field)) {
        if (!pv_field_is_set(message, field)) { return; } /* the memory is another member's */
        *quantifier(message, field) = 0;
    } else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->type != PROTOBUF_C_TYPE_STRING &&
               field->type != PROTOBUF_C_TYPE_MESSAGE) {
        *quantifier(message, field) = 0;
    }
    memset(value, 0, pv_field_value_size(field));
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const void *empty =
            field->default_value != NULL ? field->default_value : protobuf_c_empty_string;
        memcpy(value, &empty, sizeof empty);
    }
}

void pv_field_assign(ProtobufCMessage *target, const ProtobufCMessage *source,
                     const pv_field *field)
{
    PV_ASSERT(target->descriptor == source->descriptor);
    if (!pv_field_is_set(source, field)) {
        pv_field_clear(target, field);
        return;
    }
    if (is_repeated(field)) {
        *(size_t *)(void *)quantifier(target, field) = pv_field_count(source, field);
        *(void **)member(target, field) = *(void **)member(source, field);
        return;
    }
    memcpy(member(target, field), member(source, field), pv_field_value_size(field));
    mark_set(target, field);
}
