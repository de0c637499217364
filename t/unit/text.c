/* SPDX-License-Identifier: MIT */
#include "text.h"
#include "json.h"
#include "unit.h"

#include <cjson/cJSON.h>
#include <string.h>

#define MAX_CHARS 255

/* cJSON ends a string at U+0000, and so the table's are read through a private character. */
#define NUL_STAND_IN "\\uf8ff"

static struct str with_stand_ins(struct str table)
{
    char *copy = (char *)arena_copy(&test_arena, table).ptr;

    for (size_t i = 0; i + 1 < table.len; i++) {
        if (copy[i] != '\\')
            continue;
        if (strncmp(copy + i, "\\u0000", 6) == 0)
            memcpy(copy + i, NUL_STAND_IN, 6);
        i++;
    }
    return (struct str){.ptr = copy, .len = table.len};
}

static struct str without_stand_ins(const char *text)
{
    char *out = arena_alloc(&test_arena, strlen(text) + 1);
    size_t len = 0;

    while (*text) {
        bool stand_in = strncmp(text, "\xEF\xA3\xBF", 3) == 0;
        out[len++] = stand_in ? '\0' : *text;
        text += stand_in ? 3 : 1;
    }
    return (struct str){.ptr = out, .len = len};
}

static cJSON *load_table(void)
{
    struct str table = with_stand_ins(unit_file("t/text_cases.json"));
    cJSON *cases = cJSON_ParseWithLength(table.ptr, table.len);

    ck_assert(cJSON_IsArray(cases));
    ck_assert_int_gt(cJSON_GetArraySize(cases), 50);
    return cases;
}

static const char *get(const cJSON *row, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(row, name));
}

static const char *reason_of(enum text_verdict verdict)
{
    static const char *const reasons[] = {
        [TEXT_OK] = NULL,         [TEXT_NOT_UTF8] = "surrogate", [TEXT_EMPTY] = "empty",
        [TEXT_TOO_LONG] = "long", [TEXT_CONTROL] = "control",    [TEXT_BIDI] = "direction",
        [TEXT_MARKS] = "marks"};

    return reasons[verdict];
}

static void judge(const cJSON *row, struct str raw)
{
    struct text text;
    const char *reason = reason_of(text_check(&test_arena, raw, MAX_CHARS, &text));
    const char *expected = get(row, "reason");
    const cJSON *chars = cJSON_GetObjectItem(row, "chars");

    ck_assert_msg((reason == NULL) == (expected == NULL) &&
                      (reason == NULL || strcmp(reason, expected) == 0),
                  "%s: %s", get(row, "name"), reason ? reason : "accepted");
    ck_assert_msg(text.code_points == (size_t)chars->valueint, "%s: %zu code points",
                  get(row, "name"), text.code_points);
    if (expected == NULL)
        ck_assert_msg(str_equal(text.body, without_stand_ins(get(row, "normalized"))),
                      "%s: stored as \"%.*s\"", get(row, "name"), STR_ARG(text.body));
}

START_TEST(table_of_texts_is_judged_as_written)
{
    cJSON *cases = load_table();
    const cJSON *row;

    cJSON_ArrayForEach(row, cases)
    {
        if (get(row, "text"))
            judge(row, without_stand_ins(get(row, "text")));
    }
    cJSON_Delete(cases);
}
END_TEST

/* Rows with "json" are about escapes: those of U+0000 and of lone surrogates never become text. */
static void judge_escaped(const cJSON *row, const char *json)
{
    struct str body = arena_format(&test_arena, "{\"text\":%s}", json);
    bool accepted = cJSON_IsTrue(cJSON_GetObjectItem(row, "accepted"));
    struct json_member member = {.name = "text"};
    bool read = json_read(&test_arena, body, &member, 1, JSON_REFUSE_UNKNOWN) == NULL;

    ck_assert_msg(read == accepted, "%s", get(row, "name"));
    if (read)
        judge(row, member.value);
}

START_TEST(table_of_escapes_is_judged_as_written)
{
    struct str table = unit_file("t/text_cases.json");
    cJSON *cases = cJSON_ParseWithLength(table.ptr, table.len);
    int count = cJSON_GetArraySize(cases);
    int judged = 0;

    for (int i = 0; i < count; i++) {
        const cJSON *row = cJSON_GetArrayItem(cases, i);
        const char *json = get(row, "json");
        if (json)
            judge_escaped(row, json);
        judged += json != NULL;
    }
    ck_assert_int_gt(judged, 5);
    cJSON_InitHooks(NULL); /* json.c has pointed cJSON at the arena */
    cJSON_Delete(cases);
}
END_TEST

