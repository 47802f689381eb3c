/* internal.h — shared by the files of the pipeline only. */
#ifndef PV_SERVER_PIPELINE_INTERNAL_H
#define PV_SERVER_PIPELINE_INTERNAL_H

#include "base/digest.h"
#include "server/pipeline/attempts.h"
#include "server/pipeline/pipeline.h"
#include "storage/prune.h"
#include "storage/record.h"

#include <pthread.h>

/* What the pipeline keeps with a call; `context` is the first member, and lives in call->arena. */
typedef struct pipeline_call {
    struct pv_context context;
    pv_caller caller;
    pv_call *call;
    struct pipeline_call *next; /* in the queue, later in the batch, or among those that ask */
    pv_status outcome;          /* of the step, until the batch is durable */
    bool is_chore;              /* no carrier waits for it (chore.c) */
    bool wrote;                 /* the step's transaction was folded into the batch */
    bool replaying;         /* a stream whose answer was found stored: its messages are skipped */
    pv_view answer;         /* that stored answer, in call->arena */
    pv_view request_sha256; /* of the request that carried the request_id, in call->arena */
} pipeline_call;

/* A note that is kept. */
typedef struct kept_note {
    pv_audit_kind kind;
    char reason[96];
    char method[128];
    char request_id[40];
    char peer_address[64];
    bool has_certificate;
    uint8_t certificate_sha256[PV_SHA256_SIZE];
    pv_id concerned;
    uint64_t left_out; /* like it, before it */
} kept_note;

/* Tokens that come at a rate, up to a burst: full at this moment. */
typedef struct note_bucket {
    int64_t full_ns;
} note_bucket;

/* A certificate, or else an address, of which something was noted. */
typedef struct note_source {
    uint8_t key[PV_SHA256_SIZE]; /* all zero: none */
    note_bucket bucket;
    uint64_t left_out; /* since the last note that was kept */
    kept_note last;    /* of those */
} note_source;

typedef struct pipeline_notes {
    kept_note waiting[PV_NOTES_WAITING_MAX];
    size_t waiting_count;
    note_source sources[PV_NOTES_SOURCES_MAX];
    note_bucket bucket;
    uint64_t left_out; /* of sources that lost their place */
    pv_time count_at;  /* when what was left out is told next */
    /* Of the committer: what it writes now. */
    kept_note taken[PV_NOTES_WAITING_MAX + PV_NOTES_SOURCES_MAX + 1];
} pipeline_notes;

struct pv_pipeline {
    pv_pipeline_config config;
    attempts_table attempts; /* of the polling thread */
    pv_id_source ids;        /* of the committer */
    pv_time last_now;        /* of the committer: time never goes back along the writes */
    pv_prune_sweep sweep;    /* of the committer */
    int64_t chore_at_ns;     /* of the committer: when it is due again, by the monotonic clock */
    int64_t sweep_at_ns; /* of the committer: when its next step is due, by the monotonic clock */
    int64_t uses_at_ns;  /* likewise, when uses of certificates may be written next */
    pthread_t committer;
    bool started;

    pthread_mutex_t lock; /* guards what follows; held only to move list heads */
    pthread_cond_t filled;
    pipeline_call *head;
    pipeline_call *tail;
    size_t queued;
    bool stopping;
    pipeline_notes notes;

    pthread_t asker; /* resolve.c; these under `lock` too */
    pthread_cond_t asked;
    pipeline_call
        *asking; /* waiting for an answer, in the order they came; the first is being asked for */
    bool asks;   /* the asker runs */
};

static inline pipeline_call *pipeline_call_of(pv_call *call)
{
    return (pipeline_call *)(void *)call->context;
}

/* Makes sure, in the transaction of a step, that the caller is still who it was and may still call. `changed`: an
 * earlier call of the batch has changed rights. */
PV_MUST_USE pv_status pipeline_confirm(pv_pipeline *pipeline, pipeline_call *of, pv_txn *txn,
                                       bool changed);

/* Puts a call at the end of the queue, unless `most` wait there already. */
PV_MUST_USE bool pipeline_enqueue(pv_pipeline *pipeline, pipeline_call *of, size_t most);

/* resolve.c */

/* Whether the step ended because the handler wants something resolved. */
static inline bool resolve_wanted(const pipeline_call *of)
{
    return of->context.question.name != NULL && !of->context.question.answered;
}

/* Sees to it that the call is answered its question and queued again. */
void resolve_ask(pv_pipeline *pipeline, pipeline_call *of);

void resolve_start(pv_pipeline *pipeline);

/* Ends the asker; what waits for an answer is told that there is none now. */
void resolve_stop(pv_pipeline *pipeline);

/* replay.c */

/* Takes the request_id of a write from its decoded request, once per call, and looks, in each run of it, for a stored
 * answer: then call->reply (in call->scratch) is that answer and *ret_found is true. A note that was stored instead is
 * put into the context. Refuses a reused request_id. */
PV_MUST_USE pv_status replay_find(pipeline_call *of, pv_txn *txn, const ProtobufCMessage *request,
                                  bool *ret_found);

/* Stores call->reply as the answer to the call's request_id, or the note of a call that is to run again. */
PV_MUST_USE pv_status replay_store(pipeline_call *of, pv_txn *txn);

/* commit.c */

/* The time of the next write: later than that of the last one. */
pv_time pipeline_next_now(pv_pipeline *pipeline);

/* Serves up to PV_PIPELINE_BATCH_MAX calls of a list in one batch and answers them. */
void commit_batch(pv_pipeline *pipeline, pipeline_call *first);

/* note.c */

/* Notes the call's refusal if it is one that is noted. */
void note_refused(pv_pipeline *pipeline, pv_call *call, pv_status status);

/* Writes the notes that wait. With `all`, and once a minute, also what was left out. */
void notes_write(pv_pipeline *pipeline, bool all);
/* The pipeline's part of a call, made at its first admission. NULL: the arena is full. */
pipeline_call *pipeline_attach(pv_pipeline *pipeline, pv_call *call);

/* chore.c */

/* Runs the chore if it is time. */
void chore_when_due(pv_pipeline *pipeline);

/* retain.c */

/* One step of deleting what is past its retention; false: the sweep is over, or cannot go on. */
bool retain_step(pv_pipeline *pipeline);

/* Writes the uses of certificates that wait, if any. */
void write_uses(pv_pipeline *pipeline);

#endif
