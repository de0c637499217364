/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include "clock.h"
#include "guard.h"

/* How long after its start a pool is busy with what waited for it. */
#define START_MS 5000

static void find_route(struct exchange *exchange)
{
    const struct request *request = exchange->request;
    struct str allow;

    exchange->route = route_find(request->method, request->path, &exchange->id);
    if (exchange->route)
        return;
    allow = route_allow(request->arena, request->path);
    if (allow.len == 0) {
        exchange_refuse(exchange, PROBLEM_NOT_FOUND, NULL);
        return;
    }
    response_header(exchange->response, "Allow", allow);
    if (request->method == METHOD_OPTIONS)
        exchange->response->status = 204;
    else
        exchange_refuse(exchange, PROBLEM_METHOD_NOT_ALLOWED, NULL);
}

static int64_t deadline_ms(const struct exchange *exchange)
{
    return exchange->request->started_us / 1000 +
           route_deadline_ms(exchange->route, exchange->server->config);
}

/* More is coming in than we can do: what has waited long is refused quickly, so that the queue
 * stays short and whoever is answered is answered soon. What waited for the pool to start, in a
 * restart, may use its whole deadline. */
static bool waited_too_long(const struct exchange *exchange)
{
    const struct server *server = exchange->server;
    bool starting = clock_monotonic_ms() < server->started_ms + START_MS;

    return exchange->route->function && !starting &&
           exchange->request->queue_us > server->config->queue_max_ms * 1000;
}

struct exchange serve(struct server *server, struct request *request, struct response *response,
                      int caller)
{
    struct exchange exchange = {.server = server, .request = request, .response = response};

    response_init(response);
    find_route(&exchange);
    if (exchange.route == NULL)
        return exchange;
    exchange.limits = (struct db_limits){
        .deadline_ms = deadline_ms(&exchange), .caller = caller, .idempotent = true};
    if (waited_too_long(&exchange)) {
        metrics_count(server->metrics, COUNT_TOO_OLD);
        exchange_refuse_busy(&exchange);
    } else if (guard_check(&exchange)) {
        exchange.route->handle(&exchange);
    }
    return exchange;
}
