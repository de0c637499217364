/* SPDX-License-Identifier: MIT */
/* charge: what a request costs the networks of its client, as the database is told. */
#ifndef CHARGE_H
#define CHARGE_H

#include "config.h"
#include "link.h"
#include "netkeys.h"

/* Arguments that come first in every function of a route with a budget. */
#define CHARGE_ARGUMENTS 3

/* Who is charged, and for what. */
struct payer {
    const struct config *config;
    const struct netkeys *keys;
    const struct netaddr *client;
    bool posting;        /* else reading */
    int64_t now_ms;      /* by the database's clock */
    struct arena *arena; /* for what is made here */
};

struct budget_terms {
    const char *name;
    int64_t requests;
    int64_t window_ms;
};

/* The budget of a single network. */
struct budget_terms charge_terms(const struct payer *payer);

/* Whether requests of this client are charged at all. */
bool charge_applies(const struct payer *payer);

/* The arguments that charge the request: arrays with one element a tier, in text form; narrowest
 * first and the newest key first, so that all sessions lock in one order. What is not `charged`
 * names its networks all the same, without terms. */
void charge_arguments(const struct payer *payer, bool charged,
                      struct db_value values[CHARGE_ARGUMENTS]);

/* The prefix length of the tier that a refusal for want of budget, with this body, comes from; 0
 * when the body does not tell. */
int charge_refusing_tier(const struct payer *payer, struct str body);

/* Every digest that the client's networks have had in the days that are remembered, as a bytea[]
 * in text form. */
struct str charge_known_as(const struct payer *payer);

#endif
