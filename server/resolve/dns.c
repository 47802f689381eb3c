/* The DNS through the resolver of the C library, which sees to it that an answer is one to the question. */
#include "server/resolve/records.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

enum {
    ANSWER_BYTES = 4096,
    RECORDS_MAX = 128, /* of an answer; a datagram has no room for more */
    ARENA_BYTES = 256 * 1024
};

/* The strings of a TXT record, joined (RFC 7208, section 3.3, does so too). */
static pv_view joined(const ns_rr *rr, pv_arena *arena)
{
    pv_buffer text = pv_buffer_of(arena);
    const uint8_t *data = ns_rr_rdata(*rr);
    size_t size = ns_rr_rdlen(*rr);
    for (size_t at = 0; at < size; at += 1 + (size_t)data[at]) {
        if (data[at] >= size - at) { return pv_view_of(NULL, 0); }
        pv_buffer_append(&text, pv_view_of(data + at + 1, data[at]));
    }
    return pv_buffer_view(&text);
}

static const char *target(const ns_msg *message, const ns_rr *rr, pv_arena *arena)
{
    char name[NS_MAXDNAME];
    if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*rr), name,
                           sizeof name) < 0) {
        return NULL;
    }
    return pv_arena_dup(arena, pv_view_text(name));
}

/* False: the record is no TXT or CNAME that can be read. */
static bool read_record(const ns_msg *message, const ns_rr *rr, pv_arena *arena, record *ret_record)
{
    *ret_record = (record){.name = pv_arena_dup(arena, pv_view_text(ns_rr_name(*rr)))};
    if (ret_record->name == NULL || ns_rr_class(*rr) != ns_c_in) { return false; }
    if (ns_rr_type(*rr) == ns_t_txt) {
        ret_record->text = joined(rr, arena);
        return true;
    }
    if (ns_rr_type(*rr) != ns_t_cname) { return false; }
    ret_record->target = target(message, rr, arena);
    return ret_record->target != NULL;
}

pv_resolved records_in_answer(const uint8_t *answer, size_t size, const char *name,
                              pv_arena *scratch, pv_arena *arena)
{
    ns_msg message;
    if (size > ANSWER_BYTES || ns_initparse(answer, (int)size, &message) != 0 ||
        ns_msg_getflag(message, ns_f_tc) != 0) {
        return records_none(PV_CODE_UNAVAILABLE);
    }
    record records[RECORDS_MAX];
    size_t count = 0;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && count < RECORDS_MAX; i++) {
        ns_rr rr;
        if (ns_parserr(&message, ns_s_an, i, &rr) != 0) {
            return records_none(PV_CODE_UNAVAILABLE);
        }
        if (read_record(&message, &rr, scratch, &records[count])) { count++; }
    }
    return records_resolve(records, count, name, arena);
}

static bool open_state(const struct sockaddr_in *server, res_state state)
{
    if (res_ninit(state) != 0) { return false; }
    state->options |= RES_USE_EDNS0 | RES_IGNTC;
    state->retrans = PV_RESOLVE_TRY_S;
    state->retry = PV_RESOLVE_TRIES;
    if (state->nscount > PV_RESOLVE_SERVERS_MAX) { state->nscount = PV_RESOLVE_SERVERS_MAX; }
    if (server != NULL) {
        state->nscount = 1;
        state->nsaddr_list[0] = *server;
    }
    return true;
}

static pv_resolved resolve(const pv_resolver *resolver, const char *name, pv_arena *arena)
{
    struct __res_state state = {0};
    if (!open_state(resolver->context, &state)) { return records_none(PV_CODE_UNAVAILABLE); }
    uint8_t answer[ANSWER_BYTES];
    int size = res_nquery(&state, name, ns_c_in, ns_t_txt, answer, sizeof answer);
    bool nothing = state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA;
    res_nclose(&state);
    if (size < 0) { return records_none(nothing ? PV_CODE_OK : PV_CODE_UNAVAILABLE); }
    pv_arena *scratch = pv_arena_create(ARENA_BYTES);
    pv_resolved found = records_in_answer(answer, (size_t)size, name, scratch, arena);
    pv_arena_destroy(scratch);
    return found;
}

pv_resolver pv_resolver_dns(const struct sockaddr_in *server)
{
    return (pv_resolver){.resolve = resolve, .context = server};
}
