/* log.c — what the edge says. Remote peers cause these lines, so there are only so many of them. */
#include "base/log.h"
#include "base/digest.h"
#include "server/edge/internal.h"

#include <openssl/err.h>

static bool may_log(pv_edge *edge)
{
    if (edge_bucket_take(&edge->log_lines, PV_EDGE_LOG_LINES_PER_SECOND,
                         PV_EDGE_LOG_LINES_PER_SECOND, edge->now_ns)) {
        return true;
    }
    edge->log_left_out++;
    return false;
}

void edge_log_refused(pv_edge *edge, const char *address, const char *why)
{
    if (!may_log(edge)) { return; }
    const pv_log_field fields[] = {
        pv_log_text("peer", address),
        pv_log_text("why", why),
        pv_log_number("left_out", (int64_t)edge->log_left_out),
    };
    edge->log_left_out = 0;
    pv_log(PV_LOG_INFO, "connection refused", fields, sizeof fields / sizeof *fields);
}

void edge_log_breach(pv_edge *edge, const edge_connection *connection, edge_party *party,
                     const char *name)
{
    if (edge->now_ns < party->log_ns) { return; }
    party->log_ns = edge->now_ns + PV_EDGE_BREACH_LOG_MS * PV_NS_PER_MS;
    char digest[2 * PV_EDGE_DIGEST_SIZE + 1] = "";
    if (connection->certificate != NULL) {
        pv_hex_format(pv_view_of(party->key, PV_EDGE_DIGEST_SIZE), digest);
    }
    const pv_log_field fields[] = {
        pv_log_text("breach", name),
        pv_log_text("peer", connection->address),
        pv_log_text("certificate_sha256", digest),
        pv_log_number("since_last", (int64_t)(party->breaches - party->breaches_logged)),
        pv_log_number("in_all", (int64_t)party->breaches),
    };
    party->breaches_logged = party->breaches;
    pv_log(PV_LOG_WARN, "frame limit breached", fields, sizeof fields / sizeof *fields);
}
