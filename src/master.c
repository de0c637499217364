#include "master.h"

#include "clock.h"
#include "janitor.h"
#include "listen.h"
#include "log.h"
#include "notify.h"
#include "probe.h"
#include "sql.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that lives shorter than this is started again only after a pause, which doubles. */
#define SHORT_LIFE_MS 1000
#define PAUSE_LEAST_MS 100
#define PAUSE_MOST_MS 5000
#define TERM_REPEAT_MS 100

struct child {
    const char *kind;
    int (*run)(const struct heritage *heritage);
    pid_t pid; /* 0: not running */
    int64_t started_ms;
    int64_t start_at_ms; /* not before this, when not running */
    int64_t pause_ms;
};

struct master {
    struct heritage heritage;
    struct child *children; /* the workers, then the janitor */
    int count;
    struct listener listener;
    bool misconfigured; /* a child says that it cannot work */
    sigset_t signals;   /* the ones the master waits for */
};

static _Noreturn void become_child(struct master *master, int index, pid_t parent)
{
    struct heritage heritage = master->heritage;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0); /* the master died before the line above */
    heritage.slot = &heritage.shared->slots[index];
    atomic_store(&heritage.slot->requests, 0);
    _exit(master->children[index].run(&heritage));
}

static void start_child(struct master *master, int index)
{
    struct child *child = &master->children[index];
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0)
        become_child(master, index, parent);
    if (pid < 0) {
        log_event(LOG_ERROR, "fork_failed", "error=%s", log_quote(str_from(strerror(errno))));
        child->start_at_ms = clock_monotonic_ms() + PAUSE_MOST_MS;
        return;
    }
    child->pid = pid;
    child->started_ms = clock_monotonic_ms();
    log_event(LOG_DEBUG, "child_started", "kind=%s pid=%d", child->kind, (int)pid);
}

static void write_obituary(const struct master *master, const struct child *child, int status,
                           bool expected)
{
    const struct slot *slot = &master->heritage.shared->slots[child - master->children];
    bool killed = WIFSIGNALED(status);

    log_event(expected ? LOG_DEBUG : LOG_WARN, "child_died",
              "kind=%s pid=%d %s=%d age_ms=%lld requests=%llu", child->kind, (int)child->pid,
              killed ? "signal" : "status", killed ? WTERMSIG(status) : WEXITSTATUS(status),
              (long long)(clock_monotonic_ms() - child->started_ms),
              (unsigned long long)atomic_load(&slot->requests));
}

static void plan_restart(struct child *child)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - child->started_ms >= SHORT_LIFE_MS)
        child->pause_ms = 0;
    else if (child->pause_ms == 0)
        child->pause_ms = PAUSE_LEAST_MS;
    else if (child->pause_ms < PAUSE_MOST_MS)
        child->pause_ms *= 2;
    child->start_at_ms = now_ms + child->pause_ms;
    child->pid = 0;
}

/* Buries every child that has died. Returns how many still live. A child that cannot work with
 * its configuration will not work when started again: then the whole pool ends. */
static int reap(struct master *master, bool expected)
{
    int status;
    pid_t pid;
    int alive = 0;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < master->count; i++) {
            if (master->children[i].pid != pid)
                continue;
            write_obituary(master, &master->children[i], status, expected);
            if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_MISCONFIGURED)
                master->misconfigured = true;
            plan_restart(&master->children[i]);
        }
    }
    for (int i = 0; i < master->count; i++)
        alive += master->children[i].pid != 0;
    return alive;
}

/* Starts whoever is due. Returns the time until the next is, or -1. */
static int64_t start_due(struct master *master)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t wait_ms = -1;

    for (int i = 0; i < master->count; i++) {
        struct child *child = &master->children[i];
        if (child->pid == 0 && child->start_at_ms <= now_ms)
            start_child(master, i);
        if (child->pid == 0 && (wait_ms < 0 || child->start_at_ms - now_ms < wait_ms))
            wait_ms = child->start_at_ms > now_ms ? child->start_at_ms - now_ms : 0;
    }
    return wait_ms;
}

/* Sleeps until a signal comes or `wait_ms` (-1: ever) have passed. Returns the signal or 0. */
static int wait_signal(const struct master *master, int64_t wait_ms)
{
    struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
    int number = sigtimedwait(&master->signals, NULL, wait_ms < 0 ? NULL : &wait);

    return number > 0 ? number : 0;
}

static void signal_children(const struct master *master, int number)
{
    for (int i = 0; i < master->count; i++) {
        if (master->children[i].pid)
            kill(master->children[i].pid, number);
    }
}

/* Ends the children: SIGTERM, again and again, since one may come between a child's test and its
 * sleep; after the time to drain SIGKILL. */
static void drain(struct master *master)
{
    int64_t until_ms = clock_monotonic_ms() + master->heritage.config->drain_secs * 1000;

    while (reap(master, true) > 0) {
        bool late = clock_monotonic_ms() >= until_ms;
        signal_children(master, late ? SIGKILL : SIGTERM);
        wait_signal(master, TERM_REPEAT_MS);
    }
}

static void supervise(struct master *master)
{
    int number = 0;

    while (number != SIGTERM && number != SIGINT) {
        reap(master, false);
        if (master->misconfigured)
            break;
        number = wait_signal(master, start_due(master));
    }
    notify_send("STOPPING=1");
    log_event(LOG_INFO, "stopping", "drain_secs=%lld",
              (long long)master->heritage.config->drain_secs);
    listener_close(&master->listener, master->heritage.config);
    drain(master);
    log_event(LOG_INFO, "stopped", "pid=%d", (int)getpid());
}

static void block_signals(struct master *master)
{
    sigemptyset(&master->signals);
    sigaddset(&master->signals, SIGTERM);
    sigaddset(&master->signals, SIGINT);
    sigaddset(&master->signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &master->signals, &master->heritage.sigmask);
    /* Ctrl-C reaches the whole group; the children wait for the master's word. */
    sigaddset(&master->heritage.sigmask, SIGINT);
}

static void enlist(struct master *master, int workers)
{
    master->count = workers + 1;
    master->children = calloc((size_t)master->count, sizeof(*master->children));
    master->heritage.shared =
        mmap(NULL, sizeof(struct shared) + (size_t)master->count * sizeof(struct slot),
             PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (master->children == NULL || master->heritage.shared == MAP_FAILED)
        abort();
    for (int i = 0; i < workers; i++)
        master->children[i] = (struct child){.kind = "worker", .run = worker_run};
    master->children[workers] = (struct child){.kind = "janitor", .run = janitor_run};
}

int master_run(const struct config *config)
{
    struct master master = {.heritage = {.config = config}};
    struct probe probe = probe_database(config);
    int workers = probe_workers(config, &probe);

    if (probe.answered && probe.schema != sql_schema_number()) {
        log_event(LOG_ERROR, "wrong_schema", "database=%lld binary=%d hint=%s",
                  (long long)probe.schema, sql_schema_number(),
                  log_quote(STR("run initialsdb migrate")));
        return EXIT_MISCONFIGURED;
    }
    if (!listener_open(&master.listener, config))
        return EXIT_FAILURE;
    block_signals(&master);
    master.heritage.listen_fd = master.listener.fd;
    master.heritage.own_socket = master.listener.own;
    enlist(&master, workers);
    start_due(&master);
    log_event(LOG_INFO, "ready", "pid=%d workers=%d", (int)getpid(), workers);
    notify_send("READY=1");
    supervise(&master);
    return master.misconfigured ? EXIT_MISCONFIGURED : EXIT_SUCCESS;
}
