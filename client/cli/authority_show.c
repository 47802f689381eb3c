/* `purvey authority show`, and the counting of what each authority has issued. */
#include "client/cli/authority.h"

#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/certificate.pv.h"
#include "storage/check.h"

#include <jansson.h>
#include <sys/stat.h>

enum { HEX_SIZE = 2 * PV_SHA256_SIZE + 1, ROW_BYTES = 1024 * 1024, SHOWN_DIGITS = 16 };

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)

typedef struct counting {
    pv_issued *list;
    size_t count;
    pv_arena *arena; /* for one row at a time */
    pv_time now;
} counting;

static void count_one(void *context, pv_id id, const pv_row *row)
{
    (void)id;
    counting *self = context;
    ProtobufCMessage *message = NULL;
    pv_time end;
    pv_arena_reset(self->arena);
    if (!pv_message_unpack(&pv_certificate__info, row->message, self->arena, &message)) { return; }
    const pv_certificate *certificate = (const pv_certificate *)(void *)message;
    if (certificate->state != PV_CERTIFICATE_STATE_ACTIVE ||
        !pv_time_of(certificate->not_after, &end) || end.utc_ns <= self->now.utc_ns) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        char hex[HEX_SIZE];
        pv_issued *one = &self->list[i];
        pv_hex_format(pv_view_of(one->by.issuer.sha256, PV_SHA256_SIZE), hex);
        if (strcmp(certificate->issuer_sha256, hex) != 0) { continue; }
        one->certificates++;
        if (end.utc_ns > one->last_end.utc_ns) { one->last_end = end; }
    }
}

static pv_exit count_store(pv_authority_command *command, counting *self)
{
    pv_exit exit = PV_EXIT_OK;
    pv_store *store = pv_store_look(&command->store, &exit);
    if (store == NULL) { return exit; }
    pv_txn *txn = NULL;
    self->arena = pv_arena_create(ROW_BYTES);
    pv_arena *arena = pv_arena_create(ROW_BYTES);
    pv_status status = pv_read_begin(store, arena, &txn);
    if (pv_is_ok(status)) {
        status = pv_check_each(txn, &pv_certificate__object, count_one, self);
        pv_txn_abort(txn);
    }
    pv_arena_destroy(arena);
    pv_arena_destroy(self->arena);
    pv_store_close(store);
    return pv_is_ok(status)
               ? PV_EXIT_OK
               : pv_store_end(&command->store, status, "The store's certificates cannot be read.");
}

bool pv_authority_count(pv_authority_command *command, const pv_issued **ret_list,
                        size_t *ret_count, bool *ret_known)
{
    pv_arena *arena = command->store.cli->arena;
    const pv_issuing_info *infos = NULL;
    counting self = {.now = pv_time_now()};
    if (!pv_is_ok(
            pv_authority_list(command->folder, arena, &command->error, &infos, &self.count))) {
        (void)pv_authority_tell(command);
        return false;
    }
    self.list = pv_arena_zalloc(arena, PV_ISSUERS_MAX, sizeof *self.list);
    PV_ASSERT(self.list != NULL);
    for (size_t i = 0; i < self.count; i++) { self.list[i].by = infos[i]; }
    struct stat facts;
    *ret_known = stat(command->store.path, &facts) == 0;
    *ret_list = self.list;
    *ret_count = self.count;
    return !*ret_known || count_store(command, &self) == PV_EXIT_OK;
}

/* --- show --- */

/* One line: a certificate, and for those that issue what of theirs is in use. */
typedef struct line {
    const char *name;
    const char *state; /* "" for one that issues nothing to clients */
    const pv_issuer *certificate;
    const pv_issued *issued; /* NULL: nothing to clients */
    bool known;
} line;

static void put_json(FILE *out, const line *shown, const char *hex, const char *end, int64_t days)
{
    json_t *value = json_pack("{s:s, s:s, s:s, s:I}", "certificate", shown->name, "sha256", hex,
                              "not_after", end, "days_left", (json_int_t)days);
    if (shown->issued != NULL) {
        (void)json_object_set_new(value, "state", json_string(shown->state));
        (void)json_object_set_new(value, "has_key", json_boolean(shown->issued->by.has_key));
    }
    if (shown->issued != NULL && shown->known) {
        (void)json_object_set_new(value, "in_use",
                                  json_integer((json_int_t)shown->issued->certificates));
    }
    (void)json_dumpf(value, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(value);
}

static void put_line(pv_authority_command *command, const line *shown)
{
    char hex[HEX_SIZE];
    char end[PV_TIME_TEXT_SIZE];
    FILE *out = command->store.cli->out;
    pv_hex_format(pv_view_of(shown->certificate->sha256, PV_SHA256_SIZE), hex);
    (void)pv_time_format(shown->certificate->not_after, end);
    int64_t left_ns = shown->certificate->not_after.utc_ns - pv_time_now().utc_ns;
    int64_t days = left_ns > 0 ? left_ns / NS_PER_DAY : 0;
    if (command->store.json) {
        put_json(out, shown, hex, end, days);
        return;
    }
    fprintf(out, "%-11s  %-8s  %.*s  %s  %5lld", shown->name, shown->state, SHOWN_DIGITS, hex, end,
            (long long)days);
    if (shown->issued != NULL && shown->known) {
        fprintf(out, "  %6llu", (unsigned long long)shown->issued->certificates);
    }
    fputc('\n', out);
}

pv_exit pv_authority_show(pv_store_command *of_store)
{
    static const char *const fixed[][2] = {{"root", PV_AUTHORITY_ROOT},
                                           {"server root", PV_AUTHORITY_SERVER_ROOT},
                                           {"server", PV_AUTHORITY_SERVER}};
    static const char *const states[] = {
        [PV_ISSUING_ACTIVE] = "active",
        [PV_ISSUING_PREPARED] = "prepared",
        [PV_ISSUING_RETIRING] = "retiring",
        [PV_ISSUING_RETIRED] = "retired",
    };
    pv_authority_command *command = (pv_authority_command *)(void *)of_store;
    const pv_issued *list = NULL;
    size_t count = 0;
    bool known = false;
    if (!pv_authority_count(command, &list, &count, &known)) { return PV_EXIT_OTHER; }
    if (!command->store.json) {
        fprintf(command->store.cli->out, "%-11s  %-8s  %-16s  %-20s  %5s%s\n", "CERTIFICATE",
                "STATE", "SHA-256", "ENDS", "DAYS", known ? "  IN USE" : "");
    }
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        pv_issuer certificate;
        if (!pv_is_ok(pv_authority_certificate(command->folder, fixed[i][1], &command->error,
                                               &certificate))) {
            return pv_authority_tell(command);
        }
        put_line(command, &(line){fixed[i][0], "", &certificate, NULL, known});
    }
    for (size_t i = 0; i < count; i++) {
        put_line(command,
                 &(line){"issuing", states[list[i].by.state], &list[i].by.issuer, &list[i], known});
    }
    return PV_EXIT_OK;
}
