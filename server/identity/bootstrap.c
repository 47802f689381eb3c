#include "server/identity/bootstrap.h"

#include "protos/runtime/reasons.h"
#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/group.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "purvey/common/v1/error_reason.pv.h"
#include "purvey/common/v1/vocabulary.pv.h"
#include "server/flows/flow.h"
#include "server/flows/trail.h"
#include "server/identity/identity.h"
#include "server/identity/issue.h"
#include "server/identity/rights.h"
#include "storage/object.h"
#include "storage/record.h"

enum { TOKEN_KEY_SIZE = 32, GRANTS_MAX = PV_MODULES_MAX };

const pv_reason pv_bootstrap_reason_initialised = {
    "STORE_INITIALISED",
    PV_CODE_FAILED_PRECONDITION,
    "The store has an operator account already.",
    "Use another folder, or the certificates that were made for this one.",
};

/* The work under way. */
typedef struct bootstrap {
    const pv_bootstrap_options *options;
    const pv_signer *signer;
    pv_arena *arena;
    pv_error *error;
    pv_txn *txn;
    pv_account account;
    pv_group group; /* Administrators */
    pv_user user;
    pv_membership membership;
    pv_certificate *certificate;
    const char *method; /* in the audit trail */
    const char *label;  /* of the certificate */
    pv_id account_number;
    pv_module_grant grants[GRANTS_MAX];
    pv_module_grant *grant_list[GRANTS_MAX];
    char *group_ids[1];
} bootstrap;

static pv_status refuse_store(bootstrap *work, pv_status status)
{
    if (pv_is_ok(status)) { return status; }
    bool limit = status.code == PV_CODE_RESOURCE_EXHAUSTED;
    return pv_refuse(work->error,
                     limit ? &pv_error_reason_store_full : &pv_error_reason_data_damaged, NULL);
}

static pv_status out_of_memory(bootstrap *work)
{
    return pv_refuse(work->error, &pv_reason_arena_exhausted, NULL);
}

static pv_status new_id(bootstrap *work, const pv_object_info *object, pv_id *ret_number,
                        char **ret_text)
{
    char *text = pv_arena_alloc(work->arena, PV_ID_TEXT_SIZE);
    if (text == NULL) { return out_of_memory(work); }
    *ret_number = pv_id_next(work->options->ids, work->options->now);
    pv_id_format(object->id_prefix, *ret_number, text);
    *ret_text = text;
    return pv_ok();
}

static pv_status copy(bootstrap *work, const char *text, char **ret_text)
{
    char *copied = pv_arena_dup(work->arena, pv_view_text(text));
    if (copied == NULL) { return out_of_memory(work); }
    *ret_text = copied;
    return pv_ok();
}

/* Every module there is, with the strongest grant. */
static size_t fill_grants(bootstrap *work)
{
    const ProtobufCEnumDescriptor *modules = &purvey__common__v1__module__descriptor;
    size_t count = 0;
    for (unsigned i = 0; i < modules->n_values && count < GRANTS_MAX; i++) {
        if (modules->values[i].value == PV_MODULE_UNSPECIFIED) { continue; }
        work->grants[count] = (pv_module_grant)PV_MODULE_GRANT__INIT;
        work->grants[count].module = (pv_module)modules->values[i].value;
        work->grants[count].grant = PV_GRANT_MANAGE;
        work->grant_list[count] = &work->grants[count];
        count++;
    }
    return count;
}

static pv_status put(bootstrap *work, const pv_object_info *object, ProtobufCMessage *message,
                     char *id)
{
    PV_TRY(refuse_store(
        work, pv_object_put(work->txn, object, work->arena, work->options->now, message, NULL)));
    Google__Protobuf__Timestamp time = pv_timestamp_of(work->options->now);
    char state[] = "ACTIVE";
    pv_audit_entry entry = PV_AUDIT_ENTRY__INIT;
    entry.time = &time;
    entry.kind = PV_AUDIT_KIND_CREATED;
    entry.account_id = work->account.id;
    entry.user_id = work->user.id;
    entry.method = (char *)(uintptr_t)work->method;
    entry.object_type = (char *)(uintptr_t)object->name;
    entry.object_id = id;
    entry.state = state;
    entry.revision = pv_txn_revision(work->txn);
    if (!pv_trail_tell_changes(object, NULL, message, work->arena, &entry)) {
        return out_of_memory(work);
    }
    return refuse_store(work, pv_trail_file(work->txn, work->arena, work->account_number, &entry));
}

static pv_status make_account(bootstrap *work)
{
    pv_id group_number;
    work->account = (pv_account)PV_ACCOUNT__INIT;
    work->account.type = PV_ACCOUNT_TYPE_OPERATOR;
    work->account.state = PV_ACCOUNT_STATE_ACTIVE;
    work->group = (pv_group)PV_GROUP__INIT;
    work->group.state = PV_GROUP_STATE_ACTIVE;
    work->group.administrators = true;
    PV_TRY(new_id(work, &pv_account__object, &work->account_number, &work->account.id));
    PV_TRY(new_id(work, &pv_group__object, &group_number, &work->group.id));
    PV_TRY(copy(work, work->options->operator_name, &work->account.name));
    PV_TRY(copy(work, PV_ADMINISTRATORS, &work->group.name));
    work->account.administrators_group_id = work->group.id;
    work->group.account_id = work->account.id;
    work->group.permissions = work->grant_list;
    work->group.n_permissions = fill_grants(work);
    return pv_ok();
}

