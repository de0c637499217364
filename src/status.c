/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "clock.h"
#include "exposition.h"
#include "last_backup.h"
#include "route.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WATCH_SECS 1
#define PATH_SIZE 4096
#define NUMBERS (sizeof(struct metrics) / sizeof(uint64_t))

/* struct metrics is nothing but counters: two moments can be subtracted. */
union moment {
    struct metrics metrics;
    _Atomic uint64_t numbers[NUMBERS];
};

static const struct scoreboard *open_board(const struct config *config, const char *file)
{
    char path[PATH_SIZE];
    const struct scoreboard *board;

    scoreboard_path(config->socket_path, path, sizeof(path));
    board = scoreboard_open(file ? file : path);
    if (board && kill(atomic_load(&board->pid), 0) != 0 && errno == ESRCH) {
        fprintf(stderr, "initialsdb: the pool ended without a word: %s\n", file ? file : path);
        return NULL;
    }
    return board;
}

static void subtract(union moment *result, const union moment *now, const union moment *before)
{
    for (size_t i = 0; i < NUMBERS; i++)
        atomic_store(&result->numbers[i],
                     atomic_load(&now->numbers[i]) - atomic_load(&before->numbers[i]));
}

static void add_histogram(struct histogram *sum, const struct histogram *part)
{
    for (int i = 0; i < METRICS_BUCKETS; i++)
        atomic_fetch_add(&sum->buckets[i], atomic_load(&part->buckets[i]));
}

/* "3 d 4 h", "12 min", "8 s" */
static void print_age(int64_t secs)
{
    if (secs >= 86400)
        printf("%" PRId64 " d %" PRId64 " h", secs / 86400, secs % 86400 / 3600);
    else if (secs >= 3600)
        printf("%" PRId64 " h %" PRId64 " min", secs / 3600, secs % 3600 / 60);
    else if (secs >= 60)
        printf("%" PRId64 " min", secs / 60);
    else
        printf("%" PRId64 " s", secs);
}

static void print_head(const struct scoreboard *board)
{
    int64_t now_ms = clock_monotonic_ms();

    printf("initialsdb %s  master %d  up ", PACKAGE_VERSION, atomic_load(&board->pid));
    print_age((now_ms - atomic_load(&board->since_ms)) / 1000);
    printf("  settings read ");
    print_age((now_ms - atomic_load(&board->loaded_ms)) / 1000);
    printf(" ago%s\n", atomic_load(&board->ready) ? "" : "  (starting)");
}

static void print_quantiles(const char *name, const struct histogram *histogram)
{
    printf("%-10s p50 %8.1f ms   p99 %8.1f ms\n", name,
           (double)histogram_quantile_us(histogram, 0.50) / 1e3,
           (double)histogram_quantile_us(histogram, 0.99) / 1e3);
}

static void print_rates(const struct metrics *metrics, double secs)
{
    struct histogram total = {0};
    uint64_t classes[METRICS_CLASSES] = {0};
    uint64_t all = 0;

    for (int route = 0; route < METRICS_ROUTES; route++) {
        add_histogram(&total, &metrics->total[route]);
        for (int class = 0; class < METRICS_CLASSES; class ++) {
            classes[class] += atomic_load(&metrics->requests[route][class]);
            all += atomic_load(&metrics->requests[route][class]);
        }
    }
    printf("requests   %.1f/s   2xx %" PRIu64 "   4xx %" PRIu64 "   5xx %" PRIu64 "\n",
           (double)all / secs, classes[0], classes[2], classes[3]);
    print_quantiles("answered", &total);
    print_quantiles("queued", &metrics->queue);
    print_quantiles("database", &metrics->database);
    printf("database   late %" PRIu64 "   broken %" PRIu64 "   unreachable %" PRIu64
           "   by a standby %" PRIu64 "   by a replica %" PRIu64 "\n",
           atomic_load(&metrics->counters[COUNT_LATE]),
           atomic_load(&metrics->counters[COUNT_BROKEN]),
           atomic_load(&metrics->counters[COUNT_UNREACHABLE]),
           atomic_load(&metrics->counters[COUNT_STANDBY]),
           atomic_load(&metrics->counters[COUNT_REPLICA]));
}

