/* SPDX-License-Identifier: MIT */
/* probe: what the master asks the database before it starts the pool. */
#ifndef PROBE_H
#define PROBE_H

#include "config.h"

struct probe {
    bool answered;       /* whether the database could be asked at all */
    int64_t schema;      /* number of its newest migration; 0: there is none */
    int64_t connections; /* how many connections the application role may have */
};

/* Asks within a few seconds. */
struct probe probe_database(const struct config *config);

/* How many workers to start: as configured, or by processors and connections. */
int probe_workers(const struct config *config, const struct probe *probe);

#endif
