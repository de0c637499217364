/* SPDX-License-Identifier: MIT */
#include "scoreboard.h"
#include "log.h"
#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path;

static void use_path(const char *name)
{
    path = arena_format(&test_arena, "%s/%s", unit_directory(), name).ptr;
    log_set_level(LOG_ERROR);
}

START_TEST(scoreboard_lies_beside_the_socket)
{
    char text[64];

    scoreboard_path(STR("/run/x/board.sock"), text, sizeof(text));
    ck_assert_str_eq(text, "/run/x/board.sock.status");
}
END_TEST

START_TEST(what_the_pool_writes_can_be_read_outside)
{
    struct scoreboard *board;
    const struct scoreboard *seen;

    use_path("board");
    board = scoreboard_create(path);
    seen = scoreboard_open(path);
    ck_assert_ptr_nonnull(seen);
    ck_assert_ptr_ne(seen, board);
    atomic_store(&board->workers, 7);
    slot_enter(&board->slots[3], SLOT_DATABASE, 1234);
    ck_assert_int_eq(atomic_load(&seen->workers), 7);
    ck_assert_int_eq(atomic_load(&seen->slots[3].state), SLOT_DATABASE);
    ck_assert_int_eq(atomic_load(&seen->slots[3].due_ms), 1234);
    ck_assert_int_eq(atomic_load(&seen->pid), getpid());
}
END_TEST

START_TEST(file_has_all_its_room_before_anybody_writes)
{
    struct stat status;

    use_path("board");
    scoreboard_create(path);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_ge(status.st_blocks * 512, sizeof(struct scoreboard));
}
END_TEST

START_TEST(new_pool_replaces_what_an_old_one_left)
{
    use_path("board");
    atomic_store(&scoreboard_create(path)->workers, 7);
    scoreboard_create(path);
    ck_assert_int_eq(atomic_load(&scoreboard_open(path)->workers), 0);
}
END_TEST

START_TEST(strangers_cannot_read_it)
{
    struct stat status;

    use_path("board");
    scoreboard_create(path);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0007, 0);
}
END_TEST

START_TEST(absent_or_foreign_file_is_not_opened)
{
    use_path("board");
    ck_assert_ptr_null(scoreboard_open(path));
    unit_write("board", STR("something else"));
    ck_assert_ptr_null(scoreboard_open(path));
    unit_write("board", (struct str){.ptr = arena_zalloc(&test_arena, sizeof(struct scoreboard)),
                                     .len = sizeof(struct scoreboard)});
    ck_assert_ptr_null(scoreboard_open(path));
}
END_TEST

START_TEST(pool_works_without_the_file)
{
    struct scoreboard *board = NULL;

    use_path("missing/board");
    board = scoreboard_create(path);
    atomic_store(&board->workers, 7);
    ck_assert_int_eq(access(path, F_OK), -1);
    scoreboard_remove(board, path);
}
END_TEST

START_TEST(pool_removes_its_own_file_only)
{
    struct scoreboard *board;

    use_path("board");
    board = scoreboard_create(path);
    atomic_store(&scoreboard_create(path)->pid, getpid() + 1);
    scoreboard_remove(board, path);
    ck_assert_int_eq(access(path, F_OK), 0);
    board = scoreboard_create(path);
    scoreboard_remove(board, path);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(slot_may_be_missing)
{
    slot_enter(NULL, SLOT_IDLE, 0);
}
END_TEST

START_TEST(states_and_kinds_have_names)
{
    for (int i = 0; i < SLOT_STATES; i++)
        ck_assert_uint_gt(strlen(slot_state_name(i)), 0);
    for (int i = 0; i < SLOT_KINDS; i++)
        ck_assert_uint_gt(strlen(slot_kind_name(i)), 0);
}
END_TEST

Suite *scoreboard_suite(void)
{
    const TTest *tests[] = {
        scoreboard_lies_beside_the_socket,
        what_the_pool_writes_can_be_read_outside,
        file_has_all_its_room_before_anybody_writes,
        new_pool_replaces_what_an_old_one_left,
        strangers_cannot_read_it,
        absent_or_foreign_file_is_not_opened,
        pool_works_without_the_file,
        pool_removes_its_own_file_only,
        slot_may_be_missing,
        states_and_kinds_have_names,
    };

    return UNIT_SUITE("scoreboard", tests);
}
