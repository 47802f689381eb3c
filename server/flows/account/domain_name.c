#include "server/flows/account/domain_name.h"

#include "base/punycode.h"
#include "protos/runtime/fields.h"

enum {
    LABEL_MAX = 63,
    CLAIM_MAX = DOMAIN_NAME_SIZE - (int)sizeof DOMAIN_CHALLENGE_PREFIX /* that has a challenge */
};

bool domain_name_read(pv_view text, char ret_name[DOMAIN_NAME_SIZE])
{
    size_t size = text.size;
    if (size > 0 && text.data[size - 1] == '.') { size--; }
    if (size >= DOMAIN_NAME_SIZE) { return false; }
    for (size_t i = 0; i < size; i++) {
        bool upper = text.data[i] >= 'A' && text.data[i] <= 'Z';
        ret_name[i] = (char)(upper ? text.data[i] - 'A' + 'a' : text.data[i]);
    }
    ret_name[size] = '\0';
    return pv_pattern_matches(PV_PATTERN_DOMAIN, pv_view_of(ret_name, size));
}

bool domain_name_of_authority(pv_view authority, char ret_name[DOMAIN_NAME_SIZE])
{
    size_t size = authority.size;
    while (size > 0 && authority.data[size - 1] >= '0' && authority.data[size - 1] <= '9') {
        size--;
    }
    bool has_port = size > 0 && authority.data[size - 1] == ':';
    return domain_name_read(pv_view_of(authority.data, has_port ? size - 1 : authority.size),
                            ret_name);
}

/* Alphabets that have letters which look like those of another one. 0: a letter of none of them. */
static unsigned alphabet_of(uint32_t code_point)
{
    static const struct {
        uint32_t from, to;
        unsigned alphabet;
    } ranges[] = {
        {'a', 'z', 1},       {0x00C0, 0x024F, 1}, {0x0250, 0x02AF, 1}, {0x1E00, 0x1EFF, 1},
        {0x0370, 0x03FF, 2}, {0x1F00, 0x1FFF, 2}, {0x0400, 0x052F, 3}, {0x1C80, 0x1C8F, 3},
        {0x2DE0, 0x2DFF, 3}, {0xA640, 0xA69F, 3}, {0x0530, 0x058F, 4}, {0x13A0, 0x13FF, 5},
        {0xAB70, 0xABBF, 5},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code_point >= ranges[i].from && code_point <= ranges[i].to) {
            return ranges[i].alphabet;
        }
    }
    return 0;
}

/* What no label may hold (RFC 5892): what cannot be seen, turns the text around it, or is a letter in another dress.
 * What else is not permitted, registries refuse. */
static bool is_deceptive(uint32_t code_point)
{
    static const struct {
        uint32_t from, to;
    } ranges[] = {
        {0x0080, 0x00B6},   {0x0300, 0x036F},    {0x2000, 0x2BFF}, {0x3000, 0x3004},
        {0xD800, 0xF8FF},   {0xFE00, 0xFE0F},    {0xFEFF, 0xFFFF}, {0x1D400, 0x1D7FF},
        {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (code_point >= ranges[i].from && code_point <= ranges[i].to) { return true; }
    }
    return false;
}

static const char *label_fault(pv_view label)
{
    if (label.size < 4 || memcmp(label.data + 2, "--", 2) != 0) { return NULL; }
    uint32_t code_points[LABEL_MAX];
    size_t count = 0;
    if (memcmp(label.data, "xn", 2) != 0 ||
        !pv_punycode_decode(pv_view_of(label.data + 4, label.size - 4), code_points, LABEL_MAX,
                            &count)) {
        return "has a label with hyphens in third and fourth place that is no A-label";
    }
    unsigned alphabet = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned its = alphabet_of(code_points[i]);
        if (is_deceptive(code_points[i])) { return "has an A-label of letters that deceive"; }
        if (its != 0 && alphabet != 0 && its != alphabet) {
            return "has an A-label that mixes alphabets";
        }
        if (its != 0) { alphabet = its; }
    }
    return NULL;
}

const char *domain_name_fault(const char *name)
{
    if (strchr(name, '.') == NULL) { return "must have two labels or more"; }
    if (strlen(name) > CLAIM_MAX) { return "is too long"; }
    const char *fault = NULL;
    for (const char *label = name; fault == NULL && *label != '\0';) {
        size_t size = strcspn(label, ".");
        fault = label_fault(pv_view_of(label, size));
        label += size + (label[size] == '.');
    }
    return fault;
}

bool domain_name_is_in(const char *name, const char *parent)
{
    size_t size = strlen(name), of_parent = strlen(parent);
    if (of_parent == 0 || size < of_parent || strcmp(name + size - of_parent, parent) != 0) {
        return false;
    }
    return size == of_parent || name[size - of_parent - 1] == '.';
}

bool domain_name_is_special(const char *name)
{
    /* RFC 3172, 6761, 6762, 7686, 9476. Names for examples, tests and inner networks can be claimed. */
    static const char *const special[] = {"alt", "arpa", "invalid", "local", "localhost", "onion"};
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if (domain_name_is_in(name, special[i])) { return true; }
    }
    return false;
}
