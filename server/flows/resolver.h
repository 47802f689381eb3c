/* resolver.h — what a handler may ask of the world outside the store: the texts (TXT records) that stand at a name of
 * the DNS. A flow never sees a socket: it asks, ends, and runs again when the answer is there.
 *
 *     pv_resolved found;
 *     PV_TRY(pv_resolve(call, name, &found));
 *
 * The first time this ends the handler. Its transaction is dropped and a thread of the pipeline asks the resolver,
 * while other calls go on. Then the handler runs again from its beginning, in a transaction that sees what has
 * happened meanwhile, and is given the answer. So a handler asks before it changes anything, and for one name. */
#ifndef PV_SERVER_FLOWS_RESOLVER_H
#define PV_SERVER_FLOWS_RESOLVER_H

#include "base/arena.h"
#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texts at one name that are looked at, and bytes of one of them. */
enum { PV_RESOLVED_MAX = 64, PV_RESOLVED_TEXT_MAX = 255 };

/* What stands at a name. No texts and OK: the name does not exist, or has none. */
typedef struct pv_resolved {
    /* UNAVAILABLE: it cannot be known now. UNIMPLEMENTED: this platform asks nobody. RESOURCE_EXHAUSTED: too many
     * wait for an answer. Then there are no texts. */
    pv_status status;
    const char **
        texts; /* NUL-ended; without those that hold a NUL or are longer than PV_RESOLVED_TEXT_MAX */
    size_t count;
} pv_resolved;

/* Whoever is asked. Handed in like the clock and the source of ids. */
typedef struct pv_resolver {
    /* The texts at a name in lower case without a dot at its end, in `arena`. May block for some seconds, and says
     * UNAVAILABLE then. On a thread of its own, one question at a time. */
    pv_resolved (*resolve)(const struct pv_resolver *resolver, const char *name, pv_arena *arena);
    const void *context;
} pv_resolver;

/* What a call has asked; kept by the pipeline. */
typedef struct pv_question {
    const char *name; /* NULL: nothing */
    bool answered;
    pv_resolved answer;
} pv_question;

struct pv_call;

/* Asks for the texts at a name. Only in a unary write. Anything but OK ends this run of the handler. */
PV_MUST_USE pv_status pv_resolve(struct pv_call *call, const char *name, pv_resolved *ret_resolved);

#ifdef __cplusplus
}
#endif
#endif
