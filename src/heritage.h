/* heritage: all that a child of the master inherits. */
#ifndef HERITAGE_H
#define HERITAGE_H

#include "config.h"
#include "dbclock.h"
#include "load.h"

#include <signal.h>
#include <stdatomic.h>

/* Exit status of a process that cannot work with its configuration (sysexits.h, EX_CONFIG). */
#define EXIT_MISCONFIGURED 78

/* One child's own lines in shared memory. */
struct slot {
    _Atomic uint64_t requests; /* answered by the child that has the slot now */
};

/* Memory that the master and all children share. */
struct shared {
    struct dbclock clock;
    struct load load;
    struct slot slots[];
};

struct heritage {
    const struct config *config;
    struct shared *shared;
    struct slot *slot; /* the child's own */
    int listen_fd;
    bool own_socket;  /* whether nobody else will accept what is queued when the pool ends */
    sigset_t sigmask; /* to wait with: the signals the child reacts to are open in it only */
};

#endif
