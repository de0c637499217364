/* SPDX-License-Identifier: MIT */
#include "metrics.h"

struct counter_row {
    const char *name;
    const char *help;
};

/* clang-format off */
static const struct counter_row counter_rows[COUNTERS] = {
    [COUNT_CONNECTIONS] = {"database_connections_total", "Connections to the database opened."},
    [COUNT_UNREACHABLE] = {"database_unreachable_total", "Attempts to connect to the database that failed."},
    [COUNT_BROKEN] = {"database_broken_total", "Connections to the database that broke in use."},
    [COUNT_LATE] = {"database_late_total", "Database calls that ran into their deadline."},
    [COUNT_CALLER_LEFT] = {"database_abandoned_total", "Database calls cancelled because the caller closed."},
    [COUNT_DB_FAILED] = {"database_errors_total", "Database calls refused by the database: defects."},
    [COUNT_CALLS_AGAIN] = {"database_retries_total", "Database calls sent again on a new connection."},
    [COUNT_STANDBY] = {"standby_reads_total", "Reads served by a standby, uncharged."},
    [COUNT_REPLICA] = {"replica_reads_total", "Reads served by a replica, charged by the primary."},
    [COUNT_BEHIND] = {"replica_behind_total", "Reads served by the primary because the replica had not caught up."},
    [COUNT_REPLAYED] = {"posts_replayed_total", "Posts answered again to a retry."},
    [COUNT_SEARCHES] = {"searches_total", "Pages that the database searched for, those of the newest among them."},
    [COUNT_SHARED] = {"pages_shared_total", "Pages that had been found for another request and were still right."},
    [COUNT_UNCHANGED] = {"unchanged_total", "Reads answered 304, because the client had the same."},
    [COUNT_TOO_OLD] = {"requests_too_old_total", "Requests that had waited in the queue past their deadline."},
    [COUNT_UNREADABLE] = {"requests_unreadable_total", "Connections that brought no whole request."},
    [COUNT_UNSENT] = {"responses_unsent_total", "Responses that could not be sent whole."},
    [COUNT_BYTES] = {"response_bytes_total", "Bytes of responses."},
    [COUNT_RELOADS] = {"reloads_total", "Times the settings were read again."},
    [COUNT_RELOADS_FAILED] = {"reloads_failed_total", "Times the settings could not be read again, and the old ones stayed."},
};
/* clang-format on */

static const char *const end_names[END_KINDS] = {
    [END_STOPPED] = "stopped", [END_REPLACED] = "replaced", [END_RECYCLED] = "recycled",
    [END_HUNG] = "hung",       [END_CRASHED] = "crashed",   [END_MISCONFIGURED] = "misconfigured",
};

static const int tier_prefixes[METRICS_TIERS] = {32, 64, 56, 48};

const int64_t metrics_bounds_us[METRICS_BUCKETS - 1] = {
    100,   250,    500,    1000,   2500,    5000,    10000,   25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, enum counter counter)
{
    if (metrics)
        add(&metrics->counters[counter], 1);
}

static void histogram_add(struct histogram *histogram, int64_t us)
{
    int bucket = 0;

    while (bucket < METRICS_BUCKETS - 1 && us > metrics_bounds_us[bucket])
        bucket++;
    add(&histogram->buckets[bucket], 1);
    add(&histogram->sum_us, us > 0 ? (uint64_t)us : 0);
}

void metrics_observe(struct metrics *metrics, const struct observation *observation)
{
    int route = observation->route < METRICS_ROUTES ? observation->route : 0;
    int class = observation->status / 100 - 2;

    if (metrics == NULL || class < 0 || class >= METRICS_CLASSES)
        return;
    add(&metrics->requests[route][class], 1);
    histogram_add(&metrics->total[route], observation->total_us);
    histogram_add(&metrics->queue, observation->queue_us);
    if (observation->database_us > 0)
        histogram_add(&metrics->database, observation->database_us);
    if (observation->code.len > 0)
        add(&metrics->refusals[problem_from_code(observation->code)], 1);
    for (int tier = 0; tier < METRICS_TIERS; tier++) {
        if (observation->refusing_tier == tier_prefixes[tier])
            add(&metrics->refusing_tiers[tier], 1);
    }
    add(&metrics->counters[COUNT_BYTES], observation->bytes);
    if (!observation->sent)
        metrics_count(metrics, COUNT_UNSENT);
}

uint64_t metrics_requests(const struct metrics *metrics)
{
    uint64_t sum = 0;

    for (int route = 0; route < METRICS_ROUTES; route++) {
        for (int class = 0; class < METRICS_CLASSES; class ++)
            sum += atomic_load(&metrics->requests[route][class]);
    }
    return sum;
}

const char *metrics_end_name(int end)
{
    return end_names[end];
}

int metrics_tier_prefix(int tier)
{
    return tier_prefixes[tier];
}

const char *metrics_counter_name(int counter)
{
    return counter_rows[counter].name;
}

const char *metrics_counter_help(int counter)
{
    return counter_rows[counter].help;
}

uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;

    for (int i = 0; i < METRICS_BUCKETS; i++)
        count += atomic_load(&histogram->buckets[i]);
    return count;
}

int64_t histogram_quantile_us(const struct histogram *histogram, double share)
{
    uint64_t count = histogram_count(histogram);
    double wanted = share * (double)count;
    int64_t below_us = 0;

    if (count == 0)
        return 0;
    for (int i = 0; i < METRICS_BUCKETS - 1; i++) {
        double here = (double)atomic_load(&histogram->buckets[i]);
        /* 32-bit x86 computes with more digits than a double has: 0.9 of 100 is then above 90. */
        if (here > 0 && here >= wanted - 1e-9 * (double)count)
            return below_us + (int64_t)((double)(metrics_bounds_us[i] - below_us) * wanted / here);
        wanted -= here;
        below_us = metrics_bounds_us[i];
    }
    return below_us;
}
