#include "client/cli/init.h"

#include "base/digest.h"
#include "client/cli/keys.h"
#include "purvey/catalog.pv.h"
#include "server/identity/authority.h"
#include "server/identity/bootstrap.h"
#include "storage/lmdb/lmdb.h"
#include "storage/schema.h"

#include <errno.h>
#include <sys/stat.h>

enum { OPERATOR_DAYS = 398 };

typedef struct init_options {
    const char *data;
    const char *trust_domain;
    const char *operator_name;
    const char *user_name;
    const char *email;
    const char *hosts[PV_HOSTS_MAX];
    size_t host_count;
} init_options;

static const pv_flag flags[] = {
    {"data", 0, "DIR", offsetof(init_options, data), "The folder to make. (required)"},
    {"operator", 0, "NAME", offsetof(init_options, operator_name),
     "Name of the operator's account. Default: Operator."},
    {"user", 0, "NAME", offsetof(init_options, user_name),
     "Name of its first user. Default: Administrator."},
    {"email", 0, "ADDRESS", offsetof(init_options, email), "E-mail address of that user."},
    {"trust-domain", 0, "DOMAIN", offsetof(init_options, trust_domain),
     "As in spiffe://DOMAIN/... of certificates. Default: purvey.internal."},
};

static pv_exit take_hosts(pv_cli *cli, const pv_arguments *arguments, init_options *options)
{
    if (arguments->assignment_count > PV_HOSTS_MAX) {
        return pv_cli_usage(cli, "there are more than %d --host.", PV_HOSTS_MAX);
    }
    for (size_t i = 0; i < arguments->assignment_count; i++) {
        options->hosts[options->host_count++] = arguments->assignments[i].value;
    }
    return options->data == NULL ? pv_cli_usage(cli, "into which folder? Give --data DIR.")
                                 : PV_EXIT_OK;
}

static const char *path_in(const pv_cli *cli, const init_options *options, const char *name)
{
    const char *path = pv_arena_printf(cli->arena, "%s/%s", options->data, name);
    PV_ASSERT(path != NULL);
    return path;
}

static pv_exit refused(pv_cli *cli, const pv_error *error)
{
    return pv_cli_fail(cli, "%s",
                       error->message != NULL  ? error->message
                       : error->reason != NULL ? error->reason->text
                                               : "not enough memory");
}

static pv_exit write_certificate(pv_cli *cli, const init_options *options,
                                 const pv_bootstrapped *made)
{
    const char *path = path_in(cli, options, "operator.pem");
    FILE *file = fopen(path, "wx");
    bool written = file != NULL && fputs(made->certificate_pem, file) >= 0 &&
                   fputs(made->chain_pem, file) >= 0;
    if (file != NULL) { written = fclose(file) == 0 && written; }
    return written ? PV_EXIT_OK : pv_cli_fail(cli, "%s: %s", path, strerror(errno));
}

/* The operator's account, user and certificate, straight into the new store. */
static pv_exit begin(pv_cli *cli, const init_options *options, pv_store *store,
                     const pv_authority *authority, pv_error *error)
{
    const char *key = path_in(cli, options, "operator.key");
    char *csr = NULL;
    pv_status status = pv_keys_create(key, error);
    if (pv_is_ok(status)) { status = pv_keys_request(key, cli->arena, error, &csr); }
    if (!pv_is_ok(status)) { return refused(cli, error); }
    pv_id_source ids = {.random = pv_random_bytes};
    const pv_bootstrap_options what = {
        .trust_domain = options->trust_domain,
        .operator_name = options->operator_name,
        .user_name = options->user_name,
        .user_email = options->email,
        .csr = pv_view_text(csr),
        .lifetime_days = OPERATOR_DAYS,
        .now = pv_time_now(),
        .ids = &ids,
    };
    pv_bootstrapped made;
    status = pv_bootstrap(store, pv_authority_signer(authority), &what, cli->arena, error, &made);
    if (!pv_is_ok(status)) { return refused(cli, error); }
    pv_exit written = write_certificate(cli, options, &made);
    if (written != PV_EXIT_OK) { return written; }
    fprintf(
        cli->out,
        "operator %s, user %s\n\n"
        "start the server:  purveyd --data %s --enrol-listen 127.0.0.1:20444\n"
        "call it:           purvey profile add operator --server 127.0.0.1:20443 --ca %s --cert %s "
        "--key %s\n"
        "                   purvey whoami\n",
        made.account_id, made.user_id, options->data,
        path_in(cli, options, "authority/" PV_AUTHORITY_SERVER_ROOT),
        path_in(cli, options, "operator.pem"), key);
    return PV_EXIT_OK;
}

static pv_exit make_authority(pv_cli *cli, const init_options *options, pv_error *error,
                              pv_authority **ret_authority)
{
    const char *folder = path_in(cli, options, "authority");
    const pv_authority_options what = {
        .folder = folder,
        .trust_domain = options->trust_domain,
        .hosts = options->hosts,
        .host_count = options->host_count,
        .now = pv_time_now(),
    };
    pv_status status = pv_authority_init(&what, error);
    if (pv_is_ok(status)) { status = pv_authority_load(folder, cli->arena, error, ret_authority); }
    return pv_is_ok(status) ? PV_EXIT_OK : refused(cli, error);
}

static pv_exit run_init(pv_cli *cli, size_t count, char *const *arguments)
{
    init_options options = {
        .trust_domain = "purvey.internal",
        .operator_name = "Operator",
        .user_name = "Administrator",
        .email = "",
    };
    pv_options every = {0};
    pv_arguments words = {0};
    bool done = false;
    pv_exit parsed =
        pv_extra_parse(cli, &pv_extra_init, &options, &every, count, arguments, 0, &words, &done);
    if (parsed == PV_EXIT_OK && !done) { parsed = take_hosts(cli, &words, &options); }
    if (parsed != PV_EXIT_OK || done) { return parsed; }
    if (mkdir(options.data, 0700) != 0 && errno != EEXIST) {
        return pv_cli_fail(cli, "%s: %s", options.data, strerror(errno));
    }
    pv_error error;
    pv_error_init(&error, cli->arena);
    pv_authority *authority = NULL;
    pv_exit made = make_authority(cli, &options, &error, &authority);
    if (made != PV_EXIT_OK) { return made; }
    char why[PV_LMDB_ERROR_SIZE];
    const pv_lmdb_options create = {.create = true};
    pv_store *store = NULL;
    const pv_schema schema = {.objects = pv_catalog__objects,
                              .object_count = pv_catalog__object_count};
    if (pv_is_ok(pv_lmdb_open(path_in(cli, &options, "store"), &create, &store, why)) &&
        pv_is_ok(pv_schema_apply(store, &schema, why))) {
        made = begin(cli, &options, store, authority, &error);
    } else {
        made = pv_cli_fail(cli, "%s", why);
    }
    pv_store_close(store);
    pv_authority_close(authority);
    return made;
}

const pv_extra pv_extra_init = {
    .noun = "init",
    .words = "",
    .text = "Begins a platform on this machine. Makes the folder of --data with the certificate "
            "authority, an empty "
            "store, and the operator's first key and certificate. --host NAME, once or several "
            "times, adds a DNS "
            "name or IP address of purveyd to its certificate, beside localhost.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .repeated = "host",
    .run = run_init,
};
