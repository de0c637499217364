/* SPDX-License-Identifier: MIT */
#include "last_backup.h"

#include "clock.h"
#include "db.h"

#define DEADLINE_MS 1000

static const struct db_function last_backup = {"last_backup", 0};
static const struct db_function *const functions[] = {&last_backup, NULL};

int64_t last_backup_at(const struct config *config)
{
    struct db_limits limits = {.deadline_ms = clock_monotonic_ms() + DEADLINE_MS, .caller = -1};
    struct db_settings settings = {
        .url = config->database_url.ptr,
        .functions = functions,
        .unprepared = !config->database_prepare,
        .longest_ms = DEADLINE_MS,
    };
    struct db *db = db_new(&settings);
    struct db_answer answer;
    struct arena arena;
    int64_t at = -1;

    arena_init(&arena);
    if (db_call(db, &last_backup, NULL, &limits, &arena, &answer) == DB_OK)
        at = answer.next_id;
    arena_release(&arena);
    db_free(db);
    return at;
}
