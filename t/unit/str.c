/* SPDX-License-Identifier: MIT */
#include "unit.h"

START_TEST(view_of_null_is_empty)
{
    ck_view(str_from(NULL), "");
    ck_assert_ptr_nonnull(str_from(NULL).ptr);
}
END_TEST

START_TEST(literal_is_measured_without_its_nul)
{
    ck_assert_uint_eq(STR("abc").len, 3);
    ck_assert_uint_eq(STR("a\0c").len, 3);
}
END_TEST

START_TEST(equality_looks_at_every_byte)
{
    ck_assert(str_equal(STR("a\0b"), STR("a\0b")));
    ck_assert(!str_equal(STR("a\0b"), STR("a\0c")));
    ck_assert(!str_equal(STR("a"), STR("ab")));
    ck_assert(!str_equal(STR("a"), STR("A")));
}
END_TEST

START_TEST(empty_views_are_equal_wherever_they_point)
{
    ck_assert(str_equal(STR(""), (struct str){.ptr = NULL, .len = 0}));
    ck_assert(str_equal_nocase((struct str){.ptr = NULL, .len = 0}, STR("")));
}
END_TEST

START_TEST(case_of_ascii_letters_can_be_ignored)
{
    ck_assert(str_equal_nocase(STR("Application/JSON"), STR("application/json")));
    ck_assert(!str_equal_nocase(STR("application/json"), STR("application/jsonfoo")));
    ck_assert(!str_equal_nocase(STR("["), STR("{")));
}
END_TEST

START_TEST(prefix_is_no_longer_than_the_text)
{
    ck_assert(str_starts(STR("abc"), STR("ab")));
    ck_assert(str_starts(STR("abc"), STR("")));
    ck_assert(str_starts(STR("abc"), STR("abc")));
    ck_assert(!str_starts(STR("ab"), STR("abc")));
    ck_assert(!str_starts(STR("abc"), STR("b")));
}
END_TEST

START_TEST(cut_moves_behind_the_separator)
{
    struct str rest = STR("a=b=c");

    ck_view(str_cut(&rest, '='), "a");
    ck_view(rest, "b=c");
    ck_view(str_cut(&rest, '='), "b");
    ck_view(str_cut(&rest, '='), "c");
    ck_view(rest, "");
}
END_TEST

START_TEST(cut_without_a_separator_takes_all)
{
    struct str rest = STR("abc");
    struct str empty = STR("");

    ck_view(str_cut(&rest, '='), "abc");
    ck_view(rest, "");
    ck_view(str_cut(&empty, '='), "");
}
END_TEST

START_TEST(cut_finds_empty_fields)
{
    struct str rest = STR(",,a,");

    ck_view(str_cut(&rest, ','), "");
    ck_view(str_cut(&rest, ','), "");
    ck_view(str_cut(&rest, ','), "a");
    ck_view(rest, "");
}
END_TEST

START_TEST(cut_from_the_end_leaves_what_stands_before)
{
    struct str rest = STR("a,b,c");

    ck_view(str_cut_last(&rest, ','), "c");
    ck_view(rest, "a,b");
    ck_view(str_cut_last(&rest, ','), "b");
    ck_view(str_cut_last(&rest, ','), "a");
    ck_view(rest, "");
    ck_view(str_cut_last(&rest, ','), "");
}
END_TEST

START_TEST(trimming_takes_spaces_and_tabs_only)
{
    ck_view(str_trim_blank(STR(" \t a b\t ")), "a b");
    ck_view(str_trim_blank(STR(" \t ")), "");
    ck_view(str_trim_blank(STR("\na\n")), "\na\n");
}
END_TEST

struct number {
    const char *text;
    uint64_t max;
    bool valid;
    uint64_t value;
};

static const struct number numbers[] = {
    {"0", 0, true, 0},
    {"1", 0, false, 0},
    {"9", 5, false, 0}, /* max - digit must not wrap around */
    {"5", 5, true, 5},
    {"6", 5, false, 0},
    {"10", 9, false, 0},
    {"007", 100, true, 7},
    {"100", 100, true, 100},
    {"101", 100, false, 0},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false, 0},
    {"99999999999999999999999", UINT64_MAX, false, 0},
    {"9223372036854775808", INT64_MAX, false, 0},
    {"", 9, false, 0},
    {"+1", 9, false, 0},
    {"-1", 9, false, 0},
    {" 1", 9, false, 0},
    {"1 ", 9, false, 0},
    {"0x1", 9, false, 0},
    {"1.0", 9, false, 0},
    {"/", 9, false, 0}, /* the neighbours of the digits */
    {":", 9, false, 0},
};

START_TEST(number_is_read_strictly_and_bounded)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const struct number *row = &numbers[i];
        uint64_t value = 42;
        ck_assert_msg(str_to_u64(str_from(row->text), row->max, &value) == row->valid, "\"%s\"",
                      row->text);
        ck_assert_msg(value == (row->valid ? row->value : 42), "\"%s\"", row->text);
    }
}
END_TEST

Suite *str_suite(void)
{
    const TTest *tests[] = {
        view_of_null_is_empty,
        literal_is_measured_without_its_nul,
        equality_looks_at_every_byte,
        empty_views_are_equal_wherever_they_point,
        case_of_ascii_letters_can_be_ignored,
        prefix_is_no_longer_than_the_text,
        cut_moves_behind_the_separator,
        cut_without_a_separator_takes_all,
        cut_finds_empty_fields,
        cut_from_the_end_leaves_what_stands_before,
        trimming_takes_spaces_and_tabs_only,
        number_is_read_strictly_and_bounded,
    };

    return UNIT_SUITE("str", tests);
}
