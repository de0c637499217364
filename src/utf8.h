/* SPDX-License-Identifier: MIT */
/* utf8: reading UTF-8 (RFC 3629) one code point at a time. */
#ifndef UTF8_H
#define UTF8_H

#include "str.h"

/* Reads the code point at the start of `s`. Returns its length in bytes (1..4) and sets
 * `*code_point`; returns 0 when `s` is empty or does not start with well-formed UTF-8
 * (overlong forms, surrogates and values above U+10FFFF are not). */
size_t utf8_decode(struct str s, uint32_t *code_point);

/* Counts the code points of `s` into `*count`; false when `s` is not well-formed. */
bool utf8_count(struct str s, size_t *count);

#endif
