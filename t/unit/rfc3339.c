/* SPDX-License-Identifier: MIT */
#include "rfc3339.h"
#include "unit.h"

static void check(bool valid, const char *const *times, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(rfc3339_is_valid(str_from(times[i])) == valid, "%s", times[i]);
}

START_TEST(date_times_are_accepted)
{
    static const char *const times[] = {
        "2026-02-25T12:34:56Z",        "2026-02-25t12:34:56z",      "2026-02-25T12:34:56.1Z",
        "2026-02-25T12:34:56.123456Z", "1970-01-01T00:00:00Z",      "9999-12-31T23:59:59Z",
        "2026-02-25T12:34:56+02:00",   "2026-02-25T12:34:56-15:59", "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z",
    };

    check(true, times, sizeof(times) / sizeof(times[0]));
}
END_TEST

START_TEST(dates_that_do_not_exist_are_refused)
{
    static const char *const times[] = {
        "2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z",
    };

    check(false, times, sizeof(times) / sizeof(times[0]));
}
END_TEST

START_TEST(times_that_do_not_exist_are_refused)
{
    static const char *const times[] = {
        "2026-02-25T24:00:00Z",      "2026-02-25T12:60:00Z",      "2026-02-25T12:34:60Z",
        "2026-02-25T12:34:56+24:00", "2026-02-25T12:34:56+00:60",
    };

    check(false, times, sizeof(times) / sizeof(times[0]));
}
END_TEST

START_TEST(times_that_the_database_does_not_take_are_refused)
{
    static const char *const times[] = {
        "2026-02-25T12:34:56+16:00",
        "2026-02-25T12:34:56-23:59",
        "2026-02-25T12:34:56.00000000000000000000000000000000000000000000Z",
    };

    check(false, times, sizeof(times) / sizeof(times[0]));
}
END_TEST

START_TEST(other_notations_are_refused)
{
    static const char *const times[] = {
        "",
        "2026-02-25",
        "2026-02-25T12:34Z",
        "2026-02-25 12:34:56Z",
        "2026-02-25T12:34:56",
        "2026-02-25T12:34:56.Z",
        "2026-02-25T12:34:56+0200",
        "2026-02-25T12:34:56+02",
        "2026-02-25T12:34:56Zx",
        " 2026-02-25T12:34:56Z",
        "2026-2-25T12:34:56Z",
        "+2026-02-25T12:34:56Z",
        "20260225T123456Z",
        "now",
        "infinity",
        "2026-02-25T12:34:56Z'); --",
    };

    check(false, times, sizeof(times) / sizeof(times[0]));
}
END_TEST

START_TEST(nothing_is_read_beyond_the_view)
{
    struct str time = STR("2026-02-25T12:34:56.5+02:00");

    for (size_t len = 0; len < time.len; len++)
        ck_assert(!rfc3339_is_valid((struct str){.ptr = time.ptr, .len = len}));
}
END_TEST

Suite *rfc3339_suite(void)
{
    const TTest *tests[] = {
        date_times_are_accepted,
        dates_that_do_not_exist_are_refused,
        times_that_do_not_exist_are_refused,
        times_that_the_database_does_not_take_are_refused,
        other_notations_are_refused,
        nothing_is_read_beyond_the_view,
    };

    return UNIT_SUITE("rfc3339", tests);
}
