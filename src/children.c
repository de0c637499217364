/* SPDX-License-Identifier: MIT */
#include "children.h"

#include "clock.h"
#include "janitor.h"
#include "log.h"
#include "route.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that lives shorter than this is started again only after a pause, which doubles. */
#define SHORT_LIFE_MS 1000
#define PAUSE_LEAST_MS 100
#define PAUSE_MOST_MS 5000

/* How late a child may be before it counts as hung. */
#define GRACE_MS 2000

/* When the master, who looks every second, was away for longer than this (stopped, or the machine
 * was), so were the children: they get their grace once more. Less than their grace, or a pause in
 * between would kill them. */
#define CHECK_GAP_MS 1500

static int (*const runs[SLOT_KINDS])(const struct heritage *) = {
    [SLOT_WORKER] = worker_run,
    [SLOT_JANITOR] = janitor_run,
};

static struct slot *slot_of(const struct children *children, const struct child *child)
{
    return &children->heritage.board->slots[child - children->list];
}

static enum slot_kind kind_of(const struct children *children, const struct child *child)
{
    return (enum slot_kind)atomic_load(&slot_of(children, child)->kind);
}

static bool is_ready(const struct children *children, const struct child *child)
{
    return child->pid && atomic_load(&slot_of(children, child)->state) > SLOT_STARTING;
}

/* ---- starting ---- */

static _Noreturn void become_child(const struct children *children, struct slot *slot)
{
    struct heritage heritage = children->heritage;

    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    if (getppid() != heritage.master)
        _exit(0); /* the master died before the line above */
    heritage.slot = slot;
    atomic_store(&slot->pid, getpid());
    _exit(runs[atomic_load(&slot->kind)](&heritage));
}

static void clear_slot(struct slot *slot, int64_t now_ms)
{
    atomic_store(&slot->requests, 0);
    atomic_store(&slot->memory_kb, 0);
    atomic_store(&slot->route, 0);
    atomic_store(&slot->since_ms, now_ms);
    slot_enter(slot, SLOT_STARTING, now_ms + PAUSE_MOST_MS);
}

static void start_child(struct children *children, struct child *child)
{
    struct slot *slot = slot_of(children, child);
    pid_t pid;

    child->started_ms = clock_monotonic_ms();
    clear_slot(slot, child->started_ms);
    pid = fork();
    if (pid == 0)
        become_child(children, slot);
    if (pid < 0) {
        log_event(LOG_ERROR, "fork_failed", "error=%s", log_quote(str_from(strerror(errno))));
        child->start_at_ms = child->started_ms + PAUSE_MOST_MS;
        return;
    }
    child->pid = pid;
    child->told = false;
    child->end = END_CRASHED;
    log_event(LOG_DEBUG, "child_started", "kind=%s pid=%d",
              slot_kind_name(kind_of(children, child)), (int)pid);
}

/* Gives a free slot to a new child, which children_keep() will start; false when there is none,
 * because so many who were told to end have not ended yet. */
static bool enlist(struct children *children, enum slot_kind kind)
{
    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        struct child *child = &children->list[i];
        if (child->taken || child->pid)
            continue;
        *child = (struct child){.taken = true, .generation = children->generation};
        atomic_store(&slot_of(children, child)->kind, kind);
        return true;
    }
    return false;
}

/* ---- ending ---- */

static void tell_to_end(const struct children *children, struct child *child, enum child_end end)
{
    struct slot *slot = slot_of(children, child);

    child->taken = false;
    child->told = true;
    child->end = end;
    if (child->pid)
        kill(child->pid, SIGTERM);
    else
        slot_enter(slot, SLOT_EMPTY, INT64_MAX);
}

static enum child_end judge(const struct child *child, int status, bool stopping)
{
    if (child->end == END_HUNG)
        return END_HUNG;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_MISCONFIGURED)
        return END_MISCONFIGURED;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_RECYCLED)
        return END_RECYCLED;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && (child->told || stopping))
        return stopping ? END_STOPPED : child->end;
    return END_CRASHED;
}

static void write_obituary(const struct children *children, const struct child *child, int status,
                           enum child_end end)
{
    const struct slot *slot = slot_of(children, child);
    bool well = end == END_STOPPED || end == END_REPLACED || end == END_RECYCLED;
    bool killed = WIFSIGNALED(status);

    log_event(well ? LOG_INFO : LOG_WARN, "child_died",
              "kind=%s pid=%d reason=%s %s=%d state=%s route=%s age_ms=%lld requests=%llu",
              slot_kind_name(kind_of(children, child)), (int)child->pid, metrics_end_name(end),
              killed ? "signal" : "status", killed ? WTERMSIG(status) : WEXITSTATUS(status),
              slot_state_name(atomic_load(&slot->state)), route_name(atomic_load(&slot->route)),
              (long long)(clock_monotonic_ms() - child->started_ms),
              (unsigned long long)atomic_load(&slot->requests));
}

