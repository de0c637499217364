/* SPDX-License-Identifier: MIT */
/*
 * A clock that can be moved, for `make run-debug` and tests: with this before its C library
 * (LD_PRELOAD) Postgres tells a time that is as many seconds ahead as the file CLOCK_FILE says at
 * that moment. The board goes by the clock of its database alone, so that everything moves with it:
 * budgets, proofs, bans, keys of days, times of messages.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A file that is being written anew is empty for a moment: then it is what it was. */
static long seconds_ahead(void)
{
    static long last;
    const char *path = getenv("CLOCK_FILE");
    char text[32] = "";
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return last;
    if (read(fd, text, sizeof(text) - 1) > 0)
        last = strtol(text, NULL, 10);
    close(fd);
    return last;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    int result;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    result = real(id, now);
    if (result == 0 && id == CLOCK_REALTIME)
        now->tv_sec += seconds_ahead();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
        return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec precise;

    clock_gettime(CLOCK_REALTIME, &precise);
    if (now)
        *now = precise.tv_sec;
    return precise.tv_sec;
}
