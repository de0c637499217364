/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdalign.h>
#include <string.h>

START_TEST(arena_takes_no_memory_before_it_is_asked)
{
    ck_assert_ptr_null(test_arena.chunk);
    arena_reset(&test_arena);
    arena_release(&test_arena);
    ck_assert_ptr_null(test_arena.chunk);
}
END_TEST

START_TEST(allocations_are_aligned_for_any_type)
{
    for (size_t size = 0; size < 70; size++) {
        uintptr_t address = (uintptr_t)arena_alloc(&test_arena, size);
        ck_assert_uint_eq(address % alignof(max_align_t), 0);
    }
}
END_TEST

START_TEST(allocations_do_not_overlap)
{
    enum { COUNT = 3000, SIZE = 29 };
    unsigned char *blocks[COUNT];

    for (int i = 0; i < COUNT; i++)
        blocks[i] = memset(arena_alloc(&test_arena, SIZE), i & 255, SIZE);
    for (int i = 0; i < COUNT; i++) {
        for (int at = 0; at < SIZE; at++)
            ck_assert_uint_eq(blocks[i][at], i & 255);
    }
}
END_TEST

START_TEST(allocation_larger_than_a_chunk_is_whole)
{
    size_t size = 1024 * 1024;
    unsigned char *large = memset(arena_alloc(&test_arena, size), 7, size);
    unsigned char *small = memset(arena_alloc(&test_arena, 8), 9, 8);

    ck_assert_uint_eq(large[0], 7);
    ck_assert_uint_eq(large[size - 1], 7);
    ck_assert_uint_eq(small[0], 9);
}
END_TEST

START_TEST(zalloc_clears_memory_that_was_used_before)
{
    memset(arena_alloc(&test_arena, 1000), 0xFF, 1000);
    arena_reset(&test_arena);
    for (int i = 0; i < 10; i++) {
        unsigned char *zero = arena_zalloc(&test_arena, 100);
        for (int at = 0; at < 100; at++)
            ck_assert_uint_eq(zero[at], 0);
    }
}
END_TEST

START_TEST(reset_keeps_one_chunk_for_the_next_use)
{
    for (int i = 0; i < 40000; i++)
        arena_alloc(&test_arena, 1);
    arena_reset(&test_arena);
    ck_assert_ptr_nonnull(test_arena.chunk);
    ck_assert_uint_eq(test_arena.used, 0);
    arena_reset(&test_arena);
    ck_assert_ptr_nonnull(test_arena.chunk);
}
END_TEST

START_TEST(reset_gives_oversized_chunks_back)
{
    arena_alloc(&test_arena, 1024 * 1024);
    arena_reset(&test_arena);
    ck_assert_ptr_null(test_arena.chunk);
}
END_TEST

START_TEST(released_arena_can_be_used_again)
{
    arena_alloc(&test_arena, 10);
    arena_release(&test_arena);
    ck_assert_ptr_null(test_arena.chunk);
    ck_view(arena_copy(&test_arena, STR("again")), "again");
}
END_TEST

START_TEST(copy_is_its_own_and_ends_in_nul)
{
    char original[] = "abc";
    struct str copy = arena_copy(&test_arena, (struct str){.ptr = original, .len = 2});

    original[0] = 'x';
    ck_view(copy, "ab");
    ck_assert_int_eq(copy.ptr[2], '\0');
}
END_TEST

START_TEST(copy_of_nothing_is_an_empty_c_string)
{
    ck_assert_str_eq(arena_copy(&test_arena, (struct str){.ptr = NULL, .len = 0}).ptr, "");
}
END_TEST

START_TEST(format_does_not_count_its_nul)
{
    struct str text = arena_format(&test_arena, "%d-%s", 42, "x");

    ck_view(text, "42-x");
    ck_assert_int_eq(text.ptr[text.len], '\0');
    ck_view(arena_format(&test_arena, "%s", ""), "");
}
END_TEST

Suite *arena_suite(void)
{
    const TTest *tests[] = {
        arena_takes_no_memory_before_it_is_asked,
        allocations_are_aligned_for_any_type,
        allocations_do_not_overlap,
        allocation_larger_than_a_chunk_is_whole,
        zalloc_clears_memory_that_was_used_before,
        reset_keeps_one_chunk_for_the_next_use,
        reset_gives_oversized_chunks_back,
        released_arena_can_be_used_again,
        copy_is_its_own_and_ends_in_nul,
        copy_of_nothing_is_an_empty_c_string,
        format_does_not_count_its_nul,
    };

    return UNIT_SUITE("arena", tests);
}
