#include "server/flows/token.h"

#include "base/digest.h"

enum { VERSION = 1, MAC_SIZE = 16 };

/* HMAC over { version, size of the binding, binding, position }. */
static bool mac_of(pv_arena *arena, pv_view key, pv_view binding, pv_view position,
                   uint8_t *ret_mac)
{
    pv_buffer text = pv_buffer_of(arena);
    pv_buffer_printf(&text, "%d %zu ", VERSION, binding.size);
    pv_buffer_append(&text, binding);
    pv_buffer_append(&text, position);
    if (text.overflow) { return false; }
    uint8_t whole[PV_SHA256_SIZE];
    pv_hmac_sha256(key, pv_buffer_view(&text), whole);
    memcpy(ret_mac, whole, MAC_SIZE);
    return true;
}

const char *pv_token_make(pv_arena *arena, pv_view key, pv_view binding, pv_view position)
{
    uint8_t head[1 + MAC_SIZE] = {VERSION};
    pv_buffer bytes = pv_buffer_of(arena);
    if (!mac_of(arena, key, binding, position, head + 1)) { return NULL; }
    pv_buffer_append(&bytes, pv_view_of(head, sizeof head));
    pv_buffer_append(&bytes, position);
    char *text = bytes.overflow ? NULL : pv_arena_alloc(arena, (bytes.size * 4 + 2) / 3 + 1);
    if (text == NULL) { return NULL; }
    pv_base64url_format(pv_buffer_view(&bytes), text);
    return text;
}

bool pv_token_open(pv_arena *arena, pv_view key, pv_view binding, pv_view token,
                   pv_view *ret_position)
{
    uint8_t *bytes = pv_arena_alloc(arena, token.size * 3 / 4 + 1);
    size_t size = 0;
    if (bytes == NULL || !pv_base64url_parse(token, bytes, &size)) { return false; }
    if (size < 1 + MAC_SIZE || bytes[0] != VERSION) { return false; }
    pv_view position = pv_view_of(bytes + 1 + MAC_SIZE, size - 1 - MAC_SIZE);
    uint8_t mac[MAC_SIZE];
    if (!mac_of(arena, key, binding, position, mac)) { return false; }
    if (!pv_secret_equal(pv_view_of(mac, MAC_SIZE), pv_view_of(bytes + 1, MAC_SIZE))) {
        return false;
    }
    *ret_position = position;
    return true;
}
