#include "base/chain.h"

#include <inttypes.h>
#include <stdio.h>

void pv_chain_hash(const uint8_t previous_hash[PV_SHA256_SIZE], pv_view content,
                   uint8_t ret_hash[PV_SHA256_SIZE])
{
    pv_sha256_pair(pv_view_of(previous_hash, PV_SHA256_SIZE), content, ret_hash);
}

pv_chain_flaw pv_chain_follow(pv_chain_mark *at, const pv_chain_link *link)
{
    uint8_t hash[PV_SHA256_SIZE];
    pv_chain_flaw flaw = PV_CHAIN_WHOLE;
    pv_chain_hash(link->previous_hash, link->content, hash);
    if (memcmp(hash, link->hash, sizeof hash) != 0) {
        flaw = PV_CHAIN_ALTERED;
    } else if (link->sequence <= at->sequence) {
        flaw = PV_CHAIN_REPEATED;
    } else if (link->sequence > at->sequence + 1) {
        flaw = PV_CHAIN_GAP;
    } else if (memcmp(link->previous_hash, at->hash, sizeof at->hash) != 0) {
        flaw = PV_CHAIN_TORN;
    }
    at->sequence = link->sequence;
    memcpy(at->hash, link->hash, sizeof at->hash);
    return flaw;
}

const char *pv_chain_flaw_text(pv_chain_flaw flaw)
{
    switch (flaw) {
    case PV_CHAIN_WHOLE: return "it follows the entry before it";
    case PV_CHAIN_ALTERED: return "it was altered: its hash is not that of its content";
    case PV_CHAIN_GAP: return "entries before it are missing";
    case PV_CHAIN_REPEATED: return "it is out of its order, or there twice";
    case PV_CHAIN_TORN: return "it does not follow the entry before it: one of them is another";
    }
    return "";
}

void pv_chain_mark_format(const pv_chain_mark *mark, char ret_text[PV_CHAIN_MARK_TEXT_SIZE])
{
    char hex[2 * PV_SHA256_SIZE + 1];
    pv_hex_format(pv_view_of(mark->hash, sizeof mark->hash), hex);
    int size = snprintf(ret_text, PV_CHAIN_MARK_TEXT_SIZE, "%s@%" PRIu64, hex, mark->sequence);
    PV_ASSERT(size > 0 && size < PV_CHAIN_MARK_TEXT_SIZE);
}

static bool parse_number(pv_view digits, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits.size; i++) {
        uint8_t digit = (uint8_t)(digits.data[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number)) {
            return false;
        }
    }
    *ret_number = number;
    return digits.size > 0;
}

bool pv_chain_mark_parse(pv_view text, pv_chain_mark *ret_mark)
{
    const size_t hex_size = 2 * PV_SHA256_SIZE;
    pv_chain_mark mark;
    char hex[2 * PV_SHA256_SIZE + 1] = "";
    if (text.size >= hex_size) { memcpy(hex, text.data, hex_size); }
    if (text.size < hex_size + 2 || text.data[hex_size] != '@' ||
        !pv_hex_parse(hex, mark.hash, sizeof mark.hash) ||
        !parse_number(pv_view_of(text.data + hex_size + 1, text.size - hex_size - 1),
                      &mark.sequence)) {
        return false;
    }
    *ret_mark = mark;
    return true;
}
