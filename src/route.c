/* SPDX-License-Identifier: MIT */
#include "route.h"

#include "buf.h"
#include "handle.h"

#include <stddef.h>
#include <string.h>

#define OWN(field) offsetof(struct config, field)
#define MAX_FUNCTIONS 16
#define ID_PLACE "{id}"

static const struct db_function create_listing = {"create_listing", 10};
static const struct db_function search_listings = {"search_listings", 8};
static const struct db_function count_listings = {"count_listings", 3};
static const struct db_function get_listing = {"get_listing", 4};
static const struct db_function report_listing = {"report_listing", 9};
static const struct db_function moderation_log = {"moderation_log", 5};
static const struct db_function ready = {"ready", 0};

const struct db_function network_keys = {"network_keys", 1};
const struct db_function charge_read = {"charge_read", 3};

/* clang-format off */
const struct route routes[] = {
    {METHOD_GET, "/pow/challenge", GUARD_CLIENT, BUDGET_NONE, NULL, 0, handle_challenge},
    {METHOD_POST, "/api/listings/create",
     GUARD_SAME_ORIGIN | GUARD_JSON | GUARD_CLIENT | GUARD_BODY | GUARD_PROOF,
     BUDGET_POST, &create_listing, OWN(create_deadline_ms), handle_create},
    {METHOD_GET, "/api/listings/search", GUARD_CLIENT, BUDGET_READ, &search_listings,
     OWN(search_deadline_ms), handle_search},
    {METHOD_GET, "/api/listings/count", GUARD_CLIENT, BUDGET_READ, &count_listings,
     OWN(count_deadline_ms), handle_count},
    {METHOD_GET, "/api/listings/" ID_PLACE, GUARD_CLIENT, BUDGET_READ, &get_listing,
     OWN(get_deadline_ms), handle_get},
    {METHOD_GET, "/api/listings/feed", GUARD_CLIENT, BUDGET_READ, &search_listings,
     OWN(feed_deadline_ms), handle_feed},
    {METHOD_POST, "/api/listings/" ID_PLACE "/report",
     GUARD_SAME_ORIGIN | GUARD_JSON | GUARD_CLIENT | GUARD_BODY | GUARD_PROOF,
     BUDGET_POST, &report_listing, OWN(report_deadline_ms), handle_report},
    {METHOD_GET, "/api/log", GUARD_CLIENT, BUDGET_READ, &moderation_log, OWN(log_deadline_ms),
     handle_log},
    {METHOD_GET, "/api/healthz", 0, BUDGET_NONE, NULL, 0, handle_health},
    {METHOD_GET, "/api/readyz", 0, BUDGET_NONE, &ready, OWN(ready_deadline_ms), handle_ready},
    {METHOD_OTHER, NULL, 0, BUDGET_NONE, NULL, 0, NULL},
};
/* clang-format on */

const struct db_function *const *route_functions(void)
{
    static const struct db_function *functions[MAX_FUNCTIONS + 1];
    int count = 0;

    functions[count++] = &network_keys;
    functions[count++] = &charge_read;
    functions[count++] = &db_replayed;
    for (const struct route *route = routes; route->path; route++) {
        bool known = route->function == NULL || count == MAX_FUNCTIONS;
        for (int i = 0; i < count; i++)
            known = known || functions[i] == route->function;
        if (!known)
            functions[count++] = route->function;
    }
    functions[count] = NULL;
    return functions;
}

int64_t route_deadline_ms(const struct route *route, const struct config *config)
{
    int64_t own_ms = 0;

    if (route->deadline)
        memcpy(&own_ms, (const char *)config + route->deadline, sizeof(own_ms));
    if (own_ms > 0)
        return own_ms;
    return route->budget == BUDGET_POST ? config->post_deadline_ms : config->read_deadline_ms;
}

int64_t route_longest_ms(const struct config *config)
{
    int64_t longest_ms = 0;

    for (const struct route *route = routes; route->path; route++) {
        int64_t own_ms = route_deadline_ms(route, config);
        longest_ms = own_ms > longest_ms ? own_ms : longest_ms;
    }
    return longest_ms;
}

int route_number(const struct route *route)
{
    return route ? (int)(route - routes) + 1 : 0;
}

const char *route_name(int number)
{
    for (int i = 0; routes[i].path; i++) {
        if (i + 1 == number)
            return routes[i].path;
    }
    return "none";
}

/* Matches what stands before and behind the number. */
static bool matches_id(const char *pattern, const char *place, struct str path, int64_t *id)
{
    struct str before = {.ptr = pattern, .len = (size_t)(place - pattern)};
    struct str after = str_from(place + strlen(ID_PLACE));
    uint64_t number;

    if (path.len < before.len + after.len || !str_starts(path, before) ||
        !str_equal((struct str){path.ptr + path.len - after.len, after.len}, after))
        return false;
    path.ptr += before.len;
    path.len -= before.len + after.len;
    if (path.len == 0 || path.ptr[0] == '0' || !str_to_u64(path, INT64_MAX, &number))
        return false;
    *id = (int64_t)number;
    return true;
}

static bool matches(const char *pattern, struct str path, int64_t *id)
{
    const char *place = strstr(pattern, ID_PLACE);

    return place ? matches_id(pattern, place, path, id) : str_equal(str_from(pattern), path);
}

const struct route *route_find(enum method method, struct str path, int64_t *id)
{
    if (method == METHOD_HEAD)
        method = METHOD_GET;
    for (const struct route *route = routes; route->path; route++) {
        if (route->method == method && matches(route->path, path, id))
            return route;
    }
    return NULL;
}

struct str route_allow(struct arena *arena, struct str path)
{
    struct buf allow;
    int64_t id;

    buf_init(&allow, arena, 32);
    for (const struct route *route = routes; route->path; route++) {
        if (!matches(route->path, path, &id))
            continue;
        buf_addf(&allow, "%s, ", route_method_name(route->method));
        if (route->method == METHOD_GET)
            buf_add(&allow, STR("HEAD, "));
    }
    if (allow.len > 0)
        buf_add(&allow, STR("OPTIONS"));
    return buf_str(&allow);
}

const char *route_method_name(enum method method)
{
    switch (method) {
    case METHOD_GET:
        return "GET";
    case METHOD_HEAD:
        return "HEAD";
    case METHOD_POST:
        return "POST";
    case METHOD_OPTIONS:
        return "OPTIONS";
    case METHOD_OTHER:
        break;
    }
    return "";
}
