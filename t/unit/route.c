/* SPDX-License-Identifier: MIT */
#include "route.h"
#include "ask.h"
#include "unit.h"

#include <string.h>

static const char *found(enum method method, const char *path)
{
    int64_t id;
    const struct route *route = route_find(method, str_from(path), &id);

    return route ? route->path : "";
}

START_TEST(fixed_paths_match_exactly)
{
    ck_assert_str_eq(found(METHOD_GET, "/api/listings/search"), "/api/listings/search");
    ck_assert_str_eq(found(METHOD_GET, "/api/listings/search/"), "");
    ck_assert_str_eq(found(METHOD_GET, "/api/listings/Search"), "");
    ck_assert_str_eq(found(METHOD_GET, "/api/listings/searc"), "");
    ck_assert_str_eq(found(METHOD_GET, "//api/listings/search"), "");
    ck_assert_str_eq(found(METHOD_GET, "/api/../api/listings/search"), "");
    ck_assert_str_eq(found(METHOD_GET, ""), "");
    ck_assert_str_eq(found(METHOD_GET, "/"), "");
}
END_TEST

START_TEST(method_is_part_of_the_row)
{
    ck_assert_str_eq(found(METHOD_POST, "/api/listings/create"), "/api/listings/create");
    ck_assert_str_eq(found(METHOD_GET, "/api/listings/create"), "");
    ck_assert_str_eq(found(METHOD_POST, "/api/listings/search"), "");
    ck_assert_str_eq(found(METHOD_OTHER, "/api/listings/search"), "");
}
END_TEST

START_TEST(b35_head_finds_what_get_finds)
{
    for (const struct route *route = routes; route->path; route++) {
        const char *path = ask_path(route);
        int64_t id;
        ck_assert_ptr_eq(route_find(METHOD_HEAD, str_from(path), &id),
                         route_find(METHOD_GET, str_from(path), &id));
    }
}
END_TEST

START_TEST(number_in_the_path_is_read)
{
    int64_t id = 0;

    ck_assert_ptr_nonnull(route_find(METHOD_GET, STR("/api/listings/1"), &id));
    ck_assert_int_eq(id, 1);
    ck_assert_ptr_nonnull(route_find(METHOD_GET, STR("/api/listings/9223372036854775807"), &id));
    ck_assert_int_eq(id, INT64_MAX);
}
END_TEST

START_TEST(only_positive_numbers_with_one_spelling_are_ids)
{
    static const char *const wrong[] = {"",
                                        "0",
                                        "01",
                                        "-1",
                                        "+1",
                                        "1.0",
                                        "1 ",
                                        " 1",
                                        "0x1",
                                        "1/",
                                        "a",
                                        "1a",
                                        "%31",
                                        "{id}",
                                        "9223372036854775808",
                                        "99999999999999999999999999"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct str path = arena_format(&test_arena, "/api/listings/%s", wrong[i]);
        ck_assert_msg(*found(METHOD_GET, path.ptr) == '\0', "%s", path.ptr);
    }
}
END_TEST

START_TEST(b35_allow_names_the_methods_of_a_path)
{
    ck_view(route_allow(&test_arena, STR("/api/listings/create")), "POST, OPTIONS");
    ck_view(route_allow(&test_arena, STR("/api/listings/search")), "GET, HEAD, OPTIONS");
    ck_view(route_allow(&test_arena, STR("/api/listings/7")), "GET, HEAD, OPTIONS");
}
END_TEST

START_TEST(unknown_path_allows_nothing)
{
    ck_view(route_allow(&test_arena, STR("/api/listings/0")), "");
    ck_view(route_allow(&test_arena, STR("/api/metrics")), "");
    ck_view(route_allow(&test_arena, STR("")), "");
}
END_TEST

