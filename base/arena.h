/* arena.h — memory of one lifetime: allocations are bumped from blocks and all go back at once.
 * An arena has a byte ceiling set at creation; beyond it allocation gives NULL, which the caller
 * turns into RESOURCE_EXHAUSTED (the size is the remote caller's choice, so it is not an
 * assertion). Threads: one user at a time. Alignment: 16 bytes. */
#ifndef PV_BASE_ARENA_H
#define PV_BASE_ARENA_H

#include "base/view.h"

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_arena pv_arena;

/* Makes an arena that hands out at most `ceiling_bytes` in all. The first block is taken at
 * once; aborts when the process has no memory at all. Destroy with pv_arena_destroy. */
pv_arena *pv_arena_create(size_t ceiling_bytes);

/* Gives everything back. NULL is permitted. */
void pv_arena_destroy(pv_arena *arena);

/* Forgets every allocation but keeps the first block, for the next call. */
void pv_arena_reset(pv_arena *arena);

/* `size` bytes, uninitialised; NULL at the ceiling. Size 0 gives a valid pointer. */
void *pv_arena_alloc(pv_arena *arena, size_t size);

/* `count` times `size` bytes, zeroed; NULL at the ceiling or when the product overflows. */
void *pv_arena_zalloc(pv_arena *arena, size_t count, size_t size);

/* A copy of the bytes followed by a NUL, so that it also serves as a C string. NULL at the
 * ceiling. */
char *pv_arena_dup(pv_arena *arena, pv_view bytes);

/* Formatted text, NUL-ended; NULL at the ceiling. */
__attribute__((format(printf, 2, 3))) char *pv_arena_printf(pv_arena *arena, const char *format,
                                                            ...);
char *pv_arena_vprintf(pv_arena *arena, const char *format, va_list arguments);

/* Bytes handed out since creation or reset. */
size_t pv_arena_used(const pv_arena *arena);

/* A growing byte string in an arena. Zero-initialise with the arena; it never shrinks. */
typedef struct pv_buffer {
    pv_arena *arena;
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool overflow; /* an append met the ceiling; size is then unchanged from before that append */
} pv_buffer;

static inline pv_buffer pv_buffer_of(pv_arena *arena)
{
    pv_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.arena = arena;
    return buffer;
}

/* A hint that the buffer will hold about this much: if the arena has it, nothing is moved until then. */
void pv_buffer_expect(pv_buffer *buffer, size_t size);

/* Room for `size` more bytes at the end, which become part of the buffer; NULL sets `overflow`. */
uint8_t *pv_buffer_grow(pv_buffer *buffer, size_t size);

/* Appends; on the ceiling sets `overflow`, which the writer checks once at the end. */
void pv_buffer_append(pv_buffer *buffer, pv_view bytes);
__attribute__((format(printf, 2, 3))) void pv_buffer_printf(pv_buffer *buffer, const char *format,
                                                            ...);

/* Ends what was written with a NUL and gives it as a text for people: "" after an overflow. */
const char *pv_buffer_text(pv_buffer *buffer);

static inline pv_view pv_buffer_view(const pv_buffer *buffer)
{
    return pv_view_of(buffer->data, buffer->size);
}

#ifdef __cplusplus
}
#endif
#endif
