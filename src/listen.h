/* SPDX-License-Identifier: MIT */
/* listen: the socket the pool accepts from. */
#ifndef LISTEN_H
#define LISTEN_H

#include "config.h"

struct listener {
    int fd;
    bool own; /* bound here, not handed over: its path is ours to remove */
};

/* Takes the socket that was handed over, or binds config's SOCKET_PATH without a moment at which
 * the path is missing. The descriptor does not block. Returns false after logging why not; a live
 * pool at the same path is one reason. */
bool listener_open(struct listener *listener, const struct config *config);

/* Closes it, and removes the path if it is our own. */
void listener_close(struct listener *listener, const struct config *config);

#endif
