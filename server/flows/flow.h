/* flow.h — what a flow (the handlers of one area) works with. A flow is pure: it never sees gRPC, TLS, LMDB, a
 * socket, a clock or a random source; the caller, the transaction, the time and fresh ids are handed in,
 * so that the whole domain runs inside a test or a simulator.
 *
 * Handlers of a write may run again after a conflict and have no effect before commit. Messages built by a
 * handler live in call->arena.
 *
 * Order of refusal, fixed: identity, rate, access, size and syntax, replay (all before the handler), then
 * visibility, role on the object, etag, state (pv_begin does these four), then business rules.
 *
 * The usual verb:
 *     pv_order *order = NULL;
 *     PV_TRY(pv_begin(call, &pv_order__object, request->order_id, request->etag, &order));
 *     ... business rules: return pv_refuse(&call->error, &pv_error_reason_x, "...") ...
 *     response->order = order;
 *     return pv_move_and_save(call, &pv_order__object, order, PV_ORDER_STATE_APPROVED);
 * What must be durable before something irreversible happens (a certificate is signed) is done in two runs:
 *     if (intent == NULL) { ... make it and save it ... }
 *     if (!call->context->durable) { return pv_run_again(call, intent->id); }
 *     ... what the intent says ...
 * A kill at any point leaves the intent or nothing; the same call repeated goes the same way from there.
 *
 * What handlers of all areas do to messages stands in make.h. */
#ifndef PV_SERVER_FLOWS_FLOW_H
#define PV_SERVER_FLOWS_FLOW_H

#include "base/id.h"
#include "protos/runtime/call.h"
#include "purvey/common/v1/error_reason.pv.h"
#include "purvey/common/v1/vocabulary.pv.h"
#include "server/flows/resolver.h"
#include "storage/object.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An account whose feed grew but found no room in `touched` sees its event with the next heartbeat. */
enum { PV_TOUCHED_MAX = 16 };

enum { PV_MODULES_MAX = 16, PV_PAGE_SIZE_DEFAULT = 50, PV_PAGE_SIZE_MAX = 1000 };

/* Who calls, as it was at one moment (server/identity says of which). */
typedef struct pv_caller {
    pv_id account;
    pv_id user;
    pv_id membership;
    pv_id certificate;
    char account_id[PV_ID_TEXT_SIZE]; /* the same as texts */
    char user_id[PV_ID_TEXT_SIZE];
    char membership_id[PV_ID_TEXT_SIZE];
    char certificate_id[PV_ID_TEXT_SIZE];
    uint8_t role;                   /* pv_account_type of the account */
    uint8_t grants[PV_MODULES_MAX]; /* strongest pv_grant per pv_module */
    uint64_t generation;            /* server/identity's mark of that moment; 0: none */
} pv_caller;

/* What the pipeline hands to a handler with the call. */
struct pv_context {
    const pv_caller
        *caller; /* NULL for PUBLIC methods: all writes, and reads without a good certificate */
    pv_txn *txn; /* snapshot of a read, or the write transaction */
    pv_time now; /* the same for the whole call */
    pv_id_source *ids;
    pv_view token_key;                      /* secret behind page and resume tokens */
    const pv_service_info *const *services; /* everything served, for WhoAmI */
    size_t service_count;
    const void *authority;      /* struct pv_signer of server/identity: signs certificates */
    pv_view server_root_sha256; /* of the root that the server's certificate comes from */
    pv_view request_id;         /* of a write, as the caller gave it; for the audit trail */
    /* Of pv_run_again: it was called in this run; this run follows one that called it, so that what was changed before
     * is durable; what it was given, by this call or by an earlier one with its request_id (NULL: never called). */
    bool again;
    bool durable;
    const char *note;
    /* The account that a refusal of a PUBLIC call concerns, as far as the handler found it; zero: none. */
    pv_id concerned;
    pv_id touched[PV_TOUCHED_MAX]; /* accounts that the change concerns, to be woken after commit */
    uint32_t touched_count;
    bool touched_more; /* there were others, which found no room */
    pv_question question; /* of pv_resolve */
};

static inline const pv_caller *pv_caller_of(const pv_call *call)
{
    return call->context->caller;
}

/* A fresh id with the object's prefix, as text in the call's arena. */
PV_MUST_USE pv_status pv_new_id(pv_call *call, const pv_object_info *object, char **ret_id);

