/* SPDX-License-Identifier: MIT */
/*
 * exchange: one request on its way to one response, and what handlers do with it: refuse, or call
 * the database.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "config.h"
#include "netkeys.h"
#include "pow.h"
#include "problem.h"
#include "route.h"
#include "scoreboard.h"

/* What a worker has for all its requests. */
struct server {
    const struct config *config;
    struct db *db;
    struct dbclock *clock;
    const struct load *load;
    struct netkeys netkeys;
    struct metrics *metrics; /* may be NULL, as may the next two */
    struct slot *slot;
    struct pages *pages;
    int64_t started_ms; /* of the pool, on clock_monotonic_ms() */
};

struct exchange {
    struct server *server;
    struct request *request;
    struct response *response;
    const struct route *route; /* NULL until one is found */
    struct db_limits limits;
    int64_t id;                 /* the number in the path */
    struct netaddr client;      /* with GUARD_CLIENT */
    struct pow_challenge proof; /* with GUARD_PROOF, when proofs are switched on */
    int64_t database_us;        /* spent waiting for the database */
    int refusing_tier;          /* prefix length of the tier that had no budget left; 0: none */
    bool charged;               /* further calls are not */
};

/* Makes the response the refusal `problem`; `detail` may be NULL. */
void exchange_refuse(struct exchange *exchange, enum problem problem,
                     const struct problem_detail *detail);

/* 400 INVALID_INPUT about parameter `field`. */
void exchange_refuse_input(struct exchange *exchange, const char *field, struct str message);

/* 503 UNAVAILABLE with Retry-After. */
void exchange_refuse_busy(struct exchange *exchange);

/* The keys that sign challenges and cursors. */
struct pow_keys exchange_signing_keys(const struct exchange *exchange);

/* What a challenge is bound to. */
struct pow_client exchange_pow_client(const struct exchange *exchange);

/* Learns the day's keys of network digests from the database, unless they are known. Without them
 * (no database) the worker's netkeys are empty. */
void exchange_learn_netkeys(struct exchange *exchange);

/* The digest that stands for the client's narrowest network today, in the request's arena; empty
 * when the day's keys are not known. */
struct str exchange_network(const struct exchange *exchange);

/* Every digest that the client's networks have had in the days that are remembered, as a bytea[]
 * in text form: what bans are compared with. */
struct str exchange_known_as(const struct exchange *exchange);

/* Calls the route's function with `values`; for a route with a budget the three arguments that
 * charge it come first by themselves. Returns true when `*answer` is a success. Otherwise the
 * response is made: whatever the function refused (4xx), 503 UNAVAILABLE with Retry-After when
 * the database is away or too slow, 500 when it failed. The headers RateLimit and
 * RateLimit-Policy are set on every charged answer. The first call of a request is charged, no
 * other one. */
bool exchange_call(struct exchange *exchange, const struct db_value *values,
                   struct db_answer *answer);

/* Gives a success that is made already an ETag; makes it a 304 when the client has the same bytes.
 * `version` and `seal` are as in etag.h. */
void exchange_revalidate(struct exchange *exchange, struct str version, struct str seal);

/* 304 for a client that has the representation with the tag `etag`. */
void exchange_respond_unchanged(struct exchange *exchange, struct str etag);

/* Arguments for exchange_call(). */
struct db_value db_value_text(struct str text);
struct db_value db_value_bytes(const void *bytes, size_t len);
struct db_value db_value_int(struct arena *arena, int64_t number);
struct db_value db_value_null(void);

#endif
