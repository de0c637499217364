/* SPDX-License-Identifier: MIT */
/*
 * metrics: what a pool has counted since its start. The counters live in memory that all its
 * processes share (scoreboard.h), so a worker's death loses none.
 */
#ifndef METRICS_H
#define METRICS_H

#include "problem.h"

#include <stdatomic.h>

#define METRICS_ROUTES 32 /* at most; number 0 counts what no route answers */
#define METRICS_CLASSES 4 /* 2xx to 5xx */
#define METRICS_BUCKETS 17
#define METRICS_TIERS 4

/* Upper bounds of the histograms' buckets in microseconds; the last has none. */
extern const int64_t metrics_bounds_us[METRICS_BUCKETS - 1];

struct histogram {
    _Atomic uint64_t buckets[METRICS_BUCKETS];
    _Atomic uint64_t sum_us;
};

/* Why a child ended. The names are in metrics_end_name(). */
enum child_end {
    END_STOPPED,  /* with the pool */
    END_REPLACED, /* by a successor with new settings */
    END_RECYCLED, /* had answered, or had grown, enough */
    END_HUNG,     /* did not keep what it promised: killed */
    END_CRASHED,  /* by a signal or with a status that says so */
    END_MISCONFIGURED,
    END_KINDS,
};

/* Counters without a label. The names, and what they mean, are in metrics.c. */
enum counter {
    COUNT_CONNECTIONS, /* to the database, opened */
    COUNT_UNREACHABLE, /* attempts that failed */
    COUNT_BROKEN,      /* connections that broke in use */
    COUNT_LATE,        /* calls that ran into their deadline */
    COUNT_CALLER_LEFT, /* calls whose caller closed */
    COUNT_DB_FAILED,   /* calls that the database refused: defects */
    COUNT_CALLS_AGAIN, /* calls sent again on a new connection */
    COUNT_STANDBY,     /* reads that a standby served, uncharged */
    COUNT_REPLICA,     /* reads that a replica served, charged by the primary */
    COUNT_BEHIND,      /* reads that the primary served because the replica was behind */
    COUNT_REPLAYED,    /* posts answered again to a retry */
    COUNT_SEARCHES,    /* pages that the database searched for, the newest too */
    COUNT_SHARED,      /* pages that were found for another request */
    COUNT_UNCHANGED,   /* 304 */
    COUNT_TOO_OLD,     /* requests that had waited in the queue past their deadline */
    COUNT_UNREADABLE,  /* connections that brought no whole request */
    COUNT_UNSENT,      /* answers that could not be sent whole */
    COUNT_BYTES,       /* of answers */
    COUNT_RELOADS,     /* of the settings */
    COUNT_RELOADS_FAILED,
    COUNTERS,
};

struct metrics {
    _Atomic uint64_t counters[COUNTERS];
    _Atomic uint64_t requests[METRICS_ROUTES][METRICS_CLASSES];
    struct histogram total[METRICS_ROUTES];
    struct histogram queue;
    struct histogram database;
    _Atomic uint64_t refusals[PROBLEMS];
    _Atomic uint64_t refusing_tiers[METRICS_TIERS];
    _Atomic uint64_t ends[END_KINDS];
};

/* One request that was answered. */
struct observation {
    int route; /* route_number() */
    int status;
    struct str code;   /* of the refusal; empty for a success */
    int refusing_tier; /* prefix length; 0: no budget was exceeded */
    int64_t queue_us;
    int64_t database_us;
    int64_t total_us;
    size_t bytes;
    bool sent;
};

/* `metrics` may be NULL in these, as in tests. */
void metrics_count(struct metrics *metrics, enum counter counter);
void metrics_observe(struct metrics *metrics, const struct observation *observation);

/* All requests that were answered. */
uint64_t metrics_requests(const struct metrics *metrics);

const char *metrics_end_name(int end);

/* The prefix length of the networks that are counted in tier `tier`. */
int metrics_tier_prefix(int tier);

/* The name and the help text of a counter, as Prometheus wants them. */
const char *metrics_counter_name(int counter);
const char *metrics_counter_help(int counter);

/* How many observations `histogram` holds, and the value in microseconds below which the share
 * `share` (0..1) of them lies, interpolated within a bucket; 0 when it holds none. */
uint64_t histogram_count(const struct histogram *histogram);
int64_t histogram_quantile_us(const struct histogram *histogram, double share);

#endif
