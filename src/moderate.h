/* SPDX-License-Identifier: MIT */
/* moderate: the commands of a moderator. Each works as the owner role, and the database writes what
 * was done, by whom and why into its audit by itself. */
#ifndef MODERATE_H
#define MODERATE_H

#include "config.h"

/* Each command of commands.def by its name; returns the exit status: 0, 1 for a failure, 2 for
 * words that cannot be understood, 4 when nothing was there to do it to. */
int moderate_hide(const struct config *config, int argc, char **argv);
int moderate_unhide(const struct config *config, int argc, char **argv);
int moderate_approve(const struct config *config, int argc, char **argv);
int moderate_list(const struct config *config, int argc, char **argv);
int moderate_show(const struct config *config, int argc, char **argv);
int moderate_log(const struct config *config, int argc, char **argv);
int moderate_reports(const struct config *config, int argc, char **argv);
int moderate_ban(const struct config *config, int argc, char **argv);
int moderate_unban(const struct config *config, int argc, char **argv);
int moderate_bans(const struct config *config, int argc, char **argv);
int moderate_hold(const struct config *config, int argc, char **argv);
int moderate_refuse(const struct config *config, int argc, char **argv);
int moderate_allow(const struct config *config, int argc, char **argv);
int moderate_words(const struct config *config, int argc, char **argv);

#endif