/* A copy of a text in the call's arena (NULL and empty give ""). */
PV_MUST_USE pv_status pv_text(pv_call *call, const char *text, char **ret_text);

/* Refuses with NOT_FOUND, the same bytes for an absent and a foreign id. */
PV_MUST_USE pv_status pv_not_found(pv_call *call, const pv_object_info *object, const char *id);

/* Words the NOT_FOUND of a search for an id that the caller gave; any other status stays. */
PV_MUST_USE pv_status pv_or_not_found(pv_call *call, const pv_object_info *object, const char *id,
                                      pv_status status);

/* Takes the NOT_FOUND of a search for an answer: what was looked for stays NULL. */
static inline PV_MUST_USE pv_status pv_if_any(pv_status status)
{
    return status.code == PV_CODE_NOT_FOUND ? pv_ok() : status;
}

/* The row of an object the caller is a party of. NOT_FOUND. */
PV_MUST_USE pv_status pv_see(pv_call *call, const pv_object_info *object, const char *id,
                             pv_row *ret_row);

/* The decoded object the caller is a party of. `ret_message` is a pointer to a typed message pointer. */
PV_MUST_USE pv_status pv_find(pv_call *call, const pv_object_info *object, const char *id,
                              void *ret_message);

/* The decoded object whoever is its party: for objects reached through one the caller sees, never for an id
 * the caller gave. A missing one is DATA_DAMAGED. */
PV_MUST_USE pv_status pv_fetch(pv_call *call, const pv_object_info *object, const char *id,
                               void *ret_message);

/* The stored object of an id that the caller gave, of which it is a party or which an account of its type may be shown
 * (shown_to in the .proto): of the latter the flow must decide whether this caller may see it. It looks for its
 * grounds in the same places whether or not there is such an object, so that what is not there and what others have
 * cost the same; pv_no_id helps. NOT_FOUND is returned without filling call->error, and ret_message stays. */
PV_MUST_USE pv_status pv_peek(pv_call *call, const pv_object_info *object, const char *id,
                              void *ret_message, bool *ret_is_party);

/* An id that no object has, as text. */
static inline const char *pv_no_id(const pv_object_info *object, char ret_text[PV_ID_TEXT_SIZE])
{
    pv_id none = {{0}};
    pv_id_format(object->id_prefix, none, ret_text);
    return ret_text;
}

/* Begins a verb of the call's method on an object: visible? may this party? etag equal (an empty one is
 * not compared)? state allows? (as the method's transitions on this object say). */
PV_MUST_USE pv_status pv_begin(pv_call *call, const pv_object_info *object, const char *id,
                               const char *etag, void *ret_message);

/* Refuses with PARTY_MAY_NOT unless the caller's account is of this type: where the party that may depends on more
 * than the method. */
PV_MUST_USE pv_status pv_demand_role(pv_call *call, pv_account_type type);

/* Changes the state, checked against the method's transitions: STATE_FORBIDS if the method does not move this
 * object from its present state to `state`. Also for side effects and for new objects (state 0). */
PV_MUST_USE pv_status pv_move(pv_call *call, const pv_object_info *object, void *message,
                              int state);

/* Stores the object (revision, etag, times, indexes), and writes its event to every party and its audit entry, into the
 * trail of the account that acts and that of the object's owner (its party ANY) if that is another. EXTERNAL_ID_EXISTS
 * when a unique index refuses. */
PV_MUST_USE pv_status pv_save(pv_call *call, const pv_object_info *object, void *message);

PV_MUST_USE pv_status pv_move_and_save(pv_call *call, const pv_object_info *object, void *message,
                                       int state);

/* Says that the change concerns this account though it is no party of what is saved: its streams are woken after
 * commit. Beyond PV_TOUCHED_MAX accounts the heartbeat does it. */
void pv_touch(pv_call *call, pv_id account);

/* Deletes the object, with event and audit entry. */
PV_MUST_USE pv_status pv_remove(pv_call *call, const pv_object_info *object, const void *message);

/* Answers a Get: splices the stored bytes as field 1 of the reply, undecoded. */
PV_MUST_USE pv_status pv_answer_get(pv_call *call, const pv_object_info *object, const char *id);

/* Answers a List of the caller's own objects from the request's page_size, page_token, filter and order_by (found by
 * name): repeated field 1 the objects, undecoded; field 2 next_page_token. `fixed` (may be NULL) are
 * conditions joined to the filter, e.g. product_id of a parent in the request. */
