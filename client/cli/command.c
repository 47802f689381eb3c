#include "client/cli/command.h"

#include <stdio.h>

enum { WORDS_MAX = 12 };

/* A CamelCase name as words in lower case, and where each began. */
typedef struct words {
    char text[WORDS_MAX][PV_COMMAND_WORD_SIZE];
    size_t count;
} words;

static bool is_upper(char byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static char to_lower(char byte)
{
    return is_upper(byte) ? (char)(byte - 'A' + 'a') : byte;
}

/* A word begins at a capital that follows no capital or is followed by a small letter: "GetCSRFile"
 * is get, csr, file. */
static bool begins_word(const char *name, size_t at)
{
    if (at == 0) { return true; }
    if (!is_upper(name[at])) { return false; }
    bool small_follows = name[at + 1] != '\0' && !is_upper(name[at + 1]);
    return !is_upper(name[at - 1]) || small_follows;
}

static void split(const char *name, size_t size, words *ret_words)
{
    words result = {.count = 0};
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        if (begins_word(name, i)) {
            PV_ASSERT(result.count < WORDS_MAX);
            result.count++;
            length = 0;
        }
        PV_ASSERT(length + 1 < PV_COMMAND_WORD_SIZE);
        char *word = result.text[result.count - 1];
        word[length++] = to_lower(name[i]);
        word[length] = '\0';
    }
    *ret_words = result;
}

static void join(const words *parts, char separator, char ret_text[PV_COMMAND_WORD_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < parts->count; i++) {
        size_t length = strlen(parts->text[i]);
        PV_ASSERT(used + length + 2 < PV_COMMAND_WORD_SIZE);
        if (i > 0) { ret_text[used++] = separator; }
        memcpy(ret_text + used, parts->text[i], length);
        used += length;
    }
    ret_text[used] = '\0';
}

static void noun_words(const pv_service_info *service, words *ret_words)
{
    static const char suffix[] = "Service";
    const char *dot = strrchr(service->name, '.');
    const char *name = dot == NULL ? service->name : dot + 1;
    size_t size = strlen(name);
    size_t suffix_size = sizeof suffix - 1;
    if (size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0) {
        size -= suffix_size;
    }
    split(name, size, ret_words);
}

/* True when `plural` is an English plural of `singular`, or the same word. */
static bool is_same_noun(const char *plural, const char *singular)
{
    size_t size = strlen(singular);
    if (strncmp(plural, singular, size) == 0) {
        const char *rest = plural + size;
        return strcmp(rest, "") == 0 || strcmp(rest, "s") == 0 || strcmp(rest, "es") == 0;
    }
    return size > 1 && singular[size - 1] == 'y' && strncmp(plural, singular, size - 1) == 0 &&
           strcmp(plural + size - 1, "ies") == 0;
}

/* True when the noun's words stand in the name at `at`; the last one may be a plural. */
static bool noun_stands_at(const words *name, size_t at, const words *noun)
{
    if (at + noun->count > name->count) { return false; }
    for (size_t i = 0; i < noun->count; i++) {
        bool last = i + 1 == noun->count;
        const char *word = name->text[at + i];
        if (last ? !is_same_noun(word, noun->text[i]) : strcmp(word, noun->text[i]) != 0) {
            return false;
        }
    }
    return true;
}

static void remove_words(words *name, size_t at, size_t count)
{
    size_t behind = at + count;
    memmove(name->text[at], name->text[behind], (name->count - behind) * sizeof name->text[0]);
    name->count -= count;
}

/* Takes the noun's words out of the name; the first word, the verb itself, always stays. */
static void remove_noun(words *name, const words *noun)
{
    for (size_t at = 1; at < name->count; at++) {
        if (noun_stands_at(name, at, noun)) {
            remove_words(name, at, noun->count);
            return;
        }
    }
    size_t shared = 0;
    while (shared < noun->count && shared + 1 < name->count &&
           strcmp(name->text[shared + 1], noun->text[shared]) == 0) {
        shared++;
    }
    if (shared + 1 < name->count) { remove_words(name, 1, shared); }
}

void pv_command_noun(const pv_service_info *service, char ret_noun[PV_COMMAND_WORD_SIZE])
{
    words noun;
    noun_words(service, &noun);
    join(&noun, '-', ret_noun);
}

void pv_command_of(const pv_service_info *service, size_t index, pv_command *ret_command)
{
    PV_ASSERT(index < service->method_count);
    words noun;
    words verb;
    noun_words(service, &noun);
    const pv_method_info *method = &service->methods[index];
    split(method->name, strlen(method->name), &verb);
    remove_noun(&verb, &noun);
    ret_command->service = service;
    ret_command->method = method;
    join(&noun, '-', ret_command->noun);
    join(&verb, '-', ret_command->verb);
}

const pv_service_info *pv_command_find_noun(pv_service_list list, const char *noun)
{
    for (size_t i = 0; i < list.count; i++) {
        char name[PV_COMMAND_WORD_SIZE];
        pv_command_noun(list.services[i], name);
        if (strcmp(name, noun) == 0) { return list.services[i]; }
    }
    return NULL;
}

