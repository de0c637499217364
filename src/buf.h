/* SPDX-License-Identifier: MIT */
/*
 * buf: bytes that grow, inside an arena. Growing leaves the old bytes in the arena until it is
 * reset, so a buffer is for building one answer, not for keeping.
 */
#ifndef BUF_H
#define BUF_H

#include "arena.h"

struct buf {
    struct arena *arena;
    char *ptr;
    size_t len;
    size_t size;
};

/* Makes an empty buffer with room for `size` bytes. */
void buf_init(struct buf *buf, struct arena *arena, size_t size);

void buf_add(struct buf *buf, struct str s);
void buf_add_char(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What has been added so far; valid until the next addition. */
struct str buf_str(const struct buf *buf);

#endif
