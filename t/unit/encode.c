/* SPDX-License-Identifier: MIT */
#include "encode.h"
#include "unit.h"

#include <string.h>

START_TEST(hexadecimal_is_lower_case)
{
    ck_view(encode_hex(&test_arena, STR("\x00\x0F\xA0\xFF")), "000fa0ff");
    ck_view(encode_hex(&test_arena, STR("")), "");
}
END_TEST

START_TEST(hexadecimal_is_read_in_either_case_and_exact_length)
{
    unsigned char out[2] = {0};

    ck_assert(decode_hex(STR("0aFf"), out, 2));
    ck_assert_uint_eq(out[0], 0x0A);
    ck_assert_uint_eq(out[1], 0xFF);
    ck_assert(!decode_hex(STR("0aF"), out, 2));
    ck_assert(!decode_hex(STR("0aFf0"), out, 2));
    ck_assert(!decode_hex(STR("0aFg"), out, 2));
    ck_assert(!decode_hex(STR(" aFf"), out, 2));
}
END_TEST

struct pair {
    const char *plain;
    const char *encoded;
};

/* RFC 4648, section 10, without padding. */
static const struct pair vectors[] = {
    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
};

START_TEST(base64_agrees_with_rfc_4648)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct str encoded =
            encode_base64(&test_arena, str_from(vectors[i].plain), BASE64_STANDARD);
        ck_view(encoded, vectors[i].encoded);
        ck_assert_uint_eq(BASE64_LEN(strlen(vectors[i].plain)), encoded.len);
    }
}
END_TEST

START_TEST(alphabets_differ_in_two_digits)
{
    ck_view(encode_base64(&test_arena, STR("\xFB\xFF\xBF"), BASE64_STANDARD), "+/+/");
    ck_view(encode_base64(&test_arena, STR("\xFB\xFF\xBF"), BASE64_URL), "-_-_");
}
END_TEST

static bool decodes(const char *text, enum base64_alphabet alphabet, const char *expected)
{
    unsigned char out[64];
    size_t len;

    return decode_base64(str_from(text), alphabet, out, sizeof(out), &len) &&
           len == strlen(expected) && memcmp(out, expected, len) == 0;
}

static bool is_refused(const char *text, enum base64_alphabet alphabet)
{
    unsigned char out[64];
    size_t len;

    return !decode_base64(str_from(text), alphabet, out, sizeof(out), &len);
}

START_TEST(base64_is_read_with_and_without_padding)
{
    ck_assert(decodes("Zg", BASE64_STANDARD, "f"));
    ck_assert(decodes("Zg==", BASE64_STANDARD, "f"));
    ck_assert(decodes("Zm8", BASE64_STANDARD, "fo"));
    ck_assert(decodes("Zm8=", BASE64_STANDARD, "fo"));
    ck_assert(decodes("Zm9v", BASE64_STANDARD, "foo"));
    ck_assert(decodes("", BASE64_STANDARD, ""));
}
END_TEST

START_TEST(wrong_padding_is_refused)
{
    static const char *const wrong[] = {
        "=",      "==",       "===",  "====",     "Zg=",  "Zg===", "Zm8==", "Zm9v=",
        "Zm9v==", "Zm9v====", "Z===", "Zg==Zg==", "=Zg=", "Z=g=",  "Zg=g",  "Zm8=\n"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(is_refused(wrong[i], BASE64_STANDARD), "\"%s\"", wrong[i]);
}
END_TEST

START_TEST(foreign_characters_are_refused)
{
    static const char *const wrong[] = {"Zm 9", "Zm9v\n", "Zm9\xC3", "Zm9-", "Zm9_", "Z", "Zm9vY"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(is_refused(wrong[i], BASE64_STANDARD), "\"%s\"", wrong[i]);
    ck_assert(is_refused("Zm9+", BASE64_URL));
    ck_assert(is_refused("Zm9/", BASE64_URL));
}
END_TEST

START_TEST(spare_bits_must_be_zero)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (int i = 0; i < 64; i++) {
        char two[] = {'A', digits[i], '\0'};
        char three[] = {'A', 'A', digits[i], '\0'};
        ck_assert_int_eq(is_refused(two, BASE64_STANDARD), i % 16 != 0);
        ck_assert_int_eq(is_refused(three, BASE64_STANDARD), i % 4 != 0);
    }
}
END_TEST

START_TEST(more_bytes_than_there_is_room_for_are_refused)
{
    unsigned char out[4] = "...";
    size_t len;

    ck_assert(!decode_base64(STR("Zm9v"), BASE64_STANDARD, out, 2, &len));
    ck_assert(decode_base64(STR("Zm9v"), BASE64_STANDARD, out, 3, &len));
    ck_assert_uint_eq(len, 3);
    ck_assert_uint_eq(out[3], '\0');
}
END_TEST

START_TEST(every_length_survives_the_round_trip)
{
    unsigned char bytes[64];
    unsigned char out[64];

    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct str plain = {.ptr = (char *)bytes, .len = len};
        size_t decoded = 0;
        memset(bytes, (int)(0xA5 ^ len), sizeof(bytes));
        ck_assert(decode_base64(encode_base64(&test_arena, plain, BASE64_URL), BASE64_URL, out,
                                sizeof(out), &decoded));
        ck_assert_uint_eq(decoded, len);
        ck_assert_mem_eq(out, bytes, len);
    }
}
END_TEST

START_TEST(form_values_are_decoded)
{
    struct str value;

    ck_assert(decode_form(&test_arena, STR("a+b%20c%2b%C3%A9%c3%a9"), &value));
    ck_view(value, "a b c+\xC3\xA9\xC3\xA9");
    ck_assert(decode_form(&test_arena, STR(""), &value));
    ck_view(value, "");
    ck_assert(decode_form(&test_arena, STR("a%00b"), &value));
    ck_assert(str_equal(value, STR("a\0b")));
}
END_TEST

START_TEST(broken_escapes_are_refused)
{
    static const char *const wrong[] = {"%", "%4", "%zz", "%4g", "%g4", "a%", "a%4", "%%41", "% 1"};
    struct str value;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(!decode_form(&test_arena, str_from(wrong[i]), &value), "\"%s\"", wrong[i]);
}
END_TEST

START_TEST(escape_is_not_read_beyond_the_view)
{
    struct str value;

    ck_assert(!decode_form(&test_arena, (struct str){.ptr = "%41", .len = 2}, &value));
    ck_assert(!decode_form(&test_arena, (struct str){.ptr = "%41", .len = 1}, &value));
}
END_TEST

START_TEST(decoded_text_is_not_decoded_again)
{
    struct str value;

    ck_assert(decode_form(&test_arena, STR("%2541%252B"), &value));
    ck_view(value, "%41%2B");
}
END_TEST

Suite *encode_suite(void)
{
    const TTest *tests[] = {
        hexadecimal_is_lower_case,
        hexadecimal_is_read_in_either_case_and_exact_length,
        base64_agrees_with_rfc_4648,
        alphabets_differ_in_two_digits,
        base64_is_read_with_and_without_padding,
        wrong_padding_is_refused,
        foreign_characters_are_refused,
        spare_bits_must_be_zero,
        more_bytes_than_there_is_room_for_are_refused,
        every_length_survives_the_round_trip,
        form_values_are_decoded,
        broken_escapes_are_refused,
        escape_is_not_read_beyond_the_view,
        decoded_text_is_not_decoded_again,
    };

    return UNIT_SUITE("encode", tests);
}
