#include "base/arena.h"

#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>

/* Under AddressSanitizer what is not handed out is poisoned and allocations stand apart from
 * each other, so that writing past one is found although the block is one piece of heap. */
#if defined(__SANITIZE_ADDRESS__)
#define PV_ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PV_ARENA_ASAN 1
#endif
#endif

#ifdef PV_ARENA_ASAN
#include <sanitizer/asan_interface.h>
enum { ARENA_GAP = 16 };
#define ARENA_CLOSE(data, size) ASAN_POISON_MEMORY_REGION((data), (size))
#define ARENA_OPEN(data, size) ASAN_UNPOISON_MEMORY_REGION((data), (size))
#else
enum { ARENA_GAP = 0 };
#define ARENA_CLOSE(data, size) ((void)(data), (void)(size))
#define ARENA_OPEN(data, size) ((void)(data), (void)(size))
#endif

enum {
    ARENA_ALIGNMENT = 16,
    ARENA_FIRST_BLOCK = 16 * 1024, /* most calls need no second one */
    ARENA_LARGEST_BLOCK =
        1024 * 1024, /* doubling stops here, so that the unused tail stays small */
    ARENA_SMALLEST_BUFFER = 64,
    ARENA_PRINTF_STACK = 256 /* texts up to this size are formatted once, not twice */
};

typedef struct arena_block {
    struct arena_block *next; /* older block */
    size_t capacity;          /* bytes after this header */
} arena_block;

_Static_assert(sizeof(arena_block) % ARENA_ALIGNMENT == 0, "data after the header must be aligned");
_Static_assert(_Alignof(max_align_t) <= ARENA_ALIGNMENT, "malloc gives what the arena promises");

struct pv_arena {
    arena_block *newest;
    arena_block *first;
    uint8_t *position; /* next free byte of the newest block */
    uint8_t *end;
    size_t used;
    size_t ceiling;
    size_t next_capacity;
};

static uint8_t *block_data(arena_block *block)
{
    return (uint8_t *)block + sizeof *block;
}

static size_t round_up(size_t size)
{
    return (size + (ARENA_ALIGNMENT - 1)) & ~(size_t)(ARENA_ALIGNMENT - 1);
}

static arena_block *block_create(size_t capacity)
{
    arena_block *block = malloc(sizeof *block + capacity);
    if (block == NULL) { return NULL; }
    block->next = NULL;
    block->capacity = capacity;
    ARENA_CLOSE(block_data(block), capacity);
    return block;
}

static void block_destroy(arena_block *block)
{
    ARENA_OPEN(block_data(block), block->capacity);
    free(block);
}

static void enter_block(pv_arena *arena, arena_block *block)
{
    arena->newest = block;
    arena->position = block_data(block);
    arena->end = arena->position + block->capacity;
}

pv_arena *pv_arena_create(size_t ceiling_bytes)
{
    /* Half of the address space: sums of two sizes below it cannot overflow. */
    PV_ASSERT(ceiling_bytes > 0 && ceiling_bytes < SIZE_MAX / 4);
    pv_arena *arena = malloc(sizeof *arena);
    size_t capacity = round_up(ceiling_bytes) + ARENA_GAP;
    if (capacity > ARENA_FIRST_BLOCK) { capacity = ARENA_FIRST_BLOCK; }
    arena_block *block = block_create(capacity);
    if (arena == NULL || block == NULL) {
        fputs("no memory for an arena\n", stderr);
        abort();
    }
    arena->first = block;
    arena->ceiling = ceiling_bytes;
    arena->used = 0;
    arena->next_capacity = (size_t)ARENA_FIRST_BLOCK * 2;
    enter_block(arena, block);
    return arena;
}

/* Frees every block but the first. */
static void drop_later_blocks(pv_arena *arena)
{
    arena_block *block = arena->newest;
    while (block != arena->first) {
        arena_block *older = block->next;
        block_destroy(block);
        block = older;
    }
}

void pv_arena_destroy(pv_arena *arena)
{
    if (arena == NULL) { return; }
    drop_later_blocks(arena);
    block_destroy(arena->first);
    free(arena);
}

void pv_arena_reset(pv_arena *arena)
{
    drop_later_blocks(arena);
    ARENA_CLOSE(block_data(arena->first), arena->first->capacity);
    enter_block(arena, arena->first);
    arena->used = 0;
    arena->next_capacity = (size_t)ARENA_FIRST_BLOCK * 2;
}

/* Makes a block with room for `need` bytes the newest one; false when the process has no memory. */
static bool add_block(pv_arena *arena, size_t need)
{
    size_t left = round_up(arena->ceiling - arena->used) + ARENA_GAP;
    size_t capacity = arena->next_capacity < left ? arena->next_capacity : left;
    if (capacity < need) { capacity = need; }
    arena_block *block = block_create(capacity);
    if (block == NULL) { return false; }
    block->next = arena->newest;
    enter_block(arena, block);
    if (arena->next_capacity < ARENA_LARGEST_BLOCK) { arena->next_capacity *= 2; }
    return true;
}

/* The rounded size that `size` takes, or 0 when it would pass the ceiling. */
static size_t size_within_ceiling(const pv_arena *arena, size_t size)
{
    size_t left = arena->ceiling - arena->used;
    if (size > left) { return 0; }
    size_t rounded = size == 0 ? (size_t)ARENA_ALIGNMENT : round_up(size);
    return rounded > left ? 0 : rounded;
}

