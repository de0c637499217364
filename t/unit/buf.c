/* SPDX-License-Identifier: MIT */
#include "buf.h"
#include "unit.h"

#include <string.h>

START_TEST(new_buffer_is_empty)
{
    struct buf buf;

    buf_init(&buf, &test_arena, 0);
    ck_view(buf_str(&buf), "");
}
END_TEST

START_TEST(additions_follow_each_other)
{
    struct buf buf;

    buf_init(&buf, &test_arena, 4);
    buf_add(&buf, STR("ab"));
    buf_add_char(&buf, 'c');
    buf_addf(&buf, "%d%s", 12, "de");
    ck_view(buf_str(&buf), "abc12de");
}
END_TEST

START_TEST(buffer_grows_from_any_size)
{
    for (size_t size = 0; size < 20; size++) {
        struct buf buf;
        buf_init(&buf, &test_arena, size);
        for (int i = 0; i < 1000; i++)
            buf_add_char(&buf, (char)('a' + i % 26));
        ck_assert_uint_eq(buf_str(&buf).len, 1000);
        for (int i = 0; i < 1000; i++)
            ck_assert_int_eq(buf_str(&buf).ptr[i], 'a' + i % 26);
    }
}
END_TEST

START_TEST(format_that_just_fits_is_not_cut)
{
    for (size_t size = 1; size < 12; size++) {
        struct buf buf;
        buf_init(&buf, &test_arena, size);
        buf_addf(&buf, "%s", "12345");
        buf_addf(&buf, "%s", "678");
        ck_view(buf_str(&buf), "12345678");
    }
}
END_TEST

START_TEST(adding_nothing_changes_nothing)
{
    struct buf buf;

    buf_init(&buf, &test_arena, 4);
    buf_add(&buf, STR("x"));
    buf_add(&buf, (struct str){.ptr = NULL, .len = 0});
    buf_addf(&buf, "%s", "");
    ck_view(buf_str(&buf), "x");
}
END_TEST

START_TEST(any_byte_can_be_added)
{
    struct buf buf;

    buf_init(&buf, &test_arena, 1);
    buf_add(&buf, STR("a\0b"));
    buf_add_char(&buf, '\0');
    ck_assert(str_equal(buf_str(&buf), STR("a\0b\0")));
}
END_TEST

START_TEST(buffers_of_one_arena_do_not_mix)
{
    struct buf odd;
    struct buf even;

    buf_init(&odd, &test_arena, 1);
    buf_init(&even, &test_arena, 1);
    for (int i = 0; i < 100; i++) {
        buf_add_char(&odd, '1');
        buf_add_char(&even, '2');
    }
    ck_assert_ptr_null(memchr(odd.ptr, '2', odd.len));
    ck_assert_ptr_null(memchr(even.ptr, '1', even.len));
}
END_TEST

Suite *buf_suite(void)
{
    const TTest *tests[] = {
        new_buffer_is_empty,
        additions_follow_each_other,
        buffer_grows_from_any_size,
        format_that_just_fits_is_not_cut,
        adding_nothing_changes_nothing,
        any_byte_can_be_added,
        buffers_of_one_arena_do_not_mix,
    };

    return UNIT_SUITE("buf", tests);
}
