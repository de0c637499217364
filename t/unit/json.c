/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "unit.h"

#include <string.h>

static const char *read_text(struct str body, struct str *value)
{
    struct json_member member = {.name = "text"};
    const char *wrong = json_read(&test_arena, body, &member, 1, JSON_REFUSE_UNKNOWN);

    *value = member.value;
    return wrong == NULL && !member.found ? "absent" : wrong;
}

static bool accepts(struct str body, const char *expected)
{
    struct str value;

    return read_text(body, &value) == NULL && str_equal(value, str_from(expected));
}

static void refuse_all(const struct str *bodies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str value;
        const char *wrong = read_text(bodies[i], &value);
        ck_assert_msg(wrong != NULL, "accepted: %.*s", STR_ARG(bodies[i]));
        ck_assert_uint_gt(strlen(wrong), 0);
    }
}

#define REFUSE_ALL(bodies) refuse_all(bodies, sizeof(bodies) / sizeof((bodies)[0]))
/* Versions of the formatter disagree about braces in a macro. */
/* clang-format off */
#define BODY(literal) {.ptr = (literal), .len = sizeof(literal) - 1}
/* clang-format on */

START_TEST(one_string_member_is_read)
{
    ck_assert(accepts(STR("{\"text\":\"abc\"}"), "abc"));
    ck_assert(accepts(STR(" \t\r\n{ \"text\" :\n\"abc\"\r}\t "), "abc"));
    ck_assert(accepts(STR("{\"text\":\"\"}"), ""));
}
END_TEST

START_TEST(escapes_are_resolved)
{
    ck_assert(accepts(STR("{\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"), "\"\\/\b\f\n\r\t"));
    ck_assert(accepts(STR("{\"text\":\"\\u0041\\u00e9\\u9375\"}"), "A\xC3\xA9\xE9\x8D\xB5"));
    ck_assert(accepts(STR("{\"text\":\"\\ud83d\\ude00\\uD83D\\uDE00\"}"),
                      "\xF0\x9F\x98\x80\xF0\x9F\x98\x80"));
    ck_assert(accepts(STR("{\"\\u0074ext\":\"a\"}"), "a"));
}
END_TEST

START_TEST(raw_utf8_is_read_as_it_is)
{
    ck_assert(accepts(STR("{\"text\":\"\xC3\xA9\xF0\x9F\x98\x80\x7F\"}"),
                      "\xC3\xA9\xF0\x9F\x98\x80\x7F"));
}
END_TEST

START_TEST(body_needs_no_nul_behind_it)
{
    struct str whole = arena_copy(&test_arena, STR("{\"text\":\"abc\"}x"));

    whole.len--;
    ck_assert(accepts(whole, "abc"));
}
END_TEST

