/* SPDX-License-Identifier: MIT */
#include "master.h"

#include "children.h"
#include "clock.h"
#include "listen.h"
#include "log.h"
#include "notify.h"
#include "probe.h"
#include "settings.h"
#include "sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often the children are looked at. */
#define TICK_MS 1000
#define TERM_REPEAT_MS 100
#define PATH_SIZE 4096

struct master {
    struct children children;
    struct config config; /* what is in force after the first reload */
    struct arena arena;   /* its texts */
    struct listener listener;
    bool settled;  /* whether the service manager was told that all children are ready */
    bool watchdog; /* whether the service manager wants signs of life */
    int64_t told_ms;
    uint64_t told_requests;
    char board_path[PATH_SIZE];
    sigset_t signals; /* the ones the master waits for */
};

/* Sleeps until a signal comes or `wait_ms` have passed. Returns the signal or 0. */
static int wait_signal(const struct master *master, int64_t wait_ms)
{
    struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
    int number = sigtimedwait(&master->signals, NULL, &wait);

    return number > 0 ? number : 0;
}

/* Ends the children: SIGTERM, again and again, since one may come between a child's test and its
 * sleep; after the time to drain SIGKILL. */
static void drain(struct master *master)
{
    const struct config *config = master->children.heritage.config;
    int64_t until_ms = clock_monotonic_ms() + config->drain_secs * 1000;

    while (children_reap(&master->children, true) > 0) {
        bool late = clock_monotonic_ms() >= until_ms;
        children_signal(&master->children, late ? SIGKILL : SIGTERM);
        wait_signal(master, TERM_REPEAT_MS);
    }
}

/* Tells once, after the start and after each reload, that all children are ready. */
static void announce(struct master *master)
{
    const struct children *children = &master->children;

    if (master->settled || !children_settled(children))
        return;
    master->settled = true;
    log_event(LOG_INFO, children->generation == 0 ? "ready" : "reloaded", "pid=%d workers=%d",
              (int)getpid(), children->wanted[SLOT_WORKER]);
    atomic_store(&children->heritage.board->ready, 1);
    notify_send("READY=1");
}

/* Once a tick: that we live, and in a word how. */
static void tell_manager(struct master *master)
{
    struct children *children = &master->children;
    struct metrics *metrics = &children->heritage.board->metrics;
    int64_t now_ms = clock_monotonic_ms();
    uint64_t requests = metrics_requests(metrics);
    char text[128];

    if (now_ms - master->told_ms < TICK_MS)
        return;
    if (master->watchdog)
        notify_send("WATCHDOG=1");
    snprintf(text, sizeof(text), "STATUS=%d workers, %.0f requests/s, %llu since the start",
             children->wanted[SLOT_WORKER],
             (double)(requests - master->told_requests) * 1e3 / (double)(now_ms - master->told_ms),
             (unsigned long long)requests);
    notify_send(text);
    master->told_ms = now_ms;
    master->told_requests = requests;
}

/* ---- reloading ---- */

static void log_lines(const char *event, const char *text)
{
    struct str rest = str_from(text);

    while (rest.len > 0)
        log_event(LOG_ERROR, event, "problem=%s", log_quote(str_cut(&rest, '\n')));
}

/* All or nothing: whether the settings, as they are now, are right. What is wrong is logged. */
static bool read_settings(struct config *config, struct arena *arena)
{
    char *text = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&text, &len);
    int wrong;

    if (errors == NULL)
        abort();
    wrong = settings_load(config, arena, errors);
    if (wrong == 0)
        wrong = config_require_secrets(config, errors);
    fclose(errors);
    log_lines("wrong_setting", text);
    free(text);
    return wrong == 0;
}

/* Whether the database, if it answered, has schema `wanted`. */
static bool has_schema(const struct probe *probe, int64_t wanted)
{
    if (!probe->answered || probe->schema == wanted)
        return true;
    log_event(LOG_ERROR, "wrong_schema", "database=%lld binary=%d hint=%s",
              (long long)probe->schema, sql_schema_number(),
              log_quote(probe->schema < wanted
                            ? STR("run initialsdb migrate")
                            : STR("install the newer program again, or restore an older backup")));
    return false;
}

/* Puts settings in force. What only a start can change stays. */
static void adopt(struct master *master, const struct config *config, const struct arena *arena,
                  const struct probe *probe)
{
    const struct config *old = master->children.heritage.config;
    struct config next = *config;

    if (!str_equal(next.socket_path, old->socket_path) || next.socket_mode != old->socket_mode)
        log_event(LOG_WARN, "needs_restart", "settings=%s",
                  log_quote(STR("SOCKET_PATH, SOCKET_MODE")));
    next.socket_path = arena_copy((struct arena *)arena, old->socket_path);
    next.socket_mode = old->socket_mode;
    arena_release(&master->arena);
    master->arena = *arena;
    master->config = next;
    master->children.heritage.config = &master->config;
    master->children.wanted[SLOT_WORKER] = probe_workers(&master->config, probe);
    master->children.generation++;
    master->settled = false;
    log_set_level((enum log_level)next.log_level);
}

