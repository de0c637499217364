/* SPDX-License-Identifier: MIT */
/* heritage: all that a child of the master inherits. */
#ifndef HERITAGE_H
#define HERITAGE_H

#include "config.h"
#include "pages.h"
#include "scoreboard.h"

#include <signal.h>

/* Exit status of a process that cannot work with its configuration (sysexits.h, EX_CONFIG). */
#define EXIT_MISCONFIGURED 78

/* Exit status of a worker that has answered, or has grown, enough and wants a successor. */
#define EXIT_RECYCLED 75

struct heritage {
    const struct config *config;
    struct scoreboard *board;
    struct pages *pages;
    struct slot *slot; /* the child's own */
    pid_t master;      /* SIGCHLD to it: look at my slot */
    int listen_fd;
    bool own_socket;  /* whether it ends with the pool, and what is queued on it */
    sigset_t sigmask; /* to wait with: the signals the child reacts to are open in it only */
};

#endif
