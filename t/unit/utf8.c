/* SPDX-License-Identifier: MIT */
#include "utf8.h"
#include "unit.h"

struct sequence {
    struct str bytes;
    uint32_t code_point;
};

static const struct sequence valid[] = {
    {{"\x00", 1}, 0x00},
    {{"A", 1}, 'A'},
    {{"\x7F", 1}, 0x7F},
    {{"\xC2\x80", 2}, 0x80},
    {{"\xDF\xBF", 2}, 0x7FF},
    {{"\xE0\xA0\x80", 3}, 0x800},
    {{"\xED\x9F\xBF", 3}, 0xD7FF},
    {{"\xEE\x80\x80", 3}, 0xE000},
    {{"\xEF\xBF\xBF", 3}, 0xFFFF},
    {{"\xF0\x90\x80\x80", 4}, 0x10000},
    {{"\xF4\x8F\xBF\xBF", 4}, 0x10FFFF},
};

START_TEST(code_points_are_read_at_the_edge_of_each_length)
{
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        uint32_t code_point = 0xFFFFFFFF;
        ck_assert_uint_eq(utf8_decode(valid[i].bytes, &code_point), valid[i].bytes.len);
        ck_assert_uint_eq(code_point, valid[i].code_point);
    }
}
END_TEST

static const struct str malformed[] = {
    {"", 0},
    {"\x80", 1}, /* a continuation alone */
    {"\xBF", 1},
    {"\xC0\x80", 2}, /* overlong NUL */
    {"\xC1\xBF", 2},
    {"\xE0\x80\x80", 3},
    {"\xE0\x9F\xBF", 3},
    {"\xF0\x80\x80\x80", 4},
    {"\xF0\x8F\xBF\xBF", 4},
    {"\xED\xA0\x80", 3}, /* surrogates */
    {"\xED\xBF\xBF", 3},
    {"\xF4\x90\x80\x80", 4}, /* above U+10FFFF */
    {"\xF5\x80\x80\x80", 4},
    {"\xF8\x88\x80\x80\x80", 5},
    {"\xFC\x84\x80\x80\x80\x80", 6},
    {"\xFE", 1},
    {"\xFF", 1},
    {"\xC3", 1}, /* cut off */
    {"\xE2\x82", 2},
    {"\xF0\x9F\x98", 3},
    {"\xC3\x28", 2}, /* not continued */
    {"\xE2\x28\xA1", 3},
    {"\xE2\x82\x28", 3},
    {"\xF0\x28\x8C\xBC", 4},
    {"\xF0\x90\x28\xBC", 4},
    {"\xF0\x90\x8C\x28", 4},
};

START_TEST(malformed_sequences_are_refused)
{
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        uint32_t code_point;
        ck_assert_msg(utf8_decode(malformed[i], &code_point) == 0, "row %zu", i);
    }
}
END_TEST

START_TEST(sequence_is_not_read_beyond_the_view)
{
    uint32_t code_point;

    for (size_t len = 0; len < 4; len++)
        ck_assert_uint_eq(
            utf8_decode((struct str){.ptr = "\xF0\x9F\x98\x80", .len = len}, &code_point), 0);
}
END_TEST

static size_t encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

START_TEST(every_scalar_value_is_read_and_no_surrogate)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        struct str s = {.ptr = bytes, .len = encode(c, bytes)};
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        uint32_t code_point = c;
        if (utf8_decode(s, &code_point) != (surrogate ? 0 : s.len) || code_point != c)
            ck_abort_msg("U+%04X", (unsigned)c);
    }
}
END_TEST

START_TEST(code_points_are_counted_not_bytes)
{
    size_t count = 42;

    ck_assert(utf8_count(STR("a\xC3\xA9\xE9\x8D\xB5\xF0\x9F\x98\x80"), &count));
    ck_assert_uint_eq(count, 4);
    ck_assert(utf8_count(STR(""), &count));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(nothing_is_counted_in_malformed_text)
{
    size_t count = 42;

    ck_assert(!utf8_count(STR("abc\xFF"), &count));
    ck_assert(!utf8_count(STR("abc\xC3"), &count));
    ck_assert_uint_eq(count, 42);
}
END_TEST

Suite *utf8_suite(void)
{
    const TTest *tests[] = {
        code_points_are_read_at_the_edge_of_each_length,
        malformed_sequences_are_refused,
        sequence_is_not_read_beyond_the_view,
        every_scalar_value_is_read_and_no_surrogate,
        code_points_are_counted_not_bytes,
        nothing_is_counted_in_malformed_text,
    };

    return UNIT_SUITE("utf8", tests);
}