static void print_lag(const struct scoreboard *board)
{
    int64_t ping_us = atomic_load(&board->ping_us);
    int64_t lag_ms = atomic_load(&board->lag_ms);

    if (ping_us >= 0)
        printf("database   answers in %.1f ms", (double)ping_us / 1e3);
    else
        printf("database   does not answer");
    if (lag_ms >= 0)
        printf("   replica %.1f s behind", (double)lag_ms / 1e3);
    putchar('\n');
}

static void print_children(const struct scoreboard *board)
{
    int64_t now_ms = clock_monotonic_ms();

    printf("\n%-8s %8s %-9s %10s %10s  %-12s %s\n", "KIND", "PID", "STATE", "REQUESTS", "MEMORY",
           "AGE", "LAST ROUTE");
    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        const struct slot *slot = &board->slots[i];
        int state = atomic_load(&slot->state);
        if (state == SLOT_EMPTY)
            continue;
        printf("%-8s %8d %-9s %10" PRIu64 " %7" PRId64 " kB  ",
               slot_kind_name(atomic_load(&slot->kind)), atomic_load(&slot->pid),
               slot_state_name(state), atomic_load(&slot->requests), atomic_load(&slot->memory_kb));
        print_age((now_ms - atomic_load(&slot->since_ms)) / 1000);
        printf("\t%s\n", route_name(atomic_load(&slot->route)));
    }
}

static bool is_running(const struct scoreboard *board)
{
    return kill(atomic_load(&board->pid), 0) == 0 || errno == EPERM;
}

/* Until interrupted, or until the pool ends. */
static int watch(const struct scoreboard *board)
{
    static union moment before;
    static union moment now;
    static union moment change;
    const struct timespec pause = {.tv_sec = WATCH_SECS};

    memcpy(&before, &board->metrics, sizeof(before));
    while (is_running(board) && nanosleep(&pause, NULL) == 0) {
        memcpy(&now, &board->metrics, sizeof(now));
        subtract(&change, &now, &before);
        before = now;
        if (isatty(STDOUT_FILENO))
            fputs("\033[H\033[2J", stdout);
        print_head(board);
        print_rates(&change.metrics, WATCH_SECS);
        print_lag(board);
        print_children(board);
        if (fflush(stdout) != 0)
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static void print_backup(const struct config *config)
{
    int64_t at = last_backup_at(config);

    if (at > 0)
        printf("last good backup %" PRId64 " hours ago\n", ((int64_t)time(NULL) - at) / 3600);
    else
        puts(at == 0 ? "last good backup: none yet"
                     : "last good backup: the database does not say");
}

int status_command(const struct config *config, int argc, char **argv)
{
    bool watching = argc > 0 && strcmp(argv[0], "--watch") == 0;
    const char *file = argc > watching ? argv[watching] : NULL;
    const struct scoreboard *board = open_board(config, file);
    int64_t age_ms;

    if (board == NULL)
        return EXIT_FAILURE;
    if (watching)
        return watch(board);
    age_ms = clock_monotonic_ms() - atomic_load(&board->since_ms);
    print_head(board);
    print_rates(&board->metrics, age_ms > 0 ? (double)age_ms / 1e3 : 1);
    print_lag(board);
    print_children(board);
    print_backup(config);
    return EXIT_SUCCESS;
}

int status_metrics(const struct config *config, int argc, char **argv)
{
    const struct scoreboard *board = open_board(config, argc > 0 ? argv[0] : NULL);
    int64_t backup_at;

    if (board == NULL)
        return EXIT_FAILURE;
    exposition_print(board, stdout);
    backup_at = last_backup_at(config);
    if (backup_at >= 0)
        printf(
            "# HELP initialsdb_backup_timestamp_seconds When a backup was last tried and good; 0: "
            "never.\n# TYPE initialsdb_backup_timestamp_seconds gauge\n"
            "initialsdb_backup_timestamp_seconds %" PRId64 "\n",
            backup_at);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
