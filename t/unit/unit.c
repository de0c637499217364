/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arena test_arena;

static char directory[64]; /* empty: not made */

static void remove_directory(void)
{
    DIR *open = opendir(directory);
    struct dirent *entry;

    while (open && (entry = readdir(open)))
        unlinkat(dirfd(open), entry->d_name, 0);
    if (open)
        closedir(open);
    rmdir(directory);
    directory[0] = '\0';
}

static void set_up(void)
{
    arena_init(&test_arena);
}

static void tear_down(void)
{
    arena_release(&test_arena);
    if (directory[0])
        remove_directory();
}

Suite *unit_suite(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);

    tcase_set_tags(tcase, name); /* CK_EXCLUDE_TAGS=pow leaves a suite out */
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60); /* valgrind is slow */
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return suite;
}

void unit_view(struct str actual, const char *expected, const char *expression)
{
    ck_assert_msg(str_equal(actual, str_from(expected)), "%s is \"%.*s\", not \"%s\"", expression,
                  STR_ARG(actual), expected);
}

struct str unit_file(const char *path)
{
    static char content[256 * 1024];
    struct str absolute = arena_format(&test_arena, "%s/%s", TOP_SRCDIR, path);
    FILE *file = fopen(*path == '/' ? path : absolute.ptr, "rb");
    size_t len;

    ck_assert_msg(file != NULL, "cannot open %s", absolute.ptr);
    len = fread(content, 1, sizeof(content), file);
    fclose(file);
    ck_assert_uint_lt(len, sizeof(content));
    return arena_copy(&test_arena, (struct str){.ptr = content, .len = len});
}

const char *unit_directory(void)
{
    if (directory[0] == '\0') {
        strcpy(directory, "/tmp/initialsdb-unit-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(directory));
    }
    return directory;
}

const char *unit_write(const char *name, struct str content)
{
    struct str path = arena_format(&test_arena, "%s/%s", unit_directory(), name);
    FILE *file = fopen(path.ptr, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content.ptr, 1, content.len, file), content.len);
    ck_assert_int_eq(fclose(file), 0);
    return path.ptr;
}
