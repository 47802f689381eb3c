#include "server/trust.h"

#include "base/digest.h"
#include "base/log.h"

enum { WORDS_BYTES = 64 * 1024, HEX_SIZE = 2 * PV_SHA256_SIZE + 1 };

static size_t refuse(const trust *self)
{
    pv_issuer refused[PV_ISSUERS_REFUSED_MAX];
    size_t count = pv_authority_refused(self->authority, refused);
    pv_identity_refuse_issuers(self->identity, refused, count);
    return count;
}

void trust_begin(const trust *self)
{
    (void)refuse(self);
}

/* Says who signs, "" if nobody does, and of how many nothing is accepted. */
static void log_issuer(const trust *self, size_t refused, pv_error *error)
{
    char hex[HEX_SIZE] = "";
    pv_issuer issuer;
    const pv_signer *signer = pv_authority_signer(self->authority);
    if (pv_is_ok(signer->issuer(signer, &issuer, error))) {
        pv_hex_format(pv_view_of(issuer.sha256, sizeof issuer.sha256), hex);
    }
    const pv_log_field fields[] = {
        pv_log_text("issuer_sha256", hex),
        pv_log_number("refused_issuers", (int64_t)refused),
    };
    pv_log(PV_LOG_INFO, "authority reloaded", fields, sizeof fields / sizeof *fields);
}

static void reload_authority(const trust *self)
{
    pv_arena *words = pv_arena_create(WORDS_BYTES);
    pv_error error;
    pv_error_init(&error, words);
    if (pv_is_ok(pv_authority_reload(self->authority, &error))) {
        size_t refused = refuse(self);
        if (refused > 0) { front_identity_changed(self->front, (pv_id){{0}}); }
        log_issuer(self, refused, &error);
    } else {
        const pv_log_field field = pv_log_text("why", error.message == NULL ? "" : error.message);
        pv_log(PV_LOG_ERROR, "authority not reloaded, the old one stays", &field, 1);
    }
    pv_arena_destroy(words);
}

void trust_reload(const trust *self)
{
    reload_authority(self);
    front_reload(self->front);
}

void trust_tick(const trust *self)
{
    if (pv_authority_files_changed(self->authority)) { reload_authority(self); }
    front_tick(self->front);
}
