/* SPDX-License-Identifier: MIT */
#include "settings.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct str said;

/* Reads `content` as a file of settings; returns how many lines are wrong. */
static int read_file(const char *content)
{
    const char *path = unit_write("settings", str_from(content));
    char *bytes = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&bytes, &len);
    int wrong = settings_read_file(&test_arena, path, errors);

    fclose(errors);
    said = arena_copy(&test_arena, (struct str){.ptr = bytes, .len = len});
    free(bytes);
    return wrong;
}

static void expect(const char *content, const char *value)
{
    unsetenv("DATABASE_URL");
    ck_assert_msg(read_file(content) == 0, "%s", said.ptr);
    if (value)
        ck_assert_str_eq(settings_get("DATABASE_URL"), value);
    else
        ck_assert_ptr_null(settings_get("DATABASE_URL"));
}

START_TEST(lines_are_name_and_value)
{
    expect("DATABASE_URL=dbname=x\n", "dbname=x");
    expect("DATABASE_URL=dbname=x", "dbname=x");
    expect("  DATABASE_URL = dbname=x \r\n", "dbname=x");
    expect("DATABASE_URL=\n", "");
    expect("POW_ROUNDS=1\n", NULL);
    expect("", NULL);
}
END_TEST

START_TEST(comments_and_blank_lines_are_passed_over)
{
    expect("# DATABASE_URL=a\n\n  ; DATABASE_URL=b\n\t\nDATABASE_URL=c\n#", "c");
    expect("DATABASE_URL=a # no comment\n", "a # no comment");
}
END_TEST

START_TEST(values_may_stand_in_quotes)
{
    expect("DATABASE_URL=\" a b \"\n", " a b ");
    expect("DATABASE_URL='a \"b\" \\c'\n", "a \"b\" \\c");
    expect("DATABASE_URL=\"a \\\"b\\\" \\\\ 'c'\"\n", "a \"b\" \\ 'c'");
    expect("DATABASE_URL=a\\ b\\\\\n", "a b\\");
    expect("DATABASE_URL=password='x y'\n", "password='x y'");
    expect("DATABASE_URL=''\n", "");
}
END_TEST

START_TEST(last_line_of_a_name_counts)
{
    expect("DATABASE_URL=a\nDATABASE_URL=b\n", "b");
}
END_TEST

START_TEST(wrong_lines_are_named_by_number)
{
    ck_assert_int_eq(read_file("POW_ROUNDS=1\nnonsense\nPOW_RONDS=1\nDATABASE_URL=\"a\n"
                               "DATABASE_URL='a' b\n=x\n"),
                     5);
    ck_assert_ptr_nonnull(strstr(said.ptr, "settings:2: must be NAME=value\n"));
    ck_assert_ptr_nonnull(strstr(said.ptr, "settings:3: there is no setting of this name;"));
    ck_assert_ptr_nonnull(strstr(said.ptr, "settings:4: a quote is not closed"));
    ck_assert_ptr_nonnull(strstr(said.ptr, "settings:5: a quote is not closed, or something"));
    ck_assert_ptr_nonnull(strstr(said.ptr, "settings:6: there is no setting of this name;"));
}
END_TEST

START_TEST(overlong_line_is_refused)
{
    char *line = arena_alloc(&test_arena, 9001);

    memset(line, '#', 9000);
    line[9000] = '\0';
    ck_assert_int_ge(read_file(line), 1);
    ck_assert_ptr_nonnull(strstr(said.ptr, ":1: the line is too long\n"));
}
END_TEST

START_TEST(environment_goes_before_the_file_unless_empty)
{
    expect("DATABASE_URL=file\n", "file");
    setenv("DATABASE_URL", "environment", 1);
    ck_assert_str_eq(settings_get("DATABASE_URL"), "environment");
    setenv("DATABASE_URL", "", 1);
    ck_assert_str_eq(settings_get("DATABASE_URL"), "file");
}
END_TEST

START_TEST(file_that_cannot_be_read_is_wrong)
{
    struct config config;

    setenv("CONFIG_FILE", "/nonexistent/settings", 1);
    ck_assert_int_ge(settings_load(&config, &test_arena, stderr), 1);
    setenv("CONFIG_FILE", unit_directory(), 1); /* it can be opened */
    ck_assert_int_ge(settings_load(&config, &test_arena, stderr), 1);
}
END_TEST

START_TEST(file_that_the_environment_names_is_loaded)
{
    struct config config;

    unsetenv("POW_ROUNDS");
    setenv("CONFIG_FILE", unit_write("settings", STR("POW_ROUNDS=7\nPOW_DIFFICULTY=9\n")), 1);
    setenv("POW_DIFFICULTY", "11", 1);
    ck_assert_int_eq(settings_load(&config, &test_arena, stderr), 0);
    ck_assert_int_eq(config.pow_rounds, 7);
    ck_assert_int_eq(config.pow_difficulty, 11);
}
END_TEST

START_TEST(names_are_those_of_the_table)
{
    ck_assert(config_knows(STR("DATABASE_URL")));
    ck_assert(config_knows(STR("POW_SECRET_KEY")));
    ck_assert(config_knows(STR("POW_SECRET_KEY_FILE")));
    ck_assert(!config_knows(STR("DATABASE_URL_FILE")));
    ck_assert(!config_knows(STR("database_url")));
    ck_assert(!config_knows(STR("PATH")));
    ck_assert(!config_knows(STR("")));
}
END_TEST

Suite *settings_suite(void)
{
    const TTest *tests[] = {
        lines_are_name_and_value,
        comments_and_blank_lines_are_passed_over,
        values_may_stand_in_quotes,
        last_line_of_a_name_counts,
        wrong_lines_are_named_by_number,
        overlong_line_is_refused,
        environment_goes_before_the_file_unless_empty,
        file_that_cannot_be_read_is_wrong,
        file_that_the_environment_names_is_loaded,
        names_are_those_of_the_table,
    };

    return UNIT_SUITE("settings", tests);
}
