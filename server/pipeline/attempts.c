#include "server/pipeline/attempts.h"

#include <arpa/inet.h>
#include <string.h>

#define MINUTE_NS (60 * PV_NS_PER_S)

/* The host of "FAMILY:HOST:PORT", without brackets; false: it is too long to be an address. */
static bool host_of(const char *address, char host[INET6_ADDRSTRLEN])
{
    const char *begin = strchr(address, ':');
    const char *end = strrchr(address, ':');
    if (begin == NULL || begin == end) { return false; }
    begin++;
    if (*begin == '[' && end[-1] == ']') {
        begin++;
        end--;
    }
    size_t size = (size_t)(end - begin);
    if (size >= INET6_ADDRSTRLEN) { return false; }
    memcpy(host, begin, size);
    host[size] = '\0';
    return true;
}

static void key_of(const char *address, uint8_t key[ATTEMPTS_KEY_SIZE])
{
    char host[INET6_ADDRSTRLEN];
    uint8_t bytes[sizeof(struct in6_addr)];
    memset(key, 0, ATTEMPTS_KEY_SIZE);
    if (!host_of(address, host)) { return; }
    if (inet_pton(AF_INET, host, bytes) == 1) {
        key[0] = AF_INET;
        memcpy(key + 1, bytes, sizeof(struct in_addr));
    } else if (inet_pton(AF_INET6, host, bytes) == 1) {
        key[0] = AF_INET6;
        memcpy(key + 1, bytes, sizeof(struct in6_addr) / 2);
    }
}

/* The place of this source, or of the one whose bucket is fullest. */
static attempts_source *place_of(attempts_table *of, const uint8_t key[ATTEMPTS_KEY_SIZE])
{
    attempts_source *fullest = of->sources;
    for (size_t i = 0; i < ATTEMPTS_SOURCES_MAX; i++) {
        attempts_source *source = &of->sources[i];
        if (source->full_ns > 0 && memcmp(source->key, key, ATTEMPTS_KEY_SIZE) == 0) {
            return source;
        }
        if (source->full_ns < fullest->full_ns) { fullest = source; }
    }
    memcpy(fullest->key, key, ATTEMPTS_KEY_SIZE);
    fullest->full_ns = 0;
    return fullest;
}

bool attempts_take(attempts_table *of, const char *address, int64_t now_ns, int64_t *ret_wait_ms)
{
    if (of->per_minute == 0) { return true; }
    uint8_t key[ATTEMPTS_KEY_SIZE];
    key_of(address, key);
    attempts_source *source = place_of(of, key);
    int64_t full_ns = source->full_ns > now_ns ? source->full_ns : now_ns;
    int64_t over_ns = full_ns + MINUTE_NS / of->per_minute - (now_ns + MINUTE_NS);
    if (over_ns > 0) {
        *ret_wait_ms = over_ns / PV_NS_PER_MS + 1;
        return false;
    }
    source->full_ns = full_ns + MINUTE_NS / of->per_minute;
    return true;
}
