#include "exchange.h"

#include "clock.h"
#include "encode.h"

#include <string.h>

#define NETWORK_DIGEST_LEN 16
#define CHARGE_ARGUMENTS 3
#define MAX_ARGUMENTS 16
#define RETRY_UNAVAILABLE_S 2

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

struct str exchange_signing_key(const struct exchange *exchange)
{
    return secret_str(&exchange->server->config->pow_secret_key);
}

struct pow_client exchange_pow_client(const struct exchange *exchange)
{
    int prefixes[NETADDR_TIERS];

    netaddr_tiers(&exchange->client, prefixes);
    return (struct pow_client){.network = netaddr_network(exchange->client, prefixes[0]),
                               .user_agent = exchange->request->user_agent};
}

struct str exchange_network(const struct exchange *exchange, int prefix)
{
    struct arena *arena = exchange->request->arena;
    struct netaddr network = netaddr_network(exchange->client, prefix);
    char message[2 + sizeof(network.bytes)] = {(char)network.bits, (char)prefix};
    unsigned char *digest = arena_alloc(arena, SHA256_LEN);

    memcpy(message + 2, network.bytes, sizeof(network.bytes));
    crypto_hmac(secret_str(&exchange->server->config->server_salt),
                (struct str){.ptr = message, .len = sizeof(message)}, digest);
    return (struct str){.ptr = (const char *)digest, .len = NETWORK_DIGEST_LEN};
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

/* The arguments that charge the request: arrays with one element a tier, in text form. */
static void charge_arguments(const struct exchange *exchange,
                             struct db_value values[CHARGE_ARGUMENTS])
{
    const struct config *config = exchange->server->config;
    struct budget_terms terms = terms_of(exchange);
    struct buf arrays[CHARGE_ARGUMENTS];
    int prefixes[NETADDR_TIERS];
    int tiers = config->ip_rate_enable ? netaddr_tiers(&exchange->client, prefixes) : 0;

    for (int i = 0; i < CHARGE_ARGUMENTS; i++) {
        buf_init(&arrays[i], exchange->request->arena, 160);
        buf_add_char(&arrays[i], '{');
    }
    for (int tier = 0; tier < tiers; tier++) {
        int64_t burst = terms.requests * tier_factor(config, prefixes[tier]);
        const char *comma = tier > 0 ? "," : "";
        struct str digest = exchange_network(exchange, prefixes[tier]);
        digest = encode_hex(exchange->request->arena, digest);
        buf_addf(&arrays[0], "%s\"\\\\x%.*s\"", comma, STR_ARG(digest));
        buf_addf(&arrays[1], "%s%lld", comma, (long long)(terms.window_ms * 1000 / burst));
        buf_addf(&arrays[2], "%s%lld", comma, (long long)burst);
    }
    for (int i = 0; i < CHARGE_ARGUMENTS; i++) {
        buf_add_char(&arrays[i], '}');
        values[i] = db_value_text(buf_str(&arrays[i]));
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

    if (answer->status == 429)
        detail.message = arena_format(exchange->request->arena,
                                      "Too many requests came from your network. "
                                      "Wait %lld s, then try again.",
                                      (long long)detail.retry_after_s);
    exchange_refuse(exchange, problem_from_code(answer->code), &detail);
}

static void refuse_unanswered(struct exchange *exchange, enum db_status status)
{
    struct problem_detail detail = {.retry_after_s = RETRY_UNAVAILABLE_S};

    if (status == DB_FAILED)
        exchange_refuse(exchange, PROBLEM_INTERNAL_ERROR, NULL);
    else
        exchange_refuse(exchange, PROBLEM_UNAVAILABLE, &detail);
}

bool exchange_call(struct exchange *exchange, const struct db_value *values,
                   struct db_answer *answer)
{
    const struct route *route = exchange->route;
    struct server *server = exchange->server;
    struct db_value all[MAX_ARGUMENTS];
    int charged = route->budget == BUDGET_NONE ? 0 : CHARGE_ARGUMENTS;
    int64_t began_us = clock_monotonic_us();
    enum db_status status;

    if (charged)
        charge_arguments(exchange, all);
    for (int i = charged; i < route->function->arguments; i++)
        all[i] = values[i - charged];
    status = db_call(server->db, route->function, all, &exchange->limits, exchange->request->arena,
                     answer);
    exchange->database_us += clock_monotonic_us() - began_us;
    if (status != DB_OK) {
        refuse_unanswered(exchange, status);
        return false;
    }
    dbclock_set(server->clock, answer->clock_ms);
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