static enum text_verdict check(struct str raw, size_t max_chars)
{
    struct text text;

    return text_check(&test_arena, raw, max_chars, &text);
}

START_TEST(b28_length_limit_is_the_setting)
{
    ck_assert_int_eq(check(STR("abc"), 3), TEXT_OK);
    ck_assert_int_eq(check(STR("abcd"), 3), TEXT_TOO_LONG);
    ck_assert_int_eq(check(STR("  abc\n"), 3), TEXT_OK);
    ck_assert_int_eq(check(STR("\xF0\x9F\x98\x80"), 1), TEXT_OK);
}
END_TEST

START_TEST(b30_bytes_that_are_not_utf8_are_refused)
{
    ck_assert_int_eq(check(STR("a\xFF"), 9), TEXT_NOT_UTF8);
    ck_assert_int_eq(check(STR("\xED\xA0\x80"), 9), TEXT_NOT_UTF8);
    ck_assert_int_eq(check(STR("\xC0\xAF"), 9), TEXT_NOT_UTF8);
    ck_assert_int_eq(check(STR(" \xC3"), 9), TEXT_NOT_UTF8);
}
END_TEST

START_TEST(trimming_stops_at_bytes_that_are_not_utf8)
{
    ck_view(text_trim(STR(" \xFF ")), "\xFF");
    ck_view(text_trim(STR("\x85")), "\x85"); /* the last byte of U+0085, but not U+0085 */
    ck_view(text_trim(STR("\xC2\x85")), "");
    ck_view(text_trim(STR("")), "");
}
END_TEST

START_TEST(links_are_counted_in_any_case)
{
    ck_assert_uint_eq(text_count_links(STR("")), 0);
    ck_assert_uint_eq(text_count_links(STR("no link, not www, not http:/x")), 0);
    ck_assert_uint_eq(text_count_links(STR("http://a HTTPS://b www.c Www.d")), 4);
    ck_assert_uint_eq(text_count_links(STR("https://www.one.example")), 1);
    ck_assert_uint_eq(text_count_links(STR("http://http://www.")), 2);
    ck_assert_uint_eq(text_count_links(STR("www.www.www.")), 3);
}
END_TEST

START_TEST(too_long_says_how_long)
{
    struct text text;
    enum text_verdict verdict = text_check(&test_arena, STR("abcd"), 3, &text);

    ck_view(text_explain(&test_arena, verdict, &text, 3),
            "The message has 4 characters; at most 3 are allowed.");
}
END_TEST

START_TEST(every_refusal_has_its_own_sentence)
{
    struct text text = {.code_points = 1};
    struct str seen[TEXT_MARKS + 1];

    for (int i = TEXT_NOT_UTF8; i <= TEXT_MARKS; i++) {
        seen[i] = text_explain(&test_arena, (enum text_verdict)i, &text, 1);
        for (int j = TEXT_NOT_UTF8; j < i; j++)
            ck_assert(!str_equal(seen[i], seen[j]));
    }
}
END_TEST

START_TEST(terminal_gets_nothing_that_it_obeys)
{
    struct str text = STR("a\x1b[2J\tb\x7f\n\xc2\x9b"
                          "2J\xe2\x80\xaez\xff\xc3\xa4\xf0\x9f\x98\x80");

    ck_view(text_for_terminal(&test_arena, text), "a [2J b \n 2J z \xc3\xa4\xf0\x9f\x98\x80");
    ck_view(text_for_terminal(&test_arena, STR("")), "");
}
END_TEST

Suite *text_suite(void)
{
    const TTest *tests[] = {
        table_of_texts_is_judged_as_written,
        table_of_escapes_is_judged_as_written,
        b28_length_limit_is_the_setting,
        b30_bytes_that_are_not_utf8_are_refused,
        trimming_stops_at_bytes_that_are_not_utf8,
        links_are_counted_in_any_case,
        too_long_says_how_long,
        every_refusal_has_its_own_sentence,
        terminal_gets_nothing_that_it_obeys,
    };

    return UNIT_SUITE("text", tests);
}
