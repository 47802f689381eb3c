/* actor.h — one partner in the story: an account with a user, a key made here, the certificate issued for it, and a
 * connection of its own. Every call of the demonstration goes through ASK, over gRPC with mTLS. */
#ifndef PV_CLIENT_DEMO_ACTOR_H
#define PV_CLIENT_DEMO_ACTOR_H

#include "client/demo/platform.h"
#include "client/rpc/client.h"
#include "purvey/common/v1/vocabulary.pv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct actor {
    const char *name; /* as the story calls it */
    const char *account_id;
    const char *cert_path; /* files for tools, in the demonstration's folder */
    const char *key_path;
    pv_client *client;
    pv_arena *arena;
    struct platform *platform;
} actor;

/* The operator, whose key and certificate `purvey init` made. */
bool actor_operator(actor *ret_actor, platform *on);

/* Has the operator make an account of this type with a user who may manage everything, makes a key, and has
 * the operator issue a certificate for it. `slug` names the files. */
bool actor_join(actor *ret_actor, const actor *operator_, pv_account_type type, const char *name,
                const char *slug);

/* The same by the way that people go: the operator invites, and `purvey login` makes the key and has it certified. */
bool actor_enrol(actor *ret_actor, const actor *operator_, pv_account_type type, const char *name,
                 const char *slug);

/* Connects again, after the server was started again. */
bool actor_connect(actor *who);

void actor_leave(actor *who);

/* A fresh request_id, in the arena. */
char *actor_request_id(const actor *who);

/* Prints the refusal of a call and returns false. */
bool actor_refused(const actor *who, const char *what, pv_status status, const pv_error *error);

/* Text as protobuf-c wants it: it never writes to a request. */
static inline char *text_of(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* Calls a generated unary stub as `who`; returns false from the calling function when it is refused. */
#define ASK(who, stub, request, ret_response)                                                    \
    do {                                                                                         \
        pv_error ask_error;                                                                      \
        pv_error_init(&ask_error, (who)->arena);                                                 \
        pv_status ask_status =                                                                   \
            stub((who)->client, (who)->arena, NULL, request, ret_response, &ask_error);          \
        if (!pv_is_ok(ask_status)) { return actor_refused(who, #stub, ask_status, &ask_error); } \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
