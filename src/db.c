#include "db.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGUMENTS 16

/* A backend notices within a tenth of a second that its client is gone (PostgreSQL 14): dropping
 * the connection is how a query is cancelled. The time-out is the backstop of the deadline. */
#define SESSION_OPTIONS "-c client_connection_check_interval=100 -c statement_timeout=65000"

struct db {
    const char *url;
    const struct db_function *const *functions;
    PGconn *conn; /* NULL: not connected */
};

enum columns {
    COLUMN_STATUS,
    COLUMN_CODE,
    COLUMN_BODY,
    COLUMN_RETRY_AFTER_MS,
    COLUMN_QUOTA_REMAINING,
    COLUMN_QUOTA_RESET_MS,
    COLUMN_NEXT_ID,
    COLUMN_CLOCK_MS,
    COLUMNS,
};

struct db *db_new(const char *url, const struct db_function *const *functions)
{
    struct db *db = calloc(1, sizeof(*db));

    if (db == NULL)
        abort();
    db->url = url;
    db->functions = functions;
    return db;
}

static void disconnect(struct db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
}

void db_free(struct db *db)
{
    disconnect(db);
    free(db);
}

static void ignore_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* Waits until the connection's socket is ready for `events`. */
static enum db_status wait_for(struct db *db, short events, const struct db_limits *limits)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = PQsocket(db->conn), .events = events},
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

static enum db_status finish_connecting(struct db *db, const struct db_limits *limits)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    while (step != PGRES_POLLING_OK) {
        enum db_status status;
        if (step == PGRES_POLLING_FAILED)
            return DB_UNAVAILABLE;
        status = wait_for(db, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, limits);
        if (status != DB_OK)
            return status;
        step = PQconnectPoll(db->conn);
    }
    return PQsetnonblocking(db->conn, 1) == 0 ? DB_OK : DB_UNAVAILABLE;
}

static enum db_status flush(struct db *db, const struct db_limits *limits)
{
    int left;

    while ((left = PQflush(db->conn)) == 1) {
        enum db_status status = wait_for(db, POLLIN | POLLOUT, limits);
        if (status != DB_OK)
            return status;
        if (!PQconsumeInput(db->conn))
            return DB_UNAVAILABLE;
    }
    return left == 0 ? DB_OK : DB_UNAVAILABLE;
}

static enum db_status judge_error(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (state == NULL)
        return DB_UNAVAILABLE; /* libpq's own: the connection broke */
    log_event(LOG_ERROR, "database_error", "sqlstate=%s message=%s", state,
              log_quote(str_from(message)));
    if (strcmp(state, "57014") == 0)
        return DB_TIMEOUT;
    /* 08 connection, 40 rolled back (deadlock), 53 out of resources, 57 operator intervention */
    if (strncmp(state, "08", 2) == 0 || strncmp(state, "40", 2) == 0 ||
        strncmp(state, "53", 2) == 0 || strncmp(state, "57", 2) == 0)
        return DB_UNAVAILABLE;
    return DB_FAILED;
}