bool pv_command_find(pv_service_list list, const char *noun, const char *verb,
                     pv_command *ret_command)
{
    const pv_service_info *service = pv_command_find_noun(list, noun);
    for (size_t i = 0; service != NULL && i < service->method_count; i++) {
        pv_command command;
        pv_command_of(service, i, &command);
        if (strcmp(command.verb, verb) == 0) {
            *ret_command = command;
            return true;
        }
    }
    return false;
}

/* The request's singular string field "<words>_id". */
static const ProtobufCFieldDescriptor *find_exact_id(const pv_method_info *method,
                                                     const words *object)
{
    char name[PV_COMMAND_WORD_SIZE + 4];
    char joined[PV_COMMAND_WORD_SIZE];
    join(object, '_', joined);
    int length = snprintf(name, sizeof name, "%s_id", joined);
    PV_ASSERT(length > 0 && (size_t)length < sizeof name);
    const ProtobufCMessageDescriptor *descriptor = method->request->descriptor;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING ||
        field->label == PROTOBUF_C_LABEL_REPEATED) {
        return NULL;
    }
    return field;
}

static const ProtobufCFieldDescriptor *find_id(const pv_method_info *method, words object)
{
    const ProtobufCFieldDescriptor *field = NULL;
    while (object.count > 0 && field == NULL) {
        field = find_exact_id(method, &object);
        remove_words(&object, 0, 1);
    }
    return field;
}

/* The field that must name the object which the method changes. */
static const ProtobufCFieldDescriptor *find_changed(const pv_method_info *method)
{
    if (method->transition_count == 0 || method->transitions[0].from == 0) { return NULL; }
    const char *prefix = method->transitions[0].object->id_prefix;
    const ProtobufCMessageDescriptor *descriptor = method->request->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const pv_field_rule *rule = method->request->fields[i].rule;
        if (rule != NULL && (rule->flags & PV_RULE_REQUIRED) != 0 && rule->id_prefix != NULL &&
            strcmp(rule->id_prefix, prefix) == 0 &&
            descriptor->fields[i].label != PROTOBUF_C_LABEL_REPEATED) {
            return &descriptor->fields[i];
        }
    }
    return NULL;
}

const ProtobufCFieldDescriptor *pv_command_id_field(const pv_command *command)
{
    words object;
    words noun;
    const pv_method_info *method = command->method;
    split(method->name, strlen(method->name), &object);
    remove_words(&object, 0, 1);
    const ProtobufCFieldDescriptor *field = find_id(method, object);
    if (field != NULL) { return field; }
    noun_words(command->service, &noun);
    field = find_id(method, noun);
    return field != NULL ? field : find_changed(method);
}

/* True when the method asks for nothing but the field of this name. */
static bool needs_only(const pv_method_info *method, const char *field_name)
{
    const ProtobufCMessageDescriptor *descriptor = method->request->descriptor;
    bool there = false;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const pv_field_rule *rule = method->request->fields[i].rule;
        bool same = strcmp(descriptor->fields[i].name, field_name) == 0;
        if (!same && rule != NULL && (rule->flags & PV_RULE_REQUIRED) != 0) { return false; }
        there = there || same;
    }
    return there;
}

/* The stored object that a response carries in its first field; NULL if none. */
static const pv_object_info *object_of(const pv_method_info *method)
{
    const pv_message_info *response = method->response;
    if (response->descriptor->n_fields == 0 || response->fields[0].message == NULL ||
        response->descriptor->fields[0].label == PROTOBUF_C_LABEL_REPEATED) {
        return NULL;
    }
    return response->fields[0].message->object;
}

static const pv_method_info *find_reader(const pv_service_info *service,
                                         const pv_object_info *object, const char *field_name)
{
    for (size_t i = 0; i < service->method_count; i++) {
        const pv_method_info *method = &service->methods[i];
        const pv_object_info *read = object_of(method);
        bool reads = method->kind == PV_METHOD_UNARY && (method->flags & PV_METHOD_WRITES) == 0;
        if (reads && read != NULL && (object == NULL || read == object) &&
            needs_only(method, field_name)) {
            return method;
        }
    }
    return NULL;
}

const pv_method_info *pv_command_reader(pv_service_list list, const pv_command *command,
                                        const ProtobufCFieldDescriptor *field)
{
    const pv_method_info *method = command->method;
    const pv_object_info *changed =
        method->transition_count > 0 ? method->transitions[0].object : object_of(method);
    const pv_method_info *reader = NULL;
    if (changed != NULL) { reader = find_reader(command->service, changed, field->name); }
    for (size_t i = 0; i < list.count && changed != NULL && reader == NULL; i++) {
        reader = find_reader(list.services[i], changed, field->name);
    }
    /* What makes a part of an object compares the etag of the whole, which is what the ID names. */
    return reader != NULL ? reader : find_reader(command->service, NULL, field->name);
}
