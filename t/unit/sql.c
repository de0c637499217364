/* SPDX-License-Identifier: MIT */
#include "sql.h"
#include "route.h"
#include "unit.h"

#include <dirent.h>
#include <string.h>

struct table {
    const char *directory;
    const struct sql_file *files;
};

static const struct table tables[] = {
    {"migrations", sql_migrations}, {"api", sql_api}, {"cli", sql_cli}};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

START_TEST(embedded_text_equals_the_file)
{
    for (size_t i = 0; i < TABLES; i++) {
        for (const struct sql_file *file = tables[i].files; file->name; file++) {
            struct str path =
                arena_format(&test_arena, "sql/%s/%s.sql", tables[i].directory, file->name);
            ck_assert_msg(str_equal(unit_file(path.ptr), str_from(file->text)), "%s", path.ptr);
        }
    }
}
END_TEST

static const struct sql_file *find(const struct sql_file *files, const char *name)
{
    for (; files->name; files++) {
        if (strcmp(files->name, name) == 0)
            return files;
    }
    return NULL;
}

static void check_directory(const struct table *table)
{
    struct str path = arena_format(&test_arena, "%s/sql/%s", TOP_SRCDIR, table->directory);
    DIR *directory = opendir(path.ptr);
    struct dirent *entry;

    ck_assert_ptr_nonnull(directory);
    while ((entry = readdir(directory))) {
        struct str rest = str_from(entry->d_name);
        struct str name = str_cut(&rest, '.');
        if (str_equal(rest, STR("sql")))
            ck_assert_msg(find(table->files, arena_copy(&test_arena, name).ptr), "sql/%s/%s",
                          table->directory, entry->d_name);
    }
    closedir(directory);
}

START_TEST(every_file_is_embedded)
{
    for (size_t i = 0; i < TABLES; i++)
        check_directory(&tables[i]);
}
END_TEST

START_TEST(tables_are_in_the_order_of_their_names)
{
    for (size_t i = 0; i < TABLES; i++) {
        for (const struct sql_file *file = tables[i].files; file[0].name && file[1].name; file++)
            ck_assert_int_lt(strcmp(file[0].name, file[1].name), 0);
    }
}
END_TEST

START_TEST(migrations_are_numbered_without_gaps)
{
    int number = 0;

    for (const struct sql_file *file = sql_migrations; file->name; file++)
        ck_assert_int_eq(sql_migration_number(file), ++number);
    ck_assert_int_eq(sql_schema_number(), number);
}
END_TEST

START_TEST(every_function_of_the_routes_has_its_file)
{
    for (const struct db_function *const *function = route_functions(); *function; function++)
        ck_assert_msg(find(sql_api, (*function)->name), "%s", (*function)->name);
}
END_TEST

START_TEST(statement_is_found_by_name)
{
    ck_assert_ptr_eq(sql_cli_text("import_batch"), find(sql_cli, "import_batch")->text);
}
END_TEST

START_TEST(checksum_is_sha256_of_the_text)
{
    static const struct sql_file abc = {.name = "abc", .text = "abc"};

    ck_view(sql_checksum(&test_arena, &abc),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(digest_of_the_api_is_always_the_same)
{
    ck_assert_uint_eq(sql_api_digest(&test_arena).len, 64);
    ck_assert(str_equal(sql_api_digest(&test_arena), sql_api_digest(&test_arena)));
}
END_TEST

Suite *sql_suite(void)
{
    const TTest *tests[] = {
        embedded_text_equals_the_file,
        every_file_is_embedded,
        tables_are_in_the_order_of_their_names,
        migrations_are_numbered_without_gaps,
        every_function_of_the_routes_has_its_file,
        statement_is_found_by_name,
        checksum_is_sha256_of_the_text,
        digest_of_the_api_is_always_the_same,
    };

    return UNIT_SUITE("sql", tests);
}