/* Reads all results of one statement; the first goes to `*first`, which the caller clears. */
static enum db_status receive(struct db *db, const struct db_limits *limits, PGresult **first)
{
    *first = NULL;
    for (;;) {
        PGresult *result;
        enum db_status status;

        while (PQisBusy(db->conn)) {
            status = wait_for(db, POLLIN, limits);
            if (status == DB_OK && !PQconsumeInput(db->conn))
                status = DB_UNAVAILABLE;
            if (status != DB_OK)
                return status;
        }
        result = PQgetResult(db->conn);
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

static enum db_status prepare(struct db *db, const struct db_function *function,
                              const struct db_limits *limits)
{
    char sql[160];
    size_t len;
    PGresult *result;
    enum db_status status;

    len = (size_t)snprintf(sql, sizeof(sql), "select * from api.%s(", function->name);
    for (int i = 1; i <= function->arguments && len < sizeof(sql); i++)
        len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%s$%d", i > 1 ? ", " : "", i);
    if (len + 2 > sizeof(sql))
        abort();
    memcpy(sql + len, ")", 2);
    if (!PQsendPrepare(db->conn, function->name, sql, 0, NULL))
        return DB_UNAVAILABLE;
    status = flush(db, limits);
    if (status == DB_OK) {
        status = receive(db, limits, &result);
        PQclear(result);
    }
    return status;
}

static enum db_status start(struct db *db, const struct db_limits *limits)
{
    static const char *const keywords[] = {"dbname", "fallback_application_name", "options",
                                           "client_encoding", NULL};
    const char *const values[] = {db->url, "initialsdb", SESSION_OPTIONS, "UTF8", NULL};
    enum db_status status;

    db->conn = PQconnectStartParams(keywords, values, 1);
    if (db->conn == NULL)
        abort();
    if (PQstatus(db->conn) == CONNECTION_BAD)
        return DB_UNAVAILABLE;
    PQsetNoticeProcessor(db->conn, ignore_notice, NULL);
    status = finish_connecting(db, limits);
    for (int i = 0; status == DB_OK && db->functions[i]; i++)
        status = prepare(db, db->functions[i], limits);
    return status;
}

enum db_status db_connect(struct db *db, const struct db_limits *limits)
{
    enum db_status status = db->conn ? DB_OK : start(db, limits);

    if (status == DB_OK)
        return status;
    log_event(LOG_WARN, "database_unreachable", "message=%s",
              log_quote(str_from(PQerrorMessage(db->conn))));
    disconnect(db);
    return status;
}

/* An idle connection says nothing: input on it is the server's farewell. */
static bool is_alive(struct db *db)
{
    struct pollfd fd = {.fd = PQsocket(db->conn), .events = POLLIN};

    if (poll(&fd, 1, 0) == 0)
        return true;
    return PQconsumeInput(db->conn) && PQstatus(db->conn) == CONNECTION_OK;
}

static int64_t get_int(const PGresult *row, int column)
{
    return PQgetisnull(row, 0, column) ? 0 : strtoll(PQgetvalue(row, 0, column), NULL, 10);
}

static struct str get_text(const PGresult *row, int column, struct arena *arena)
{
    return arena_copy(arena, (struct str){.ptr = PQgetvalue(row, 0, column),
                                          .len = (size_t)PQgetlength(row, 0, column)});
}

static enum db_status decode(const PGresult *row, struct arena *arena, struct db_answer *answer)
{
    if (PQntuples(row) != 1 || PQnfields(row) != COLUMNS)
        return DB_FAILED;
    answer->status = (int)get_int(row, COLUMN_STATUS);
    answer->code = get_text(row, COLUMN_CODE, arena);
    answer->body = get_text(row, COLUMN_BODY, arena);
    answer->retry_after_ms = (int)get_int(row, COLUMN_RETRY_AFTER_MS);
    answer->charged = !PQgetisnull(row, 0, COLUMN_QUOTA_REMAINING);
    answer->quota_remaining = get_int(row, COLUMN_QUOTA_REMAINING);
    answer->quota_reset_ms = get_int(row, COLUMN_QUOTA_RESET_MS);
    answer->next_id = get_int(row, COLUMN_NEXT_ID);
    answer->clock_ms = get_int(row, COLUMN_CLOCK_MS);
    return DB_OK;
}

static enum db_status exchange(struct db *db, const struct db_function *function,
                               const struct db_value *values, const struct db_limits *limits,
                               struct arena *arena, struct db_answer *answer)
{
    const char *pointers[MAX_ARGUMENTS];
    int lengths[MAX_ARGUMENTS];
    int formats[MAX_ARGUMENTS];
    PGresult *row = NULL;
    enum db_status status;

    for (int i = 0; i < function->arguments; i++) {
        pointers[i] = values[i].null ? NULL : arena_copy(arena, values[i].bytes).ptr;
        lengths[i] = (int)values[i].bytes.len;
        formats[i] = values[i].binary;
    }
    if (!PQsendQueryPrepared(db->conn, function->name, function->arguments, pointers, lengths,
                             formats, 0))
        return DB_UNAVAILABLE;
    status = flush(db, limits);
    if (status == DB_OK)
        status = receive(db, limits, &row);
    if (status == DB_OK)
        status = decode(row, arena, answer);
    PQclear(row);
    return status;
}

enum db_status db_call(struct db *db, const struct db_function *function,
                       const struct db_value *values, const struct db_limits *limits,
                       struct arena *arena, struct db_answer *answer)
{
    enum db_status status = DB_UNAVAILABLE;

    if (db->conn && !is_alive(db))
        disconnect(db);
    for (int attempt = 0; attempt < 2; attempt++) {
        bool fresh = db->conn == NULL;
        if (fresh && (status = db_connect(db, limits)) != DB_OK)
            return status;
        status = exchange(db, function, values, limits, arena, answer);
        if (status == DB_OK || status == DB_FAILED)
            return status;
        disconnect(db);
        if (status != DB_UNAVAILABLE || fresh || !limits->idempotent)
            break;
    }
    return status;
}

/* ---- sessions of operators' commands ---- */

struct db_session {
    PGconn *conn;
    PGresult *result;
};

struct db_session *db_session_open(const char *url, const char *database)
{
    /* Only the first dbname may be a connection string; a second one then replaces its name. */
    const char *const keywords[] = {"dbname", "fallback_application_name", "client_encoding",
                                    database ? "dbname" : NULL, NULL};
    const char *const values[] = {url, "initialsdb", "UTF8", database, NULL};
    struct db_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        abort();
    session->conn = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(session->conn) == CONNECTION_OK) {
        PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
        return session;
    }
    fprintf(stderr, "initialsdb: %s", PQerrorMessage(session->conn));
    db_session_close(session);
    return NULL;
}

void db_session_close(struct db_session *session)
{
    PQclear(session->result);
    PQfinish(session->conn);
    free(session);
}

bool db_session_run(struct db_session *session, const char *sql, int count,
                    const char *const *values)
{
    ExecStatusType status;

    PQclear(session->result);
    session->result = count > 0
                          ? PQexecParams(session->conn, sql, count, NULL, values, NULL, NULL, 0)
                          : PQexec(session->conn, sql);
    status = PQresultStatus(session->result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

const char *db_session_error(const struct db_session *session)
{
    return PQerrorMessage(session->conn);
}

int db_session_rows(const struct db_session *session)
{
    return PQntuples(session->result);
}

const char *db_session_get(const struct db_session *session, int row, int column)
{
    return PQgetisnull(session->result, row, column) ? NULL
                                                     : PQgetvalue(session->result, row, column);
}

struct str db_url_part(struct arena *arena, const char *url, const char *keyword)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    struct str part = STR("");

    for (PQconninfoOption *option = options; option && option->keyword; option++) {
        if (option->val && strcmp(option->keyword, keyword) == 0)
            part = arena_copy(arena, str_from(option->val));
    }
    PQconninfoFree(options);
    return part;
}
