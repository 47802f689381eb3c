/* resolve.h — who answers what flows ask of the DNS (server/flows/resolver.h): the DNS itself, or a file for tests and
 * for networks without one.
 *
 * Of an answer only what was asked for is taken: TXT records of the name, or of the name that its CNAME records lead
 * to. Nothing is kept: a change is seen by the next question.
 *
 * Threads: one question at a time; the pipeline's thread for them. */
#ifndef PV_SERVER_RESOLVE_RESOLVE_H
#define PV_SERVER_RESOLVE_RESOLVE_H

#include "server/flows/resolver.h"

#include <netinet/in.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_RESOLVE_TRY_S = 2,       /* for one server's answer */
    PV_RESOLVE_TRIES = 2,       /* of each server */
    PV_RESOLVE_SERVERS_MAX = 2, /* of /etc/resolv.conf: an answer takes 8 s at most */
    PV_RESOLVE_CNAMES_MAX = 8   /* from name to name */
};

/* Asks the servers of /etc/resolv.conf, or `server` alone (borrowed; NULL: none), over UDP. They are believed: let them
 * validate DNSSEC. An answer that does not fit a datagram of 1200 bytes is none (UNAVAILABLE), because its rest would
 * come over a connection that has no time limit. */
pv_resolver pv_resolver_dns(const struct sockaddr_in *server);

/* Answers from a file, which is read anew for each question, with lines as in a zone file (RFC 1035, section 5):
 *
 *     ; a comment
 *     _purvey-challenge.shop.example. TXT "purvey-challenge=..."
 *     _purvey-challenge.www.example.  3600 IN CNAME _purvey-challenge.shop.example.
 *
 * Names are whole, with or without the dot at their end. Records of other types are passed over, the texts of one
 * record joined. A file that cannot be read or has a line that is no record makes every answer UNAVAILABLE, and is
 * logged. `path` is borrowed. */
pv_resolver pv_resolver_file(const char *path);

#ifdef __cplusplus
}
#endif
#endif
