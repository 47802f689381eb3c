#include "client/cli/invitation.h"

static const char space[] = " \t\r\n";

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9') { return byte - '0'; }
    if (byte >= 'a' && byte <= 'f') { return byte - 'a' + 10; }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool read_fingerprint(const char *text, size_t size, uint8_t ret_bytes[PV_FINGERPRINT_SIZE])
{
    if (size != 2 * PV_FINGERPRINT_SIZE) { return false; }
    for (size_t i = 0; i < PV_FINGERPRINT_SIZE; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) { return false; }
        ret_bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

bool pv_invitation_parse(pv_arena *arena, const char *text, pv_invitation *ret_invitation)
{
    text += strspn(text, space);
    size_t size = strcspn(text, space);
    const char *point = memchr(text, '.', size);
    size_t secret_size = point == NULL ? 0 : (size_t)(point - text);
    if (secret_size == 0 || text[size + strspn(text + size, space)] != '\0' ||
        !read_fingerprint(point + 1, size - secret_size - 1, ret_invitation->fingerprint)) {
        return false;
    }
    ret_invitation->secret = pv_arena_dup(arena, pv_view_of(text, secret_size));
    return ret_invitation->secret != NULL;
}
