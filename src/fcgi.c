#include "fcgi.h"

#include <fcgiapp.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#define DRAIN_MAX (1024 * 1024)

static FCGX_Request request;

void fcgi_init(void)
{
    /* Finishing a request waits for the peer to close: at most this many ms, not two seconds. */
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "100", 1);
    if (FCGX_Init() != 0)
        abort();
}

char *const *fcgi_begin(int connection, int timeout_ms)
{
    struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (FCGX_InitRequest(&request, -1, 0) != 0)
        abort();
    /* "Kept" from an earlier request: FCGX_Accept_r reads from it instead of accepting. */
    request.ipcFd = connection;
    request.keepConnection = 1;
    return FCGX_Accept_r(&request) == 0 ? request.envp : NULL;
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

struct str fcgi_read_body(struct arena *arena, size_t limit, bool *complete)
{
    size_t size = limit < INT_MAX ? limit + 1 : INT_MAX;
    char *body = arena_alloc(arena, size);
    int len = FCGX_GetStr(body, (int)size, request.in);

    if ((size_t)len == size)
        drain();
    *complete = FCGX_GetError(request.in) == 0 && FCGX_HasSeenEOF(request.in) != 0;
    return (struct str){.ptr = body, .len = (size_t)len};
}

bool fcgi_finish(struct str answer)
{
    bool sent = FCGX_PutStr(answer.ptr, (int)answer.len, request.out) == (int)answer.len &&
                FCGX_FFlush(request.out) == 0;

    request.keepConnection = 0; /* a kept connection would keep this worker for one peer */
    FCGX_Finish_r(&request);
    return sent;
}
