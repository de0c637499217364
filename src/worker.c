/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include "clock.h"
#include "fcgi.h"
#include "log.h"
#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long the web server may take to bring a request, and to take an answer. */
#define PEER_TIMEOUT_MS 2000

/* No computation on a request comes near this. */
#define WORK_MS 2000

/* How often an idle worker shows that it lives. */
#define IDLE_MS 5000

/* How long to leave connections alone for which there is no descriptor or memory. */
#define ROOM_PAUSE_MS 500

/* Requests between two looks at the memory in use. */
#define MEMORY_EVERY 64

struct worker {
    const struct heritage *heritage;
    struct server server;
    struct arena arena;
    int epoll; /* the listening socket is in it */
    uint64_t requests;
    uint64_t requests_most; /* 0: no limit */
    int again;              /* database calls of this request that were sent twice */
};

static volatile sig_atomic_t stopping;
static volatile sig_atomic_t drain_secs;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

/* The master died without a word. Finish, but do not outlive it for long whatever happens. */
static void on_orphaned(int signal_number)
{
    (void)signal_number;
    stopping = 1;
    fcgi_exit_after((unsigned)drain_secs);
}

static void enter(const struct worker *worker, enum slot_state state, int64_t lasts_ms)
{
    slot_enter(worker->heritage->slot, state, clock_monotonic_ms() + lasts_ms);
}

/* Of the requests that went well a sample will do. */
static bool is_worth_a_line(const struct worker *worker, const struct observation *seen)
{
    return seen->status >= 400 || !seen->sent ||
           worker->requests % (uint64_t)worker->server.config->log_sample == 0;
}

static void log_request(const struct worker *worker, const struct exchange *exchange,
                        const struct observation *seen)
{
    const struct request *request = exchange->request;
    char client[NETADDR_TEXT_MAX] = "-";
    char tier[16] = "-";

    if (!is_worth_a_line(worker, seen))
        return;
    if (worker->server.config->log_addresses && exchange->client.bits > 0)
        netaddr_format(&exchange->client, client);
    if (seen->refusing_tier > 0)
        snprintf(tier, sizeof(tier), "/%d", seen->refusing_tier);
    log_event(LOG_INFO, "request",
              "id=%.*s method=%s route=%s status=%d code=%.*s queue_us=%lld database_us=%lld "
              "total_us=%lld bytes=%zu retried=%d sent=%d tier=%s client=%s",
              STR_ARG(request->id), route_method_name(request->method),
              exchange->route ? exchange->route->path : "-", seen->status,
              seen->code.len > 0 ? (int)seen->code.len : 1,
              seen->code.len > 0 ? seen->code.ptr : "-", (long long)seen->queue_us,
              (long long)seen->database_us, (long long)seen->total_us, seen->bytes, worker->again,
              seen->sent, tier, client);
}

static bool receive(struct worker *worker, struct request *request, int connection)
{
    char *const *variables;
    size_t limit = (size_t)worker->server.config->body_limit_max_bytes;
    struct str body;
    bool complete;

    enter(worker, SLOT_READING, PEER_TIMEOUT_MS);
    variables = fcgi_begin(connection, PEER_TIMEOUT_MS);
    if (variables == NULL) {
        metrics_count(worker->server.metrics, COUNT_UNREADABLE);
        return false;
    }
    request_init(request, &worker->arena, variables);
    if (request->method != METHOD_POST)
        limit = 0;
    body = fcgi_read_body(&worker->arena, limit, &complete);
    if (request->method == METHOD_POST)
        request_set_body(request, body, limit, complete);
    return true;
}

static void answer(struct worker *worker, int connection)
{
    struct request request;
    struct response response;
    struct exchange exchange;
    struct observation seen;
    struct str bytes;

    if (!receive(worker, &request, connection))
        return;
    worker->again = 0;
    enter(worker, SLOT_WORKING, WORK_MS);
    exchange = serve(&worker->server, &request, &response, fcgi_connection());
    bytes = response_render(&response, &worker->arena, request.id, request.method == METHOD_HEAD);
    seen = (struct observation){
        .route = route_number(exchange.route),
        .status = response.status,
        .code = response.code,
        .refusing_tier = exchange.refusing_tier,
        .queue_us = request.queue_us,
        .database_us = exchange.database_us,
        .bytes = bytes.len,
    };
    atomic_store(&worker->heritage->slot->route, seen.route);
    enter(worker, SLOT_WRITING, PEER_TIMEOUT_MS);
    seen.sent = fcgi_finish(bytes, PEER_TIMEOUT_MS);
    seen.total_us = clock_monotonic_us() - request.started_us;
    metrics_observe(worker->server.metrics, &seen);
    log_request(worker, &exchange, &seen);
}

/* Under load epoll_pwait() returns for the socket and leaves a signal pending. */
static bool term_is_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1;
}

/* Sleeps until there is a connection or a signal. A connection wakes one idle worker, not all. */
static void wait_for_connection(const struct worker *worker)
{
    struct epoll_event event;

    enter(worker, SLOT_IDLE, IDLE_MS);
    if (epoll_pwait(worker->epoll, &event, 1, IDLE_MS, &worker->heritage->sigmask) < 0 &&
        errno != EINTR)
        log_event(LOG_ERROR, "poll_failed", "error=%s", log_quote(str_from(strerror(errno))));
}

/* A connection that cannot be accepted would wake us again at once. */
static void wait_for_room(const struct worker *worker)
{
    static const struct timespec pause = {.tv_nsec = ROOM_PAUSE_MS * 1000000};

    log_event(LOG_ERROR, "accept_failed", "error=%s", log_quote(str_from(strerror(errno))));
    enter(worker, SLOT_IDLE, IDLE_MS);
    ppoll(NULL, 0, &pause, &worker->heritage->sigmask);
}

