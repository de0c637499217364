/* SPDX-License-Identifier: MIT */
#include "link.h"

#include "clock.h"
#include "dburl.h"
#include "log.h"
#include "pace.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ARGUMENTS 16

/* How long one of several hosts may take to let us in. */
#define HOST_MS 1000

/* Pauses between attempts. */
#define PAUSE_LEAST_MS 40
#define PAUSE_MOST_MS 600

/* What statement_timeout adds to the longest deadline: it is the backstop for a server that no
 * longer hears us, not the clock we go by. */
#define BACKSTOP_MS 500

struct link {
    const struct db_settings *settings;
    const char *url;
    bool any;
    char options[320];
    PGconn *conn; /* NULL: not connected */
    struct dburl_hosts hosts;
    int first; /* the host to try first */
    struct pace pace;
};

struct link *link_new(const struct db_settings *settings, const char *url, enum link_kind kind)
{
    struct link *link = calloc(1, sizeof(*link));

    if (link == NULL)
        abort();
    link->settings = settings;
    link->url = url;
    link->any = kind == LINK_ANY;
    link->pace = (struct pace){.least_ms = PAUSE_LEAST_MS, .most_ms = PAUSE_MOST_MS};
    dburl_hosts_init(&link->hosts, url);
    link->first = kind == LINK_REPLICA ? getpid() % link->hosts.count : 0;
    /* A backend looks every 50 ms whether its client is gone: dropping the connection is how a
     * query is cancelled, and it works through a dead network, too, by the time-outs. */
    if (!settings->unprepared)
        snprintf(link->options, sizeof(link->options),
                 "-c client_connection_check_interval=50 -c statement_timeout=%lld "
                 "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
                 "-c tcp_user_timeout=15000",
                 (long long)(settings->longest_ms + BACKSTOP_MS));
    return link;
}

void link_close(struct link *link)
{
    PQfinish(link->conn);
    link->conn = NULL;
}

void link_free(struct link *link)
{
    if (link == NULL)
        return;
    link_close(link);
    dburl_hosts_release(&link->hosts);
    free(link);
}

bool link_is_open(const struct link *link)
{
    return link->conn != NULL;
}

bool link_has_choice(const struct link *link)
{
    return link->hosts.count > 1;
}

/* ---- waiting ---- */

static void ignore_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static void tell(const struct link *link, enum db_event event)
{
    if (link->settings->notice)
        link->settings->notice(link->settings->context, event);
}

/* Waits until the connection's socket is ready for `events`. */
static enum db_status wait_for(struct link *link, short events, const struct db_limits *limits)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = PQsocket(link->conn), .events = events},
                                {.fd = limits->caller, .events = 0}};
        int64_t left_ms = limits->deadline_ms - clock_monotonic_ms();
        int ready = left_ms > 0 ? poll(fds, 2, (int)left_ms) : 0;

        if (ready == 0)
            return DB_TIMEOUT;
        if (ready < 0 && errno != EINTR)
            return DB_UNAVAILABLE;
        if (ready > 0 && fds[0].revents)
            return DB_OK;
        if (ready > 0 && fds[1].revents & (POLLHUP | POLLERR))
            return DB_CALLER_LEFT;
    }
}

static enum db_status flush(struct link *link, const struct db_limits *limits)
{
    int left;

    while ((left = PQflush(link->conn)) == 1) {
        enum db_status status = wait_for(link, POLLIN | POLLOUT, limits);
        if (status != DB_OK)
            return status;
        if (!PQconsumeInput(link->conn))
            return DB_UNAVAILABLE;
    }
    return left == 0 ? DB_OK : DB_UNAVAILABLE;
}

static enum db_status judge_error(const PGresult *result)
{
    /* connection, read-only, rolled back (deadlock), out of resources, operator intervention */
    static const char *const passing[] = {"08", "25006", "40", "53", "57"};
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (state == NULL)
        return DB_UNAVAILABLE; /* libpq's own: the connection broke */
    log_event(LOG_ERROR, "database_error", "sqlstate=%s message=%s", state,
              log_quote(str_from(message)));
    if (strcmp(state, "57014") == 0)
        return DB_TIMEOUT;
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        if (strncmp(state, passing[i], strlen(passing[i])) == 0)
            return DB_UNAVAILABLE;
    }
    return DB_FAILED;
}

