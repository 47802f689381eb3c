/* rules.h — the tables that protoc-gen-purvey emits from the options in the .proto files, as plain constant
 * data. They know no domain: roles, modules, grants and states are the numbers of the enums that declared
 * themselves as that vocabulary (protos/purvey/rules/v1/rules.proto). Includes no gRPC and no storage.
 * Everything here is static for the life of the process. */
#ifndef PV_PROTOS_RUNTIME_RULES_H
#define PV_PROTOS_RUNTIME_RULES_H

#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_message_info pv_message_info;
typedef struct pv_object_info pv_object_info;
typedef struct pv_file_info pv_file_info;

/* Named string forms; numbers of purvey.rules.v1.Pattern. */
typedef enum pv_pattern {
    PV_PATTERN_NONE = 0,
    PV_PATTERN_CURRENCY = 1,
    PV_PATTERN_COUNTRY = 2,
    PV_PATTERN_EMAIL = 3,
    PV_PATTERN_NAME = 4,
    PV_PATTERN_UUID = 5,
    PV_PATTERN_ETAG = 6,
    PV_PATTERN_DECIMAL = 7,
    PV_PATTERN_URL = 8,
    PV_PATTERN_DOMAIN = 9,
    PV_PATTERN_LINE = 10,
    PV_PATTERN_LANGUAGE = 11,
    PV_PATTERN_COLOUR = 12,
    PV_PATTERN_HTTPS = 13
} pv_pattern;

/* Role number of a party of whatever type (`party: "ANY"`): the caller's own role counts. */
enum { PV_PARTY_ANY = 63 };

enum {
    PV_RULE_REQUIRED = 1 << 0,
    PV_RULE_OUTPUT_ONLY = 1 << 1,
    PV_RULE_IMMUTABLE = 1 << 2,
    PV_RULE_SENSITIVE = 1 << 3,
    PV_RULE_UNIQUE = 1 << 4,    /* elements differ from each other */
    PV_RULE_RANGE = 1 << 5,     /* range_min and range_max hold */
    PV_RULE_DECIMAL = 1 << 6,   /* the field is a Decimal message; scale_max holds */
    PV_RULE_NEGATIVE = 1 << 7,  /* a Decimal that may be below zero */
    PV_RULE_INTRODUCES = 1 << 8 /* an id that may be of an object unknown to the caller */
};

/* What a field must hold. */
typedef struct pv_field_rule {
    uint32_t flags; /* PV_RULE_* */
    uint32_t length_min;
    uint32_t length_max; /* 0: not said */
    uint32_t items_min;
    uint32_t items_max; /* 0: not said */
    int64_t range_min;
    int64_t range_max;
    uint32_t scale_max;
    pv_pattern pattern;
    const char *id_prefix; /* NULL: not an id */
    uint32_t party;        /* role number of which this field holds the account; 0: none */
} pv_field_rule;

/* What protobuf-c's own descriptor of a field does not say. Same order as descriptor->fields. */
typedef struct pv_field_info {
    const char *json_name;
    const pv_message_info *message; /* of a message field; else NULL */
    const pv_field_rule *rule;      /* NULL: no rule */
    const char *comment; /* the field's comment in the .proto, one paragraph; "" if none */
    bool is_map;
} pv_field_info;

struct pv_message_info {
    const ProtobufCMessageDescriptor *descriptor;
    const pv_field_info *fields;  /* descriptor->n_fields of them */
    const pv_object_info *object; /* of a stored object; else NULL */
    const char *comment;
    bool recursive; /* the type can contain itself; refused in requests at generation time */
};

/* A secondary index of a stored object. */
typedef struct pv_index_info {
    uint8_t number;
    bool unique;
    uint8_t party;                 /* role number (or PV_PARTY_ANY), 0: every party */
    uint8_t field_count;           /* 1 to 4 */
    const uint16_t *field_indexes; /* into descriptor->fields */
} pv_index_info;

/* A stored object. Field indexes point into descriptor->fields; -1 where the object has no such field. */
struct pv_object_info {
    const char *name; /* full name, "purvey.order.v1.Order" */
    const pv_message_info *message;
    const char *id_prefix;
    uint8_t tag; /* type byte in keys */
    int id_field, etag_field, revision_field, create_time_field, update_time_field, state_field;
    uint8_t party_count;
    const struct pv_party_info {
        uint8_t role; /* number of the ROLE enum */
        uint16_t field;
    } * parties;
    const pv_index_info *indexes;
    uint8_t index_count;
    const ProtobufCEnumDescriptor *states; /* NULL: no state */
    uint64_t terminal_states;              /* bit n: state number n */
    const char *state_prefix;              /* "ORDER_STATE_", stripped in texts */
    uint64_t shown_to; /* bit n: role number n may be shown it without being a party */
};

/* One permitted state change. Sets are bit sets of enum numbers. */
typedef struct pv_transition {
    const pv_object_info *object;
    uint64_t from;  /* 0: creates the object */
    uint64_t to;    /* 0: deletes the object */
    uint64_t roles; /* as which party; 0: any role that may call */
} pv_transition;

typedef enum pv_method_kind {
    PV_METHOD_UNARY = 0,
    PV_METHOD_SERVER_STREAM = 1,
    PV_METHOD_CLIENT_STREAM = 2,
    PV_METHOD_BIDI_STREAM = 3
} pv_method_kind;

enum {
    PV_METHOD_WRITES = 1 << 0, /* idempotency_level is not NO_SIDE_EFFECTS */
    PV_METHOD_PUBLIC = 1 << 1, /* no client identity needed */
    PV_METHOD_ANY = 1 << 2     /* every authenticated caller */
};

typedef struct pv_method_info {
    const char *path;    /* "/purvey.order.v1.OrderService/GetOrder" */
    const char *service; /* "purvey.order.v1.OrderService" */
    const char *name;    /* "GetOrder" */
    pv_method_kind kind;
    uint32_t flags; /* PV_METHOD_*; without PUBLIC or ANY and with roles 0 everybody is refused */
    uint64_t roles; /* bit n: role number n */
    uint8_t module;
    uint8_t grant;
    uint32_t request_bytes_max; /* 0: the server's default */
    const pv_message_info *request;
    const pv_message_info *response;
    const pv_transition *transitions;
    size_t transition_count;
    const pv_reason *const *reasons;
    size_t reason_count;
    const char *comment;
} pv_method_info;

typedef struct pv_service_info {
    const char *name;
    const pv_method_info *methods;
    size_t method_count;
    const pv_file_info *file;
    const char *comment;
} pv_service_info;

/* A .proto file: the packed FileDescriptorProto without comments, for reflection, and what it imports. */
struct pv_file_info {
    const char *name;
    const uint8_t *descriptor;
    size_t descriptor_size;
    const pv_file_info *const *imports;
    size_t import_count;
    const pv_message_info *const *messages; /* all, nested ones too */
    size_t message_count;
    const pv_service_info *const *services;
    size_t service_count;
};

#ifdef __cplusplus
}
#endif
#endif
