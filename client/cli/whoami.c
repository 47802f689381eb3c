#include "client/cli/whoami.h"

#include "client/cli/terminal.h"
#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "protos/runtime/value.h"

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)

/* The named field of a message as text that is safe to show. */
static const char *text_of(pv_cli *cli, const ProtobufCMessage *message, const char *name)
{
    int field = pv_field_find(message->descriptor, pv_view_text(name));
    PV_ASSERT(field >= 0);
    const char *text = pv_value_text(message, &message->descriptor->fields[field], cli->arena);
    return pv_terminal_text(cli->arena, text == NULL ? "" : text, 0, NULL);
}

static void put(pv_cli *cli, const char *title, const ProtobufCMessage *message,
                const char *name_field, const char *word_field, const char *id_field)
{
    fprintf(cli->out, "%-12s %s (%s)  %s\n", title, text_of(cli, message, name_field),
            text_of(cli, message, word_field), text_of(cli, message, id_field));
}

static void put_certificate(pv_cli *cli, const pv_certificate *certificate, pv_time now)
{
    pv_time end = now;
    bool dated = pv_time_of(certificate->not_after, &end);
    long long days = (end.utc_ns - now.utc_ns) / NS_PER_DAY;
    fprintf(cli->out, "%-12s %s%s", "certificate", text_of(cli, &certificate->base, "label"),
            *certificate->label == '\0' ? "" : "  ");
    if (dated) {
        fprintf(cli->out, "until %s, %lld days left  ",
                text_of(cli, &certificate->base, "not_after"), days);
    }
    fprintf(cli->out, "%s\n", text_of(cli, &certificate->base, "id"));
}

static void put_rights(pv_cli *cli, const pv_who_am_iresponse *who)
{
    fprintf(cli->out, "%-12s ", "may");
    if (who->n_scopes == 0) { fputs("do nothing but ask this", cli->out); }
    for (size_t i = 0; i < who->n_scopes; i++) {
        const ProtobufCMessage *scope = &who->scopes[i]->base;
        fprintf(cli->out, "%s%s %s", i == 0 ? "" : ", ", text_of(cli, scope, "module"),
                text_of(cli, scope, "grant"));
    }
    fprintf(cli->out, "\n%-12s %zu; -o json names them\n", "methods", who->n_methods);
}

void pv_whoami_write(pv_cli *cli, const pv_who_am_iresponse *who, pv_time now)
{
    if (who->account != NULL) { put(cli, "account", &who->account->base, "name", "type", "id"); }
    if (who->user != NULL) { put(cli, "user", &who->user->base, "name", "kind", "id"); }
    if (who->membership != NULL) {
        fprintf(cli->out, "%-12s %s%s\n", "membership",
                who->membership->administrator ? "administrator  " : "",
                text_of(cli, &who->membership->base, "id"));
    }
    if (who->certificate != NULL) { put_certificate(cli, who->certificate, now); }
    put_rights(cli, who);
    for (size_t i = 0; i < who->n_memberships; i++) {
        put(cli, i == 0 ? "accounts" : "", &who->memberships[i]->base, "account_name",
            "account_type", "account_id");
    }
}
