/* SPDX-License-Identifier: MIT */
/* encode: hexadecimal, base64 and percent-encoding. Decoding is strict: every accepted text is
 * the one and only encoding of its bytes. */
#ifndef ENCODE_H
#define ENCODE_H

#include "arena.h"

/* Characters that base64 without padding takes for `n` bytes (RFC 4648). */
#define BASE64_LEN(n) ((4 * (n) + 2) / 3)

enum base64_alphabet { BASE64_STANDARD, BASE64_URL };

/* Lower-case hexadecimal of `bytes`, in `arena`. */
struct str encode_hex(struct arena *arena, struct str bytes);

/* The bytes of exactly `2 * size` hexadecimal digits of either case; false for anything else. */
bool decode_hex(struct str text, unsigned char *out, size_t size);

/* Base64 without padding (RFC 4648, sections 3.2, 4 and 5), in `arena`. */
struct str encode_base64(struct arena *arena, struct str bytes, enum base64_alphabet alphabet);

/* The bytes that `text` encodes, written to `out`, which has room for `size`. Padding is
 * accepted only where `text` is padded fully; spare bits must be zero (section 3.5). Returns
 * false for anything else, and for more than `size` bytes. */
bool decode_base64(struct str text, enum base64_alphabet alphabet, unsigned char *out, size_t size,
                   size_t *len);

/* Decodes a value of application/x-www-form-urlencoded ("+" is a space, "%41" is "A"), in
 * `arena`. Returns false for a broken escape. */
bool decode_form(struct arena *arena, struct str text, struct str *value);

#endif