static void reload(struct master *master)
{
    struct scoreboard *board = master->children.heritage.board;
    struct config config;
    struct arena arena;
    struct probe probe = {.answered = false};
    int64_t newest = sql_schema_number();
    bool right;

    notify_reloading();
    log_event(LOG_INFO, "reloading", "pid=%d", (int)getpid());
    arena_init(&arena);
    right = read_settings(&config, &arena);
    if (right)
        probe = probe_database(&config);
    /* A newer one is fine now: an upgrade migrates while the old pool still serves. */
    newest = probe.schema > newest ? probe.schema : newest;
    if (right && has_schema(&probe, newest)) {
        adopt(master, &config, &arena, &probe);
        metrics_count(&board->metrics, COUNT_RELOADS);
        atomic_store(&board->loaded_ms, clock_monotonic_ms());
        atomic_store(&board->workers, master->children.wanted[SLOT_WORKER]);
        return;
    }
    arena_release(&arena);
    log_event(LOG_ERROR, "reload_refused", "hint=%s", log_quote(STR("the old settings stay")));
    metrics_count(&board->metrics, COUNT_RELOADS_FAILED);
    notify_send("READY=1");
}

/* ---- the one loop ---- */

static void supervise(struct master *master)
{
    struct children *children = &master->children;
    int number = 0;

    while (number != SIGTERM && number != SIGINT) {
        int64_t wait_ms;
        if (number == SIGHUP)
            reload(master);
        children_reap(children, false);
        if (children->misconfigured)
            break;
        children_check(children);
        wait_ms = children_keep(children);
        announce(master);
        tell_manager(master);
        number = wait_signal(master, wait_ms >= 0 && wait_ms < TICK_MS ? wait_ms : TICK_MS);
    }
    notify_stopping(children->heritage.config->drain_secs);
    log_event(LOG_INFO, "stopping", "drain_secs=%lld",
              (long long)children->heritage.config->drain_secs);
    atomic_store(&children->heritage.board->ending, 1);
    listener_close(&master->listener, children->heritage.config);
    drain(master);
    scoreboard_remove(children->heritage.board, master->board_path);
    log_event(LOG_INFO, "stopped", "pid=%d", (int)getpid());
}

static void block_signals(struct master *master)
{
    sigset_t *childs = &master->children.heritage.sigmask;

    sigemptyset(&master->signals);
    sigaddset(&master->signals, SIGTERM);
    sigaddset(&master->signals, SIGINT);
    sigaddset(&master->signals, SIGHUP);
    sigaddset(&master->signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &master->signals, childs);
    /* Ctrl-C and hanging up reach the whole group; the children wait for the master's word. */
    sigaddset(childs, SIGINT);
    sigaddset(childs, SIGHUP);
}

static void settle_in(struct master *master, const struct config *config, const struct probe *probe)
{
    struct heritage *heritage = &master->children.heritage;
    int64_t now_ms = clock_monotonic_ms();

    scoreboard_path(config->socket_path, master->board_path, sizeof(master->board_path));
    heritage->config = config;
    heritage->board = scoreboard_create(master->board_path);
    heritage->pages = pages_outlive_the_dead() ? pages_create() : NULL;
    heritage->master = getpid();
    heritage->listen_fd = master->listener.fd;
    heritage->own_socket = master->listener.own;
    master->children.wanted[SLOT_WORKER] = probe_workers(config, probe);
    master->children.wanted[SLOT_JANITOR] = 1;
    master->children.checked_ms = now_ms;
    master->told_ms = now_ms;
    master->watchdog = notify_watchdog_ms() > 0;
    atomic_store(&heritage->board->loaded_ms, now_ms);
    atomic_store(&heritage->board->workers, master->children.wanted[SLOT_WORKER]);
}

int master_run(const struct config *config)
{
    static struct master master; /* large, mostly empty slots */
    struct probe probe;

    /* libpq looks names up without regard to any deadline: a dead name server shall not take long.
     */
    setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
    block_signals(&master);
    probe = probe_database(config);
    if (!has_schema(&probe, sql_schema_number()))
        return EXIT_MISCONFIGURED;
    if (!listener_open(&master.listener, config))
        return EXIT_FAILURE;
    arena_init(&master.arena);
    settle_in(&master, config, &probe);
    supervise(&master);
    return master.children.misconfigured ? EXIT_MISCONFIGURED : EXIT_SUCCESS;
}
