/* SPDX-License-Identifier: MIT */
/*
 * price: an hour of the board with the program's own prices, simulated second by second. Twenty
 * honest networks post now and then; from minute 10 to 40 ten networks flood as fast as their
 * machine solves proofs and the post budget lets them. Writes one line of CSV a minute and
 * setting: setting,minute,honest_hashes,flood_hashes,flood_posts.
 */
#include "price.h"
#include "load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HONEST 20
#define HONEST_PAUSE_SECS 300 /* one post of each in five minutes */
#define FLOODERS 10
#define FLOOD_HASHES_PER_SEC 20e6 /* a fast native core each */
#define FLOOD_BEGINS 10           /* minutes */
#define FLOOD_ENDS 40
#define BUDGET_SECS 4 /* POST_RATE's default: 15 a minute */
#define MINUTES 60

struct setting {
    const char *name;
    const char *values[4]; /* NAME=value */
};

static const struct setting settings[] = {
    {"fixed price", {"POW_ADAPTIVE=false"}},
    {"defaults", {NULL}},
    {"networks pay early", {"POW_NETWORK_POSTS=1", "POW_MAX_DIFFICULTY=26"}},
    {"board pays early", {"POW_BOARD_POSTS=15"}},
};

static const struct setting *current;

static const char *source(const char *name)
{
    size_t len = strlen(name);

    for (int i = 0; i < 4 && current->values[i]; i++) {
        if (strncmp(current->values[i], name, len) == 0 && current->values[i][len] == '=')
            return current->values[i] + len + 1;
    }
    return NULL;
}

static struct str network(int number, char digest[16])
{
    memset(digest, 0, 16);
    memcpy(digest, &number, sizeof(number));
    digest[8] = 1;
    return (struct str){.ptr = digest, .len = 16};
}

/* Hashes that a post of `number` costs now, on average. */
static double cost(const struct config *config, const struct load *load, int number, int64_t now_ms)
{
    char digest[16];
    struct price price = price_of_post(config, load_network(load, network(number, digest), now_ms),
                                       load_board(load, now_ms));

    return price.rounds * exp2(price.difficulty);
}

static void post(struct load *load, int number, int64_t now_ms)
{
    char digest[16];

    load_add(load, network(number, digest), 1, now_ms);
}

/* One flooder's second: it posts when the proof it began is solved and its budget allows. */
static int flood(const struct config *config, struct load *load, int number, int64_t second,
                 double ready_at[FLOODERS])
{
    double took;

    if ((double)second < ready_at[number])
        return 0;
    post(load, 1000 + number, second * 1000);
    took = cost(config, load, 1000 + number, second * 1000) / FLOOD_HASHES_PER_SEC;
    ready_at[number] = (double)second + (took > BUDGET_SECS ? took : BUDGET_SECS);
    return 1;
}

static void simulate(const struct config *config, struct load *load)
{
    double ready_at[FLOODERS] = {0};
    int posts = 0;

    memset(load, 0, sizeof(*load));
    for (int64_t second = 1; second <= MINUTES * 60; second++) {
        bool flooding = second > FLOOD_BEGINS * 60 && second <= FLOOD_ENDS * 60;
        for (int i = 0; i < HONEST; i++) {
            if (second % HONEST_PAUSE_SECS == i * HONEST_PAUSE_SECS / HONEST)
                post(load, 1 + i, second * 1000);
        }
        for (int i = 0; flooding && i < FLOODERS; i++)
            posts += flood(config, load, i, second, ready_at);
        if (second % 60 == 0) {
            printf("%s,%d,%.0f,%.0f,%d\n", current->name, (int)(second / 60),
                   cost(config, load, 1, second * 1000), cost(config, load, 1000, second * 1000),
                   posts);
            posts = 0;
        }
    }
}

int main(void)
{
    struct load *load = calloc(1, sizeof(*load));
    struct config config;
    struct arena arena;

    if (load == NULL)
        return EXIT_FAILURE;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        current = &settings[i];
        if (config_load(&config, &arena, source, stderr) > 0)
            return EXIT_FAILURE;
        simulate(&config, load);
    }
    arena_release(&arena);
    free(load);
    return EXIT_SUCCESS;
}
