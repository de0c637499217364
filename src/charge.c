/* SPDX-License-Identifier: MIT */
#include "charge.h"

#include "buf.h"
#include "encode.h"

struct budget_terms charge_terms(const struct payer *payer)
{
    const struct config *config = payer->config;

    if (payer->posting)
        return (struct budget_terms){"post", config->post_rate_max_requests,
                                     config->post_rate_window_ms};
    return (struct budget_terms){"read", config->read_rate_max_requests,
                                 config->read_rate_window_ms};
}

bool charge_applies(const struct payer *payer)
{
    const struct config *config = payer->config;

    return config->ip_rate_enable && !netlist_contains(&config->ip_rate_exempt, payer->client);
}

/* How many times a single network's budget the tier `prefix` has. */
static int64_t tier_factor(const struct config *config, int prefix)
{
    if (prefix == 56)
        return config->rate_ipv6_56_factor;
    return prefix == 48 ? config->rate_ipv6_48_factor : 1;
}

/* The client's digest under key `key`, as an element of a bytea[] in text form; the array begins
 * with its brace. */
static void add_digest(const struct payer *payer, struct buf *array, int key, int prefix)
{
    struct str digest = netkeys_digest(payer->keys, key, payer->arena, payer->client, prefix);

    buf_addf(array, "%s\"\\\\x%s\"", array->len > 1 ? "," : "",
             encode_hex(payer->arena, digest).ptr);
}

struct str charge_known_as(const struct payer *payer)
{
    int prefixes[NETADDR_TIERS];
    int tiers = netaddr_tiers(payer->client, prefixes);
    struct buf array;

    buf_init(&array, payer->arena, 2048);
    buf_add_char(&array, '{');
    for (int key = 0; key < payer->keys->count; key++) {
        for (int tier = 0; tier < tiers; tier++)
            add_digest(payer, &array, key, prefixes[tier]);
    }
    buf_add_char(&array, '}');
    return buf_str(&array);
}

enum arrays { NETWORKS, EMISSIONS, BURSTS };

static void add_tier(const struct payer *payer, struct buf arrays[CHARGE_ARGUMENTS], int key,
                     int prefix, bool charged)
{
    struct budget_terms terms = charge_terms(payer);
    int64_t burst = terms.requests * tier_factor(payer->config, prefix);
    int64_t emission_us = terms.window_ms * 1000 / burst;
    const char *comma = arrays[NETWORKS].len > 1 ? "," : "";

    add_digest(payer, &arrays[NETWORKS], key, prefix);
    if (!charged)
        return;
    /* No budget is finer than the database's clock. */
    buf_addf(&arrays[EMISSIONS], "%s%lld", comma, (long long)(emission_us > 0 ? emission_us : 1));
    buf_addf(&arrays[BURSTS], "%s%lld", comma, (long long)burst);
}

void charge_arguments(const struct payer *payer, bool charged,
                      struct db_value values[CHARGE_ARGUMENTS])
{
    struct buf arrays[CHARGE_ARGUMENTS];
    int keys = netkeys_counted(payer->keys, payer->now_ms, charge_terms(payer).window_ms);
    int prefixes[NETADDR_TIERS];
    int tiers = netaddr_tiers(payer->client, prefixes);

    for (int i = 0; i < CHARGE_ARGUMENTS; i++) {
        buf_init(&arrays[i], payer->arena, 160);
        buf_add_char(&arrays[i], '{');
    }
    for (int tier = 0; tier < tiers; tier++) {
        for (int key = 0; key < keys; key++)
            add_tier(payer, arrays, key, prefixes[tier], charged);
    }
    for (int i = 0; i < CHARGE_ARGUMENTS; i++) {
        buf_add_char(&arrays[i], '}');
        values[i] = (struct db_value){.bytes = buf_str(&arrays[i])};
    }
}

int charge_refusing_tier(const struct payer *payer, struct str body)
{
    struct str index_text = str_cut(&body, '/');
    int prefixes[NETADDR_TIERS];
    uint64_t tiers = (uint64_t)netaddr_tiers(payer->client, prefixes);
    uint64_t index;
    uint64_t count;

    if (!str_to_u64(index_text, INT32_MAX, &index) || !str_to_u64(body, INT32_MAX, &count) ||
        index == 0 || index > count)
        return 0;
    return prefixes[(index - 1) * tiers / count]; /* each tier comes once for each key */
}
