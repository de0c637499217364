/* SPDX-License-Identifier: MIT */
/* doctor: the command that looks whether everything a board needs fits together. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "config.h"

/* doctor: one line for each thing it looked at, with what to do where something is wrong. Run as
 * root it connects to the database as the system users of the roles would. Returns 1 when anything
 * is wrong. */
int doctor(const struct config *config, int argc, char **argv);

#endif
