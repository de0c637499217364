/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include "clock.h"
#include "str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3

/* What is left to do when the time to drain is over. */
#define MARGIN_SECS 5

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    int fd;

    if (len == 0 || len >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, len);
    if (address.sun_path[0] == '@') /* an abstract socket */
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    close(fd);
}

void notify_reloading(void)
{
    char state[64];

    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)clock_monotonic_us());
    notify_send(state);
}

void notify_stopping(int64_t secs)
{
    char state[64];

    snprintf(state, sizeof(state), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld",
             (long long)((secs + MARGIN_SECS) * 1000000));
    notify_send(state);
}

int64_t notify_watchdog_ms(void)
{
    struct str pid_text = str_from(getenv("WATCHDOG_PID"));
    uint64_t interval_us;
    uint64_t pid;

    if (!str_to_u64(str_from(getenv("WATCHDOG_USEC")), INT64_MAX, &interval_us))
        return 0;
    if (pid_text.len > 0 && (!str_to_u64(pid_text, INT32_MAX, &pid) || (pid_t)pid != getpid()))
        return 0;
    return (int64_t)interval_us / 1000;
}

int notify_listen_fd(void)
{
    struct str pid_text = str_from(getenv("LISTEN_PID"));
    struct str count_text = str_from(getenv("LISTEN_FDS"));
    uint64_t pid;
    uint64_t count;
    bool ours = str_to_u64(pid_text, INT32_MAX, &pid) && (pid_t)pid == getpid() &&
                str_to_u64(count_text, 1024, &count) && count == 1;

    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!ours || fcntl(LISTEN_FDS_START, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    return LISTEN_FDS_START;
}
