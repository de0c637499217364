/* SPDX-License-Identifier: MIT */
#include "options.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct options options;
static struct str said;

static bool read_words(const char *const *words)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&bytes, &len);
    int count = 0;
    bool good;

    while (words[count])
        count++;
    good = options_read(&options, &test_arena, count, (char **)words, errors);
    fclose(errors);
    said = arena_copy(&test_arena, (struct str){.ptr = bytes, .len = len});
    free(bytes);
    ck_assert_int_eq(good, said.len == 0);
    return good;
}

#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

START_TEST(no_words_choose_nothing)
{
    ck_assert(read_words((const char *const[]){NULL}));
    ck_view(options.ids, "");
    ck_assert_ptr_null(options.word);
    ck_assert_ptr_null(options.search);
    ck_assert(options.only_numbers);
}
END_TEST

START_TEST(numbers_are_an_array_of_postgres)
{
    ck_assert(READ("12"));
    ck_view(options.ids, "{12}");
    ck_assert(READ("12", "--json", "9223372036854775807", "1"));
    ck_view(options.ids, "{12,9223372036854775807,1}");
    ck_assert_int_eq(options.ids.ptr[options.ids.len], '\0');
    ck_assert(options.only_numbers && options.json);
}
END_TEST

START_TEST(single_word_is_kept_as_it_is)
{
    ck_assert(READ("192.0.2.1", "--reason", "flood"));
    ck_assert_str_eq(options.word, "192.0.2.1");
    ck_assert(!options.only_numbers);
    ck_view(options.ids, "");
}
END_TEST

START_TEST(mistyped_number_is_refused_and_not_passed_over)
{
    ck_assert(!READ("12", "13x"));
    ck_view(said, "initialsdb: 13x is not a number\n");
    ck_assert(!READ("13x", "12"));
    ck_view(said, "initialsdb: 13x is not a number\n");
    ck_assert(!READ("12", "0"));
    ck_assert(!READ("12", ""));
    ck_assert(!READ("12", "9223372036854775808"));
    ck_assert(!READ("casino", "slots"));
    ck_assert(READ("13x", "--search", "casino"));
    ck_assert(!options.only_numbers);
}
END_TEST

START_TEST(values_follow_their_options)
{
    ck_assert(READ("--search", "a b", "--network-of", "7", "--since", "2026-02-25", "--until",
                   "2026-02-25T12:00:00Z", "--reason", "why", "--hours", "48", "--limit", "5"));
    ck_assert_str_eq(options.search, "a b");
    ck_assert_str_eq(options.network_of, "7");
    ck_assert_str_eq(options.since, "2026-02-25T00:00:00Z");
    ck_assert_str_eq(options.until, "2026-02-25T12:00:00Z");
    ck_assert_str_eq(options.reason, "why");
    ck_assert_str_eq(options.hours, "48");
    ck_assert_str_eq(options.limit, "5");
}
END_TEST

START_TEST(value_may_look_like_an_option)
{
    ck_assert(READ("--reason", "--json"));
    ck_assert_str_eq(options.reason, "--json");
    ck_assert(!options.json);
}
END_TEST

START_TEST(flags_need_no_value)
{
    ck_assert(READ("--dry-run", "--json", "--held"));
    ck_assert(options.dry_run && options.json);
    ck_assert_str_eq(options.place, "held");
    ck_assert(READ("--hidden"));
    ck_assert_str_eq(options.place, "hidden");
}
END_TEST

START_TEST(wrong_values_are_refused_with_what_is_needed)
{
    static const char *const wrong[][2] = {
        {"--search", ""},           {"--network-of", "x"},     {"--network-of", "0"},
        {"--since", "today"},       {"--since", "2026-02-30"}, {"--until", ""},
        {"--until", "2026-02-25T"}, {"--reason", ""},          {"--hours", "0"},
        {"--hours", "87601"},       {"--hours", "-1"},         {"--limit", "x"},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert(!READ(wrong[i][0], wrong[i][1]));
        ck_assert_ptr_nonnull(strstr(said.ptr, wrong[i][0]));
        ck_assert_ptr_nonnull(strstr(said.ptr, " needs "));
    }
}
END_TEST

START_TEST(option_at_the_end_lacks_its_value)
{
    ck_assert(!READ("12", "--reason"));
    ck_view(said, "initialsdb: --reason needs a sentence\n");
}
END_TEST

START_TEST(unknown_options_are_refused)
{
    ck_assert(!READ("--dryrun"));
    ck_view(said, "initialsdb: there is no option --dryrun\n");
    ck_assert(!READ("-"));
    ck_assert(!READ("-1"));
}
END_TEST

Suite *options_suite(void)
{
    const TTest *tests[] = {
        no_words_choose_nothing,
        numbers_are_an_array_of_postgres,
        single_word_is_kept_as_it_is,
        mistyped_number_is_refused_and_not_passed_over,
        values_follow_their_options,
        value_may_look_like_an_option,
        flags_need_no_value,
        wrong_values_are_refused_with_what_is_needed,
        option_at_the_end_lacks_its_value,
        unknown_options_are_refused,
    };

    return UNIT_SUITE("options", tests);
}
