/* pipeline.h — what stands between a carrier of calls (server/rpc, or a test) and the flows: who calls and
 * whether they may, replay of a request_id, the transaction, the audit trail, and group commit.
 *
 * One call, one way through: admit (identity, access) -> [the carrier reads and checks the message] ->
 *   read:  step on the carrier's thread, on a snapshot of the store
 *   write: bounded queue -> committer: many calls in one batch of the store, one sync, then all answers
 * A write is answered only after its batch is durable. A call that was refused, or asked with
 * `validate_only`, leaves no trace in the batch. Writes run one after the other, so handlers need no locks.
 *
 * A handler may ask to run again after what it has changed is durable (pv_run_again in flow.h): its transaction is
 * folded into the batch like any other, its note is stored under the request_id, and instead of being answered the call
 * goes to the end of the queue. A repetition of a call that was never answered meets the note. So a crash and the usual
 * way are one path, and a handler is still a plain function.
 *
 * Methods that are PUBLIC have no caller; those that write are bounded for each source (attempts_per_minute), before
 * their message is read.
 *
 * Who calls is found at admission and confirmed inside the transaction of every step, so that rights and data are of
 * one moment (server/identity/identity.h).
 *
 * A stored answer belongs to (account, user, method, request_id); of callers without an identity to (content, method,
 * request_id), so that none is in another's way. The same request_id of a user with other content is refused; only
 * committed outcomes are stored, so a refused call may be repeated freely. For a client stream the request_id is that
 * of its first message, and the stored answer that of its end. Fields marked `sensitive` are not stored: a repeated
 * call gets the first answer without them.
 *
 * Events, answers and audit entries are kept as long as the retention says. The committer looks for older ones
 * between its batches, in steps of PV_PRUNE_STEP_MAX (storage/prune.h): a sweep over all of them at start and
 * then PV_PIPELINE_SWEEP_MS after the last one ended, a step every PV_PIPELINE_STEP_MS. A request_id whose
 * answer has gone is a new one; a resume token behind the oldest event is RESUME_TOKEN_EXPIRED.
 *
 * A write that asks something of the world outside (server/flows/resolver.h) waits for the answer beside the queue and
 * then runs again, as if it came in only now; one thread of its own asks for one call after the other.
 *
 * Which certificates are used is noted in memory and written by the committer too, at most once in PV_PIPELINE_USES_MS.
 *
 * What was refused is noted for the audit trail, though a refused call leaves no trace in the store itself: calls that
 * are refused with UNAUTHENTICATED or PERMISSION_DENIED, whenever; of the methods that write and need no identity
 * (PUBLIC: enrolment) every refusal that the caller is to blame for; and what others note (pv_pipeline_note). A handler
 * has nothing to do for it, but may say in pv_context.concerned which account a refusal concerns. The notes wait in
 * bounded memory until the committer writes them in a batch of their own. Of one certificate, or else address, and in
 * all only so many are written one by one; the others are counted, and the count is written within a minute.
 *
 * Threads: `admit`, `run` and `release` on the carrier's polling thread; one committer thread of its own and, with a
 * resolver, the one that asks it, between pv_pipeline_start and pv_pipeline_stop. Without start, pv_pipeline_commit
 * does their work on the calling thread: tests and simulations run so. */
#ifndef PV_SERVER_PIPELINE_PIPELINE_H
#define PV_SERVER_PIPELINE_PIPELINE_H

#include "protos/runtime/step.h"
#include "purvey/audit/v1/audit_entry.pv.h"
#include "server/flows/flow.h"
#include "server/identity/identity.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_PIPELINE_QUEUE_MAX = 4096, /* writes waiting; one more is WRITE_QUEUE_FULL */
    PV_PIPELINE_BATCH_MAX = 512,  /* writes per batch: a few milliseconds of work for one sync */
    PV_PIPELINE_RETRY_MS = 50,    /* RetryInfo of a full queue */
    PV_PIPELINE_ASKING_MAX = 64, /* calls that wait for the resolver; a slow answer takes seconds */
    PV_PIPELINE_ASKING_PER_ACCOUNT = 4, /* so that nobody makes all others wait */
    PV_PIPELINE_CHORE_MS = 5000,        /* what people see is as old as this at most */
    PV_PIPELINE_STEP_MS = 100,          /* ten thousand old entries a second beside the calls */
    PV_PIPELINE_SWEEP_MS = 600000,      /* what is kept for days need not go to the minute */
    PV_PIPELINE_USES_MS = 1000,         /* a sync a second at the most */
    PV_NOTES_WAITING_MAX = 64,  /* notes between two passes of the committer; more are counted */
    PV_NOTES_SOURCES_MAX = 256, /* certificates and addresses whose counts are kept apart */
    PV_NOTES_SOURCE_BURST = 20, /* of one source: at once, */
    PV_NOTES_SOURCE_PER_MINUTE = 6,
    PV_NOTES_BURST = 120, /* in all: a flood costs the store 35 MiB a day at the most */
    PV_NOTES_PER_MINUTE = 60,
    PV_NOTES_COUNT_MS = 60000 /* what was left out is told so often */
};