PV_MUST_USE pv_status pv_answer_list(pv_call *call, const pv_object_info *object,
                                     const ProtobufCMessage *request, const pv_condition *fixed,
                                     size_t fixed_count);

/* The same, over the objects of `account` instead of the caller's: for objects the caller may see through
 * another (the flow has checked it). */
PV_MUST_USE pv_status pv_answer_list_of(pv_call *call, const pv_object_info *object, pv_id account,
                                        const ProtobufCMessage *request, const pv_condition *fixed,
                                        size_t fixed_count);

/* What a caller is shown of a stored object: `ret_shown` as it is handed in (the stored bytes), other bytes that live
 * until the next one is shown, or empty: the object is left out of the list. */
typedef pv_status pv_list_view(pv_call *call, void *context, pv_view *ret_shown);

/* As pv_answer_list, each object as `view` shows it. */
PV_MUST_USE pv_status pv_answer_list_as(pv_call *call, const pv_object_info *object,
                                        const ProtobufCMessage *request, const pv_condition *fixed,
                                        size_t fixed_count, pv_list_view *view, void *context);

/* What the page token of a List over the objects of `account` is bound to: caller, method, and the request but for its
 * page_token and page_size. */
PV_MUST_USE pv_status pv_page_binding(pv_call *call, const ProtobufCMessage *request, pv_id account,
                                      pv_view *ret_binding);

/* How many the request's page_size asks for. */
size_t pv_page_size_of(const ProtobufCMessage *request);

/* The role of an account as far as the call knows it: the caller's own, 0 (any) of another. A query that knows the
 * role can use an index that holds one party only. */
static inline uint8_t pv_role_in(const pv_call *call, pv_id account)
{
    const pv_caller *caller = pv_caller_of(call);
    return caller != NULL && pv_id_equal(account, caller->account) ? caller->role : 0;
}

/* The condition field = text; the field must exist. */
pv_condition pv_where(const pv_object_info *object, const char *field, const char *text);
/* The condition field = number (an enum, bool or integer). */
pv_condition pv_where_number(const pv_object_info *object, const char *field, uint64_t number);

/* The first object of `account` that meets all conditions, decoded. NOT_FOUND is returned without filling
 * call->error. */
PV_MUST_USE pv_status pv_lookup(pv_call *call, const pv_object_info *object, pv_id account,
                                const pv_condition *conditions, size_t count, void *ret_message);

/* All objects of `account` that meet all conditions, decoded, in the order of the list; at most `limit`, STORE_FULL
 * beyond. `ret_messages` is a pointer to an array of typed message pointers; NULL if there are none. */
PV_MUST_USE pv_status pv_collect(pv_call *call, const pv_object_info *object, pv_id account,
                                 const pv_condition *conditions, size_t count, size_t limit,
                                 void *ret_messages, size_t *ret_count);

/* The id number behind an id text that is known to be canonical (from a checked request or a stored object). */
pv_id pv_id_of(const pv_object_info *object, const char *id);

/* Names the object that stands in the way of a new one before refusing. */
void pv_note_existing(pv_call *call, const pv_object_info *object, const char *id);

/* Notes one condition that does not hold (PreconditionFailure) before refusing. */
__attribute__((format(printf, 4, 5))) void pv_violate(pv_call *call, const char *type,
                                                      const char *subject, const char *format, ...);

/* Ends this run of a unary write: what it has changed is made durable, no answer is sent, and the handler runs again in
 * a transaction of its own, with `durable` and the note. The note (an id) is kept with the request_id, so that the call
 * repeated after a crash finds it; "" keeps none. Always OK: return it. Not with validate_only: nothing is durable. */
PV_MUST_USE pv_status pv_run_again(pv_call *call, const char *note);

/* What an out-of-memory result of the arena becomes. */
PV_MUST_USE pv_status pv_out_of_memory(pv_call *call);

/* What a failure of the store becomes (OK stays OK): STORE_FULL, DATA_DAMAGED. NOT_FOUND and ALREADY_EXISTS are
 * the caller's to word and are DATA_DAMAGED here. */
PV_MUST_USE pv_status pv_store_refused(pv_call *call, pv_status status);

#ifdef __cplusplus
}
#endif
#endif
