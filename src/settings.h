/* SPDX-License-Identifier: MIT */
/*
 * settings: where the settings come from: the environment, and under it the file that its
 * CONFIG_FILE names, lines of NAME=value as in systemd's EnvironmentFile.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "config.h"

/* Reads everything anew into `*config`, texts into `arena`. Writes one line to `errors` for each
 * thing that is wrong, connection strings that libpq cannot read among them; returns how many are.
 * What an earlier call filled in stays as it was. */
int settings_load(struct config *config, struct arena *arena, FILE *errors);

/* Reads the file at `path` only. Comments begin with # or ;, values may stand in single or double
 * quotes, a backslash in double quotes or outside of quotes keeps the next character. Returns how
 * many lines are wrong. */
int settings_read_file(struct arena *arena, const char *path, FILE *errors);

/* The value of `name`: the environment's unless that is empty, else that of the file read last;
 * NULL if not set. */
const char *settings_get(const char *name);

#endif
