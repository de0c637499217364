/* SPDX-License-Identifier: MIT */
#include "listen.h"
#include "environment.h"
#include "log.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct config config;
static struct listener listener;

/* Listens at `name` in the test's directory. */
static bool open_at(const char *name, const char *mode)
{
    const char *variables[] = {
        arena_format(&test_arena, "SOCKET_PATH=%s/%s", unit_directory(), name).ptr,
        arena_format(&test_arena, "SOCKET_MODE=%s", mode).ptr, NULL};
    struct str said;

    unsetenv("LISTEN_FDS");
    log_set_level(LOG_ERROR);
    ck_assert_int_eq(environment_load(&config, variables, &said), 0);
    return listener_open(&listener, &config);
}

static bool can_connect(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool connected;

    strcpy(address.sun_path, config.socket_path.ptr);
    connected = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(fd);
    return connected;
}

START_TEST(socket_is_bound_and_removed_again)
{
    ck_assert(open_at("socket", "0660"));
    ck_assert(listener.own);
    ck_assert(can_connect());
    listener_close(&listener, &config);
    ck_assert_int_eq(access(config.socket_path.ptr, F_OK), -1);
}
END_TEST

START_TEST(socket_has_the_mode_of_the_settings)
{
    static const char *const modes[] = {"0600", "0660", "0666"};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct stat status;
        ck_assert(open_at("socket", modes[i]));
        ck_assert_int_eq(stat(config.socket_path.ptr, &status), 0);
        ck_assert_uint_eq(status.st_mode & 07777, strtoul(modes[i], NULL, 8));
        listener_close(&listener, &config);
    }
}
END_TEST

START_TEST(nobody_waits_in_accept)
{
    ck_assert(open_at("socket", "0660"));
    ck_assert_int_eq(accept(listener.fd, NULL, NULL), -1);
    listener_close(&listener, &config);
}
END_TEST

START_TEST(socket_that_a_dead_pool_left_is_replaced)
{
    ck_assert(open_at("socket", "0660"));
    close(listener.fd);
    ck_assert(!can_connect());
    ck_assert(open_at("socket", "0660"));
    ck_assert(can_connect());
    listener_close(&listener, &config);
}
END_TEST

START_TEST(socket_of_a_live_pool_is_left_alone)
{
    struct listener first;

    ck_assert(open_at("socket", "0660"));
    first = listener;
    ck_assert(!open_at("socket", "0660"));
    ck_assert(can_connect());
    listener_close(&first, &config);
}
END_TEST

START_TEST(socket_of_a_pool_that_accepts_nobody_is_left_alone_at_once)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    ck_assert(open_at("socket", "0660"));
    ck_assert_int_eq(listen(listener.fd, 0), 0);
    strcpy(address.sun_path, config.socket_path.ptr);
    while (connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&address,
                   sizeof(address)) == 0)
        continue;
    ck_assert(!open_at("socket", "0660"));
    ck_assert_int_eq(access(config.socket_path.ptr, F_OK), 0);
}
END_TEST

START_TEST(path_that_cannot_be_bound_is_refused)
{
    char name[200];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert(!open_at(name, "0660"));
    ck_assert(!open_at("missing/socket", "0660"));
}
END_TEST

START_TEST(socket_that_is_handed_over_is_taken_and_stays)
{
    ck_assert(open_at("socket", "0660"));
    ck_assert_int_eq(dup2(listener.fd, 3), 3);
    setenv("LISTEN_PID", arena_format(&test_arena, "%d", (int)getpid()).ptr, 1);
    setenv("LISTEN_FDS", "1", 1);
    ck_assert(listener_open(&listener, &config));
    ck_assert_int_eq(listener.fd, 3);
    ck_assert(!listener.own);
    listener_close(&listener, &config);
    ck_assert_int_eq(access(config.socket_path.ptr, F_OK), 0);
}
END_TEST

Suite *listen_suite(void)
{
    const TTest *tests[] = {
        socket_is_bound_and_removed_again,
        socket_has_the_mode_of_the_settings,
        nobody_waits_in_accept,
        socket_that_a_dead_pool_left_is_replaced,
        socket_of_a_live_pool_is_left_alone,
        socket_of_a_pool_that_accepts_nobody_is_left_alone_at_once,
        path_that_cannot_be_bound_is_refused,
        socket_that_is_handed_over_is_taken_and_stays,
    };

    return UNIT_SUITE("listen", tests);
}