/* Who was recycled is started again at once, who died young after a pause. */
static void plan_restart(struct child *child, enum child_end end)
{
    int64_t now_ms = clock_monotonic_ms();

    if (end == END_RECYCLED || now_ms - child->started_ms >= SHORT_LIFE_MS)
        child->pause_ms = 0;
    else if (child->pause_ms == 0)
        child->pause_ms = PAUSE_LEAST_MS;
    else if (child->pause_ms < PAUSE_MOST_MS)
        child->pause_ms *= 2;
    child->start_at_ms = now_ms + child->pause_ms;
}

static void bury(struct children *children, struct child *child, int status, bool stopping)
{
    enum child_end end = judge(child, status, stopping);

    write_obituary(children, child, status, end);
    atomic_fetch_add(&children->heritage.board->metrics.ends[end], 1);
    children->misconfigured = children->misconfigured || end == END_MISCONFIGURED;
    plan_restart(child, end);
    child->pid = 0;
    child->generation = child->taken ? children->generation : child->generation;
    slot_enter(slot_of(children, child), child->taken ? SLOT_STARTING : SLOT_EMPTY, INT64_MAX);
}

int children_reap(struct children *children, bool stopping)
{
    int status;
    pid_t pid;
    int alive = 0;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
            if (children->list[i].pid == pid)
                bury(children, &children->list[i], status, stopping);
        }
    }
    for (int i = 0; i < SCOREBOARD_SLOTS; i++)
        alive += children->list[i].pid != 0;
    return alive;
}

/* ---- keeping ---- */

struct census {
    int young; /* of this generation */
    int ready; /* of these */
    int old;
    struct child *eldest;   /* one of the old */
    struct child *youngest; /* one of this generation */
};

static struct census count(const struct children *children, enum slot_kind kind)
{
    struct census census = {0};

    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        const struct child *child = &children->list[i];
        if (!child->taken || kind_of(children, child) != kind)
            continue;
        if (child->generation == children->generation) {
            census.young++;
            census.ready += is_ready(children, child);
            census.youngest = (struct child *)child;
        } else {
            census.old++;
            census.eldest = (struct child *)child;
        }
    }
    return census;
}

/* One step towards the wanted number of one kind. While there are old children at most one new
 * one is on its way. Returns whether anything was done. */
static bool step(struct children *children, enum slot_kind kind)
{
    struct census census = count(children, kind);
    int wanted = children->wanted[kind];
    bool waiting = census.old > 0 && census.ready < census.young;

    if (census.old > 0 && census.ready + census.old > wanted)
        tell_to_end(children, census.eldest, END_REPLACED);
    else if (census.young > wanted)
        tell_to_end(children, census.youngest, END_REPLACED);
    else
        return census.young < wanted && !waiting && enlist(children, kind);
    return true;
}

/* Starts whoever is due. Returns the time until the next is, or -1. */
static int64_t start_due(struct children *children)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t wait_ms = -1;

    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        struct child *child = &children->list[i];
        if (!child->taken || child->pid)
            continue;
        if (child->start_at_ms <= now_ms)
            start_child(children, child);
        if (child->pid == 0 && (wait_ms < 0 || child->start_at_ms - now_ms < wait_ms))
            wait_ms = child->start_at_ms > now_ms ? child->start_at_ms - now_ms : 0;
    }
    return wait_ms;
}

int64_t children_keep(struct children *children)
{
    for (int kind = 0; kind < SLOT_KINDS; kind++) {
        while (step(children, (enum slot_kind)kind))
            continue;
    }
    return start_due(children);
}

bool children_settled(const struct children *children)
{
    for (int kind = 0; kind < SLOT_KINDS; kind++) {
        struct census census = count(children, (enum slot_kind)kind);
        if (census.old > 0 || census.ready < children->wanted[kind])
            return false;
    }
    return true;
}

void children_check(struct children *children)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - children->checked_ms > CHECK_GAP_MS)
        children->lenient_until_ms = now_ms + GRACE_MS;
    children->checked_ms = now_ms;
    if (now_ms < children->lenient_until_ms)
        return;
    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        struct child *child = &children->list[i];
        struct slot *slot = slot_of(children, child);
        if (child->pid == 0 || now_ms - GRACE_MS <= atomic_load(&slot->due_ms))
            continue;
        log_event(LOG_WARN, "child_hung", "kind=%s pid=%d state=%s late_ms=%lld",
                  slot_kind_name(kind_of(children, child)), (int)child->pid,
                  slot_state_name(atomic_load(&slot->state)),
                  (long long)(now_ms - atomic_load(&slot->due_ms)));
        child->end = END_HUNG;
        kill(child->pid, SIGKILL);
    }
}

void children_signal(const struct children *children, int number)
{
    for (int i = 0; i < SCOREBOARD_SLOTS; i++) {
        if (children->list[i].pid)
            kill(children->list[i].pid, number);
    }
}
