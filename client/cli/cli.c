#include "client/cli/cli.h"

#include "base/file.h"

#include <errno.h>

pv_exit pv_exit_of(pv_code code)
{
    switch (code) {
    case PV_CODE_OK: return PV_EXIT_OK;
    case PV_CODE_INVALID_ARGUMENT:
    case PV_CODE_OUT_OF_RANGE: return PV_EXIT_USAGE;
    case PV_CODE_NOT_FOUND: return PV_EXIT_NOT_FOUND;
    case PV_CODE_ALREADY_EXISTS:
    case PV_CODE_FAILED_PRECONDITION:
    case PV_CODE_ABORTED: return PV_EXIT_PRECONDITION;
    case PV_CODE_UNAUTHENTICATED:
    case PV_CODE_PERMISSION_DENIED: return PV_EXIT_AUTH;
    case PV_CODE_UNAVAILABLE:
    case PV_CODE_DEADLINE_EXCEEDED:
    case PV_CODE_RESOURCE_EXHAUSTED: return PV_EXIT_UNAVAILABLE;
    case PV_CODE_CANCELLED:
    case PV_CODE_UNKNOWN:
    case PV_CODE_UNIMPLEMENTED:
    case PV_CODE_INTERNAL:
    case PV_CODE_DATA_LOSS: return PV_EXIT_OTHER;
    }
    return PV_EXIT_OTHER;
}

static void say(pv_cli *cli, const char *format, va_list arguments)
{
    fputs("purvey: ", cli->err);
    vfprintf(cli->err, format, arguments);
    fputc('\n', cli->err);
}

pv_exit pv_cli_usage(pv_cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
    return PV_EXIT_USAGE;
}

pv_exit pv_cli_fail(pv_cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(cli, format, arguments);
    va_end(arguments);
    return PV_EXIT_OTHER;
}

pv_exit pv_cli_confirm(pv_cli *cli, bool yes, const char *format, ...)
{
    if (yes) { return PV_EXIT_OK; }
    char answer[16] = "";
    va_list arguments;
    va_start(arguments, format);
    vfprintf(cli->err, format, arguments);
    va_end(arguments);
    if (!cli->in_is_terminal) {
        fputc('\n', cli->err);
        return pv_cli_usage(cli, "nothing was done; give --yes to do it.");
    }
    fputs(" [y/N] ", cli->err);
    fflush(cli->err);
    if (fgets(answer, sizeof answer, cli->in) != NULL && (answer[0] == 'y' || answer[0] == 'Y')) {
        return PV_EXIT_OK;
    }
    return pv_cli_usage(cli, "nothing was done.");
}

bool pv_cli_read_bytes(pv_cli *cli, const char *path, size_t size_max, const char *what,
                       pv_view *ret_bytes)
{
    bool is_input = strcmp(path, "-") == 0;
    FILE *stream = is_input ? cli->in : fopen(path, "re");
    bool good = stream != NULL && pv_file_read_stream(cli->arena, stream, size_max, ret_bytes);
    int error = errno;
    if (stream != NULL && !is_input) { (void)fclose(stream); /* read only: nothing can be lost */ }
    if (!good) {
        (void)pv_cli_usage(cli, "%s cannot be read from %s: %s.", what,
                           is_input ? "standard input" : path, strerror(error));
        return false;
    }
    return true;
}

const char *pv_cli_read_file(pv_cli *cli, const char *path, size_t size_max, const char *what)
{
    pv_view bytes;
    if (!pv_cli_read_bytes(cli, path, size_max, what, &bytes)) { return NULL; }
    const char *text = (const char *)bytes.data;
    if (strlen(text) != bytes.size) {
        (void)pv_cli_usage(cli, "%s in %s is not text.", what, path);
        return NULL;
    }
    return text;
}
