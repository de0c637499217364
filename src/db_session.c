/* SPDX-License-Identifier: MIT */
#include "db_session.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_SECS "10"

static void ignore_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

struct db_session {
    PGconn *conn;
    PGresult *result;
};

/* Takes lists that end with NULL; of two values for one keyword the later one wins. */
static struct db_session *open_session(const char *const *keywords, const char *const *values)
{
    struct db_session *session = calloc(1, sizeof(*session));

    if (session == NULL)
        abort();
    session->conn = PQconnectdbParams(keywords, values, 1);
    if (PQstatus(session->conn) == CONNECTION_OK) {
        PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
        return session;
    }
    fprintf(stderr, "initialsdb: %s", PQerrorMessage(session->conn));
    if (PQuser(session->conn) && PQdb(session->conn))
        fprintf(
            stderr,
            "initialsdb: that was as role %s to database %s; PostgreSQL must run and know both "
            "(setup-database makes them), and lets a system user in as the role of the same name\n",
            PQuser(session->conn), PQdb(session->conn));
    db_session_close(session);
    return NULL;
}

struct db_session *db_session_open(const char *url, const char *database)
{
    /* Only the first dbname may be a connection string; a second one then replaces its name. */
    const char *const keywords[] = {"connect_timeout",           "dbname",
                                    "fallback_application_name", "client_encoding",
                                    database ? "dbname" : NULL,  NULL};
    const char *const values[] = {CONNECT_SECS, url, "initialsdb", "UTF8", database, NULL};

    return open_session(keywords, values);
}

struct db_session *db_session_open_host(const char *url, const struct dburl_host *host)
{
    const char *const more[][2] = {
        {"host", host->host}, {"hostaddr", host->hostaddr}, {"port", host->port}};
    const char *keywords[] = {"connect_timeout",
                              "dbname",
                              "fallback_application_name",
                              "target_session_attrs",
                              NULL,
                              NULL,
                              NULL,
                              NULL};
    const char *values[] = {CONNECT_SECS, url, "initialsdb", "any", NULL, NULL, NULL, NULL};
    int count = 4;

    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        if (more[i][1] == NULL)
            continue;
        keywords[count] = more[i][0];
        values[count++] = more[i][1];
    }
    return open_session(keywords, values);
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

static bool failed_with(const struct db_session *session, const char *wanted)
{
    const char *state = PQresultErrorField(session->result, PG_DIAG_SQLSTATE);

    return state && strcmp(state, wanted) == 0;
}

bool db_session_was_cancelled(const struct db_session *session)
{
    return failed_with(session, "57014");
}

void db_session_complain(const struct db_session *session)
{
    static const char no_schema[] =
        "the board's schema is not there, or of another version; run initialsdb migrate "
        "(or restore, if there was a board)";
    static const char *const hints[][2] = {
        {"42501",
         "this role may not do that; MIGRATE_DATABASE_URL must name the owner role, and for "
         "setup-database ADMIN_DATABASE_URL a superuser: runuser -u postgres"},
        {"3F000", no_schema},
        {"42P01", no_schema},
        {"42883", no_schema},
        {"25006", "this server is a standby; the URL must lead to the primary"},
        {"53100", "the database's disk is full; make room there"},
    };

    fprintf(stderr, "initialsdb: %s", db_session_error(session));
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (failed_with(session, hints[i][0]))
            fprintf(stderr, "initialsdb: %s\n", hints[i][1]);
    }
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

int db_session_columns(const struct db_session *session)
{
    return PQnfields(session->result);
}

const char *db_session_column(const struct db_session *session, int column)
{
    return PQfname(session->result, column);
}

bool db_session_is_number(const struct db_session *session, int column)
{
    Oid type = PQftype(session->result, column);

    return type == 20 || type == 21 || type == 23; /* bigint, smallint, integer */
}
