/* SPDX-License-Identifier: MIT */
#include "notify.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A datagram socket as the service manager has it, at `name`; '@' makes it abstract. */
static int manager_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    ck_assert_int_ge(fd, 0);
    strcpy(address.sun_path, name);
    if (*name == '@')
        address.sun_path[0] = '\0';
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void check_message(int fd, const char *expected)
{
    char bytes[64];
    ssize_t len = recv(fd, bytes, sizeof(bytes), 0);

    ck_assert_int_ge(len, 0);
    ck_view(((struct str){.ptr = bytes, .len = (size_t)len}), expected);
    close(fd);
}

START_TEST(state_reaches_the_service_manager)
{
    int fd = manager_at(arena_format(&test_arena, "%s/notify", unit_directory()).ptr);

    notify_send("READY=1\nSTATUS=x");
    check_message(fd, "READY=1\nSTATUS=x");
}
END_TEST

START_TEST(state_reaches_an_abstract_socket)
{
    int fd = manager_at(arena_format(&test_arena, "@initialsdb-unit-%d", (int)getpid()).ptr);

    notify_send("STOPPING=1");
    check_message(fd, "STOPPING=1");
}
END_TEST

START_TEST(end_is_announced_with_more_time_than_it_may_take)
{
    int fd = manager_at(arena_format(&test_arena, "%s/notify", unit_directory()).ptr);

    notify_stopping(600);
    check_message(fd, "STOPPING=1\nEXTEND_TIMEOUT_USEC=605000000");
}
END_TEST

START_TEST(nobody_to_notify_is_no_failure)
{
    char path[200];

    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    setenv("NOTIFY_SOCKET", "", 1);
    notify_send("READY=1");
    setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
    notify_send("READY=1");
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    notify_send("READY=1");
}
END_TEST

static int handed_over(const char *pid, const char *count)
{
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_FDNAMES", "http", 1);
    return notify_listen_fd();
}

static const char *own_pid(void)
{
    return arena_format(&test_arena, "%d", (int)getpid()).ptr;
}

START_TEST(socket_that_is_handed_over_is_number_3)
{
    if (fcntl(3, F_GETFD) < 0)
        ck_assert_int_eq(dup2(STDERR_FILENO, 3), 3);
    ck_assert_int_eq(handed_over(own_pid(), "1"), 3);
    ck_assert_int_eq(fcntl(3, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}
END_TEST

START_TEST(announcement_is_removed_from_the_environment)
{
    handed_over("1", "1");
    ck_assert_ptr_null(getenv("LISTEN_PID"));
    ck_assert_ptr_null(getenv("LISTEN_FDS"));
    ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
}
END_TEST

START_TEST(announcement_for_somebody_else_is_not_ours)
{
    ck_assert_int_eq(handed_over("1", "1"), -1);
    ck_assert_int_eq(handed_over("", "1"), -1);
    ck_assert_int_eq(handed_over("x", "1"), -1);
    ck_assert_int_eq(notify_listen_fd(), -1);
}
END_TEST

START_TEST(number_of_sockets_must_be_one)
{
    ck_assert_int_eq(handed_over(own_pid(), "0"), -1);
    ck_assert_int_eq(handed_over(own_pid(), "2"), -1);
    ck_assert_int_eq(handed_over(own_pid(), "-1"), -1);
    ck_assert_int_eq(handed_over(own_pid(), "99999999999999999999"), -1);
}
END_TEST

Suite *notify_suite(void)
{
    const TTest *tests[] = {
        state_reaches_the_service_manager,
        state_reaches_an_abstract_socket,
        end_is_announced_with_more_time_than_it_may_take,
        nobody_to_notify_is_no_failure,
        socket_that_is_handed_over_is_number_3,
        announcement_is_removed_from_the_environment,
        announcement_for_somebody_else_is_not_ours,
        number_of_sockets_must_be_one,
    };

    return UNIT_SUITE("notify", tests);
}
