/* SPDX-License-Identifier: MIT */
/* db_session: the database as commands that an operator types use it: waiting as long as it takes,
 * but ten seconds for a host to let us in, unless the URL has another connect_timeout. */
#ifndef DB_SESSION_H
#define DB_SESSION_H

#include "dburl.h"

#include <stdbool.h>

struct db_session;

/* Connects, waiting; to `database` instead of the one that `url` names unless that is NULL.
 * Returns NULL after writing the reason, and what can be done, to standard error. */
struct db_session *db_session_open(const char *url, const char *database);

/* Connects to one of the hosts of `url`, whatever the URL says of which one is wanted. */
struct db_session *db_session_open_host(const char *url, const struct dburl_host *host);

void db_session_close(struct db_session *session);

/* Runs `sql`. Without values it may hold several statements; with values it is one statement
 * with $1.. in text form (NULL is null). Returns false after keeping the message for
 * db_session_error(). The rows of the last result replace those before. */
bool db_session_run(struct db_session *session, const char *sql, int count,
                    const char *const *values);

/* The message of the last failure. */
const char *db_session_error(const struct db_session *session);

/* Writes it to standard error, and what can be done if that is known. */
void db_session_complain(const struct db_session *session);

/* Whether that was a statement that took longer than statement_timeout, or that somebody cancelled.
 */
bool db_session_was_cancelled(const struct db_session *session);

/* The rows of the last db_session_run(); db_session_get() returns NULL for null. */
int db_session_rows(const struct db_session *session);
const char *db_session_get(const struct db_session *session, int row, int column);

/* Their columns: how many, their names, and whether one holds whole numbers. */
int db_session_columns(const struct db_session *session);
const char *db_session_column(const struct db_session *session, int column);
bool db_session_is_number(const struct db_session *session, int column);

#endif
