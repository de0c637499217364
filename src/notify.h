/* SPDX-License-Identifier: MIT */
/* notify: the service manager's protocol, without its library. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

/* Sends `state`, for instance "READY=1", to $NOTIFY_SOCKET; does nothing without one
 * (sd_notify(3)). */
void notify_send(const char *state);

/* Says that the settings are being read again; READY=1 ends it. */
void notify_reloading(void);

/* Says that the end has begun and may take `secs`, also where TimeoutStopSec= is less. */
void notify_stopping(int64_t secs);

/* How often the service manager wants to hear WATCHDOG=1 from this process, in milliseconds; 0: not
 * at all (sd_watchdog_enabled(3)). */
int64_t notify_watchdog_ms(void);

/* The listening socket that was handed over (sd_listen_fds(3)), or -1. The variables that
 * announce it are removed, so that children do not claim it. */
int notify_listen_fd(void);

#endif
