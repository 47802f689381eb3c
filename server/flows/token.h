/* token.h — opaque tokens handed to callers and taken back: base64url of a version byte, a position, and
 * sixteen bytes of HMAC-SHA-256 over the position and what the token is bound to. A token is no
 * authorisation: whoever holds it still sees only what it may. */
#ifndef PV_SERVER_FLOWS_TOKEN_H
#define PV_SERVER_FLOWS_TOKEN_H

#include "base/arena.h"
#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a token for `position`, bound to `binding`; NULL when the arena is exhausted. */
const char *pv_token_make(pv_arena *arena, pv_view key, pv_view binding, pv_view position);

/* Opens a token. False: not one that was made with this key and binding. The position lives in the arena. */
PV_MUST_USE bool pv_token_open(pv_arena *arena, pv_view key, pv_view binding, pv_view token,
                               pv_view *ret_position);

#ifdef __cplusplus
}
#endif
#endif
