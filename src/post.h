/* SPDX-License-Identifier: MIT */
/* post: puts a message onto a board from the command line, over HTTP as everybody does. */
#ifndef POST_H
#define POST_H

#include "config.h"

/* initialsdb post URL TEXT; the statuses are those of solve.h. */
int post(const struct config *config, int argc, char **argv);

#endif
