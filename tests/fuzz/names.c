/* Names by which clients connect and that accounts claim, and what the DNS and its file answer. */
#include "server/flows/account/domain_name.h"
#include "server/resolve/records.h"
#include "tests/fuzz/fuzz.h"

/* The one form of a name has itself as its form. */
static void check_name(pv_view text)
{
    char name[DOMAIN_NAME_SIZE], again[DOMAIN_NAME_SIZE];
    bool named = domain_name_of_authority(text, name);
    if (!domain_name_read(text, again)) {
        /* Nothing but a port makes a name of what is none. */
        PV_ASSERT(!named || memchr(text.data, ':', text.size) != NULL);
        return;
    }
    PV_ASSERT(named && strcmp(name, again) == 0);
    PV_ASSERT(domain_name_read(pv_view_text(name), again) && strcmp(name, again) == 0);
    PV_ASSERT(domain_name_is_in(name, name));
    if (domain_name_fault(name) != NULL) { return; }
    PV_ASSERT(strchr(name, '.') != NULL);
    PV_ASSERT(strlen(name) + strlen(DOMAIN_CHALLENGE_PREFIX) < DOMAIN_NAME_SIZE);
}

static void check_found(pv_resolved found)
{
    PV_ASSERT(pv_is_ok(found.status) || found.count == 0);
    PV_ASSERT(found.count <= PV_RESOLVED_MAX);
    for (size_t i = 0; i < found.count; i++) {
        PV_ASSERT(strlen(found.texts[i]) <= PV_RESOLVED_TEXT_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    uint8_t choice = pv_fuzz_byte(&input) % 3;
    pv_arena *arena = pv_arena_create(PV_FUZZ_ARENA_BYTES);
    int64_t bad_line = 0;
    if (choice == 0) {
        check_name(input);
    } else if (choice == 1) {
        check_found(records_in_answer(input.data, input.size, "a.example", arena, arena));
    } else {
        char *text = pv_arena_dup(arena, input);
        check_found(records_in_file(text, "a.example", arena, arena, &bad_line));
    }
    pv_arena_destroy(arena);
    return 0;
}
