/* SPDX-License-Identifier: MIT */
/* guard: the cheap refusals, made without any I/O. */
#ifndef GUARD_H
#define GUARD_H

#include "exchange.h"

/* Checks what the exchange's route asks for, in the order of enum guard. Returns false when the
 * response is made. */
bool guard_check(struct exchange *exchange);

#endif