/* Something that was refused. Texts are copied, and cut where they are longer than any that is meant. */
typedef struct pv_note {
    pv_audit_kind kind;                /* PV_AUDIT_KIND_CALL_REFUSED or ..._HANDSHAKE_REFUSED */
    const char *reason;                /* as purvey.audit.v1.AuditEntry.reason */
    const char *method;                /* full name; "" if none */
    const char *request_id;            /* "" if none is known */
    const char *peer_address;          /* "ipv4:192.0.2.1:50000" */
    const uint8_t *certificate_sha256; /* that was shown; NULL: none */
    /* The account whose trail it belongs into if the certificate is not known; zero: the operator's. */
    pv_id concerned;
} pv_note;

/* How long to keep what is kept for a time only, in milliseconds; 0: for ever. */
typedef struct pv_retention {
    int64_t events_ms;
    int64_t answers_ms;
    int64_t audit_ms;
} pv_retention;

/* A unary write without anything in its request but the request_id, which the committer calls by itself, in the
 * operator's name, at its start and every PV_PIPELINE_CHORE_MS: what time alone brings about. */
typedef struct pv_chore {
    const pv_method_info *method; /* NULL: there is none */
    const pv_handler *handler;
} pv_chore;

typedef struct pv_pipeline pv_pipeline;

typedef struct pv_pipeline_config {
    pv_store *store;
    pv_identity *identity; /* NULL: every method is PUBLIC, as in some tests */
    const void *authority; /* struct pv_signer of server/identity/signer.h; NULL: none is issued */
    const pv_resolver *resolver; /* NULL: handlers that ask are told so */
    const pv_service_info *const *services;
    size_t service_count;
    pv_view token_key;               /* borrowed for the pipeline's life */
    pv_view server_root_sha256;      /* for invitations; likewise; may be empty */
    uint32_t attempts_per_minute;    /* PUBLIC writes of one source; 0: any number */
    pv_time (*clock)(void *context); /* any thread */
    void *clock_context;
    void (*random)(void *context, uint8_t *bytes, size_t size); /* for ids */
    void *random_context;
    /* The carrier's end of a step (pv_rpc_done), its trailing metadata (may be NULL), and its wake-up of
     * streams that wait on an account's feed (may be NULL). */
    void (*done)(pv_call *call, pv_status status);
    bool (*trailer)(pv_call *call, const char *key, const char *value);
    void (*wake)(void *context, const uint8_t topic[16]);
    void *wake_context;
    pv_retention retention;
    pv_chore chore;
    /* Says that a user, certificate or account of this account has changed, durably, and that the next call of any of
     * them is judged anew: what is open of those who are no longer let in may be closed. The zero id: more accounts
     * than PV_TOUCHED_MAX, whichever. On the committer's thread, before the change is answered; with `wake_context`.
     * May be NULL. */
    void (*identity_changed)(void *context, pv_id account);
} pv_pipeline_config;

/* Makes a pipeline over an open store. Everything in `config` outlives it. */
pv_pipeline *pv_pipeline_create(const pv_pipeline_config *config);

/* Starts the threads. */
void pv_pipeline_start(pv_pipeline *pipeline);

/* Answers what is queued and ends the threads. No `run` may come afterwards. Waits for the present answer of the
 * resolver. */
void pv_pipeline_stop(pv_pipeline *pipeline);

void pv_pipeline_destroy(pv_pipeline *pipeline);

/* The carrier's hooks; `pipeline` is a pv_pipeline. */
PV_MUST_USE pv_status pv_pipeline_admit(void *pipeline, pv_call *call);
void pv_pipeline_run(void *pipeline, pv_call *call);
void pv_pipeline_release(void *pipeline, pv_call *call);

/* Notes for the audit trail what was refused. Any thread; waits for nobody but for a moment in which another note is
 * copied; what cannot be kept is counted. What is noted after pv_pipeline_stop is lost. */
void pv_pipeline_note(pv_pipeline *pipeline, const pv_note *note);

/* Writes the notes and uses that wait and serves the writes that are queued, on the calling thread; returns how many
 * runs it took. Only without a committer thread. */
size_t pv_pipeline_commit(pv_pipeline *pipeline);

/* Deletes everything that is past its retention, on the calling thread. Only without a committer thread. */
void pv_pipeline_prune(pv_pipeline *pipeline);

#ifdef __cplusplus
}
#endif
#endif
