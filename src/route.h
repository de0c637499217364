/* SPDX-License-Identifier: MIT */
/* route: THE table of what the program answers, and how a path finds its row. */
#ifndef ROUTE_H
#define ROUTE_H

#include "config.h"
#include "db.h"
#include "request.h"

struct exchange;

/* What must hold before the handler runs, in the order in which it is checked. */
enum guard {
    GUARD_SAME_ORIGIN = 1 << 0, /* 403 CROSS_SITE */
    GUARD_JSON = 1 << 1,        /* 415 */
    GUARD_CLIENT = 1 << 2,      /* the client's address can be read: 400 */
    GUARD_BODY = 1 << 3,        /* 400, 413 */
    GUARD_PROOF = 1 << 4,       /* 403 POW_... */
};

/* Which rate budget a request is charged to, and whose deadline it has. */
enum budget { BUDGET_NONE, BUDGET_READ, BUDGET_POST };

struct route {
    enum method method;
    const char *path; /* "{id}" in it stands for a positive number */
    unsigned guards;
    enum budget budget;
    const struct db_function *function; /* NULL: answered without the database */
    size_t deadline;                    /* of its own, as an offset in struct config; 0: none */
    void (*handle)(struct exchange *exchange);
};

/* The table, ended by a row without a path. */
extern const struct route routes[];

/* Tells the keys of the day, for exchange_learn_netkeys(). */
extern const struct db_function network_keys;

/* Charges a read that a replica then serves. */
extern const struct db_function charge_read;

/* The functions of schema api that a worker calls: those that the table names, each once, those
 * above, and db_replayed; ended by NULL. */
const struct db_function *const *route_functions(void);

/* The row for `method` (HEAD finds GET) and `path`, or NULL. A number in the path goes to `*id`. */
const struct route *route_find(enum method method, struct str path, int64_t *id);

/* Milliseconds after which a request is answered 503: its own, or its budget's; and the longest of
 * all rows. */
int64_t route_deadline_ms(const struct route *route, const struct config *config);
int64_t route_longest_ms(const struct config *config);

/* The number of a row from 1 on; 0 for NULL. And the path of such a number, "none" for others. */
int route_number(const struct route *route);
const char *route_name(int number);

/* The methods that `path` answers, as the header Allow has them, in `arena`; empty when the path
 * is unknown. */
struct str route_allow(struct arena *arena, struct str path);

/* The name of a method in the table. */
const char *route_method_name(enum method method);

#endif
