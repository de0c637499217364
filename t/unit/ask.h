/* SPDX-License-Identifier: MIT */
/* ask: whole requests through serve(), with a database that cannot be reached. */
#ifndef ASK_H
#define ASK_H

#include "response.h"
#include "route.h"

#define ASK_BODY "{\"text\":\"For sale: baby shoes, never worn.\"}"

/* Starts a server with `settings`, "NAME=value" strings ended by NULL, besides its secrets. A
 * test that asks calls this first, once. */
void ask_start(const char *const *settings);

#define ASK_START(...) ask_start((const char *const[]){__VA_ARGS__, NULL})

/* A path that `route` answers: its own, with 1 for a number. Valid until the next call. */
const char *ask_path(const struct route *route);

/* Sends a request that would pass every guard but the proof's; `variables` go before its own. The
 * answer lives until the next one. */
const struct response *ask(const char *method, const char *path, const char *const *variables);

#define ASK(method, ...)                                                                           \
    ask(method, (const char *[]){__VA_ARGS__, NULL}[0],                                            \
        (const char *const[]){__VA_ARGS__, NULL} + 1)

/* Asks for a puzzle, as `variables` have it, and solves it. Returns the variables that carry the
 * proof, ended by NULL. */
const char *const *ask_proof(const char *const *variables);

/* The value of a header, or NULL. */
const char *ask_header(const struct response *response, const char *name);

/* Fails unless the answer has this status, code and, unless it is NULL, this field. */
void ask_expect(const struct response *response, int status, const char *code, const char *field);

#endif
