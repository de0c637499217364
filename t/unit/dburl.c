/* SPDX-License-Identifier: MIT */
/* Connection strings, and how soon a connection is tried again. */
#include "dburl.h"
#include "clock.h"
#include "pace.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(parts_are_found_in_strings_and_uris)
{
    ck_view(db_url_part(&test_arena, "user=u dbname='a b' host=h", "dbname"), "a b");
    ck_view(db_url_part(&test_arena, "postgresql://u:p%40@h:5/d?application_name=x", "password"),
            "p@");
    ck_view(db_url_part(&test_arena, "dbname=d", "user"), "");
    ck_view(db_url_part(&test_arena, "not a connection string", "user"), "");
}
END_TEST

/* What is said of a connection string that cannot be read. */
static struct str complaint(const char *url)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&bytes, &len);
    struct str said;

    ck_assert(!db_url_is_valid("DATABASE_URL", url, errors));
    fclose(errors);
    said = arena_copy(&test_arena, (struct str){.ptr = bytes, .len = len});
    free(bytes);
    return said;
}

START_TEST(what_cannot_be_read_is_named_unless_it_may_be_a_password)
{
    static const char *const urls[] = {
        "dbname=d password=s3cret w0rd",
        "postgresql://u:s3cret%w0rd@h/d",
        "postgresql://u:s3cret\"w0%rd@h/d",
    };

    ck_assert_ptr_nonnull(strstr(complaint("dbnam=d").ptr, "DATABASE_URL: invalid"));
    ck_assert_ptr_nonnull(strstr(complaint("dbnam=d").ptr, "\"dbnam\""));
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const char *said = complaint(urls[i]).ptr;
        ck_assert_ptr_nonnull(strstr(said, "DATABASE_URL: "));
        ck_assert_msg(!strstr(said, "s3cret") && !strstr(said, "w0"), "%s", said);
    }
}
END_TEST

START_TEST(passwords_are_left_out_of_what_is_shown)
{
    struct str shown = db_url_without_password(
        &test_arena, "user=u password=s3cret sslkey=/k sslpassword=w0rd dbname=d", "other");

    ck_assert_ptr_null(strstr(shown.ptr, "s3cret"));
    ck_assert_ptr_null(strstr(shown.ptr, "w0rd"));
    ck_view(db_url_part(&test_arena, shown.ptr, "dbname"), "other");
    ck_view(db_url_part(&test_arena, shown.ptr, "sslkey"), "/k");
}
END_TEST

START_TEST(single_host_is_left_to_libpq)
{
    struct dburl_hosts hosts;

    dburl_hosts_init(&hosts, "host=h port=5432 dbname=d");
    ck_assert_int_eq(hosts.count, 1);
    ck_assert_ptr_null(hosts.list[0].host);
    dburl_hosts_release(&hosts);
    dburl_hosts_init(&hosts, "dbname=d");
    ck_assert_int_eq(hosts.count, 1);
    dburl_hosts_release(&hosts);
    dburl_hosts_init(&hosts, "nonsense");
    ck_assert_int_eq(hosts.count, 1);
    dburl_hosts_release(&hosts);
}
END_TEST

START_TEST(lists_of_hosts_are_split_with_their_ports)
{
    struct dburl_hosts hosts;

    dburl_hosts_init(&hosts, "postgresql://a:1,b:2,c:3/d");
    ck_assert_int_eq(hosts.count, 3);
    ck_assert_str_eq(hosts.list[0].host, "a");
    ck_assert_str_eq(hosts.list[0].port, "1");
    ck_assert_str_eq(hosts.list[2].host, "c");
    ck_assert_str_eq(hosts.list[2].port, "3");
    ck_assert_ptr_null(hosts.list[0].hostaddr);
    dburl_hosts_release(&hosts);
}
END_TEST

START_TEST(one_port_is_everybodys)
{
    struct dburl_hosts hosts;

    dburl_hosts_init(&hosts, "host=a,b port=7 hostaddr=127.0.0.1,127.0.0.2");
    ck_assert_int_eq(hosts.count, 2);
    ck_assert_str_eq(hosts.list[0].port, "7");
    ck_assert_str_eq(hosts.list[1].port, "7");
    ck_assert_str_eq(hosts.list[1].hostaddr, "127.0.0.2");
    dburl_hosts_release(&hosts);
}
END_TEST

START_TEST(more_hosts_than_there_is_room_for_are_cut)
{
    struct dburl_hosts hosts;

    dburl_hosts_init(&hosts, "host=a,b,c,d,e,f,g,h,i,j");
    ck_assert_int_eq(hosts.count, DBURL_HOSTS);
    dburl_hosts_release(&hosts);
}
END_TEST

START_TEST(first_attempt_waits_for_nothing)
{
    struct pace pace = {.least_ms = 100, .most_ms = 1000};

    ck_assert(pace_allows(&pace));
}
END_TEST

START_TEST(pauses_double_up_to_the_longest_and_vary)
{
    struct pace pace = {.least_ms = 100000, .most_ms = 800000};
    int64_t longest_ms = 100000;

    for (int i = 0; i < 8; i++) {
        int64_t now_ms = clock_monotonic_ms();
        pace_failed(&pace);
        ck_assert(!pace_allows(&pace));
        ck_assert_int_ge(pace.next_ms, now_ms + longest_ms / 2);
        ck_assert_int_le(pace.next_ms, clock_monotonic_ms() + longest_ms);
        longest_ms = longest_ms * 2 < 800000 ? longest_ms * 2 : 800000;
    }
}
END_TEST

START_TEST(success_forgets_the_failures)
{
    struct pace pace = {.least_ms = 1000, .most_ms = 8000};

    pace_failed(&pace);
    pace_failed(&pace);
    pace_succeeded(&pace);
    ck_assert(pace_allows(&pace));
    pace_failed(&pace);
    ck_assert_int_le(pace.next_ms, clock_monotonic_ms() + 1000);
}
END_TEST

Suite *dburl_suite(void)
{
    const TTest *tests[] = {
        parts_are_found_in_strings_and_uris,
        what_cannot_be_read_is_named_unless_it_may_be_a_password,
        passwords_are_left_out_of_what_is_shown,
        single_host_is_left_to_libpq,
        lists_of_hosts_are_split_with_their_ports,
        one_port_is_everybodys,
        more_hosts_than_there_is_room_for_are_cut,
        first_attempt_waits_for_nothing,
        pauses_double_up_to_the_longest_and_vary,
        success_forgets_the_failures,
    };

    return UNIT_SUITE("dburl", tests);
}