START_TEST(deadline_is_the_routes_own_or_its_budgets)
{
    struct config config = {.read_deadline_ms = 300, .post_deadline_ms = 500};
    int64_t id;
    const struct route *search = route_find(METHOD_GET, STR("/api/listings/search"), &id);
    const struct route *count = route_find(METHOD_GET, STR("/api/listings/count"), &id);
    const struct route *create = route_find(METHOD_POST, STR("/api/listings/create"), &id);

    ck_assert_int_eq(route_longest_ms(&config), 500);
    config.search_deadline_ms = 900;
    config.create_deadline_ms = 100;
    ck_assert_int_eq(route_deadline_ms(search, &config), 900);
    ck_assert_int_eq(route_deadline_ms(count, &config), 300);
    ck_assert_int_eq(route_deadline_ms(create, &config), 100);
    ck_assert_int_eq(route_longest_ms(&config), 900);
}
END_TEST

START_TEST(every_route_with_a_function_has_a_deadline_of_its_own)
{
    for (const struct route *a = routes; a->path; a++) {
        ck_assert_int_eq(a->function != NULL, a->deadline != 0);
        for (const struct route *b = routes; b < a; b++)
            ck_assert(a->deadline == 0 || a->deadline != b->deadline);
    }
}
END_TEST

START_TEST(table_has_no_row_twice)
{
    for (const struct route *a = routes; a->path; a++) {
        for (const struct route *b = routes; b < a; b++)
            ck_assert(a->method != b->method || strcmp(a->path, b->path) != 0);
    }
}
END_TEST

START_TEST(budget_comes_with_a_client_and_a_function)
{
    for (const struct route *route = routes; route->path; route++) {
        if (route->budget == BUDGET_NONE)
            continue;
        ck_assert(route->guards & GUARD_CLIENT);
        ck_assert_ptr_nonnull(route->function);
        ck_assert_int_ge(route->function->arguments, 3);
    }
}
END_TEST

START_TEST(every_post_is_guarded_against_other_sites_and_bodies)
{
    for (const struct route *route = routes; route->path; route++) {
        unsigned needed = GUARD_SAME_ORIGIN | GUARD_JSON | GUARD_CLIENT | GUARD_BODY | GUARD_PROOF;
        if (route->method == METHOD_POST)
            ck_assert_uint_eq(route->guards & needed, needed);
    }
}
END_TEST

START_TEST(each_function_is_listed_once)
{
    const struct db_function *const *functions = route_functions();
    int count = 0;

    for (const struct route *route = routes; route->path; route++) {
        int listed = 0;
        for (int i = 0; functions[i]; i++)
            listed += functions[i] == route->function;
        ck_assert_int_eq(listed, route->function != NULL);
    }
    while (functions[count])
        count++;
    ck_assert_int_gt(count, 3);
}
END_TEST

START_TEST(methods_have_their_names)
{
    ck_assert_str_eq(route_method_name(METHOD_GET), "GET");
    ck_assert_str_eq(route_method_name(METHOD_HEAD), "HEAD");
    ck_assert_str_eq(route_method_name(METHOD_POST), "POST");
    ck_assert_str_eq(route_method_name(METHOD_OPTIONS), "OPTIONS");
    ck_assert_str_eq(route_method_name(METHOD_OTHER), "");
}
END_TEST

Suite *route_suite(void)
{
    const TTest *tests[] = {
        fixed_paths_match_exactly,
        method_is_part_of_the_row,
        b35_head_finds_what_get_finds,
        number_in_the_path_is_read,
        only_positive_numbers_with_one_spelling_are_ids,
        b35_allow_names_the_methods_of_a_path,
        unknown_path_allows_nothing,
        deadline_is_the_routes_own_or_its_budgets,
        every_route_with_a_function_has_a_deadline_of_its_own,
        table_has_no_row_twice,
        budget_comes_with_a_client_and_a_function,
        every_post_is_guarded_against_other_sites_and_bodies,
        each_function_is_listed_once,
        methods_have_their_names,
    };

    return UNIT_SUITE("route", tests);
}
