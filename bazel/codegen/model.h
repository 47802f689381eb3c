/* model.h — the .proto files as the generator sees them: protobuf's own descriptors, linked with each
 * other, with their C names, comments, places and rules. gen_model_load links; options.h reads the rules;
 * resolve.h turns the names in them into numbers and pointers. After that the model only is read. */
#ifndef PV_BAZEL_CODEGEN_MODEL_H
#define PV_BAZEL_CODEGEN_MODEL_H

#include "bazel/codegen/text.h"

#include "google/protobuf/descriptor.pb-c.h"
#include "purvey/rules/v1/rules.pb-c.h"

enum { GEN_PATH_MAX = 24 };

typedef struct gen_file gen_file;
typedef struct gen_message gen_message;
typedef struct gen_enum gen_enum;

/* Where an element stands: the path that descriptor.proto defines for SourceCodeInfo. */
typedef struct gen_place {
    const gen_file *file;
    int32_t path[GEN_PATH_MAX];
    size_t depth;
} gen_place;

/* What all elements have. */
typedef struct gen_element {
    gen_place place;
    const char *full_name; /* "purvey.order.v1.Order.state" */
    const char *label;     /* "Order.state", for problems */
    const char *comment;   /* paragraphs, separated by one line feed; "" if none */
} gen_element;

typedef struct gen_field {
    gen_element element;
    const Google__Protobuf__FieldDescriptorProto *proto;
    gen_message *parent;
    gen_message *message; /* of a message field */
    gen_enum *enumeration;
    bool repeated;
    bool is_map;
    Purvey__Rules__V1__FieldRule *rule; /* NULL: none */
    uint32_t party;                     /* role number; 0: none */
    bool bound_checked;
} gen_field;

typedef struct gen_index {
    const Purvey__Rules__V1__Index *rule;
    uint32_t party;
    size_t fields[4]; /* into gen_message.fields */
    size_t field_count;
} gen_index;

/* A stored object. Field indexes go into gen_message.fields; -1: no such field. */
typedef struct gen_object {
    int id, etag, revision, create_time, update_time, state;
    gen_list parties;  /* gen_field */
    gen_list indexes;  /* gen_index */
    gen_enum *states;  /* NULL: no state */
    uint64_t shown_to; /* bit set of role numbers */
} gen_object;

struct gen_message {
    gen_element element;
    const Google__Protobuf__DescriptorProto *proto;
    gen_message *parent;
    gen_list fields; /* gen_field, by field number: the order of protobuf-c's descriptors */
    bool recursive;
    Purvey__Rules__V1__ObjectRule *rule; /* NULL: not a stored object */
    gen_object *object;
    const char *c_type, *c_lower, *c_upper;
    const char *short_name; /* "pv_order" */
};

typedef struct gen_value {
    gen_element element;
    const Google__Protobuf__EnumValueDescriptorProto *proto;
    gen_enum *parent;
    const char *word;   /* "PENDING": the name without the prefix of its enum */
    const char *symbol; /* "pv_order_state_pending" */
    const char *macro;  /* "PV_ORDER_STATE_PENDING" */
    Purvey__Rules__V1__ValueRule *rule;
} gen_value;

struct gen_enum {
    gen_element element;
    const Google__Protobuf__EnumDescriptorProto *proto;
    gen_message *parent;
    gen_list values; /* gen_value */
    Purvey__Rules__V1__Vocabulary vocabulary;
    const char *prefix; /* "ORDER_STATE_" */
    const char *c_type, *c_lower, *c_upper;
    const char *short_name;
};

typedef struct gen_transition {
    const gen_message *object;
    uint64_t from, to, roles; /* bit sets of enum numbers */
} gen_transition;

typedef struct gen_method {
    gen_element element;
    const Google__Protobuf__MethodDescriptorProto *proto;
    struct gen_service *parent;
    gen_message *request;
    gen_message *response;
    Purvey__Rules__V1__MethodRule *rule; /* NULL: none */
    uint32_t flags;                      /* PV_METHOD_* of protos/runtime/rules.h */
    uint64_t roles;
    uint32_t module, grant;
    gen_list transitions;   /* gen_transition */
    gen_list reasons;       /* gen_value */
    const char *short_name; /* "pv_order_service_get_order", the server's function */
    const char *stub_name;  /* "pv_order_client_get_order" */
} gen_method;

typedef struct gen_service {
    gen_element element;
    const Google__Protobuf__ServiceDescriptorProto *proto;
    gen_list methods; /* gen_method */
    const char *short_name;
    bool served; /* has server bindings */
} gen_service;

struct gen_file {
    gen_element element; /* of the file itself; the comment is that of its `package` line */
    const Google__Protobuf__FileDescriptorProto *proto;
    const char *package;               /* "" if none */
    const char *prefix;                /* "pv" */
    const char *symbol;                /* "pv_file__purvey_order_v1_order" */
    const char *stem;                  /* "purvey/order/v1/order" */
    Purvey__Rules__V1__FileRule *rule; /* NULL: a foreign file, free of our rules */
    bool generate;
    gen_list messages; /* gen_message, nested ones behind their parent */
    gen_list enums;
    gen_list services;
};

/* A problem in the .proto files. */
typedef struct gen_problem {
    const char *file;
    int line;
    const char *text;
} gen_problem;

typedef struct gen_model {
    gen_list files;    /* gen_file */
    gen_list messages; /* of all files */
    gen_list enums;
    gen_list problems;                        /* gen_problem */
    const gen_enum *roles, *modules, *grants; /* the vocabularies in sight; NULL: none */
    uint32_t foreign_flags; /* PV_METHOD_* for methods of files without a FileRule */
} gen_model;

/* Links the files, which stand behind everything they import. `generate` says which are asked for. */
void gen_model_load(gen_model *model, Google__Protobuf__FileDescriptorProto *const *files,
                    size_t count, bool (*generate)(const char *name, const void *context),
                    const void *context);

/* By full name, with or without the leading dot; NULL: none. */
gen_message *gen_find_message(const gen_model *model, const char *full_name);
gen_enum *gen_find_enum(const gen_model *model, const char *full_name);
gen_file *gen_find_file(const gen_model *model, const char *name);

/* Position of the field named so in message->fields; -1: none. */
int gen_find_field(const gen_message *message, const char *name);

gen_field *gen_field_at(const gen_message *message, size_t index);

/* The value with this word or this number; NULL: none. */
gen_value *gen_find_word(const gen_enum *enumeration, const char *word);
gen_value *gen_find_number(const gen_enum *enumeration, int32_t number);

/* The FileRule option reaches the C names of everything in the file; called when options are read. */
void gen_name_file(gen_file *file);

/* The line, from 1, at which the element begins; 0: not known. */
int gen_line(const gen_place *place);

/* The same for an option of the element: field `target` of the element's message in descriptor.proto,
 * extension `tag`. Falls back to the element's own line. */
int gen_option_line(const gen_place *place, int32_t target, int32_t tag);

/* Adds the problem "Element: sentence" at the element, or at the given line of its file. */
__attribute__((format(printf, 3, 4))) void gen_report(gen_model *model, const gen_element *element,
                                                      const char *format, ...);
__attribute__((format(printf, 4, 5))) void
gen_report_at(gen_model *model, const gen_element *element, int line, const char *format, ...);

/* Prints all problems to standard error in order of file and line, each once; returns their number. */
size_t gen_print_problems(const gen_model *model);

#endif
