/* cert.c — `purvey cert request`: a private key and the signing request for `purvey certificate
 * issue`. */
#include "client/cli/extra.h"
#include "client/cli/keys.h"

#include <unistd.h>

typedef struct values {
    const char *key;
} values;

static const pv_flag flags[] = {
    {"key", 0, "FILE", offsetof(values, key),
     "The key. It is made, readable by you alone, if there is no such file."},
};

static pv_exit tell(pv_cli *cli, const pv_error *error)
{
    return pv_cli_fail(cli, "%s", error->message != NULL ? error->message : error->reason->text);
}

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
    if (access(given.key, F_OK) != 0) {
        if (!pv_is_ok(pv_keys_create(given.key, &error))) { return tell(cli, &error); }
        fprintf(cli->err, "made the private key %s: keep it to yourself\n", given.key);
    }
    char *request = NULL;
    if (!pv_is_ok(pv_keys_request(given.key, cli->arena, &error, &request))) {
        return tell(cli, &error);
    }
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
