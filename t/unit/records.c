/* SPDX-License-Identifier: MIT */
#include "records.h"
#include "unit.h"

#include <string.h>

START_TEST(format_is_guessed_from_the_first_bytes)
{
    ck_assert_int_eq(records_guess(STR("{\"body\":\"a\"}\n")), RECORDS_JSON);
    ck_assert_int_eq(records_guess(STR("\n\r\n  {\"body\"")), RECORDS_JSON);
    ck_assert_int_eq(records_guess(STR("a\nb\n%\nc\n")), RECORDS_PERCENT);
    ck_assert_int_eq(records_guess(STR("a\r\n%\r\nc")), RECORDS_PERCENT);
    ck_assert_int_eq(records_guess(STR("a\n\nb 50 %\n%%\n")), RECORDS_BLANK);
    ck_assert_int_eq(records_guess(STR("")), RECORDS_BLANK);
}
END_TEST

/* Reads all records of `content`, of which `head` bytes were read before, joined as
 * "line:text|". */
static const char *all(struct str content, size_t head, enum records_format format)
{
    FILE *file = fmemopen((char *)content.ptr + head, content.len - head, "r");
    struct records records;
    struct record record;
    struct str joined = STR("");

    if (head == content.len)
        file = fopen("/dev/null", "r");
    ck_assert_ptr_nonnull(file);
    records_init(&records, file, (struct str){.ptr = content.ptr, .len = head}, format);
    while (records_next(&records, &test_arena, &record))
        joined = arena_format(&test_arena, "%.*s%d:%s%.*s|", STR_ARG(joined), (int)record.line,
                              record.oversized ? "!" : "", STR_ARG(record.text));
    fclose(file);
    return joined.ptr;
}

static void check(const char *content, enum records_format format, const char *expected)
{
    for (size_t head = 0; head <= strlen(content); head++)
        ck_assert_str_eq(all(str_from(content), head, format), expected);
}

START_TEST(json_records_are_lines)
{
    check("{1}\n\n  \n{2}\r\n{3}", RECORDS_JSON, "1:{1}|4:{2}|5:{3}|");
    check("\n", RECORDS_JSON, "");
}
END_TEST

START_TEST(percent_records_stand_between_percent_lines)
{
    check("a\nb\n%\nc\n%\n", RECORDS_PERCENT, "1:a\nb|4:c|");
    check("%\n%\na\n\nb\r\n%\r\n%\nc", RECORDS_PERCENT, "3:a\n\nb|8:c|");
    check("%%\n% \n", RECORDS_PERCENT, "1:%%\n% |");
}
END_TEST

START_TEST(blank_records_stand_between_blank_lines)
{
    check("a\nb\n\n \t\nc\n", RECORDS_BLANK, "1:a\nb|5:c|");
    check("\n\n\n", RECORDS_BLANK, "");
    check("a", RECORDS_BLANK, "1:a|");
}
END_TEST

START_TEST(overlong_record_is_marked_and_the_next_one_read)
{
    size_t len = RECORDS_LINE_MAX + 10;
    char *content = arena_alloc(&test_arena, len + 8);
    const char *joined;

    memset(content, 'x', len);
    strcpy(content + len, "\n\nnext\n");
    joined = all(str_from(content), 0, RECORDS_BLANK);
    ck_assert_int_eq(strncmp(joined, "1:!", 3), 0);
    ck_assert_str_eq(strchr(joined, '|'), "|3:next|");
    joined = all(str_from(content), 0, RECORDS_JSON);
    ck_assert_int_eq(strncmp(joined, "1:!xxx", 6), 0);
    ck_assert_str_eq(strchr(joined, '|'), "|3:next|");
}
END_TEST

START_TEST(record_of_many_lines_is_bounded_too)
{
    char *content = arena_alloc(&test_arena, 2 * RECORDS_LINE_MAX + 1);

    for (size_t i = 0; i < 2 * RECORDS_LINE_MAX; i++)
        content[i] = i % 100 == 99 ? '\n' : 'x';
    content[2 * RECORDS_LINE_MAX] = '\0';
    ck_assert_int_eq(strncmp(all(str_from(content), 0, RECORDS_PERCENT), "1:!", 3), 0);
}
END_TEST

Suite *records_suite(void)
{
    const TTest *tests[] = {
        format_is_guessed_from_the_first_bytes,          json_records_are_lines,
        percent_records_stand_between_percent_lines,     blank_records_stand_between_blank_lines,
        overlong_record_is_marked_and_the_next_one_read, record_of_many_lines_is_bounded_too,
    };

    return UNIT_SUITE("records", tests);
}
