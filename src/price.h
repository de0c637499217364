/* SPDX-License-Identifier: MIT */
/* price: how hard a proof has to be. */
#ifndef PRICE_H
#define PRICE_H

#include "config.h"

struct price {
    int difficulty; /* bits */
    int rounds;
};

/* The price of a post while the client's network posts `network` and the whole board `board`
 * messages a minute. Mean work is rounds x 2^difficulty hashes. It grows in proportion to what
 * the network posts beyond POW_NETWORK_POSTS, and with the square root of what the board receives
 * beyond POW_BOARD_POSTS: who floods pays most, bystanders little. Doubling is a bit of
 * difficulty, what lies between is rounds; neither goes above its maximum. */
struct price price_of_post(const struct config *config, double network, double board);

#endif
