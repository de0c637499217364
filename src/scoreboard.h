/* SPDX-License-Identifier: MIT */
/*
 * scoreboard: the memory that the processes of a pool share, one slot for each child, and that
 * `initialsdb status` and `initialsdb metrics` look at from outside. It is a file beside the
 * pool's socket; nobody waits for anybody in it.
 */
#ifndef SCOREBOARD_H
#define SCOREBOARD_H

#include "dbclock.h"
#include "load.h"
#include "metrics.h"
#include "str.h"

#include <sys/types.h>

/* Slots: each worker and the janitor twice, since a successor starts before its predecessor
 * ends. */
#define SCOREBOARD_WORKERS 1024
#define SCOREBOARD_SLOTS (2 * (SCOREBOARD_WORKERS + 1))

enum slot_kind { SLOT_WORKER, SLOT_JANITOR, SLOT_KINDS };

/* What a child is doing. The names are in slot_state_name(). */
enum slot_state {
    SLOT_EMPTY,    /* nobody has the slot */
    SLOT_STARTING, /* connecting, before the first request */
    SLOT_IDLE,     /* waiting for a request */
    SLOT_READING,  /* the request */
    SLOT_WORKING,  /* computing */
    SLOT_DATABASE, /* waiting for the database */
    SLOT_WRITING,  /* the answer */
    SLOT_DRAINING, /* told to end, and finishing */
    SLOT_STATES,
};

struct slot {
    _Atomic int state; /* enum slot_state */
    _Atomic int kind;  /* enum slot_kind */
    _Atomic int pid;
    _Atomic int route;         /* of the request it is at, route_number() */
    _Atomic int64_t due_ms;    /* when it promised to be elsewhere, on clock_monotonic_ms() */
    _Atomic int64_t since_ms;  /* when the child started */
    _Atomic uint64_t requests; /* it has answered */
    _Atomic int64_t memory_kb; /* resident, as it last looked */
};

struct scoreboard {
    char layout[64];    /* says whether a reader was built for the same struct */
    _Atomic int pid;    /* the master's */
    _Atomic int ready;  /* whether it has told so */
    _Atomic int ending; /* whether all children are being told to end */
    _Atomic int64_t since_ms;
    _Atomic int64_t loaded_ms; /* when the settings were last read */
    _Atomic int workers;       /* how many there should be */
    _Atomic int64_t ping_us;   /* the smallest question to the database took; -1: unknown */
    _Atomic int64_t lag_ms;    /* of the standby that serves reads; -1: none, or unknown */
    struct dbclock clock;
    struct load load;
    struct metrics metrics;
    struct slot slots[SCOREBOARD_SLOTS];
};

/* The path of the scoreboard of the pool at `socket_path`, in `path` (of `size` bytes). */
void scoreboard_path(struct str socket_path, char *path, size_t size);

/* Makes the scoreboard at `path`, in place of one that is there already; a file that cannot be
 * made is logged, and the memory is private to the pool then. Never NULL. */
struct scoreboard *scoreboard_create(const char *path);

/* Removes the file, unless another pool has put its own there. */
void scoreboard_remove(const struct scoreboard *board, const char *path);

/* Maps the scoreboard at `path` for reading. NULL, after writing why to standard error, when there
 * is none or another version of the program made it. */
const struct scoreboard *scoreboard_open(const char *path);

/* Notes that the child is now in `state` and will be in another before `due_ms`. `slot` may be
 * NULL, as in tests. */
void slot_enter(struct slot *slot, enum slot_state state, int64_t due_ms);

const char *slot_state_name(int state);
const char *slot_kind_name(int kind);

#endif