static pv_status make_user(bootstrap *work)
{
    pv_id number;
    work->user = (pv_user)PV_USER__INIT;
    work->user.kind = PV_USER_KIND_PERSON;
    work->user.state = PV_USER_STATE_ACTIVE;
    PV_TRY(new_id(work, &pv_user__object, &number, &work->user.id));
    PV_TRY(copy(work, work->options->user_name, &work->user.name));
    PV_TRY(copy(work, work->options->user_email, &work->user.email));
    work->user.account_id = work->account.id;
    work->membership = (pv_membership)PV_MEMBERSHIP__INIT;
    PV_TRY(new_id(work, &pv_membership__object, &number, &work->membership.id));
    work->membership.state = PV_MEMBERSHIP_STATE_JOINED;
    work->membership.account_id = work->account.id;
    work->membership.user_id = work->user.id;
    work->membership.name = work->user.name;
    work->membership.email = work->user.email;
    work->membership.kind = work->user.kind;
    work->membership.administrator = true;
    work->membership.join_time = pv_timestamp_new(work->arena, work->options->now);
    if (work->membership.join_time == NULL) { return out_of_memory(work); }
    work->group_ids[0] = work->group.id;
    work->membership.group_ids = work->group_ids;
    work->membership.n_group_ids = 1;
    return pv_ok();
}

static pv_status put_account_and_user(bootstrap *work)
{
    PV_TRY(put(work, &pv_account__object, &work->account.base, work->account.id));
    PV_TRY(put(work, &pv_group__object, &work->group.base, work->group.id));
    PV_TRY(put(work, &pv_user__object, &work->user.base, work->user.id));
    return put(work, &pv_membership__object, &work->membership.base, work->membership.id);
}

static pv_status make_certificate(bootstrap *work)
{
    const pv_bootstrap_options *options = work->options;
    pv_id number;
    pv_issue issue;
    memset(&issue, 0, sizeof issue);
    PV_TRY(new_id(work, &pv_certificate__object, &number, &issue.certificate_id));
    PV_TRY(copy(work, work->label, &issue.label));
    issue.membership = &work->membership;
    issue.csr = options->csr;
    issue.scope_count = fill_grants(work);
    issue.scopes = work->grant_list;
    issue.lifetime_days = options->lifetime_days;
    issue.now = options->now;
    options->ids->random(options->ids->context, issue.random, sizeof issue.random);
    /* Nobody is served yet, and what fails here is made anew: plan and signature are of one transaction. */
    pv_status status =
        pv_issue_plan(work->signer, &issue, work->arena, work->error, &work->certificate);
    if (pv_is_ok(status)) {
        status =
            pv_issue_sign(work->signer, work->certificate, issue.csr, work->arena, work->error);
    }
    if (status.code == PV_CODE_RESOURCE_EXHAUSTED && work->error->reason == NULL) {
        return out_of_memory(work);
    }
    PV_TRY(status);
    work->certificate->state = PV_CERTIFICATE_STATE_ACTIVE;
    return put(work, &pv_certificate__object, &work->certificate->base, work->certificate->id);
}

static pv_status write_settings(bootstrap *work)
{
    uint8_t token_key[TOKEN_KEY_SIZE];
    work->options->ids->random(work->options->ids->context, token_key, sizeof token_key);
    PV_TRY(refuse_store(
        work, pv_setting_put(work->txn, PV_SETTING_OPERATOR, pv_view_text(work->account.id))));
    PV_TRY(refuse_store(work, pv_setting_put(work->txn, PV_SETTING_TRUST_DOMAIN,
                                             pv_view_text(work->options->trust_domain))));
    return refuse_store(work, pv_setting_put(work->txn, PV_SETTING_TOKEN_KEY,
                                             pv_view_of(token_key, sizeof token_key)));
}

static pv_status write_everything(bootstrap *work)
{
    pv_view present;
    pv_status status = pv_setting_get(work->txn, PV_SETTING_OPERATOR, &present);
    if (pv_is_ok(status)) { return pv_refuse(work->error, &pv_bootstrap_reason_initialised, NULL); }
    if (status.code != PV_CODE_NOT_FOUND) { return refuse_store(work, status); }
    PV_TRY(make_account(work));
    PV_TRY(make_user(work));
    PV_TRY(put_account_and_user(work));
    PV_TRY(make_certificate(work));
    return write_settings(work);
}

/* --- an administrator who is let in again --- */