START_TEST(malformed_json_is_refused)
{
    static const struct str bodies[] = {
        BODY(""),
        BODY(" "),
        BODY("{"),
        BODY("{}"),
        BODY("null"),
        BODY("\"text\""),
        BODY("[]"),
        BODY("[\"text\"]"),
        BODY("{\"text\"}"),
        BODY("{\"text\":}"),
        BODY("{\"text\":\"a\""),
        BODY("{\"text\":\"a}"),
        BODY("{\"text\":\"a\",}"),
        BODY("{,\"text\":\"a\"}"),
        BODY("{text:\"a\"}"),
        BODY("{'text':'a'}"),
        BODY("{\"text\" \"a\"}"),
        BODY("{\"text\":\"a\"/**/}"),
        BODY("{\"text\":\"a\" \"b\"}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(b36_unknown_members_are_refused)
{
    static const struct str bodies[] = {
        BODY("{\"body\":\"a\"}"),         BODY("{\"text\":\"a\",\"x\":1}"),
        BODY("{\"x\":1,\"text\":\"a\"}"), BODY("{\"text\\u0000\":\"a\"}"),
        BODY("{\"text \":\"a\"}"),        BODY("{\"\":\"a\"}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(b36_duplicate_members_are_refused)
{
    static const struct str bodies[] = {
        BODY("{\"text\":\"a\",\"text\":\"a\"}"),
        BODY("{\"text\":\"a\",\"te\\u0078t\":\"b\"}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(b36_case_of_the_member_matters)
{
    static const struct str bodies[] = {BODY("{\"Text\":\"a\"}"), BODY("{\"TEXT\":\"a\"}")};

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(member_that_is_no_string_is_refused)
{
    static const struct str bodies[] = {
        BODY("{\"text\":1}"),       BODY("{\"text\":null}"), BODY("{\"text\":true}"),
        BODY("{\"text\":[\"a\"]}"), BODY("{\"text\":{}}"),   BODY("{\"text\":{\"text\":\"a\"}}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(bytes_behind_the_object_are_refused)
{
    static const struct str bodies[] = {
        BODY("{\"text\":\"a\"}x"),  BODY("{\"text\":\"a\"}{}"), BODY("{\"text\":\"a\"}\0"),
        BODY("{\"text\":\"a\"}\v"), BODY("{\"text\":\"a\"},"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(only_the_four_blanks_of_json_may_stand_between_tokens)
{
    static const struct str bodies[] = {
        BODY("\v{\"text\":\"a\"}"),   BODY("{\f\"text\":\"a\"}"), BODY("{\"text\"\x01:\"a\"}"),
        BODY("{\"text\":\x1F\"a\"}"), BODY("{\"text\":\"a\"\b}"), BODY("\xC2\xA0{\"text\":\"a\"}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(byte_order_mark_is_refused)
{
    static const struct str bodies[] = {BODY("\xEF\xBB\xBF{\"text\":\"a\"}")};

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(raw_control_characters_in_strings_are_refused)
{
    for (int c = 0; c < 0x20; c++) {
        char bytes[] = "{\"text\":\"a?b\"}";
        struct str value;
        bytes[10] = (char)c;
        ck_assert_msg(read_text((struct str){.ptr = bytes, .len = 14}, &value) != NULL, "%d", c);
    }
}
END_TEST

START_TEST(b30_nul_is_refused_raw_and_escaped)
{
    static const struct str bodies[] = {
        BODY("{\"text\":\"a\0b\"}"),        BODY("{\"text\":\"a\\u0000b\"}"),
        BODY("{\"text\":\"\\\\\\u0000\"}"), BODY("\0{\"text\":\"a\"}"),
        BODY("{\"text\":\"a\"\0}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(escaped_backslash_before_u0000_is_text)
{
    ck_assert(accepts(STR("{\"text\":\"\\\\u0000\"}"), "\\u0000"));
}
END_TEST

START_TEST(escape_of_four_hexadecimal_digits_needs_all_four)
{
    static const struct str bodies[] = {
        BODY("{\"text\":\"a\\uZZZZb\"}"), BODY("{\"text\":\"a\\u00g0b\"}"),
        BODY("{\"text\":\"a\\u12\"}"),    BODY("{\"text\":\"a\\u\"}"),
        BODY("{\"text\":\"a\\u-001\"}"),  BODY("{\"text\\uZZZZ\":\"a\"}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(unknown_escapes_are_refused)
{
    static const struct str bodies[] = {
        BODY("{\"text\":\"\\x41\"}"),   BODY("{\"text\":\"\\'\"}"), BODY("{\"text\":\"\\0\"}"),
        BODY("{\"text\":\"\\U0041\"}"), BODY("{\"text\":\"\\\"}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(b39_lone_surrogates_are_refused)
{
    static const struct str bodies[] = {
        BODY("{\"text\":\"a\\ud800b\"}"),      BODY("{\"text\":\"a\\udc00b\"}"),
        BODY("{\"text\":\"\\udc00\\ud800\"}"), BODY("{\"text\":\"\\ud83d\"}"),
        BODY("{\"text\":\"\\ud83d\\u0041\"}"), BODY("{\"text\":\"\\ud83d\\ud83d\"}"),
        BODY("{\"text\":\"\\ud83d\\n\"}"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_refused)
{
    static const struct str bodies[] = {
        BODY("{\"text\":\"a\xFF\"}"),
        BODY("{\"text\":\"\xED\xA0\x80\"}"),
        BODY("{\"text\":\"\xC0\x80\"}"),
        BODY("\xFF\xFE{\0"),
    };

    REFUSE_ALL(bodies);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    struct str body = STR("{\"text\":[[[[[\"a\"]]]]]}");
    size_t depth = 2000;
    char *deep = arena_alloc(&test_arena, depth);
    struct str value;

    ck_assert_ptr_nonnull(read_text(body, &value));
    memset(deep, '[', depth);
    ck_assert_ptr_nonnull(read_text((struct str){.ptr = deep, .len = depth}, &value));
}
END_TEST

START_TEST(several_members_are_read_in_any_order)
{
    struct json_member members[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};

    ck_assert_ptr_null(
        json_read(&test_arena, STR("{\"b\":\"2\",\"a\":\"1\"}"), members, 3, JSON_REFUSE_UNKNOWN));
    ck_view(members[0].value, "1");
    ck_view(members[1].value, "2");
    ck_assert(!members[2].found);
    ck_view(members[2].value, "");
}
END_TEST

START_TEST(unknown_members_are_passed_over_where_that_is_asked)
{
    struct json_member member = {.name = "a"};
    struct str text = STR("{\"x\":[1,{\"a\":2}],\"a\":\"1\",\"x\":null}");

    ck_assert_ptr_null(json_read(&test_arena, text, &member, 1, JSON_IGNORE_UNKNOWN));
    ck_view(member.value, "1");
    ck_assert_ptr_nonnull(json_read(&test_arena, text, &member, 1, JSON_REFUSE_UNKNOWN));
}
END_TEST

START_TEST(members_of_an_earlier_reading_are_forgotten)
{
    struct json_member member = {.name = "a"};

    ck_assert_ptr_null(
        json_read(&test_arena, STR("{\"a\":\"1\"}"), &member, 1, JSON_REFUSE_UNKNOWN));
    ck_assert_ptr_null(json_read(&test_arena, STR("{}"), &member, 1, JSON_REFUSE_UNKNOWN));
    ck_assert(!member.found);
    ck_view(member.value, "");
}
END_TEST

START_TEST(object_is_printed_in_order_without_blanks)
{
    struct json_object *object = json_object(&test_arena);
    struct json_object *inner = json_object(&test_arena);

    json_add_int(inner, "n", -1);
    json_add_str(object, "b", STR("x"));
    json_add_object(object, "a", inner);
    ck_view(json_print(object), "{\"b\":\"x\",\"a\":{\"n\":-1}}");
}
END_TEST

START_TEST(integers_keep_all_their_digits)
{
    struct json_object *object = json_object(&test_arena);

    json_add_int(object, "n", INT64_MAX);
    json_add_int(object, "m", INT64_MIN);
    ck_view(json_print(object), "{\"n\":9223372036854775807,\"m\":-9223372036854775808}");
}
END_TEST

START_TEST(strings_are_escaped)
{
    struct json_object *object = json_object(&test_arena);

    json_add_str(object, "s", STR("\"\\\n\x01</script>\xC3\xA9"));
    ck_view(json_print(object), "{\"s\":\"\\\"\\\\\\n\\u0001</script>\xC3\xA9\"}");
}
END_TEST

Suite *json_suite(void)
{
    const TTest *tests[] = {
        one_string_member_is_read,
        escapes_are_resolved,
        raw_utf8_is_read_as_it_is,
        body_needs_no_nul_behind_it,
        malformed_json_is_refused,
        b36_unknown_members_are_refused,
        b36_duplicate_members_are_refused,
        b36_case_of_the_member_matters,
        member_that_is_no_string_is_refused,
        bytes_behind_the_object_are_refused,
        only_the_four_blanks_of_json_may_stand_between_tokens,
        byte_order_mark_is_refused,
        raw_control_characters_in_strings_are_refused,
        b30_nul_is_refused_raw_and_escaped,
        escaped_backslash_before_u0000_is_text,
        escape_of_four_hexadecimal_digits_needs_all_four,
        unknown_escapes_are_refused,
        b39_lone_surrogates_are_refused,
        bytes_that_are_not_utf8_are_refused,
        deep_nesting_is_refused,
        several_members_are_read_in_any_order,
        unknown_members_are_passed_over_where_that_is_asked,
        members_of_an_earlier_reading_are_forgotten,
        object_is_printed_in_order_without_blanks,
        integers_keep_all_their_digits,
        strings_are_escaped,
    };

    return UNIT_SUITE("json", tests);
}
