/* cert.c — `purvey cert request`: a private key and the signing request for `purvey certificate
 * issue`. */
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "client/cli/keys.h"

#include <unistd.h>

typedef struct values {
    const char *key;
} values;

static const pv_flag flags[] = {
    {"key", 0, "FILE", offsetof(values, key),
     "The key. It is made, readable by you alone, if there is no such file."},
};

static pv_exit run_request(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_options options = {0};
    values given = {0};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_cert_request, &given, &options, count, arguments,
                                  0, &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (given.key == NULL) {
        return pv_cli_usage(cli, "where is the key to lie? Give --key FILE.");
    }
    pv_error error;
    pv_error_init(&error, cli->arena);
    pv_status status = pv_ok();
    if (access(given.key, F_OK) != 0) {
        status = pv_keys_create(given.key, &error);
        if (!pv_is_ok(status)) { return pv_failure_tell(cli, status, &error); }
        fprintf(cli->err, "made the private key %s: keep it to yourself\n", given.key);
    }
    char *request = NULL;
    status = pv_keys_request(given.key, cli->arena, &error, &request);
    if (!pv_is_ok(status)) { return pv_failure_tell(cli, status, &error); }
    fputs(request, cli->out);
    return PV_EXIT_OK;
}

const pv_extra pv_extra_cert_request = {
    .noun = "cert",
    .verb = "request",
    .words = "",
    .text = "Writes a certificate signing request (PEM) to standard output. Whoever may issue "
            "certificates for "
            "you turns it into one: purvey certificate issue --membership-id ID --csr-pem @FILE. "
            "The key "
            "stays here.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .run = run_request,
};
