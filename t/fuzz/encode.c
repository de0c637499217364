/* SPDX-License-Identifier: MIT */
#include "encode.h"
#include "fuzz.h"

static void check_base64(struct arena *arena, struct str input, enum base64_alphabet alphabet)
{
    size_t len = input.len + 1;
    unsigned char *bytes = arena_alloc(arena, input.len + 1);
    struct str encoded = encode_base64(arena, input, alphabet);

    FUZZ_CHECK(encoded.len == BASE64_LEN(input.len));
    FUZZ_CHECK(decode_base64(encoded, alphabet, bytes, input.len, &len));
    FUZZ_CHECK(str_equal((struct str){.ptr = (const char *)bytes, .len = len}, input));
    if (!decode_base64(input, alphabet, bytes, input.len, &len))
        return;
    /* Whatever is accepted is the encoding of what it gave, but for padding. */
    encoded = encode_base64(arena, (struct str){.ptr = (const char *)bytes, .len = len}, alphabet);
    FUZZ_CHECK(str_starts(input, encoded));
    FUZZ_CHECK(input.len == encoded.len || input.len == (encoded.len + 3) / 4 * 4);
}

static void check_hex(struct arena *arena, struct str input)
{
    unsigned char *bytes = arena_alloc(arena, input.len + 1);
    struct str encoded = encode_hex(arena, input);

    FUZZ_CHECK(decode_hex(encoded, bytes, input.len));
    FUZZ_CHECK(str_equal((struct str){.ptr = (const char *)bytes, .len = input.len}, input));
    if (decode_hex(input, bytes, input.len / 2)) {
        encoded = encode_hex(arena, (struct str){.ptr = (const char *)bytes, .len = input.len / 2});
        FUZZ_CHECK(str_equal_nocase(encoded, input));
    }
}

void fuzz_encode(struct arena *arena, struct str input)
{
    struct str value;

    check_base64(arena, input, BASE64_STANDARD);
    check_base64(arena, input, BASE64_URL);
    check_hex(arena, input);
    if (decode_form(arena, input, &value))
        FUZZ_CHECK(value.len <= input.len);
}
