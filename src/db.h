/* SPDX-License-Identifier: MIT */
/*
 * db: the database, as a worker sees it.
 *
 * A worker owns one handle (struct db) and calls the functions of schema api through it: one round
 * trip a request, bounded by the request's deadline. The handle leads to a primary; while there is
 * none to be found, calls go to any server that answers: a standby serves reads, uncharged, and
 * refuses posts with READ_ONLY.
 *
 * Reads may go to replicas, through a second connection. A replica is asked only when it has
 * replayed the log up to a position that the primary gave after the request had come in: whatever
 * was acknowledged before, by whichever pool, is in what it shows.
 */
#ifndef DB_H
#define DB_H

#include "link.h"

/* The row that every function of schema api returns; views live in the caller's arena. */
struct db_answer {
    int status;      /* HTTP */
    struct str code; /* of the refusal; empty on success */
    struct str body; /* JSON; on a refusal nothing, a sentence, or further members */
    int retry_after_ms;
    bool charged; /* whether the two fields below are set */
    int64_t quota_remaining;
    int64_t quota_reset_ms;
    int64_t next_id;  /* 0: none; of some functions a position in the log */
    int64_t clock_ms; /* the database's clock, since the epoch */
};

struct db;

/* Makes a handle. Nothing is connected yet. What `settings` points to is kept by reference. */
struct db *db_new(const struct db_settings *settings);

/* Closes the connections and frees the handle. NULL is allowed. */
void db_free(struct db *db);

/* Connects to a primary, unless that is done already. DB_FAILED: it lacks a function. */
enum db_status db_connect(struct db *db, const struct db_limits *limits);

/* Calls `function` with `function->arguments` values and reads its row into `*answer`. Connects
 * first if need be, within the same limits. */
enum db_status db_call(struct db *db, const struct db_function *function,
                       const struct db_value *values, const struct db_limits *limits,
                       struct arena *arena, struct db_answer *answer);

/* Tells how far a server follows; see sql/api/replayed.sql. */
extern const struct db_function db_replayed;

bool db_has_replica(const struct db *db);

/* Calls `function` on the replica, and nowhere else. */
enum db_status db_ask_replica(struct db *db, const struct db_function *function,
                              const struct db_value *values, const struct db_limits *limits,
                              struct arena *arena, struct db_answer *answer);

/* As db_call(), for a function that only reads: on the replica, if that has replayed the log up to
 * `position` (0: however far) and answers in half of the time; else on the primary. */
enum db_status db_read(struct db *db, const struct db_function *function,
                       const struct db_value *values, int64_t position,
                       const struct db_limits *limits, struct arena *arena,
                       struct db_answer *answer);

#endif
