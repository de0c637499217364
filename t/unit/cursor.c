/* SPDX-License-Identifier: MIT */
#include "cursor.h"
#include "unit.h"

#include <string.h>

static const struct str key = {"0123456789abcdef0123456789abcdef", 32};

static struct str made(const char *query, int64_t id)
{
    return cursor_make(&test_arena, key, str_from(query), id);
}

static bool reads(const char *query, struct str cursor)
{
    int64_t id;

    return cursor_read(&test_arena, key, str_from(query), cursor, &id);
}

START_TEST(cursor_gives_its_id_back)
{
    static const int64_t ids[] = {1, 30, 255, 256, 4294967296, INT64_MAX};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        int64_t id = 0;
        ck_assert(cursor_read(&test_arena, key, STR("q"), made("q", ids[i]), &id));
        ck_assert_int_eq(id, ids[i]);
    }
}
END_TEST

START_TEST(b38_cursor_belongs_to_its_query)
{
    ck_assert(reads("zebra", made("zebra", 7)));
    ck_assert(!reads("foo", made("zebra", 7)));
    ck_assert(!reads("", made("zebra", 7)));
    ck_assert(!reads("zebra ", made("zebra", 7)));
    ck_assert(reads("", made("", 7)));
}
END_TEST

START_TEST(b38_every_changed_character_is_refused)
{
    struct str good = made("q", 7);

    for (size_t at = 0; at < good.len; at++) {
        for (int c = 0; c < 256; c++) {
            char *bad = (char *)arena_copy(&test_arena, good).ptr;
            bad[at] = (char)c;
            ck_assert_int_eq(reads("q", (struct str){.ptr = bad, .len = good.len}),
                             c == (unsigned char)good.ptr[at]);
        }
        arena_reset(&test_arena);
        good = made("q", 7);
    }
}
END_TEST

START_TEST(every_other_length_is_refused)
{
    struct str good = made("q", 7);

    for (size_t len = 0; len < good.len; len++)
        ck_assert(!reads("q", (struct str){.ptr = good.ptr, .len = len}));
    ck_assert(!reads("q", arena_format(&test_arena, "%sA", good.ptr)));
    ck_assert(!reads("q", arena_format(&test_arena, "%s=", good.ptr)));
    ck_assert(!reads("q", arena_format(&test_arena, " %s", good.ptr)));
    ck_assert(!reads("q", arena_format(&test_arena, "%s%s", good.ptr, good.ptr)));
}
END_TEST

START_TEST(cursor_of_another_key_is_refused)
{
    int64_t id;

    ck_assert(!cursor_read(&test_arena, STR("another key of thirty-two bytes!"), STR("q"),
                           made("q", 7), &id));
}
END_TEST

START_TEST(cursor_fits_a_url_as_it_is)
{
    struct str cursor = made("q", INT64_MAX);

    ck_assert_uint_eq(cursor.len, 32);
    ck_assert_uint_eq(strspn(cursor.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-_"),
                      32);
}
END_TEST

Suite *cursor_suite(void)
{
    const TTest *tests[] = {
        cursor_gives_its_id_back,
        b38_cursor_belongs_to_its_query,
        b38_every_changed_character_is_refused,
        every_other_length_is_refused,
        cursor_of_another_key_is_refused,
        cursor_fits_a_url_as_it_is,
    };

    return UNIT_SUITE("cursor", tests);
}
