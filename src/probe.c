/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "clock.h"
#include "db.h"

#include <unistd.h>

#define DEADLINE_MS 3000
#define WORKERS_PER_PROCESSOR 4 /* a worker mostly waits for the database */
#define WORKERS_UNASKED_MOST 64
#define SPARE_CONNECTIONS 5 /* for the janitor, commands and whoever looks */

static const struct db_function ready = {"ready", 0};
static const struct db_function connection_limit = {"connection_limit", 0};
static const struct db_function *const functions[] = {&ready, &connection_limit, NULL};

struct probe probe_database(const struct config *config)
{
    struct db_limits limits = {.deadline_ms = clock_monotonic_ms() + DEADLINE_MS, .caller = -1};
    struct db_settings settings = {
        .url = config->database_url.ptr,
        .functions = functions,
        .unprepared = !config->database_prepare,
        .longest_ms = DEADLINE_MS,
    };
    struct db *db = db_new(&settings);
    struct probe probe = {.answered = false};
    struct db_answer answer;
    struct arena arena;
    enum db_status status;

    arena_init(&arena);
    status = db_call(db, &ready, NULL, &limits, &arena, &answer);
    probe.answered = status == DB_OK || status == DB_FAILED;
    if (status == DB_OK) /* else there is no schema, or none that can be asked */
        probe.schema = answer.next_id;
    if (status == DB_OK && db_call(db, &connection_limit, NULL, &limits, &arena, &answer) == DB_OK)
        probe.connections = answer.next_id;
    arena_release(&arena);
    db_free(db);
    return probe;
}

int probe_workers(const struct config *config, const struct probe *probe)
{
    int64_t workers = WORKERS_PER_PROCESSOR * sysconf(_SC_NPROCESSORS_ONLN);
    int64_t most = probe->connections > 0 ? probe->connections - SPARE_CONNECTIONS : workers;

    if (config->workers > 0)
        return (int)config->workers;
    if (workers > most)
        workers = most;
    if (workers > WORKERS_UNASKED_MOST)
        workers = WORKERS_UNASKED_MOST;
    return workers > 1 ? (int)workers : 1;
}
