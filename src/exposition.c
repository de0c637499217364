/* SPDX-License-Identifier: MIT */
#include "exposition.h"

#include "clock.h"
#include "route.h"

#include <inttypes.h>

#define PREFIX "initialsdb_"

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void print_plain(const struct metrics *metrics, FILE *out)
{
    for (int i = 0; i < COUNTERS; i++) {
        head(out, metrics_counter_name(i), "counter", metrics_counter_help(i));
        fprintf(out, PREFIX "%s %" PRIu64 "\n", metrics_counter_name(i),
                atomic_load(&metrics->counters[i]));
    }
}

/* The labels of the route with this number, without braces. */
static void print_route(int number, FILE *out)
{
    fprintf(out, "method=\"%s\",route=\"%s\"",
            number > 0 ? route_method_name(routes[number - 1].method) : "", route_name(number));
}

static int count_routes(void)
{
    int count = 1;

    while (routes[count - 1].path && count < METRICS_ROUTES)
        count++;
    return count;
}

static void print_requests(const struct metrics *metrics, FILE *out)
{
    head(out, "requests_total", "counter", "Requests answered, by route and class of status.");
    for (int route = 0; route < count_routes(); route++) {
        for (int class = 0; class < METRICS_CLASSES; class ++) {
            fputs(PREFIX "requests_total{", out);
            print_route(route, out);
            fprintf(out, ",status=\"%dxx\"} %" PRIu64 "\n", class + 2,
                    atomic_load(&metrics->requests[route][class]));
        }
    }
}

/* `route` -1: no labels. */
static void print_histogram(const struct histogram *histogram, const char *name, int route,
                            FILE *out)
{
    uint64_t count = 0;

    for (int i = 0; i < METRICS_BUCKETS; i++) {
        count += atomic_load(&histogram->buckets[i]);
        fprintf(out, PREFIX "%s_bucket{", name);
        if (route >= 0) {
            print_route(route, out);
            fputc(',', out);
        }
        if (i < METRICS_BUCKETS - 1)
            fprintf(out, "le=\"%g\"} %" PRIu64 "\n", (double)metrics_bounds_us[i] / 1e6, count);
        else
            fprintf(out, "le=\"+Inf\"} %" PRIu64 "\n", count);
    }
    for (int sum = 1; sum >= 0; sum--) {
        fprintf(out, PREFIX "%s_%s", name, sum ? "sum" : "count");
        if (route >= 0) {
            fputc('{', out);
            print_route(route, out);
            fputc('}', out);
        }
        if (sum)
            fprintf(out, " %.6f\n", (double)atomic_load(&histogram->sum_us) / 1e6);
        else
            fprintf(out, " %" PRIu64 "\n", count);
    }
}

static void print_durations(const struct metrics *metrics, FILE *out)
{
    head(out, "request_duration_seconds", "histogram",
         "Time from a request's arrival at the web server to its answer.");
    for (int route = 0; route < count_routes(); route++)
        print_histogram(&metrics->total[route], "request_duration_seconds", route, out);
    head(out, "queue_duration_seconds", "histogram", "Time a request waited for a worker.");
    print_histogram(&metrics->queue, "queue_duration_seconds", -1, out);
    head(out, "database_duration_seconds", "histogram",
         "Time a request waited for the database, of those that asked it.");
    print_histogram(&metrics->database, "database_duration_seconds", -1, out);
}

static void print_refusals(const struct metrics *metrics, FILE *out)
{
    head(out, "refusals_total", "counter",
         "Requests refused, by the code that the client was told.");
    for (int i = 0; i < PROBLEMS; i++)
        fprintf(out, PREFIX "refusals_total{code=\"%s\"} %" PRIu64 "\n", problem_code(i),
                atomic_load(&metrics->refusals[i]));
    head(
        out, "rate_refusals_total", "counter",
        "Requests refused for want of budget, by the prefix length of the networks that had none.");
    for (int i = 0; i < METRICS_TIERS; i++)
        fprintf(out, PREFIX "rate_refusals_total{tier=\"/%d\"} %" PRIu64 "\n",
                metrics_tier_prefix(i), atomic_load(&metrics->refusing_tiers[i]));
    head(out, "children_ended_total", "counter", "Processes of the pool that ended, by reason.");
    for (int i = 0; i < END_KINDS; i++)
        fprintf(out, PREFIX "children_ended_total{reason=\"%s\"} %" PRIu64 "\n",
                metrics_end_name(i), atomic_load(&metrics->ends[i]));
}

/* What could not be measured is left out. */
static void print_lag(const struct scoreboard *board, FILE *out)
{
    int64_t ping_us = atomic_load(&board->ping_us);
    int64_t lag_ms = atomic_load(&board->lag_ms);

    if (ping_us >= 0) {
        head(out, "database_ping_seconds", "gauge",
             "How long the database took to answer the smallest question, about a second ago.");
        fprintf(out, PREFIX "database_ping_seconds %.6f\n", (double)ping_us / 1e6);
    }
    if (lag_ms >= 0) {
        head(out, "replica_lag_seconds", "gauge",
             "Age, at most, of what the standby that serves reads has not seen yet.");
        fprintf(out, PREFIX "replica_lag_seconds %.3f\n", (double)lag_ms / 1e3);
    }
}

static void print_gauges(const struct scoreboard *board, FILE *out)
{
    int64_t now_ms = clock_monotonic_ms();
    int counts[SLOT_STATES] = {0};
    int64_t memory_kb = 0;

    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        const struct slot *slot = &board->slots[i];
        int state = atomic_load(&slot->state);
        if (state == SLOT_EMPTY || atomic_load(&slot->kind) != SLOT_WORKER)
            continue;
        counts[state]++;
        memory_kb += atomic_load(&slot->memory_kb);
    }
    head(out, "workers", "gauge", "Workers, by what they are doing.");
    for (int i = SLOT_STARTING; i < SLOT_STATES; i++)
        fprintf(out, PREFIX "workers{state=\"%s\"} %d\n", slot_state_name(i), counts[i]);
    head(out, "workers_wanted", "gauge", "Workers that there should be.");
    fprintf(out, PREFIX "workers_wanted %d\n", atomic_load(&board->workers));
    head(out, "workers_resident_bytes", "gauge",
         "Resident memory of all workers; pages that they share are counted for each.");
    fprintf(out, PREFIX "workers_resident_bytes %" PRId64 "\n", memory_kb * 1024);
    head(out, "uptime_seconds", "gauge", "Seconds since the pool started.");
    fprintf(out, PREFIX "uptime_seconds %.3f\n",
            (double)(now_ms - atomic_load(&board->since_ms)) / 1e3);
    head(out, "settings_age_seconds", "gauge", "Seconds since the settings were read.");
    fprintf(out, PREFIX "settings_age_seconds %.3f\n",
            (double)(now_ms - atomic_load(&board->loaded_ms)) / 1e3);
    head(out, "build_info", "gauge", "The version that runs; always 1.");
    fprintf(out, PREFIX "build_info{version=\"%s\"} 1\n", PACKAGE_VERSION);
}

void exposition_print(const struct scoreboard *board, FILE *out)
{
    print_gauges(board, out);
    print_lag(board, out);
    print_requests(&board->metrics, out);
    print_durations(&board->metrics, out);
    print_refusals(&board->metrics, out);
    print_plain(&board->metrics, out);
}
