#include "base/decimal.h"
#include "base/utf8.h"
#include "protos/runtime/fields.h"

enum {
    LABEL_MAX = 63,       /* RFC 1035 section 2.3.4 */
    DOMAIN_MAX = 253,     /* the same, as text without the last dot */
    EMAIL_LOCAL_MAX = 64, /* RFC 5321 section 4.5.3.1.1 */
    EMAIL_MAX = 254,      /* RFC 5321 section 4.5.3.1.3: a path of 256 holds it in angle brackets */
    ETAG_MAX = 64,        /* between the quotes; ours are shorter */
    UUID_SIZE = 36
};

static bool is_upper(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}
static bool is_lower(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}
static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}
static bool is_alphanumeric(uint8_t byte)
{
    return is_upper(byte) || is_lower(byte) || is_digit(byte);
}
static bool is_lower_hex(uint8_t byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f');
}
static bool is_hex(uint8_t byte)
{
    return is_lower_hex(byte) || (byte >= 'A' && byte <= 'F');
}

static bool is_one_of(uint8_t byte, const char *set)
{
    return byte != 0 && strchr(set, byte) != NULL;
}

static pv_view part(pv_view text, size_t from, size_t to)
{
    return pv_view_of(text.data + from, to - from);
}

/* Offset of the byte, or the size of the text. */
static size_t find(pv_view text, uint8_t byte)
{
    const uint8_t *found =
        text.size == 0 ? NULL : (const uint8_t *)memchr(text.data, byte, text.size);
    return found == NULL ? text.size : (size_t)(found - text.data);
}

static bool is_upper_word(pv_view text, size_t size)
{
    if (text.size != size) { return false; }
    for (size_t i = 0; i < size; i++) {
        if (!is_upper(text.data[i])) { return false; }
    }
    return true;
}

static bool is_name(pv_view text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_alphanumeric(text.data[i]) && text.data[i] != '_' && text.data[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_uuid(pv_view text)
{
    if (text.size != UUID_SIZE) { return false; }
    for (size_t i = 0; i < UUID_SIZE; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text.data[i] != '-' : !is_lower_hex(text.data[i])) { return false; }
    }
    return true;
}

static bool is_etag(pv_view text)
{
    if (text.size < 3 || text.size > ETAG_MAX + 2) { return false; }
    if (text.data[0] != '"' || text.data[text.size - 1] != '"') { return false; }
    for (size_t i = 1; i < text.size - 1; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7F || text.data[i] == '"') { return false; }
    }
    return true;
}

/* One label of a DNS name; letters of both cases if `any_case`. */
static bool is_label(pv_view label, bool any_case)
{
    if (label.size == 0 || label.size > LABEL_MAX) { return false; }
    if (label.data[0] == '-' || label.data[label.size - 1] == '-') { return false; }
    for (size_t i = 0; i < label.size; i++) {
        uint8_t byte = label.data[i];
        if (!is_lower(byte) && !is_digit(byte) && byte != '-' && !(any_case && is_upper(byte))) {
            return false;
        }
    }
    return true;
}

static bool is_domain(pv_view text, bool any_case)
{
    if (text.size > DOMAIN_MAX) { return false; }
    pv_view rest = text;
    for (;;) {
        size_t dot = find(rest, '.');
        if (!is_label(part(rest, 0, dot), any_case)) { return false; }
        if (dot == rest.size) { break; }
        rest = part(rest, dot + 1, rest.size);
    }
    /* A last label of digits only is the end of an IPv4 address. */
    for (size_t i = 0; i < rest.size; i++) {
        if (!is_digit(rest.data[i])) { return true; }
    }
    return false;
}

