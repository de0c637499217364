/* SPDX-License-Identifier: MIT */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, struct arena *arena, size_t size)
{
    buf->arena = arena;
    buf->size = size > 0 ? size : 1;
    buf->ptr = arena_alloc(arena, buf->size);
    buf->len = 0;
}

static void reserve(struct buf *buf, size_t more)
{
    size_t size = buf->size;
    char *ptr;

    if (buf->size - buf->len >= more)
        return;
    while (size - buf->len < more)
        size *= 2;
    ptr = arena_alloc(buf->arena, size);
    memcpy(ptr, buf->ptr, buf->len);
    buf->ptr = ptr;
    buf->size = size;
}

void buf_add(struct buf *buf, struct str s)
{
    if (s.len == 0)
        return;
    reserve(buf, s.len);
    memcpy(buf->ptr + buf->len, s.ptr, s.len);
    buf->len += s.len;
}

void buf_add_char(struct buf *buf, char c)
{
    reserve(buf, 1);
    buf->ptr[buf->len++] = c;
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        abort();
    reserve(buf, (size_t)len + 1); /* vsnprintf writes a NUL, which is not counted */
    va_start(args, format);
    vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){.ptr = buf->ptr, .len = buf->len};
}
