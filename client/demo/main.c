/* demo — plays the supply chain of a usage file against a server of its own, through real certificates and over gRPC
 * only, and says what is happening. The README's first command. */
#include "client/demo/sample.h"
#include "client/demo/summary.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BYTES = 1024 * 1024 * 1024 };

typedef struct options {
    const char *server;
    const char *cli;
    const char *file;
    const char *summary;
    bool once;
    bool crash;
} options;

static const char usage_text[] =
    "usage: demo --server PURVEYD --cli PURVEY [FILE.csv] [--once] [--crash] [--summary "
    "OUT.json]\n\n"
    "  FILE.csv   usage in FOCUS 1.0 columns; without one a small file is made\n"
    "  --once     stop the server at the end instead of leaving it for you to call\n"
    "  --crash    kill the server in the middle of an upload, start it again, and resume\n"
    "  --summary  write charges, totals and refused rows as JSON\n";

static bool parse(int argc, char **argv, options *ret_options)
{
    for (int i = 1; i < argc; i++) {
        const char **value = strcmp(argv[i], "--server") == 0    ? &ret_options->server
                             : strcmp(argv[i], "--cli") == 0     ? &ret_options->cli
                             : strcmp(argv[i], "--summary") == 0 ? &ret_options->summary
                                                                 : NULL;
        if (value != NULL && i + 1 < argc) {
            *value = argv[++i];
        } else if (strcmp(argv[i], "--once") == 0) {
            ret_options->once = true;
        } else if (strcmp(argv[i], "--crash") == 0) {
            ret_options->crash = true;
        } else if (argv[i][0] != '-' && ret_options->file == NULL) {
            ret_options->file = argv[i];
        } else {
            fprintf(stderr, "demo: %s is not understood\n\n%s", argv[i], usage_text);
            return false;
        }
    }
    if (ret_options->server != NULL && ret_options->cli != NULL) { return true; }
    fputs(usage_text, stderr);
    return false;
}

static void print_lines_to_copy(const chain *of)
{
    const platform *on = of->platform;
    const char *ca = platform_path(on, "data/authority/server-ca.pem");
    printf("\nThe server runs as process %d on %s; its folder is %s. Try:\n\n", (int)on->process,
           on->address, on->folder);
    printf("  export PURVEY_SERVER=%s PURVEY_CA=%s PURVEY_CERT=%s PURVEY_KEY=%s\n", on->address, ca,
           of->distributor.cert_path, of->distributor.key_path);
    printf("  %s whoami\n  %s subscription list\n  %s charge list -o jsonl\n\n", on->cli_path,
           on->cli_path, on->cli_path);
    printf("  grpcurl -cacert %s -cert %s -key %s %s list\n", ca, of->distributor.cert_path,
           of->distributor.key_path, on->address);
    printf("  buf curl --protocol grpc --cacert %s --cert %s --key %s \\\n"
           "    https://%s/purvey.account.v1.IdentityService/WhoAmI -d '{}'\n\n",
           ca, of->distributor.cert_path, of->distributor.key_path, on->address);
    printf("Stop it with: kill %d\n", (int)on->process);
}

static bool play(chain *of, const options *given, usage_charges *charges)
{
    return chain_people(of) && chain_contracts(of) && chain_products(of) &&
           chain_subscriptions(of) && usage_bill(of, given->crash, charges);
}

static bool tell(const options *given, pv_arena *arena, platform *on)
{
    survey seen;
    const char *file = given->file;
    if (file == NULL) {
        file = platform_path(on, "usage.csv");
        if (!sample_write(file)) { return false; }
        printf("no file was given: a small one is made at %s\n", file);
    }
    if (!survey_read(arena, file, &seen)) { return false; }
    printf("%s: %zu rows of usage by %zu vendors for %zu customers, %zu items, %zu rows refused\n",
           file, seen.accepted, seen.vendor_count, seen.customer_count, seen.item_count,
           seen.refusal_count);
    chain of = {.platform = on, .survey = &seen};
    usage_charges charges = {0};
    bool played = play(&of, given, &charges);
    if (played) {
        summary_print(&seen, &charges);
        if (!given->once) { print_lines_to_copy(&of); }
    }
    chain_end(&of);
    return played && (given->summary == NULL || summary_write(&seen, &charges, given->summary));
}

int main(int argc, char **argv)
{
    options given = {0};
    if (!parse(argc, argv, &given)) { return 2; }
    signal(SIGPIPE, SIG_IGN);
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    platform on;
    bool told = platform_begin(&on, arena, given.server, given.cli) && tell(&given, arena, &on);
    if (given.once || !told) { platform_stop(&on, SIGTERM); }
    pv_arena_destroy(arena);
    return told ? EXIT_SUCCESS : EXIT_FAILURE;
}
