/* SPDX-License-Identifier: MIT */
/*
 * children: the processes that the master keeps: how many of each kind there should be, who
 * replaces whom, and what is written when one dies.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "heritage.h"

/* One process, in the slot of the same number. */
struct child {
    bool taken; /* somebody shall run here */
    pid_t pid;  /* 0: not running */
    unsigned generation;
    enum child_end end; /* how it will have ended, should it end well */
    bool told;          /* to end */
    int64_t started_ms;
    int64_t start_at_ms; /* not before this, when not running */
    int64_t pause_ms;
};

struct children {
    struct heritage heritage;
    int wanted[SLOT_KINDS];
    unsigned generation; /* of the settings; children of older ones are replaced */
    bool misconfigured;  /* a child says that it cannot work */
    int64_t checked_ms;
    int64_t lenient_until_ms; /* nobody is judged before this */
    struct child list[SCOREBOARD_SLOTS];
};

/* Buries every child that has died: one line each. `stopping` says that all were told to end.
 * Returns how many still live. */
int children_reap(struct children *children, bool stopping);

/* Starts who is missing, and replaces children of an older generation one after another: each
 * predecessor is told to end when its successor is ready. Returns the milliseconds until somebody
 * is due, or -1. */
int64_t children_keep(struct children *children);

/* Whether every child there should be is ready and of this generation. */
bool children_settled(const struct children *children);

/* Kills the children that are not where they promised to be. */
void children_check(struct children *children);

void children_signal(const struct children *children, int number);

#endif
