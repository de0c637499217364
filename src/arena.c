/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define CHUNK_SIZE 1u /* every allocation has a chunk of its own */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHUNK_SIZE 1u
#endif
#endif
#ifndef CHUNK_SIZE
#define CHUNK_SIZE (32u * 1024u)
#endif

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *arena)
{
    arena->chunk = NULL;
    arena->used = 0;
}

static void free_chunks(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *keep = NULL;

    while (arena->chunk) {
        struct arena_chunk *chunk = arena->chunk;
        arena->chunk = chunk->older;
        if (keep == NULL && chunk->size == CHUNK_SIZE)
            keep = chunk;
        else
            free(chunk);
    }
    if (keep)
        keep->older = NULL;
    arena->chunk = keep;
    arena->used = 0;
}

void arena_release(struct arena *arena)
{
    free_chunks(arena->chunk);
    arena_init(arena);
}

static void add_chunk(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = malloc(sizeof(*chunk) + size);

    if (chunk == NULL)
        abort();
    chunk->size = size;
    chunk->older = arena->chunk;
    arena->chunk = chunk;
    arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    size_t need;
    void *memory;

    if (size > SIZE_MAX / 2)
        abort();
    need = CHUNK_SIZE == 1 ? size : (size + align - 1) / align * align;
    if (arena->chunk == NULL || CHUNK_SIZE == 1 || arena->chunk->size - arena->used < need)
        add_chunk(arena, need > CHUNK_SIZE ? need : CHUNK_SIZE);
    memory = arena->chunk->bytes + arena->used;
    arena->used += need;
    return memory;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

struct str arena_copy(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);

    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return (struct str){.ptr = copy, .len = s.len};
}

struct str arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    int len;
    char *text;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        abort();
    text = arena_alloc(arena, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return (struct str){.ptr = text, .len = (size_t)len};
}
