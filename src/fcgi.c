/* SPDX-License-Identifier: MIT */
#include "fcgi.h"

#include <fcgiapp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DRAIN_MAX (1024 * 1024)

static FCGX_Request request;

/* Whose time limit runs: a peer that sends or takes one byte at a time keeps every single read or
 * write short, so the limit is on the whole, by a timer that hangs up. The timer ticks while there
 * is work instead of being set twice for each request. */
#define TICK_MS 250

static volatile sig_atomic_t limited_fd = -1;
static volatile sig_atomic_t ticks_left;
static volatile sig_atomic_t ticking;
static volatile sig_atomic_t exiting;

static void tick_once(void)
{
    struct itimerval timer = {.it_value = {.tv_usec = TICK_MS * 1000}};

    ticking = 1;
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
    if (exiting)
        _exit(EXIT_FAILURE);
    if (limited_fd >= 0 && --ticks_left <= 0)
        shutdown(limited_fd, SHUT_RDWR);
    ticking = 0;
    if (limited_fd >= 0)
        tick_once();
}

/* `timeout_ms` and up to a tick more. */
static void limit(int fd, int timeout_ms)
{
    ticks_left = timeout_ms / TICK_MS + 1;
    limited_fd = fd;
    if (!ticking && !exiting)
        tick_once();
}

void fcgi_exit_after(unsigned secs)
{
    exiting = 1;
    alarm(secs);
}

void fcgi_init(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

    /* Finishing a request waits for the peer to close: at most this many ms, not two seconds. */
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "100", 1);
    if (FCGX_Init() != 0)
        abort();
    sigaction(SIGALRM, &action, NULL);
}

char *const *fcgi_begin(int connection, int timeout_ms)
{
    limit(connection, timeout_ms);
    if (FCGX_InitRequest(&request, -1, 0) != 0)
        abort();
    /* "Kept" from an earlier request: FCGX_Accept_r reads from it instead of accepting. */
    request.ipcFd = connection;
    request.keepConnection = 1;
    if (FCGX_Accept_r(&request) == 0)
        return request.envp;
    limited_fd = -1;
    return NULL;
}

int fcgi_connection(void)
{
    return request.ipcFd;
}

static void drain(void)
{
    char waste[4096];
    int left = DRAIN_MAX;

    while (left > 0) {
        int len = FCGX_GetStr(waste, sizeof(waste), request.in);
        if (len <= 0)
            return;
        left -= len;
    }
}

struct str fcgi_read_body(struct arena *arena, size_t most, bool *complete)
{
    size_t size = most < INT_MAX ? most + 1 : INT_MAX;
    char *body = arena_alloc(arena, size);
    int len = FCGX_GetStr(body, (int)size, request.in);

    if ((size_t)len == size)
        drain();
    *complete = FCGX_GetError(request.in) == 0 && FCGX_HasSeenEOF(request.in) != 0;
    limited_fd = -1;
    return (struct str){.ptr = body, .len = (size_t)len};
}

bool fcgi_finish(struct str answer, int timeout_ms)
{
    bool sent;

    limit(request.ipcFd, timeout_ms);
    /* Closed and not flushed: the answer and the end of the request are one write then. */
    sent = FCGX_PutStr(answer.ptr, (int)answer.len, request.out) == (int)answer.len;
    FCGX_FClose(request.err);
    sent = FCGX_FClose(request.out) == 0 && sent;
    request.keepConnection = 0; /* a kept connection would keep this worker for one peer */
    /* Who has said everything is owed nothing but the answer: no lingering until it closes. */
    if (FCGX_HasSeenEOF(request.in))
        FCGX_Detach(&request);
    limited_fd = -1; /* a tick that still comes hits nothing */
    FCGX_Finish_r(&request);
    return sent;
}
