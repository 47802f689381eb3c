#include "storage/catalogue.h"

#include <stdarg.h>
#include <stdio.h>

bool pv_catalogue_read(pv_view key, pv_view value, pv_catalogue_row *ret_row)
{
    pv_key_parts parts;
    if (!pv_key_read(key, &parts) || parts.space != PV_SPACE_CATALOGUE ||
        value.size < PV_CATALOGUE_ROW_SIZE ||
        value.size > PV_CATALOGUE_ROW_SIZE + PV_DEFINITION_MAX || value.data[0] < PV_INDEX_READY ||
        value.data[0] > PV_INDEX_DROPPING) {
        return false;
    }
    ret_row->tag = parts.tag;
    ret_row->index = parts.index;
    ret_row->state = (pv_index_state)value.data[0];
    memcpy(ret_row->position.bytes, value.data + 1, PV_ID_SIZE);
    ret_row->definition =
        pv_view_of(value.data + PV_CATALOGUE_ROW_SIZE, value.size - PV_CATALOGUE_ROW_SIZE);
    return true;
}

size_t pv_catalogue_write(const pv_catalogue_row *row,
                          uint8_t ret_value[PV_CATALOGUE_ROW_SIZE + PV_DEFINITION_MAX])
{
    PV_ASSERT(row->definition.size <= PV_DEFINITION_MAX);
    ret_value[0] = (uint8_t)row->state;
    memcpy(ret_value + 1, row->position.bytes, PV_ID_SIZE);
    if (row->definition.size > 0) {
        memcpy(ret_value + PV_CATALOGUE_ROW_SIZE, row->definition.data, row->definition.size);
    }
    return PV_CATALOGUE_ROW_SIZE + row->definition.size;
}

void pv_catalogue_drop_all(pv_key *ret_key, uint8_t ret_value[PV_CATALOGUE_ROW_SIZE])
{
    *ret_key = pv_key_of_catalogue(0, 0);
    memset(ret_value, 0, PV_CATALOGUE_ROW_SIZE);
    ret_value[0] = PV_INDEX_DROPPING;
}

/* Appends to a definition, which the generator's limits keep short enough. */
__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text + used, PV_DEFINITION_MAX + 1 - used, format, arguments);
    va_end(arguments);
    PV_ASSERT(size >= 0 && used + (size_t)size <= PV_DEFINITION_MAX);
}

void pv_index_define(const pv_object_info *object, const pv_index_info *index,
                     char ret_text[PV_DEFINITION_MAX + 1])
{
    ret_text[0] = '\0';
    add(ret_text, "%s by", object->name);
    if (index == NULL) { add(ret_text, " id"); }
    for (size_t i = 0; index != NULL && i < index->field_count; i++) {
        const ProtobufCFieldDescriptor *field =
            &object->message->descriptor->fields[index->field_indexes[i]];
        add(ret_text, " %s(%u/%d)", field->name, field->id, (int)field->type);
    }
    if (index != NULL && index->unique) { add(ret_text, " unique"); }
    if (index != NULL && index->party != 0) { add(ret_text, " of party %u", index->party); }
}

const pv_index_info *pv_index_find(const pv_object_info *object, uint8_t number)
{
    for (size_t i = 0; i < object->index_count; i++) {
        if (object->indexes[i].number == number) { return &object->indexes[i]; }
    }
    return NULL;
}
