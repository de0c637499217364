/* SPDX-License-Identifier: MIT */
/* secrets: making the files that hold the keys of a board. */
#ifndef SECRETS_H
#define SECRETS_H

#include "config.h"

/* setup-secrets [DIR]: writes the secrets that `serve` needs into DIR, or the standard directory
 * of the board. What is there already is checked, mended in owner and mode, never overwritten. */
int setup_secrets(const struct config *config, int argc, char **argv);

#endif
