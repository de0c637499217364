/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include "clock.h"
#include "encode.h"
#include "log.h"

#define CHARGE_ARGUMENTS 3
#define MAX_ARGUMENTS 16
#define RETRY_UNAVAILABLE_S 2
#define LEARN_MS 300
#define LEARN_PAUSE_MS 1000
#define HANDLE_MS 2000 /* no handler computes that long */

struct budget_terms {
    const char *name;
    int64_t requests;
    int64_t window_ms;
};

void exchange_refuse(struct exchange *exchange, enum problem problem,
                     const struct problem_detail *detail)
{
    problem_respond(exchange->response, exchange->request->arena, problem, detail);
}

void exchange_refuse_input(struct exchange *exchange, const char *field, struct str message)
{
    struct problem_detail detail = {.message = message, .field = field};

    exchange_refuse(exchange, PROBLEM_INVALID_INPUT, &detail);
}

static struct str secret_str(const struct secret *secret)
{
    return (struct str){.ptr = (const char *)secret->bytes, .len = secret->len};
}

static struct pow_key pow_key_of(const struct secret *secret)
{
    return (struct pow_key){.bytes = secret_str(secret), .id = secret->id};
}

struct pow_keys exchange_signing_keys(const struct exchange *exchange)
{
    const struct config *config = exchange->server->config;

    return (struct pow_keys){.current = pow_key_of(&config->pow_secret_key),
                             .previous = pow_key_of(&config->pow_secret_key_previous)};
}

struct pow_client exchange_pow_client(const struct exchange *exchange)
{
    int prefixes[NETADDR_TIERS];

    netaddr_tiers(&exchange->client, prefixes);
    return (struct pow_client){.network = netaddr_network(exchange->client, prefixes[0]),
                               .user_agent = exchange->request->user_agent};
}

/* Whether this is a post whose network has no name, so that neither budget nor ban would hold. */
static bool is_unknown_poster(const struct exchange *exchange)
{
    return exchange->route->budget == BUDGET_POST && exchange->server->netkeys.count == 0;
}

void exchange_learn_netkeys(struct exchange *exchange)
{
    struct server *server = exchange->server;
    struct netkeys *keys = &server->netkeys;
    struct db_limits limits = exchange->limits;
    int64_t today = dbclock_now_ms(server->clock) / DAY_MS;
    int64_t now_ms = clock_monotonic_ms();
    struct db_value days = db_value_int(exchange->request->arena, server->config->key_days);
    struct db_answer answer;

    if (keys->count > 0 && keys->keys[0].day == today)
        return;
    if (now_ms < keys->next_question_ms && !is_unknown_poster(exchange))
        return;
    if (exchange->route->budget == BUDGET_NONE) /* it would be nice to know, no more */
        limits.deadline_ms = now_ms + LEARN_MS;
    if (db_call(server->db, &network_keys, &days, &limits, exchange->request->arena, &answer) ==
        DB_OK) {
        dbclock_set(server->clock, answer.clock_ms);
        if (!netkeys_read(keys, secret_str(&server->config->server_salt), answer.body))
            log_event(LOG_ERROR, "network_keys_unreadable", "length=%zu", answer.body.len);
    }
    keys->next_question_ms = clock_monotonic_ms() + LEARN_PAUSE_MS;
}

struct str exchange_network(const struct exchange *exchange)
{
    const struct netkeys *keys = &exchange->server->netkeys;
    int prefixes[NETADDR_TIERS];

    if (keys->count == 0)
        return STR("");
    netaddr_tiers(&exchange->client, prefixes);
    return netkeys_digest(keys, 0, exchange->request->arena, &exchange->client, prefixes[0]);
}

static struct budget_terms terms_of(const struct exchange *exchange)
{
    const struct config *config = exchange->server->config;

    if (exchange->route->budget == BUDGET_POST)
        return (struct budget_terms){"post", config->post_rate_max_requests,
                                     config->post_rate_window_ms};
    return (struct budget_terms){"read", config->read_rate_max_requests,
                                 config->read_rate_window_ms};
}

/* How many times a single network's budget the tier `prefix` has. */
static int64_t tier_factor(const struct config *config, int prefix)
{
    if (prefix == 56)
        return config->rate_ipv6_56_factor;
    return prefix == 48 ? config->rate_ipv6_48_factor : 1;
}

