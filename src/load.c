/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <math.h>
#include <string.h>

#define TIME_CONSTANT_MS 60000.0
#define NEIGHBOURS 8

static double decayed(const struct load_level *level, int64_t now_ms)
{
    double posts = (double)atomic_load(&level->milliposts) / 1000;
    int64_t age_ms = now_ms - atomic_load(&level->updated_ms);

    return age_ms > 0 ? posts * exp(-(double)age_ms / TIME_CONSTANT_MS) : posts;
}

static void add(struct load_level *level, double posts, int64_t now_ms)
{
    atomic_store(&level->milliposts, (uint64_t)((decayed(level, now_ms) + posts) * 1000));
    atomic_store(&level->updated_ms, now_ms);
}

static uint64_t key_of(struct str network)
{
    uint64_t key = 0;

    memcpy(&key, network.ptr, network.len < sizeof(key) ? network.len : sizeof(key));
    return key ? key : 1;
}

static size_t place_of(uint64_t key, size_t step)
{
    return (size_t)((key + step) % LOAD_NETWORKS);
}

void load_add(struct load *load, struct str network, uint64_t posts, int64_t now_ms)
{
    uint64_t key = key_of(network);
    struct load_level *chosen = &load->networks[place_of(key, 0)];

    add(&load->board, (double)posts, now_ms);
    for (size_t step = 0; step < NEIGHBOURS; step++) {
        struct load_level *level = &load->networks[place_of(key, step)];
        if (atomic_load(&level->key) == key) {
            add(level, (double)posts, now_ms);
            return;
        }
        if (decayed(level, now_ms) < decayed(chosen, now_ms))
            chosen = level;
    }
    atomic_store(&chosen->milliposts, posts * 1000);
    atomic_store(&chosen->updated_ms, now_ms);
    atomic_store(&chosen->key, key);
}

double load_board(const struct load *load, int64_t now_ms)
{
    return decayed(&load->board, now_ms);
}

double load_network(const struct load *load, struct str network, int64_t now_ms)
{
    uint64_t key = key_of(network);

    for (size_t step = 0; step < NEIGHBOURS; step++) {
        const struct load_level *level = &load->networks[place_of(key, step)];
        if (atomic_load(&level->key) == key)
            return decayed(level, now_ms);
    }
    return 0;
}