static bool is_email(pv_view text)
{
    size_t at = find(text, '@');
    if (at == 0 || at > EMAIL_LOCAL_MAX || at == text.size || text.size > EMAIL_MAX) {
        return false;
    }
    if (text.data[0] == '.' || text.data[at - 1] == '.') { return false; }
    for (size_t i = 0; i < at; i++) {
        uint8_t byte = text.data[i];
        bool double_dot = byte == '.' && text.data[i + 1] == '.';
        if (double_dot || !(is_alphanumeric(byte) || is_one_of(byte, ".!#$%&'*+-/=?^_`{|}~"))) {
            return false;
        }
    }
    return is_domain(part(text, at + 1, text.size), true);
}

static bool is_ipv4(pv_view text)
{
    unsigned numbers = 0;
    for (pv_view rest = text;; numbers++) {
        size_t dot = find(rest, '.');
        unsigned number = 0;
        if (dot == 0 || dot > 3 || (dot > 1 && rest.data[0] == '0')) { return false; }
        for (size_t i = 0; i < dot; i++) {
            if (!is_digit(rest.data[i])) { return false; }
            number = number * 10 + (rest.data[i] - '0');
        }
        if (number > 255) { return false; }
        if (dot == rest.size) { return numbers == 3; }
        rest = part(rest, dot + 1, rest.size);
    }
}

/* The text between the brackets of an IPv6 host: groups of one to four hex digits, eight of them
 * or fewer around one "::". An IPv4 address at the end is not accepted. */
static bool is_ipv6(pv_view text)
{
    unsigned groups = 0, gaps = 0;
    size_t i = 0;
    while (i < text.size) {
        if (text.data[i] == ':') {
            bool doubled = i + 1 < text.size && text.data[i + 1] == ':';
            if (doubled) {
                gaps++;
            } else if (groups == 0 || i + 1 == text.size) {
                return false;
            }
            i += doubled ? 2 : 1;
            if (i < text.size && text.data[i] == ':') { return false; }
            continue;
        }
        size_t start = i;
        while (i < text.size && is_hex(text.data[i])) { i++; }
        if (i == start || i - start > 4 || (i < text.size && text.data[i] != ':')) { return false; }
        groups++;
    }
    return gaps == 0 ? groups == 8 : gaps == 1 && groups < 8;
}

static bool is_port(pv_view text)
{
    unsigned number = 0;
    if (text.size == 0 || text.size > 5) { return false; }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) { return false; }
        number = number * 10 + (text.data[i] - '0');
    }
    return number >= 1 && number <= 65535;
}

/* "host", "host:port", "[ipv6]:port". User names are refused: a URL is shown and logged. */
static bool is_authority(pv_view text)
{
    size_t host_end = find(text, ':');
    bool literal = text.size > 0 && text.data[0] == '[';
    if (literal) {
        size_t bracket = find(text, ']');
        if (bracket == text.size || !is_ipv6(part(text, 1, bracket))) { return false; }
        host_end = bracket + 1;
    }
    pv_view host = part(text, 0, host_end), rest = part(text, host_end, text.size);
    if (!literal && !is_domain(host, true) && !is_ipv4(host)) { return false; }
    return rest.size == 0 || (rest.data[0] == ':' && is_port(part(rest, 1, rest.size)));
}

/* Path, query and fragment: the characters of RFC 3986 and whole percent escapes. */
static bool is_url_tail(pv_view text)
{
    bool fragment = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            if (text.size - i < 3 || !is_hex(text.data[i + 1]) || !is_hex(text.data[i + 2])) {
                return false;
            }
        } else if (byte == '#') {
            if (fragment) { return false; }
            fragment = true;
        } else if (!is_alphanumeric(byte) && !is_one_of(byte, "-._~!$&'()*+,;=:@/?")) {
            return false;
        }
    }
    return true;
}

static bool is_url(pv_view text, bool secure)
{
    pv_view http = pv_view_text("http://"), https = pv_view_text("https://");
    pv_view scheme = secure || pv_view_starts_with(text, https) ? https : http;
    if (!pv_view_starts_with(text, scheme)) { return false; }
    pv_view rest = part(text, scheme.size, text.size);
    size_t end = 0;
    while (end < rest.size && !is_one_of(rest.data[end], "/?#")) { end++; }
    return is_authority(part(rest, 0, end)) && is_url_tail(part(rest, end, rest.size));
}

