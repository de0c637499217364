/* SPDX-License-Identifier: MIT */
/*
 * load: how many posts have lately come from each network and to the whole board, as all pools
 * together see it. It lives in memory that a pool shares; the janitor learns once a second from
 * the database, workers only read. Levels decay exponentially with a time constant of one minute,
 * so that at a steady rate a level is that rate in posts a minute.
 */
#ifndef LOAD_H
#define LOAD_H

#include "str.h"

#include <stdatomic.h>

#define LOAD_NETWORKS 8192

struct load_level {
    _Atomic uint64_t key;        /* beginning of the network's digest; 0: free */
    _Atomic int64_t updated_ms;  /* on clock_monotonic_ms() */
    _Atomic uint64_t milliposts; /* the level at that time */
};

struct load {
    _Atomic int64_t last_post; /* id up to which all is in the levels; 0: nothing is */
    struct load_level board;
    struct load_level networks[LOAD_NETWORKS];
};

/* Adds `posts` that came from `network` (its digest, at least 8 bytes), to the board's level too.
 * One process may add. When a place is needed the quietest neighbour loses its own. */
void load_add(struct load *load, struct str network, uint64_t posts, int64_t now_ms);

/* Posts a minute. */
double load_board(const struct load *load, int64_t now_ms);
double load_network(const struct load *load, struct str network, int64_t now_ms);

#endif
