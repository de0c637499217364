/* SPDX-License-Identifier: MIT */
#include "str.h"

#include <string.h>
#include <strings.h>

struct str str_from(const char *text)
{
    return (struct str){.ptr = text ? text : "", .len = text ? strlen(text) : 0};
}

bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_equal_nocase(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

struct str str_cut(struct str *rest, char separator)
{
    const char *end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
    struct str head = *rest;

    if (end == NULL) {
        *rest = (struct str){.ptr = rest->ptr + rest->len, .len = 0};
        return head;
    }
    head.len = (size_t)(end - rest->ptr);
    rest->ptr += head.len + 1;
    rest->len -= head.len + 1;
    return head;
}

struct str str_cut_last(struct str *rest, char separator)
{
    size_t start = rest->len;
    struct str tail;

    while (start > 0 && rest->ptr[start - 1] != separator)
        start--;
    tail = (struct str){.ptr = rest->ptr + start, .len = rest->len - start};
    rest->len = start > 0 ? start - 1 : 0;
    return tail;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct str str_trim_blank(struct str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';
        if (digit > 9 || digit > max || sum > (max - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}
