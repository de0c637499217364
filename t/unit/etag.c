/* SPDX-License-Identifier: MIT */
#include "etag.h"
#include "unit.h"

#define SEAL STR("0123456789abcdef")

static struct str made(const char *version, const char *body)
{
    return etag_make(&test_arena, str_from(version), SEAL, str_from(body));
}

static struct str listed(const char *format, struct str tag)
{
    struct str before = str_from(format);
    struct str start = str_cut(&before, '%');

    return arena_format(&test_arena, "%.*s%.*s%.*s", STR_ARG(start), STR_ARG(tag), STR_ARG(before));
}

START_TEST(etag_is_a_quoted_text_of_three_parts)
{
    ck_view(made("42", "body"), "\"42.0123456789abcdef.230d8358dc8e8890\"");
    ck_view(made("", "body"), "\".0123456789abcdef.230d8358dc8e8890\"");
}
END_TEST

START_TEST(versions_are_taken_out_of_any_list)
{
    struct str tag = made("42", "body");

    ck_view(etag_versions(&test_arena, STR(""), SEAL, STR("")), "{}");
    ck_view(etag_versions(&test_arena, STR(""), SEAL, STR("7")), "{7}");
    ck_view(etag_versions(&test_arena, tag, SEAL, STR("7")), "{7,42}");
    ck_view(etag_versions(&test_arena, listed("W/%", tag), SEAL, STR("")), "{42}");
    ck_view(etag_versions(&test_arena, listed("\"a\" ,\t%,*", tag), SEAL, STR("")), "{42}");
    ck_view(etag_versions(&test_arena, tag, STR("another"), STR("")), "{}");
    ck_view(etag_versions(&test_arena, made("", "body"), SEAL, STR("")), "{}");
}
END_TEST

START_TEST(only_so_many_versions_are_taken)
{
    struct str tag = made("1", "body");
    struct str list = tag;

    for (int i = 0; i < 20; i++)
        list = arena_format(&test_arena, "%.*s,%.*s", STR_ARG(list), STR_ARG(tag));
    ck_view(etag_versions(&test_arena, list, SEAL, STR("")), "{1,1,1,1,1,1,1,1}");
}
END_TEST

START_TEST(nothing_but_digits_becomes_a_version)
{
    static const char *const wrong[] = {
        "\"-1.0123456789abcdef.230d8358dc8e8890\"",
        "\"1,2.0123456789abcdef.230d8358dc8e8890\"",
        "\"}.0123456789abcdef.230d8358dc8e8890\"",
        "\"1.0123456789abcdef.230d8358dc8e889\"",
        "\"1.0123456789abcdef.230d8358dc8e889X\"",
        "1.0123456789abcdef.230d8358dc8e8890",
        "\"1.0123456789abcdef\"",
        "\"",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_view(etag_versions(&test_arena, str_from(wrong[i]), SEAL, STR("")), "{}");
}
END_TEST

START_TEST(tag_of_a_version_is_the_clients_own)
{
    struct str list = listed("\"a\", W/%", made("42", "body"));

    ck_view(etag_of_version(list, STR("42"), SEAL), "\"42.0123456789abcdef.230d8358dc8e8890\"");
    ck_view(etag_of_version(list, STR("43"), SEAL), "");
    ck_view(etag_of_version(list, STR("42"), STR("another")), "");
}
END_TEST

START_TEST(same_bytes_are_known_whatever_the_version)
{
    struct str tag = made("43", "body");

    ck_view(etag_of_same(made("42", "body"), tag), "\"42.0123456789abcdef.230d8358dc8e8890\"");
    ck_view(etag_of_same(made("43", "other"), tag), "");
    ck_view(etag_of_same(STR("\"x\", *"), tag), "\"43.0123456789abcdef.230d8358dc8e8890\"");
    ck_view(etag_of_same(STR(""), tag), "");
}
END_TEST

Suite *etag_suite(void)
{
    const TTest *tests[] = {
        etag_is_a_quoted_text_of_three_parts, versions_are_taken_out_of_any_list,
        only_so_many_versions_are_taken,      nothing_but_digits_becomes_a_version,
        tag_of_a_version_is_the_clients_own,  same_bytes_are_known_whatever_the_version,
    };

    return UNIT_SUITE("etag", tests);
}
