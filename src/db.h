/*
 * db: the database. The only user of libpq.
 *
 * A worker owns one connection (struct db) and calls the functions of schema api through it: one
 * round trip a request, bounded by the request's deadline. Commands that an operator types use
 * struct db_session, which waits as long as it takes.
 */
#ifndef DB_H
#define DB_H

#include "arena.h"

/* A function of schema api. */
struct db_function {
    const char *name;
    int arguments;
};

/* One argument. Text may hold anything but NUL; `binary` is for bytea. */
struct db_value {
    struct str bytes;
    bool binary;
    bool null;
};

/* What bounds a call. */
struct db_limits {
    int64_t deadline_ms; /* on clock_monotonic_ms() */
    int caller;          /* a descriptor; when its peer closes, the call ends. -1: none */
    bool idempotent;     /* whether the call may be sent again when the connection breaks */
};

/* The row that every function of schema api returns; views live in the caller's arena. */
struct db_answer {
    int status;      /* HTTP */
    struct str code; /* of the refusal; empty on success */
    struct str body; /* JSON; empty on a refusal */
    int retry_after_ms;
    bool charged; /* whether the two fields below are set */
    int64_t quota_remaining;
    int64_t quota_reset_ms;
    int64_t next_id;  /* 0: none */
    int64_t clock_ms; /* the database's clock, since the epoch */
};

enum db_status {
    DB_OK,
    DB_UNAVAILABLE, /* cannot connect, connection lost, shutting down */
    DB_TIMEOUT,     /* the deadline passed; the connection was dropped, which ends the query */
    DB_CALLER_LEFT, /* the caller closed; likewise */
    DB_FAILED,      /* the database refused the statement: a defect; logged */
};

struct db;

/* Makes a handle for `url` that prepares `functions` (ended by NULL) on every connection it
 * opens. Nothing is connected yet. Both are kept by reference. */
struct db *db_new(const char *url, const struct db_function *const *functions);

/* Closes the connection and frees the handle. */
void db_free(struct db *db);

/* Connects, unless that is done already, and prepares the functions. DB_FAILED: the database
 * lacks one of them. */
enum db_status db_connect(struct db *db, const struct db_limits *limits);

/* Calls `function` with `function->arguments` values and reads its row into `*answer`. Connects
 * first if need be, within the same limits. */
enum db_status db_call(struct db *db, const struct db_function *function,
                       const struct db_value *values, const struct db_limits *limits,
                       struct arena *arena, struct db_answer *answer);

/* ---- sessions of operators' commands ---- */

struct db_session;

/* Connects, waiting; to `database` instead of the one that `url` names unless that is NULL.
 * Returns NULL after writing the reason to standard error. */
struct db_session *db_session_open(const char *url, const char *database);

void db_session_close(struct db_session *session);

/* Runs `sql`. Without values it may hold several statements; with values it is one statement
 * with $1.. in text form (NULL is null). Returns false after keeping the message for
 * db_session_error(). The rows of the last result replace those before. */
bool db_session_run(struct db_session *session, const char *sql, int count,
                    const char *const *values);

/* The message of the last failure. */
const char *db_session_error(const struct db_session *session);

/* The rows of the last db_session_run(); db_session_get() returns NULL for null. */
int db_session_rows(const struct db_session *session);
const char *db_session_get(const struct db_session *session, int row, int column);

/* The part `keyword` ("user", "dbname") of connection string or URI `url`, in `arena`; empty when
 * it has none or cannot be read. */
struct str db_url_part(struct arena *arena, const char *url, const char *keyword);

#endif
