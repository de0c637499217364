/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <string.h>

struct guard_row {
    enum guard guard;
    bool (*passes)(struct exchange *exchange);
};

static struct str origin_host(struct str origin)
{
    static const char mark[] = "://";

    for (size_t i = 0; i + 3 <= origin.len; i++) {
        if (memcmp(origin.ptr + i, mark, 3) == 0)
            return (struct str){.ptr = origin.ptr + i + 3, .len = origin.len - i - 3};
    }
    return STR(""); /* "null": a sandboxed or local page; foreign whatever the Host */
}

static bool is_same_origin(struct exchange *exchange)
{
    const struct request *request = exchange->request;
    struct str from = origin_host(request->origin);
    bool foreign = str_equal_nocase(request->fetch_site, STR("cross-site"));

    if (request->origin.len > 0)
        foreign = foreign || from.len == 0 || !str_equal_nocase(from, request->host);
    if (foreign)
        exchange_refuse(exchange, PROBLEM_CROSS_SITE, NULL);
    return !foreign;
}

static bool is_json(struct exchange *exchange)
{
    struct str parameters = exchange->request->content_type;
    struct str type = str_trim_blank(str_cut(&parameters, ';'));
    bool absent = exchange->request->body.len == 0 && exchange->request->content_type.len == 0;
    bool json = absent || str_equal_nocase(type, STR("application/json"));

    if (!json)
        exchange_refuse(exchange, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
    return json;
}

/* The address of the client. When the peer is a trusted proxy it is the right-most hop that is
 * not one: what stands further left was written by strangers. */
static bool find_client(struct exchange *exchange)
{
    const struct netlist *trusted = &exchange->server->config->trusted_proxies;
    struct str hops = exchange->request->forwarded_for;

    if (!netaddr_parse(exchange->request->remote_addr, &exchange->client))
        return false;
    while (hops.len > 0 && netlist_contains(trusted, &exchange->client)) {
        if (!netaddr_parse_hop(str_cut_last(&hops, ','), &exchange->client))
            return false;
    }
    return true;
}

static bool has_client(struct exchange *exchange)
{
    bool known = find_client(exchange);

    if (!known)
        exchange_refuse_input(exchange, "address", STR("Your network address is not known."));
    return known;
}

static bool has_whole_body(struct exchange *exchange)
{
    struct problem_detail detail = {.message = STR("The body ended too early.")};

    switch (exchange->request->body_state) {
    case BODY_TOO_LARGE:
        detail.message =
            arena_format(exchange->request->arena, "The body is larger than %lld bytes.",
                         (long long)exchange->server->config->body_limit_max_bytes);
        exchange_refuse(exchange, PROBLEM_BODY_TOO_LARGE, &detail);
        return false;
    case BODY_BROKEN:
        exchange_refuse(exchange, PROBLEM_INVALID_JSON, &detail);
        return false;
    case BODY_WHOLE:
        break;
    }
    return true;
}

static bool has_proof(struct exchange *exchange)
{
    static const enum problem problems[] = {
        [POW_MISSING] = PROBLEM_POW_REQUIRED,
        [POW_FORGED] = PROBLEM_POW_INVALID,
        [POW_LATE] = PROBLEM_POW_EXPIRED,
        [POW_WRONG] = PROBLEM_POW_INVALID,
    };
    const struct request *request = exchange->request;
    struct pow_keys keys = exchange_signing_keys(exchange);
    struct pow_client client = exchange_pow_client(exchange);
    struct pow_proof proof = {.challenge = request->pow_challenge,
                              .token = request->pow_token,
                              .nonces = request->pow_nonces};
    enum pow_verdict verdict;

    if (!exchange->server->config->pow_enable)
        return true;
    verdict = pow_check(request->arena, &keys, &proof, &client,
                        dbclock_now_ms(exchange->server->clock), &exchange->proof);
    if (verdict != POW_OK)
        exchange_refuse(exchange, problems[verdict], NULL);
    return verdict == POW_OK;
}

static const struct guard_row guards[] = {
    {GUARD_SAME_ORIGIN, is_same_origin}, {GUARD_JSON, is_json},    {GUARD_CLIENT, has_client},
    {GUARD_BODY, has_whole_body},        {GUARD_PROOF, has_proof},
};

bool guard_check(struct exchange *exchange)
{
    for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++) {
        if ((exchange->route->guards & guards[i].guard) && !guards[i].passes(exchange))
            return false;
    }
    return true;
}
