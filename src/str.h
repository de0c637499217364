/* SPDX-License-Identifier: MIT */
/*
 * str: read-only views of bytes, (pointer, length). A view owns nothing; whoever made the bytes
 * keeps them alive. Views need not end in NUL and may contain any byte.
 */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *ptr;
    size_t len;
};

/* A view of a string literal. */
#define STR(literal) ((struct str){.ptr = (literal), .len = sizeof(literal) - 1})

/* Arguments for the printf conversion "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr

/* A view of a C string; NULL gives the empty view. */
struct str str_from(const char *text);

bool str_equal(struct str a, struct str b);

/* Equality that ignores the case of ASCII letters (RFC 9110 tokens). */
bool str_equal_nocase(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);

/* Cuts `*rest` at the first `separator`: returns what stands before it and moves `*rest` behind
 * it. Without a separator it returns all of `*rest` and empties it. */
struct str str_cut(struct str *rest, char separator);

/* The same from the end: returns what stands behind the last `separator`, leaves what stands
 * before it. */
struct str str_cut_last(struct str *rest, char separator);

/* Removes ASCII blanks (space and tab: "optional white space" of RFC 9110) at both ends. */
struct str str_trim_blank(struct str s);

/* Reads an unsigned decimal of digits only, no sign, no blanks, at most `max`. Returns false and
 * leaves `*value` alone for anything else. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *value);

#endif
