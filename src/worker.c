#include "worker.h"

#include "clock.h"
#include "fcgi.h"
#include "log.h"
#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* How long one read from or write to the web server may stall. */
#define PEER_TIMEOUT_MS 2000

static volatile sig_atomic_t stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static void log_request(const struct exchange *exchange, size_t bytes, bool sent)
{
    const struct request *request = exchange->request;
    const struct response *response = exchange->response;
    const char *path = exchange->route ? exchange->route->path : "-";

    log_event(LOG_INFO, "request",
              "id=%.*s method=%s route=%s status=%d code=%.*s total_us=%lld database_us=%lld "
              "bytes=%zu sent=%d",
              STR_ARG(request->id), route_method_name(request->method), path, response->status,
              response->code.len > 0 ? (int)response->code.len : 1,
              response->code.len > 0 ? response->code.ptr : "-",
              (long long)(clock_monotonic_us() - request->started_us),
              (long long)exchange->database_us, bytes, sent);
}

static void answer(struct server *server, struct arena *arena, int connection)
{
    char *const *variables = fcgi_begin(connection, PEER_TIMEOUT_MS);
    size_t limit = (size_t)server->config->body_limit_max_bytes;
    struct request request;
    struct response response;
    struct exchange exchange;
    struct str bytes;
    bool sent;

    if (variables == NULL)
        return;
    request_init(&request, arena, variables);
    if (request.method == METHOD_POST) {
        bool complete;
        struct str body = fcgi_read_body(arena, limit, &complete);
        request_set_body(&request, body, limit, complete);
    }
    exchange = serve(server, &request, &response, fcgi_connection());
    bytes = response_render(&response, arena, request.id, request.method == METHOD_HEAD);
    sent = fcgi_finish(bytes);
    log_request(&exchange, bytes.len, sent);
}

/* Under load ppoll() returns for the socket and leaves a signal pending. */
static bool term_is_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1;
}

/* Waits for a connection with signals open; -1 when woken without one. */
static int next_connection(const struct heritage *heritage)
{
    struct pollfd fd = {.fd = heritage->listen_fd, .events = POLLIN};

    /* Once stopping, only what is queued on a socket that dies with us is still taken. */
    if (!stopping && ppoll(&fd, 1, NULL, &heritage->sigmask) < 0 && errno != EINTR)
        log_event(LOG_ERROR, "poll_failed", "error=%s", log_quote(str_from(strerror(errno))));
    if (term_is_pending())
        stopping = 1;
    if (stopping && !heritage->own_socket)
        return -1;
    return accept4(heritage->listen_fd, NULL, NULL, SOCK_CLOEXEC);
}

/* Connects ahead of the first request. A database that is away now is asked again by the first
 * request; one that lacks a function will not get it while we run. */
static bool is_served_by(struct db *db, const struct config *config)
{
    struct db_limits limits = {.deadline_ms = clock_monotonic_ms() + config->read_deadline_ms,
                               .caller = -1};

    return db_connect(db, &limits) != DB_FAILED;
}

int worker_run(const struct heritage *heritage)
{
    struct sigaction action = {.sa_handler = on_term};
    struct server server = {.config = heritage->config,
                            .clock = &heritage->shared->clock,
                            .load = &heritage->shared->load};
    struct arena arena;
    int connection;

    fcgi_init();
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &action, NULL);
    server.db = db_new(heritage->config->database_url.ptr, route_functions());
    if (!is_served_by(server.db, heritage->config))
        return EXIT_MISCONFIGURED;
    arena_init(&arena);
    while ((connection = next_connection(heritage)) >= 0 || !stopping) {
        if (connection < 0)
            continue;
        answer(&server, &arena, connection);
        arena_reset(&arena);
        atomic_fetch_add(&heritage->slot->requests, 1);
    }
    arena_release(&arena);
    db_free(server.db);
    return 0;
}
