/* SPDX-License-Identifier: MIT */
#include "utf8.h"

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The length that a lead byte announces, its payload, and the least value of that length. */
static size_t decode_lead(unsigned char lead, uint32_t *value, uint32_t *least)
{
    if (lead < 0x80) {
        *value = lead;
        *least = 0;
        return 1;
    }
    if ((lead & 0xE0) == 0xC0) {
        *value = lead & 0x1Fu;
        *least = 0x80;
        return 2;
    }
    if ((lead & 0xF0) == 0xE0) {
        *value = lead & 0x0Fu;
        *least = 0x800;
        return 3;
    }
    *value = lead & 0x07u;
    *least = 0x10000;
    return (lead & 0xF8) == 0xF0 ? 4 : 0;
}

size_t utf8_decode(struct str s, uint32_t *code_point)
{
    const unsigned char *bytes = (const unsigned char *)s.ptr;
    uint32_t value;
    uint32_t least;
    size_t len;

    if (s.len == 0)
        return 0;
    len = decode_lead(bytes[0], &value, &least);
    if (len == 0 || len > s.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (!is_continuation(bytes[i]))
            return 0;
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code_point = value;
    return len;
}

bool utf8_count(struct str s, size_t *count)
{
    size_t n = 0;

    while (s.len > 0) {
        uint32_t code_point;
        size_t len = utf8_decode(s, &code_point);
        if (len == 0)
            return false;
        s.ptr += len;
        s.len -= len;
        n++;
    }
    *count = n;
    return true;
}
