/* SPDX-License-Identifier: MIT */
#include "dbclock.h"
#include "clock.h"
#include "unit.h"

#include <time.h>

#define EPOCH_MS INT64_C(1800000000000)

START_TEST(host_clock_serves_before_the_first_answer)
{
    struct dbclock clock = {0};
    int64_t host_ms = (int64_t)time(NULL) * 1000;

    ck_assert_int_ge(dbclock_now_ms(&clock), host_ms - 1000);
    ck_assert_int_le(dbclock_now_ms(&clock), ((int64_t)time(NULL) + 1) * 1000);
}
END_TEST

START_TEST(answer_sets_the_clock)
{
    struct dbclock clock = {0};

    dbclock_set(&clock, EPOCH_MS);
    ck_assert_int_ge(dbclock_now_ms(&clock), EPOCH_MS);
    ck_assert_int_lt(dbclock_now_ms(&clock), EPOCH_MS + 60000);
}
END_TEST

START_TEST(clock_goes_on_between_answers)
{
    struct dbclock clock = {0};
    int64_t began_ms = clock_monotonic_ms();

    dbclock_set(&clock, EPOCH_MS);
    while (clock_monotonic_ms() < began_ms + 5)
        ;
    ck_assert_int_ge(dbclock_now_ms(&clock), EPOCH_MS + 4);
}
END_TEST

START_TEST(latest_answer_counts_even_when_earlier)
{
    struct dbclock clock = {0};

    dbclock_set(&clock, EPOCH_MS);
    dbclock_set(&clock, EPOCH_MS - 3600000);
    ck_assert_int_lt(dbclock_now_ms(&clock), EPOCH_MS);
}
END_TEST

START_TEST(monotonic_clock_agrees_in_both_units)
{
    int64_t ms = clock_monotonic_ms();
    int64_t us = clock_monotonic_us();

    ck_assert_int_ge(us, ms * 1000);
    ck_assert_int_lt(us, (ms + 10000) * 1000);
}
END_TEST

Suite *dbclock_suite(void)
{
    const TTest *tests[] = {
        host_clock_serves_before_the_first_answer,
        answer_sets_the_clock,
        clock_goes_on_between_answers,
        latest_answer_counts_even_when_earlier,
        monotonic_clock_agrees_in_both_units,
    };

    return UNIT_SUITE("dbclock", tests);
}
