/* SPDX-License-Identifier: MIT */
/*
 * link: one connection to a database server, with a time limit on everything that is done with it,
 * and reconnecting in a way that a server which comes back survives. With db_session.c the only
 * user of libpq.
 */
#ifndef LINK_H
#define LINK_H

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

enum db_status {
    DB_OK,
    DB_UNAVAILABLE, /* cannot connect, connection lost, shutting down */
    DB_TIMEOUT,     /* the deadline passed; the connection was dropped, which ends the query */
    DB_CALLER_LEFT, /* the caller closed; likewise */
    DB_FAILED,      /* the database refused the statement: a defect; logged */
};

/* What happens to a connection, for whoever counts. */
enum db_event {
    DB_CONNECTED,
    DB_UNREACHABLE, /* an attempt failed */
    DB_BROKEN,      /* in use */
    DB_AGAIN,       /* a call is sent a second time */
    DB_STANDBY,     /* a call was answered by a standby because no primary was found */
    DB_REPLICA,     /* a read was answered by a replica */
    DB_BEHIND,      /* the primary was asked because the replica had not caught up with it */
};

struct db_settings {
    const char *url;      /* connection string or URI, perhaps of many hosts */
    const char *read_url; /* of replicas; NULL: there are none */
    const struct db_function *const *functions; /* to prepare on each connection; NULL ends them */
    bool unprepared;    /* no named statements and no options, for a pooler between us */
    int64_t longest_ms; /* no call has a later deadline: the server's own backstop */
    void (*notice)(void *context, enum db_event event); /* may be NULL */
    void *context;
};

#define LINK_COLUMNS 8

/* A row in the caller's arena; texts end in NUL. */
struct link_row {
    struct str columns[LINK_COLUMNS];
    bool nulls[LINK_COLUMNS];
};

struct link;

enum link_kind {
    LINK_PRIMARY, /* what the URL says, in its order */
    LINK_ANY,     /* whoever answers, whatever the URL says of its kind */
    LINK_REPLICA, /* what the URL says, each process beginning with another host */
};

/* Nothing is connected yet. All is kept by reference. */
struct link *link_new(const struct db_settings *settings, const char *url, enum link_kind kind);

/* Closes the connection and frees the link. NULL is allowed. */
void link_free(struct link *link);

void link_close(struct link *link);

bool link_is_open(const struct link *link);

/* Whether the URL names more than one server. */
bool link_has_choice(const struct link *link);

/* Connects and prepares the functions, unless that is done already: each host in turn, the one that
 * did last time first, none longer than its part of the time. After a failure the next attempts
 * fail at once for a moment, which grows and is of random length, so that a server which comes back
 * is not stormed. DB_FAILED: the database lacks a function. */
enum db_status link_open(struct link *link, const struct db_limits *limits);

/* Calls `function` on the open connection and reads its one row. Unless it returns DB_OK or
 * DB_FAILED the connection is closed. */
enum db_status link_call(struct link *link, const struct db_function *function,
                         const struct db_value *values, const struct db_limits *limits,
                         struct arena *arena, struct link_row *row);

#endif