/* Reads all results of one statement; the first goes to `*first`, which the caller clears. */
static enum db_status receive(struct link *link, const struct db_limits *limits, PGresult **first)
{
    *first = NULL;
    for (;;) {
        PGresult *result;
        enum db_status status;

        while (PQisBusy(link->conn)) {
            status = wait_for(link, POLLIN, limits);
            if (status == DB_OK && !PQconsumeInput(link->conn))
                status = DB_UNAVAILABLE;
            if (status != DB_OK)
                return status;
        }
        result = PQgetResult(link->conn);
        if (result == NULL)
            break;
        if (*first)
            PQclear(result);
        else
            *first = result;
    }
    if (*first == NULL)
        return DB_UNAVAILABLE;
    if (PQresultStatus(*first) == PGRES_COMMAND_OK || PQresultStatus(*first) == PGRES_TUPLES_OK)
        return DB_OK;
    return judge_error(*first);
}

/* ---- connecting ---- */

static enum db_status finish_connecting(struct link *link, const struct db_limits *limits)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    while (step != PGRES_POLLING_OK) {
        enum db_status status;
        if (step == PGRES_POLLING_FAILED)
            return DB_UNAVAILABLE;
        status = wait_for(link, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, limits);
        if (status != DB_OK)
            return status;
        step = PQconnectPoll(link->conn);
    }
    return PQsetnonblocking(link->conn, 1) == 0 ? DB_OK : DB_UNAVAILABLE;
}

static void print_call(char *sql, size_t size, const struct db_function *function)
{
    size_t len = (size_t)snprintf(sql, size, "select * from api.%s(", function->name);

    for (int i = 1; i <= function->arguments && len < size; i++)
        len += (size_t)snprintf(sql + len, size - len, "%s$%d", i > 1 ? ", " : "", i);
    if (len + 2 > size)
        abort();
    memcpy(sql + len, ")", 2);
}

/* Without names of statements this only proves that the function is there. */
static enum db_status prepare(struct link *link, const struct db_function *function,
                              const struct db_limits *limits)
{
    const char *name = link->settings->unprepared ? "" : function->name;
    char sql[160];
    PGresult *result;
    enum db_status status;

    print_call(sql, sizeof(sql), function);
    if (!PQsendPrepare(link->conn, name, sql, 0, NULL))
        return DB_UNAVAILABLE;
    status = flush(link, limits);
    if (status == DB_OK) {
        status = receive(link, limits, &result);
        PQclear(result);
    }
    return status;
}

static void begin_connecting(struct link *link, int number)
{
    const struct dburl_host *host = &link->hosts.list[number];
    const char *keywords[10] = {"dbname", "fallback_application_name", "client_encoding"};
    const char *values[10] = {link->url, "initialsdb", "UTF8"};
    const char *const more[][2] = {
        {"options", *link->options ? link->options : NULL},
        {"target_session_attrs", link->any ? "any" : NULL},
        {"host", host->host},
        {"hostaddr", host->hostaddr},
        {"port", host->port},
    };
    int count = 3;

    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        if (more[i][1] == NULL)
            continue;
        keywords[count] = more[i][0];
        values[count++] = more[i][1];
    }
    link->conn = PQconnectStartParams(keywords, values, 1);
    if (link->conn == NULL)
        abort();
}

static enum db_status try_host(struct link *link, int number, const struct db_limits *limits)
{
    enum db_status status = DB_UNAVAILABLE;

    begin_connecting(link, number);
    if (PQstatus(link->conn) != CONNECTION_BAD) {
        PQsetNoticeProcessor(link->conn, ignore_notice, NULL);
        status = finish_connecting(link, limits);
    }
    for (int i = 0; status == DB_OK && link->settings->functions[i]; i++)
        status = prepare(link, link->settings->functions[i], limits);
    if (status == DB_OK)
        return status;
    log_event(LOG_WARN, "database_unreachable", "message=%s",
              log_quote(str_from(PQerrorMessage(link->conn))));
    link_close(link);
    return status;
}

