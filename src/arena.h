/* SPDX-License-Identifier: MIT */
/*
 * arena: memory that is given back all at once. A request owns one arena; nothing that is
 * allocated from it is freed by itself, so handlers need neither free() nor goto.
 *
 * Allocation never returns NULL: what one request may ask for is bounded by the limits on its
 * input, so running out means the process is broken, and the process ends (the master replaces
 * it).
 *
 * Under AddressSanitizer every allocation is a malloc() of its own, so that an overrun inside an
 * arena is seen (the idea is Varnish's workspace emulator).
 */
#ifndef ARENA_H
#define ARENA_H

#include "str.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* the newest; older ones behind it */
    size_t used;               /* bytes taken of the newest chunk */
};

/* Makes an empty arena. No memory is taken before the first allocation. */
void arena_init(struct arena *arena);

/* Gives everything back but one standard chunk, which the next use starts with. */
void arena_reset(struct arena *arena);

/* Gives everything back. The arena may be used again as after arena_init(). */
void arena_release(struct arena *arena);

/* `size` bytes, uninitialised, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);

/* `size` zero bytes. */
void *arena_zalloc(struct arena *arena, size_t size);

/* A copy of `s` with a NUL behind it. */
struct str arena_copy(struct arena *arena, struct str s);

/* A formatted string with a NUL behind it, which the view does not count. */
struct str arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