void *pv_arena_alloc(pv_arena *arena, size_t size)
{
    size_t rounded = size_within_ceiling(arena, size);
    if (rounded == 0) { return NULL; }
    size_t need = rounded + ARENA_GAP;
    if ((size_t)(arena->end - arena->position) < need && !add_block(arena, need)) { return NULL; }
    void *memory = arena->position;
    arena->position += need;
    arena->used += rounded;
    ARENA_OPEN(memory, size);
    return memory;
}

void *pv_arena_zalloc(pv_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) { return NULL; }
    void *memory = pv_arena_alloc(arena, total);
    if (memory != NULL) { memset(memory, 0, total); }
    return memory;
}

char *pv_arena_dup(pv_arena *arena, pv_view bytes)
{
    if (bytes.size == SIZE_MAX) { return NULL; }
    char *copy = (char *)pv_arena_alloc(arena, bytes.size + 1);
    if (copy == NULL) { return NULL; }
    if (bytes.size > 0) { memcpy(copy, bytes.data, bytes.size); }
    copy[bytes.size] = '\0';
    return copy;
}

char *pv_arena_vprintf(pv_arena *arena, const char *format, va_list arguments)
{
    char stack[ARENA_PRINTF_STACK];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(stack, sizeof stack, format, arguments);
    PV_ASSERT(length >= 0);
    char *text = (char *)pv_arena_alloc(arena, (size_t)length + 1);
    if (text != NULL && (size_t)length < sizeof stack) {
        memcpy(text, stack, (size_t)length + 1);
    } else if (text != NULL) {
        int written = vsnprintf(text, (size_t)length + 1, format, again);
        PV_ASSERT(written == length);
    }
    va_end(again);
    return text;
}

char *pv_arena_printf(pv_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = pv_arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

size_t pv_arena_used(const pv_arena *arena)
{
    return arena->used;
}

/* Makes the newest allocation larger where it stands; false when something is behind it. */
static bool extend_newest(pv_arena *arena, const uint8_t *data, size_t old_size, size_t new_size)
{
    if (data == NULL || data + round_up(old_size) + ARENA_GAP != arena->position) { return false; }
    size_t more = round_up(new_size) - round_up(old_size);
    if (more > arena->ceiling - arena->used || more > (size_t)(arena->end - arena->position)) {
        return false;
    }
    arena->position += more;
    arena->used += more;
    ARENA_OPEN(data, new_size);
    return true;
}

/* Gives the buffer a capacity of at least `need`; doubles it if the arena has that much. */
static bool buffer_reserve(pv_buffer *buffer, size_t need)
{
    size_t wanted = buffer->capacity * 2;
    if (wanted < need) { wanted = need; }
    if (wanted < ARENA_SMALLEST_BUFFER) { wanted = ARENA_SMALLEST_BUFFER; }
    for (int attempt = 0; attempt < 2; attempt++) {
        if (extend_newest(buffer->arena, buffer->data, buffer->capacity, wanted)) {
            buffer->capacity = wanted;
            return true;
        }
        uint8_t *data = (uint8_t *)pv_arena_alloc(buffer->arena, wanted);
        if (data != NULL) {
            if (buffer->data != NULL) { memcpy(data, buffer->data, buffer->size); }
            buffer->data = data;
            buffer->capacity = wanted;
            return true;
        }
        wanted = need; /* near the ceiling: exactly what is asked for may still fit */
    }
    return false;
}

void pv_buffer_expect(pv_buffer *buffer, size_t size)
{
    if (size > buffer->capacity && size <= SIZE_MAX / 4) { (void)buffer_reserve(buffer, size); }
}

uint8_t *pv_buffer_grow(pv_buffer *buffer, size_t size)
{
    size_t need;
    if (__builtin_add_overflow(buffer->size, size, &need) || need > SIZE_MAX / 4) {
        buffer->overflow = true;
        return NULL;
    }
    if ((need > buffer->capacity || buffer->data == NULL) && !buffer_reserve(buffer, need)) {
        buffer->overflow = true;
        return NULL;
    }
    uint8_t *room = buffer->data + buffer->size;
    buffer->size = need;
    return room;
}

void pv_buffer_append(pv_buffer *buffer, pv_view bytes)
{
    uint8_t *room = pv_buffer_grow(buffer, bytes.size);
    if (room != NULL && bytes.size > 0) { memcpy(room, bytes.data, bytes.size); }
}

void pv_buffer_printf(pv_buffer *buffer, const char *format, ...)
{
    char stack[ARENA_PRINTF_STACK];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(stack, sizeof stack, format, arguments);
    va_end(arguments);
    PV_ASSERT(length >= 0);
    if ((size_t)length < sizeof stack) {
        pv_buffer_append(buffer, pv_view_of(stack, (size_t)length));
        return;
    }
    /* One byte more for the NUL of vsnprintf, which is given back: it is not part of the text. */
    uint8_t *room = pv_buffer_grow(buffer, (size_t)length + 1);
    if (room == NULL) { return; }
    va_start(arguments, format);
    int written = vsnprintf((char *)room, (size_t)length + 1, format, arguments);
    va_end(arguments);
    PV_ASSERT(written == length);
    buffer->size -= 1;
}

const char *pv_buffer_text(pv_buffer *buffer)
{
    pv_buffer_append(buffer, pv_view_of("", 1));
    return buffer->overflow ? "" : (const char *)buffer->data;
}
