/* SPDX-License-Identifier: MIT */
#include "price.h"

#include <math.h>

static double beyond(double posts, int64_t free_posts)
{
    double ratio = posts / (double)free_posts;

    return ratio > 1 ? ratio : 1;
}

static int least_of(double a, int64_t b)
{
    return a < (double)b ? (int)a : (int)b;
}

struct price price_of_post(const struct config *config, double network, double board)
{
    struct price price = {(int)config->pow_difficulty, (int)config->pow_rounds};
    int64_t most_bits = config->pow_max_difficulty;
    int64_t most_rounds = config->pow_max_rounds;
    double factor;
    double bits;

    if (!config->pow_adaptive)
        return price;
    factor =
        beyond(network, config->pow_network_posts) * sqrt(beyond(board, config->pow_board_posts));
    bits = floor(log2(factor));
    if (price.difficulty + bits > (double)most_bits)
        bits = most_bits > price.difficulty ? (double)(most_bits - price.difficulty) : 0;
    factor /= exp2(bits);
    price.difficulty += (int)bits;
    if (most_rounds > price.rounds)
        price.rounds = least_of(ceil(price.rounds * factor), most_rounds);
    return price;
}