/* The deadline for one of `left` hosts, when others, and perhaps a standby or replica, shall have
 * their turn. */
static int64_t share(int64_t deadline_ms, int left)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t part_ms = (deadline_ms - now_ms) / (left + 1);

    return now_ms + (part_ms < HOST_MS ? part_ms : HOST_MS);
}

static enum db_status try_hosts(struct link *link, const struct db_limits *limits)
{
    enum db_status status = DB_UNAVAILABLE;

    for (int i = 0; i < link->hosts.count; i++) {
        int number = (link->first + i) % link->hosts.count;
        struct db_limits part = *limits;
        if (link->hosts.count > 1 || link->settings->read_url)
            part.deadline_ms = share(limits->deadline_ms, link->hosts.count - i);
        status = try_host(link, number, &part);
        if (status == DB_OK)
            link->first = number;
        if (status != DB_UNAVAILABLE && status != DB_TIMEOUT)
            return status;
        if (clock_monotonic_ms() >= limits->deadline_ms)
            return DB_TIMEOUT;
    }
    return status == DB_TIMEOUT ? DB_UNAVAILABLE : status;
}

enum db_status link_open(struct link *link, const struct db_limits *limits)
{
    enum db_status status;

    if (link->conn)
        return DB_OK;
    if (!pace_allows(&link->pace))
        return DB_UNAVAILABLE;
    status = try_hosts(link, limits);
    if (status == DB_OK) {
        pace_succeeded(&link->pace);
        tell(link, DB_CONNECTED);
    } else if (status != DB_CALLER_LEFT) {
        pace_failed(&link->pace);
        tell(link, DB_UNREACHABLE);
    }
    return status;
}

/* ---- calling ---- */

/* An idle connection says nothing: input on it is the server's farewell. */
static bool is_alive(struct link *link)
{
    struct pollfd fd = {.fd = PQsocket(link->conn), .events = POLLIN};

    if (poll(&fd, 1, 0) == 0)
        return true;
    return PQconsumeInput(link->conn) && PQstatus(link->conn) == CONNECTION_OK;
}

static bool send_call(struct link *link, const struct db_function *function,
                      const struct db_value *values, struct arena *arena)
{
    const char *pointers[MAX_ARGUMENTS];
    int lengths[MAX_ARGUMENTS];
    int formats[MAX_ARGUMENTS];
    char sql[160];

    for (int i = 0; i < function->arguments; i++) {
        pointers[i] = values[i].null ? NULL : arena_copy(arena, values[i].bytes).ptr;
        lengths[i] = (int)values[i].bytes.len;
        formats[i] = values[i].binary;
    }
    if (!link->settings->unprepared)
        return PQsendQueryPrepared(link->conn, function->name, function->arguments, pointers,
                                   lengths, formats, 0);
    print_call(sql, sizeof(sql), function);
    return PQsendQueryParams(link->conn, sql, function->arguments, NULL, pointers, lengths, formats,
                             0);
}

static enum db_status read_row(const PGresult *result, struct arena *arena, struct link_row *row)
{
    if (PQntuples(result) != 1 || PQnfields(result) != LINK_COLUMNS)
        return DB_FAILED;
    for (int i = 0; i < LINK_COLUMNS; i++) {
        struct str text = {.ptr = PQgetvalue(result, 0, i),
                           .len = (size_t)PQgetlength(result, 0, i)};
        row->nulls[i] = PQgetisnull(result, 0, i);
        row->columns[i] = arena_copy(arena, text);
    }
    return DB_OK;
}

enum db_status link_call(struct link *link, const struct db_function *function,
                         const struct db_value *values, const struct db_limits *limits,
                         struct arena *arena, struct link_row *row)
{
    enum db_status status = DB_UNAVAILABLE;
    PGresult *result = NULL;

    if (is_alive(link) && send_call(link, function, values, arena))
        status = flush(link, limits);
    if (status == DB_OK)
        status = receive(link, limits, &result);
    if (status == DB_OK)
        status = read_row(result, arena, row);
    PQclear(result);
    if (status == DB_OK || status == DB_FAILED)
        return status;
    if (status == DB_UNAVAILABLE)
        tell(link, DB_BROKEN);
    link_close(link);
    return status;
}
