/* SPDX-License-Identifier: MIT */
#include "janitor.h"

#include "clock.h"
#include "db.h"
#include "encode.h"
#include "log.h"
#include "netkeys.h"

#include <poll.h>
#include <time.h>

#define DEADLINE_MS 5000
#define PAUSE_MS 1000 /* when the database does not say */
#define MEASURE_MS 900

static volatile sig_atomic_t stopping;

static void on_term(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static const struct db_function housekeeping = {"janitor", 1};
static const struct db_function recent_posts = {"recent_posts", 1};
static const struct db_function *const functions[] = {&housekeeping, &recent_posts, &db_replayed,
                                                      NULL};

struct janitor {
    const struct config *config;
    struct scoreboard *board;
    struct slot *slot;
    struct db *db;
    struct arena arena;
    int64_t measure_ms; /* when to measure the lag again */
};

static bool ask(struct janitor *janitor, const struct db_function *function, int64_t number,
                struct db_answer *answer)
{
    struct db_limits limits = {.deadline_ms = clock_monotonic_ms() + DEADLINE_MS, .caller = -1};
    struct str text = arena_format(&janitor->arena, "%lld", (long long)number);
    struct db_value value = {.bytes = text, .null = number == 0};

    slot_enter(janitor->slot, SLOT_DATABASE, limits.deadline_ms);
    if (db_call(janitor->db, function, &value, &limits, &janitor->arena, answer) != DB_OK)
        return false;
    dbclock_set(&janitor->board->clock, answer->clock_ms);
    return true;
}

/* "HEX:COUNT": posts of one network. */
static void learn_network(struct load *load, struct str text, int64_t now_ms)
{
    struct str digits = str_cut(&text, ':');
    unsigned char digest[NETKEYS_DIGEST_LEN];
    uint64_t posts;

    if (!decode_hex(digits, digest, sizeof(digest)) || !str_to_u64(text, UINT32_MAX, &posts))
        return;
    load_add(load, (struct str){.ptr = (const char *)digest, .len = sizeof(digest)}, posts, now_ms);
}

/* Learns who has posted since the last time, wherever it arrived; no post twice, though janitors
 * follow one another and their times overlap. */
static void learn_load(struct janitor *janitor)
{
    struct load *load = &janitor->board->load;
    int64_t last_post = atomic_load(&load->last_post);
    int64_t now_ms = clock_monotonic_ms();
    struct db_answer answer;

    if (!janitor->config->pow_adaptive || !ask(janitor, &recent_posts, last_post, &answer) ||
        !atomic_compare_exchange_strong(&load->last_post, &last_post, answer.next_id))
        return;
    while (answer.body.len > 0)
        learn_network(load, str_cut(&answer.body, ' '), now_ms);
}

/* By how much a standby that answered `answer` is behind `position`, in milliseconds; -1: it does
 * not know. */
static int64_t lag_ms(const struct db_answer *answer, int64_t position)
{
    uint64_t age_ms;

    if (answer->next_id >= position)
        return 0;
    return str_to_u64(answer->body, INT64_MAX, &age_ms) ? (int64_t)age_ms : -1;
}

/* Measures how long the database takes to answer, and how far behind the standby is that serves
 * reads: a replica, or in want of a primary the database itself. */
static void measure_lag(struct janitor *janitor)
{
    struct db_limits limits = {.deadline_ms = clock_monotonic_ms() + DEADLINE_MS, .caller = -1};
    int64_t began_us = clock_monotonic_us();
    int64_t ping_us = -1;
    int64_t behind_ms = -1;
    struct db_answer here;
    struct db_answer there;

    if (ask(janitor, &db_replayed, 0, &here)) {
        ping_us = clock_monotonic_us() - began_us;
        if (here.body.len > 0)
            behind_ms = lag_ms(&here, INT64_MAX);
        else if (db_has_replica(janitor->db) &&
                 db_ask_replica(janitor->db, &db_replayed, NULL, &limits, &janitor->arena,
                                &there) == DB_OK)
            behind_ms = lag_ms(&there, here.next_id);
    }
    atomic_store(&janitor->board->ping_us, ping_us);
    atomic_store(&janitor->board->lag_ms, behind_ms);
    janitor->measure_ms = clock_monotonic_ms() + MEASURE_MS;
}

/* One round of housekeeping; returns how long to wait before the next, in milliseconds. */
static int64_t tidy(struct janitor *janitor)
{
    struct db_answer answer;

    if (!ask(janitor, &housekeeping, janitor->config->key_days, &answer))
        return PAUSE_MS;
    log_event(LOG_DEBUG, "janitor", "done=%s", log_quote(answer.body));
    return answer.retry_after_ms > 0 ? answer.retry_after_ms : PAUSE_MS;
}

int janitor_run(const struct heritage *heritage)
{
    const struct str read_url = heritage->config->read_database_url;
    struct sigaction action = {.sa_handler = on_term};
    struct db_settings settings = {
        .url = heritage->config->database_url.ptr,
        .read_url = read_url.len > 0 ? read_url.ptr : NULL,
        .functions = functions,
        .unprepared = !heritage->config->database_prepare,
        .longest_ms = DEADLINE_MS,
    };
    struct janitor janitor = {
        .config = heritage->config, .board = heritage->board, .slot = heritage->slot};

    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL); /* the master died without a word */
    janitor.db = db_new(&settings);
    arena_init(&janitor.arena);
    while (!stopping) {
        int64_t pause_ms = tidy(&janitor);
        struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
        learn_load(&janitor);
        if (clock_monotonic_ms() >= janitor.measure_ms)
            measure_lag(&janitor);
        arena_reset(&janitor.arena);
        slot_enter(janitor.slot, SLOT_IDLE, clock_monotonic_ms() + pause_ms);
        if (atomic_fetch_add(&janitor.slot->requests, 1) == 0)
            kill(heritage->master, SIGCHLD); /* ready */
        ppoll(NULL, 0, &pause, &heritage->sigmask);
    }
    arena_release(&janitor.arena);
    db_free(janitor.db);
    return 0;
}