static bool is_charged(const struct exchange *exchange)
{
    const struct config *config = exchange->server->config;

    return config->ip_rate_enable && !netlist_contains(&config->ip_rate_exempt, &exchange->client);
}

struct charge_arrays {
    struct buf networks;
    struct buf emissions;
    struct buf bursts;
};

/* An element of a bytea[] in text form; the array begins with its brace. */
static void add_digest(struct buf *array, struct str digest)
{
    buf_addf(array, "%s\"\\\\x%s\"", array->len > 1 ? "," : "",
             encode_hex(array->arena, digest).ptr);
}

struct str exchange_known_as(const struct exchange *exchange)
{
    const struct netkeys *keys = &exchange->server->netkeys;
    int prefixes[NETADDR_TIERS];
    int tiers = netaddr_tiers(&exchange->client, prefixes);
    struct buf array;

    buf_init(&array, exchange->request->arena, 2048);
    buf_add_char(&array, '{');
    for (int key = 0; key < keys->count; key++) {
        for (int tier = 0; tier < tiers; tier++)
            add_digest(&array,
                       netkeys_digest(keys, key, array.arena, &exchange->client, prefixes[tier]));
    }
    buf_add_char(&array, '}');
    return buf_str(&array);
}

static void add_tier(const struct exchange *exchange, struct charge_arrays *arrays, int key,
                     int prefix, bool charged)
{
    struct arena *arena = exchange->request->arena;
    const struct server *server = exchange->server;
    struct budget_terms terms = terms_of(exchange);
    int64_t burst = terms.requests * tier_factor(server->config, prefix);
    const char *comma = arrays->networks.len > 1 ? "," : "";
    struct str digest = netkeys_digest(&server->netkeys, key, arena, &exchange->client, prefix);

    add_digest(&arrays->networks, digest);
    if (!charged)
        return;
    buf_addf(&arrays->emissions, "%s%lld", comma, (long long)(terms.window_ms * 1000 / burst));
    buf_addf(&arrays->bursts, "%s%lld", comma, (long long)burst);
}

/* The arguments that charge the request: arrays with one element a tier, in text form; narrowest
 * first and the newest key first, so that all sessions lock in one order. What is not charged
 * names its networks all the same, without terms. */
static void charge_arguments(const struct exchange *exchange, bool charged,
                             struct db_value values[CHARGE_ARGUMENTS])
{
    struct charge_arrays arrays;
    struct buf *bufs[CHARGE_ARGUMENTS] = {&arrays.networks, &arrays.emissions, &arrays.bursts};
    int keys = netkeys_counted(&exchange->server->netkeys, dbclock_now_ms(exchange->server->clock),
                               terms_of(exchange).window_ms);
    int prefixes[NETADDR_TIERS];
    int tiers = netaddr_tiers(&exchange->client, prefixes);

    for (int i = 0; i < CHARGE_ARGUMENTS; i++) {
        buf_init(bufs[i], exchange->request->arena, 160);
        buf_add_char(bufs[i], '{');
    }
    for (int tier = 0; tier < tiers; tier++) {
        for (int key = 0; key < keys; key++)
            add_tier(exchange, &arrays, key, prefixes[tier], charged);
    }
    for (int i = 0; i < CHARGE_ARGUMENTS; i++) {
        buf_add_char(bufs[i], '}');
        values[i] = db_value_text(buf_str(bufs[i]));
    }
}

static int64_t seconds_rounded_up(int64_t ms)
{
    return (ms + 999) / 1000;
}

/* draft-ietf-httpapi-ratelimit-headers */
static void add_rate_headers(struct exchange *exchange, const struct db_answer *answer)
{
    struct budget_terms terms = terms_of(exchange);
    struct arena *arena = exchange->request->arena;

    response_header(exchange->response, "RateLimit-Policy",
                    arena_format(arena, "\"%s\";q=%lld;w=%lld", terms.name,
                                 (long long)terms.requests,
                                 (long long)seconds_rounded_up(terms.window_ms)));
    response_header(exchange->response, "RateLimit",
                    arena_format(arena, "\"%s\";r=%lld;t=%lld", terms.name,
                                 (long long)answer->quota_remaining,
                                 (long long)seconds_rounded_up(answer->quota_reset_ms)));
}

