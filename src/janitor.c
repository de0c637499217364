#include "janitor.h"

#include "clock.h"
#include "db.h"
#include "log.h"

#include <poll.h>
#include <time.h>

#define DEADLINE_MS 5000
#define PAUSE_MS 1000 /* when the database does not say */

static volatile sig_atomic_t stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static const struct db_function housekeeping = {"janitor", 0};
static const struct db_function *const functions[] = {&housekeeping, NULL};

/* One round; returns how long to wait before the next, in milliseconds. */
static int64_t work(struct db *db, struct dbclock *clock, struct arena *arena)
{
    struct db_limits limits = {.deadline_ms = clock_monotonic_ms() + DEADLINE_MS, .caller = -1};
    struct db_answer answer;

    if (db_call(db, &housekeeping, NULL, &limits, arena, &answer) != DB_OK)
        return PAUSE_MS;
    dbclock_set(clock, answer.clock_ms);
    log_event(LOG_DEBUG, "janitor", "done=%s", log_quote(answer.body));
    return answer.retry_after_ms > 0 ? answer.retry_after_ms : PAUSE_MS;
}

int janitor_run(const struct heritage *heritage)
{
    struct sigaction action = {.sa_handler = on_term};
    struct db *db = db_new(heritage->config->database_url.ptr, functions);
    struct arena arena;

    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &action, NULL);
    arena_init(&arena);
    while (!stopping) {
        int64_t pause_ms = work(db, &heritage->shared->clock, &arena);
        struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
        arena_reset(&arena);
        ppoll(NULL, 0, &pause, &heritage->sigmask);
    }
    arena_release(&arena);
    db_free(db);
    return 0;
}