/* Nothing that breaks a line, moves a cursor or turns the direction of the text around it. */
static bool is_line(pv_view text)
{
    size_t position = 0;
    while (position < text.size) {
        uint32_t code_point;
        if (!pv_utf8_next(text, &position, &code_point)) { return false; }
        bool control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
        bool line_end = code_point == 0x2028 || code_point == 0x2029;
        bool direction = (code_point >= 0x202A && code_point <= 0x202E) ||
                         (code_point >= 0x2066 && code_point <= 0x2069);
        if (control || line_end || direction) { return false; }
    }
    return true;
}

static bool is_language(pv_view text)
{
    size_t letters = 0;
    while (letters < text.size && is_lower(text.data[letters])) { letters++; }
    if (letters < 2 || letters > 3) { return false; }
    if (letters == text.size) { return true; }
    return text.data[letters] == '-' && is_upper_word(part(text, letters + 1, text.size), 2);
}

static bool is_colour(pv_view text)
{
    if (text.size != 7 || text.data[0] != '#') { return false; }
    for (size_t i = 1; i < text.size; i++) {
        if (!is_lower_hex(text.data[i])) { return false; }
    }
    return true;
}

bool pv_pattern_matches(pv_pattern pattern, pv_view text)
{
    if (pattern == PV_PATTERN_NONE) { return true; }
    if (text.size == 0) { return false; }
    pv_decimal decimal;
    switch (pattern) {
    case PV_PATTERN_NONE: return true;
    case PV_PATTERN_CURRENCY: return is_upper_word(text, 3);
    case PV_PATTERN_COUNTRY: return is_upper_word(text, 2);
    case PV_PATTERN_EMAIL: return is_email(text);
    case PV_PATTERN_NAME: return is_name(text);
    case PV_PATTERN_UUID: return is_uuid(text);
    case PV_PATTERN_ETAG: return is_etag(text);
    case PV_PATTERN_DECIMAL: return pv_decimal_parse(text, &decimal);
    case PV_PATTERN_URL: return is_url(text, false);
    case PV_PATTERN_DOMAIN: return is_domain(text, false);
    case PV_PATTERN_LINE: return is_line(text);
    case PV_PATTERN_LANGUAGE: return is_language(text);
    case PV_PATTERN_COLOUR: return is_colour(text);
    case PV_PATTERN_HTTPS: return is_url(text, true);
    }
    return false;
}

const char *pv_pattern_text(pv_pattern pattern)
{
    switch (pattern) {
    case PV_PATTERN_NONE: return "any text";
    case PV_PATTERN_CURRENCY: return "a currency code of three upper case letters (ISO 4217)";
    case PV_PATTERN_COUNTRY: return "a country code of two upper case letters (ISO 3166-1)";
    case PV_PATTERN_EMAIL: return "an e-mail address";
    case PV_PATTERN_NAME: return "letters, digits, \"_\" and \"-\" only";
    case PV_PATTERN_UUID: return "a UUID in lower case, e.g. 3f2b8c1e-5a4d-4e6f-9b7a-0c1d2e3f4a5b";
    case PV_PATTERN_ETAG: return "an entity tag as this service gives them, quotes included";
    case PV_PATTERN_DECIMAL:
        return "a decimal number of up to 18 integer digits and 18 decimals, without exponent";
    case PV_PATTERN_URL: return "an absolute http or https URL without user name";
    case PV_PATTERN_DOMAIN: return "a DNS name in lower case";
    case PV_PATTERN_LINE: return "one line of printable text";
    case PV_PATTERN_LANGUAGE: return "a language code (ISO 639), e.g. de or pt-BR";
    case PV_PATTERN_COLOUR: return "a colour as #rrggbb in lower case";
    case PV_PATTERN_HTTPS: return "an absolute https URL without user name";
    }
    return "any text";
}
