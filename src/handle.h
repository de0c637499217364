/* SPDX-License-Identifier: MIT */
/* handle: one handler for each row of the route table. Each fills the exchange's response; the
 * comment at its definition lists every status it answers itself, besides those of its guards and
 * of exchange_call(). */
#ifndef HANDLE_H
#define HANDLE_H

struct exchange;

void handle_challenge(struct exchange *exchange);
void handle_create(struct exchange *exchange);
void handle_search(struct exchange *exchange);
void handle_count(struct exchange *exchange);
void handle_get(struct exchange *exchange);
void handle_feed(struct exchange *exchange);
void handle_report(struct exchange *exchange);
void handle_log(struct exchange *exchange);
void handle_health(struct exchange *exchange);
void handle_ready(struct exchange *exchange);

#endif