/* Whether what is queued is lost unless we take it. Who is replaced leaves it to the others. */
static bool socket_ends(const struct heritage *heritage)
{
    return heritage->own_socket &&
           (atomic_load(&heritage->board->ending) || getppid() != heritage->master);
}

/* The next connection; -1 when there is none, or none for us because we are to stop. */
static int next_connection(const struct worker *worker)
{
    const struct heritage *heritage = worker->heritage;
    int connection;

    if (stopping && !socket_ends(heritage))
        return -1;
    if (stopping)
        enter(worker, SLOT_DRAINING, IDLE_MS);
    connection = accept4(heritage->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        wait_for_room(worker);
    else if (connection < 0 && !stopping)
        wait_for_connection(worker);
    return connection;
}

static void count_event(void *context, enum db_event event)
{
    struct worker *worker = context;
    static const enum counter counters[] = {
        [DB_CONNECTED] = COUNT_CONNECTIONS, [DB_UNREACHABLE] = COUNT_UNREACHABLE,
        [DB_BROKEN] = COUNT_BROKEN,         [DB_AGAIN] = COUNT_CALLS_AGAIN,
        [DB_STANDBY] = COUNT_STANDBY,       [DB_REPLICA] = COUNT_REPLICA,
        [DB_BEHIND] = COUNT_BEHIND,
    };

    worker->again += event == DB_AGAIN;
    metrics_count(worker->server.metrics, counters[event]);
}

static struct db *open_database(struct worker *worker)
{
    const struct config *config = worker->server.config;
    struct db_settings settings = {
        .url = config->database_url.ptr,
        .read_url = config->read_database_url.len > 0 ? config->read_database_url.ptr : NULL,
        .functions = route_functions(),
        .unprepared = !config->database_prepare,
        .longest_ms = route_longest_ms(config),
        .notice = count_event,
        .context = worker,
    };

    return db_new(&settings);
}

/* Connects ahead of the first request. A database that is away now is asked again by the first
 * request; one that lacks a function will not get it while we run. */
static bool is_served_by(struct db *db, const struct config *config)
{
    struct db_limits limits = {.deadline_ms = clock_monotonic_ms() + config->read_deadline_ms,
                               .caller = -1};

    return db_connect(db, &limits) != DB_FAILED;
}

static int64_t resident_kb(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file && fscanf(file, "%*s %lld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Whether this worker has done, or has grown, enough. */
static bool is_worn(struct worker *worker)
{
    const struct config *config = worker->heritage->config;
    struct slot *slot = worker->heritage->slot;

    worker->requests++;
    atomic_store_explicit(&slot->requests, worker->requests, memory_order_relaxed);
    if (worker->requests % MEMORY_EVERY == 1)
        atomic_store(&slot->memory_kb, resident_kb());
    return (worker->requests_most > 0 && worker->requests >= worker->requests_most) ||
           (config->worker_max_rss_mb > 0 &&
            atomic_load(&slot->memory_kb) > config->worker_max_rss_mb * 1024);
}

static void open_epoll(struct worker *worker)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};

    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (worker->epoll < 0 ||
        epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->heritage->listen_fd, &event) != 0) {
        log_event(LOG_ERROR, "epoll_failed", "error=%s", log_quote(str_from(strerror(errno))));
        exit(EXIT_FAILURE);
    }
}

/* Answers until told to stop. Returns the exit status. */
static int work(struct worker *worker)
{
    for (;;) {
        int connection;
        bool last;
        if (term_is_pending())
            stopping = 1;
        last = stopping;
        connection = next_connection(worker);
        if (connection < 0 && last)
            return EXIT_SUCCESS;
        if (connection < 0)
            continue;
        answer(worker, connection);
        arena_reset(&worker->arena);
        if (is_worn(worker) && !stopping)
            return EXIT_RECYCLED;
    }
}

static void init(struct worker *worker, const struct heritage *heritage)
{
    struct sigaction term = {.sa_handler = on_term};
    struct sigaction orphaned = {.sa_handler = on_orphaned, .sa_flags = SA_RESTART};
    uint64_t most = (uint64_t)heritage->config->worker_max_requests;

    drain_secs = (sig_atomic_t)heritage->config->drain_secs;
    fcgi_init();
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &term, NULL);
    sigaction(SIGUSR1, &orphaned, NULL);
    *worker = (struct worker){
        .heritage = heritage,
        .server = {.config = heritage->config,
                   .clock = &heritage->board->clock,
                   .load = &heritage->board->load,
                   .metrics = &heritage->board->metrics,
                   .slot = heritage->slot,
                   .pages = heritage->pages,
                   .started_ms = atomic_load(&heritage->board->since_ms)},
        /* not all in one moment */
        .requests_most = most > 0 ? most - (uint64_t)getpid() % (most / 10 + 1) : 0,
    };
    arena_init(&worker->arena);
    open_epoll(worker);
}

int worker_run(const struct heritage *heritage)
{
    struct worker worker;
    int status = EXIT_MISCONFIGURED;

    init(&worker, heritage);
    enter(&worker, SLOT_STARTING, heritage->config->read_deadline_ms);
    worker.server.db = open_database(&worker);
    if (is_served_by(worker.server.db, heritage->config)) {
        enter(&worker, SLOT_IDLE, IDLE_MS);
        kill(heritage->master, SIGCHLD);
        status = work(&worker);
    }
    arena_release(&worker.arena);
    db_free(worker.server.db);
    return status;
}
