/* SPDX-License-Identifier: MIT */
/* Who is taken for hung, who was only asleep together with everybody else, and who is started. */
#include "children.h"
#include "clock.h"
#include "log.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How late a child is, and for how long the master has not looked; see children_check(). Who has
 * looked a minute later is awake, however slow the test is. */
#define LATE_MS 2300
#define AWAY_MS 1700
#define AWAKE_MS (-60000)

static struct children children;

/* A child that is late, and a master that has last looked so long ago. */
static pid_t start_late(int64_t looked_ms)
{
    int64_t now_ms = clock_monotonic_ms();
    const char *path = arena_format(&test_arena, "%s/board", unit_directory()).ptr;

    log_set_level(LOG_ERROR);
    children.heritage.board = scoreboard_create(path);
    slot_enter(&children.heritage.board->slots[0], SLOT_IDLE, now_ms - LATE_MS);
    children.checked_ms = now_ms - looked_ms;
    children.list[0].pid = fork();
    if (children.list[0].pid == 0) {
        pause();
        _exit(0);
    }
    return children.list[0].pid;
}

static void end(pid_t pid, int number)
{
    int status;

    if (number != SIGKILL)
        kill(pid, number);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), number);
}

START_TEST(child_that_is_late_is_killed)
{
    pid_t pid = start_late(AWAKE_MS);

    children_check(&children);
    ck_assert_int_eq(children.list[0].end, END_HUNG);
    end(pid, SIGKILL);
}
END_TEST

START_TEST(child_that_stood_still_with_its_master_is_given_time)
{
    pid_t pid = start_late(AWAY_MS);

    children_check(&children);
    children_check(&children);
    ck_assert_int_ne(children.list[0].end, END_HUNG);
    end(pid, SIGUSR1);
}
END_TEST

START_TEST(time_that_is_given_ends)
{
    pid_t pid = start_late(AWAY_MS);

    children_check(&children);
    children.lenient_until_ms = 0;
    children.checked_ms = clock_monotonic_ms() - AWAKE_MS;
    children_check(&children);
    end(pid, SIGKILL);
}
END_TEST

START_TEST(nobody_is_started_while_no_slot_is_free)
{
    const char *path = arena_format(&test_arena, "%s/board", unit_directory()).ptr;

    children.heritage.board = scoreboard_create(path);
    children.wanted[SLOT_WORKER] = 1;
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        children.list[i].pid = getpid(); /* told to end, and taking their time */
    ck_assert_int_eq(children_keep(&children), -1);
    ck_assert(!children_settled(&children));
}
END_TEST

Suite *children_suite(void)
{
    const TTest *tests[] = {
        child_that_is_late_is_killed,
        child_that_stood_still_with_its_master_is_given_time,
        time_that_is_given_ends,
        nobody_is_started_while_no_slot_is_free,
    };

    return UNIT_SUITE("children", tests);
}
