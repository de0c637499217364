/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include "charge.h"
#include "clock.h"
#include "etag.h"
#include "log.h"

#define MAX_ARGUMENTS 16
#define RETRY_UNAVAILABLE_S 2
#define LEARN_MS 300
#define LEARN_PAUSE_MS 1000
#define HANDLE_MS 2000 /* no handler computes that long */

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

static struct payer payer_of(const struct exchange *exchange)
{
    const struct server *server = exchange->server;

    return (struct payer){.config = server->config,
                          .keys = &server->netkeys,
                          .client = &exchange->client,
                          .posting = exchange->route->budget == BUDGET_POST,
                          .now_ms = dbclock_now_ms(server->clock),
                          .arena = exchange->request->arena};
}

struct str exchange_known_as(const struct exchange *exchange)
{
    struct payer payer = payer_of(exchange);

    return charge_known_as(&payer);
}

static int64_t seconds_rounded_up(int64_t ms)
{
    return (ms + 999) / 1000;
}

/* draft-ietf-httpapi-ratelimit-headers */
static void add_rate_headers(struct exchange *exchange, const struct db_answer *answer)
{
    struct payer payer = payer_of(exchange);
    struct budget_terms terms = charge_terms(&payer);

    response_header(exchange->response, "RateLimit-Policy",
                    arena_format(payer.arena, "\"%s\";q=%lld;w=%lld", terms.name,
                                 (long long)terms.requests,
                                 (long long)seconds_rounded_up(terms.window_ms)));
    response_header(exchange->response, "RateLimit",
                    arena_format(payer.arena, "\"%s\";r=%lld;t=%lld", terms.name,
                                 (long long)answer->quota_remaining,
                                 (long long)seconds_rounded_up(answer->quota_reset_ms)));
}

static void refuse_answer(struct exchange *exchange, const struct db_answer *answer)
{
    struct payer payer = payer_of(exchange);
    struct problem_detail detail = {
        .retry_after_s = seconds_rounded_up(answer->retry_after_ms),
        .id = answer->next_id,
    };

    /* Where the database says more than the code: members, or a sentence. */
    if (answer->body.len > 0 && answer->body.ptr[0] == '{')
        detail.members = answer->body;
    else
        detail.message = answer->body;
    if (answer->status == 429) {
        exchange->refusing_tier = charge_refusing_tier(&payer, answer->body);
        detail.message = arena_format(exchange->request->arena,
                                      "Too many requests came from your network. "
                                      "Wait %lld s, then try again.",
                                      (long long)detail.retry_after_s);
    }
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

/* The arguments of `function`: those that charge the client, or do not, and then `values`. */
static void list_arguments(const struct exchange *exchange, const struct db_function *function,
                           const struct db_value *values, bool charged, struct db_value *all)
{
    int first = exchange->route->budget == BUDGET_NONE ? 0 : CHARGE_ARGUMENTS;
    struct payer payer = payer_of(exchange);

    if (first)
        charge_arguments(&payer, charged, all);
    for (int i = first; i < function->arguments; i++)
        all[i] = values[i - first];
}

static enum db_status call_function(struct exchange *exchange, const struct db_function *function,
                                    const struct db_value *values, bool charged,
                                    struct db_answer *answer)
{
    struct db_value all[MAX_ARGUMENTS];

    list_arguments(exchange, function, values, charged, all);
    return db_call(exchange->server->db, function, all, &exchange->limits, exchange->request->arena,
                   answer);
}

/* A read apart from its charge: the primary charges and tells how far its log is written, then a
 * replica that has replayed as much answers. Without a primary any replica does, uncharged. */
static enum db_status read_apart(struct exchange *exchange, const struct db_value *values,
                                 bool charged, struct db_answer *answer)
{
    const struct db_function *function = exchange->route->function;
    struct db_value all[MAX_ARGUMENTS];
    struct db_answer charge = {.next_id = 0};
    enum db_status status = call_function(exchange, &charge_read, NULL, charged, &charge);

    *answer = charge;
    if (status != DB_OK && status != DB_UNAVAILABLE)
        return status;
    if (status == DB_OK && charge.code.len > 0)
        return status;
    list_arguments(exchange, function, values, false, all);
    status = db_read(exchange->server->db, function, all, charge.next_id, &exchange->limits,
                     exchange->request->arena, answer);
    if (charge.charged) {
        answer->charged = true;
        answer->quota_remaining = charge.quota_remaining;
        answer->quota_reset_ms = charge.quota_reset_ms;
    }
    return status;
}

/* One call of the route's function, charged or not. */
static enum db_status call(struct exchange *exchange, const struct db_value *values, bool charged,
                           struct db_answer *answer)
{
    struct server *server = exchange->server;
    enum db_status status;

    if (exchange->route->budget == BUDGET_READ && db_has_replica(server->db))
        status = read_apart(exchange, values, charged, answer);
    else
        status = call_function(exchange, exchange->route->function, values, charged, answer);
    if (status == DB_OK)
        dbclock_set(server->clock, answer->clock_ms);
    return status;
}

bool exchange_call(struct exchange *exchange, const struct db_value *values,
                   struct db_answer *answer)
{
    int64_t began_us = clock_monotonic_us();
    struct payer payer = payer_of(exchange);
    bool charged = charge_applies(&payer) && !exchange->charged;
    enum db_status status;

    slot_enter(exchange->server->slot, SLOT_DATABASE, exchange->limits.deadline_ms);
    if (exchange->route->budget != BUDGET_NONE)
        exchange_learn_netkeys(exchange);
    status = is_unknown_poster(exchange) ? DB_UNAVAILABLE : call(exchange, values, charged, answer);
    exchange->charged = exchange->charged || status == DB_OK;
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

void exchange_respond_unchanged(struct exchange *exchange, struct str etag)
{
    struct response *response = exchange->response;

    response_header(response, "ETag", etag);
    response_header(response, "Cache-Control", STR("no-cache"));
    response->status = 304;
    response->body = STR("");
    metrics_count(exchange->server->metrics, COUNT_UNCHANGED);
}

void exchange_revalidate(struct exchange *exchange, struct str version, struct str seal)
{
    struct response *response = exchange->response;
    struct str etag = etag_make(exchange->request->arena, version, seal, response->body);
    struct str known = etag_of_same(exchange->request->if_none_match, etag);

    if (known.len > 0) {
        exchange_respond_unchanged(exchange, known);
        return;
    }
    response_header(response, "ETag", etag);
    response_header(response, "Cache-Control", STR("no-cache"));
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
