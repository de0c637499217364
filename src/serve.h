/* SPDX-License-Identifier: MIT */
/* serve: a request through the whole pipeline. No socket in sight, so tests call it directly. */
#ifndef SERVE_H
#define SERVE_H

#include "exchange.h"

/* Answers `request` into `*response`. `caller` is a descriptor whose closing means that nobody
 * waits any more, or -1. Returns the exchange, for the log. */
struct exchange serve(struct server *server, struct request *request, struct response *response,
                      int caller);

#endif