static void refuse_answer(struct exchange *exchange, const struct db_answer *answer)
{
    struct problem_detail detail = {
        .retry_after_s = seconds_rounded_up(answer->retry_after_ms),
        .id = answer->next_id,
    };

    /* Where the database says more than the code: members, or a sentence. */
    if (answer->body.len > 0 && answer->body.ptr[0] == '{')
        detail.members = answer->body;
    else
        detail.message = answer->body;
    if (answer->status == 429)
        detail.message = arena_format(exchange->request->arena,
                                      "Too many requests came from your network. "
                                      "Wait %lld s, then try again.",
                                      (long long)detail.retry_after_s);
    exchange_refuse(exchange, problem_from_code(answer->code), &detail);
}

void exchange_refuse_busy(struct exchange *exchange)
{
    struct problem_detail detail = {.retry_after_s = RETRY_UNAVAILABLE_S};

    exchange_refuse(exchange, PROBLEM_UNAVAILABLE, &detail);
}

static void refuse_unanswered(struct exchange *exchange, enum db_status status)
{
    struct metrics *metrics = exchange->server->metrics;

    if (status == DB_FAILED) {
        metrics_count(metrics, COUNT_DB_FAILED);
        exchange_refuse(exchange, PROBLEM_INTERNAL_ERROR, NULL);
        return;
    }
    if (status == DB_TIMEOUT)
        metrics_count(metrics, COUNT_LATE);
    if (status == DB_CALLER_LEFT)
        metrics_count(metrics, COUNT_CALLER_LEFT);
    exchange_refuse_busy(exchange);
}

/* One call of the route's function, charged or not. */
static enum db_status call(struct exchange *exchange, const struct db_value *values, bool charged,
                           struct db_answer *answer)
{
    const struct route *route = exchange->route;
    struct server *server = exchange->server;
    struct db_value all[MAX_ARGUMENTS];
    int first = route->budget == BUDGET_NONE ? 0 : CHARGE_ARGUMENTS;
    enum db_status status;

    if (first)
        charge_arguments(exchange, charged, all);
    for (int i = first; i < route->function->arguments; i++)
        all[i] = values[i - first];
    status = db_call(server->db, route->function, all, &exchange->limits, exchange->request->arena,
                     answer);
    if (status == DB_OK)
        dbclock_set(server->clock, answer->clock_ms);
    return status;
}

bool exchange_call(struct exchange *exchange, const struct db_value *values,
                   struct db_answer *answer)
{
    int64_t began_us = clock_monotonic_us();
    enum db_status status;

    slot_enter(exchange->server->slot, SLOT_DATABASE, exchange->limits.deadline_ms);
    if (exchange->route->budget != BUDGET_NONE)
        exchange_learn_netkeys(exchange);
    status = is_unknown_poster(exchange) ? DB_UNAVAILABLE
                                         : call(exchange, values, is_charged(exchange), answer);
    if (status == DB_OK && answer->status == 429 && exchange->server->config->ip_rate_shadow) {
        log_event(LOG_WARN, "rate_limit_shadow", "id=%.*s route=%s wait_ms=%d",
                  STR_ARG(exchange->request->id), exchange->route->path, answer->retry_after_ms);
        status = call(exchange, values, false, answer);
    }
    slot_enter(exchange->server->slot, SLOT_WORKING, clock_monotonic_ms() + HANDLE_MS);
    exchange->database_us += clock_monotonic_us() - began_us;
    if (status != DB_OK) {
        refuse_unanswered(exchange, status);
        return false;
    }
    if (answer->charged)
        add_rate_headers(exchange, answer);
    if (answer->code.len == 0)
        return true;
    refuse_answer(exchange, answer);
    return false;
}

struct db_value db_value_text(struct str text)
{
    return (struct db_value){.bytes = text};
}

struct db_value db_value_bytes(const void *bytes, size_t len)
{
    return (struct db_value){.bytes = {.ptr = bytes, .len = len}, .binary = true};
}

struct db_value db_value_int(struct arena *arena, int64_t number)
{
    return (struct db_value){.bytes = arena_format(arena, "%lld", (long long)number)};
}

struct db_value db_value_null(void)
{
    return (struct db_value){.bytes = STR(""), .null = true};
}