static pv_status load(bootstrap *work, const pv_object_info *object, const char *id,
                      void *ret_message)
{
    pv_id number;
    ProtobufCMessage *message = NULL;
    if (!pv_id_parse(object->id_prefix, pv_view_text(id), &number)) {
        return refuse_store(work, pv_status_of(PV_CODE_DATA_LOSS));
    }
    PV_TRY(
        refuse_store(work, pv_object_load(work->txn, object, number, work->arena, &message, NULL)));
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}

static pv_status find_account(bootstrap *work)
{
    pv_view stored;
    pv_account *account = NULL;
    pv_status status = pv_setting_get(work->txn, PV_SETTING_OPERATOR, &stored);
    if (status.code == PV_CODE_NOT_FOUND) {
        return pv_refuse(work->error, &pv_identity_reason_not_initialised, NULL);
    }
    PV_TRY(refuse_store(work, status));
    const char *id = pv_arena_dup(work->arena, stored);
    if (id == NULL) { return out_of_memory(work); }
    PV_TRY(load(work, &pv_account__object, id, &account));
    work->account = *account;
    bool canonical =
        pv_id_parse(pv_account__object.id_prefix, pv_view_text(id), &work->account_number);
    return canonical ? pv_ok() : refuse_store(work, pv_status_of(PV_CODE_DATA_LOSS));
}

/* The account keeps one who may call: the first of them. */
static pv_status find_administrator(bootstrap *work)
{
    const pv_object_info *object = &pv_membership__object;
    const pv_condition conditions[] = {pv_where(object, "account_id", work->account.id),
                                       pv_where_number(object, "administrator", 1)};
    const pv_query query = {
        .account = work->account_number, .conditions = conditions, .condition_count = 2};
    pv_query_run *run = NULL;
    pv_id id;
    pv_row row;
    ProtobufCMessage *message = NULL;
    PV_TRY(refuse_store(work, pv_query_open(work->txn, object, work->arena, &query, &run)));
    pv_status status = pv_query_next(run, &id, &row);
    pv_query_close(run);
    if (status.code == PV_CODE_NOT_FOUND) {
        return pv_refuse(work->error, &pv_error_reason_membership_ended,
                         "The operator has no administrator who may call.");
    }
    PV_TRY(refuse_store(work, status));
    PV_TRY(refuse_store(work, pv_object_load(work->txn, object, id, work->arena, &message, NULL)));
    work->membership = *(const pv_membership *)(const void *)message;
    work->user.id = work->membership.user_id;
    return pv_ok();
}

static pv_status admit(bootstrap *work)
{
    PV_TRY(find_account(work));
    PV_TRY(find_administrator(work));
    return make_certificate(work);
}

/* --- both --- */

static pv_status in_one_transaction(pv_store *store, bootstrap *work,
                                    pv_status (*write)(bootstrap *work))
{
    pv_batch *batch = NULL;
    PV_TRY(refuse_store(work, pv_batch_begin(store, &batch)));
    pv_status status = refuse_store(work, pv_write_begin(batch, work->arena, &work->txn));
    if (pv_is_ok(status)) {
        status = write(work);
        if (pv_is_ok(status)) {
            status = refuse_store(work, pv_txn_commit(work->txn));
        } else {
            pv_txn_abort(work->txn);
        }
    }
    if (!pv_is_ok(status)) {
        pv_batch_abort(batch);
        return status;
    }
    return refuse_store(work, pv_batch_commit(batch));
}

static pv_status make(pv_store *store, const bootstrap *what, pv_status (*write)(bootstrap *work),
                      pv_bootstrapped *ret_made)
{
    bootstrap *work = pv_arena_zalloc(what->arena, 1, sizeof *work);
    if (work == NULL) { return pv_refuse(what->error, &pv_reason_arena_exhausted, NULL); }
    *work = *what;
    PV_TRY(in_one_transaction(store, work, write));
    ret_made->account_id = work->account.id;
    ret_made->user_id = work->user.id;
    ret_made->membership_id = work->membership.id;
    ret_made->certificate_id = work->certificate->id;
    ret_made->certificate_pem = work->certificate->certificate_pem;
    ret_made->chain_pem = work->certificate->chain_pem;
    return pv_ok();
}

pv_status pv_bootstrap(pv_store *store, const pv_signer *signer,
                       const pv_bootstrap_options *options, pv_arena *arena, pv_error *error,
                       pv_bootstrapped *ret_made)
{
    const bootstrap what = {.options = options,
                            .signer = signer,
                            .arena = arena,
                            .error = error,
                            .method = "init",
                            .label = "first administrator"};
    return make(store, &what, write_everything, ret_made);
}

pv_status pv_bootstrap_admit(pv_store *store, const pv_signer *signer,
                             const pv_bootstrap_options *options, pv_arena *arena, pv_error *error,
                             pv_bootstrapped *ret_made)
{
    const bootstrap what = {.options = options,
                            .signer = signer,
                            .arena = arena,
                            .error = error,
                            .method = "readmit",
                            .label = "readmitted administrator"};
    return make(store, &what, admit, ret_made);
}
