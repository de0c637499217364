/* SPDX-License-Identifier: MIT */
#include "request.h"

#include "clock.h"
#include "crypto.h"
#include "encode.h"

#include <stddef.h>
#include <string.h>

#define QUEUE_CREDIBLE_MS 600000

struct variable {
    const char *name;
    size_t offset; /* of a struct str in struct request */
};

static const struct variable variables_used[] = {
    {"CONTENT_LENGTH", offsetof(struct request, content_length)},
    {"CONTENT_TYPE", offsetof(struct request, content_type)},
    {"FORWARDED_FOR", offsetof(struct request, forwarded_for)},
    {"HTTP_HOST", offsetof(struct request, host)},
    {"HTTP_IF_NONE_MATCH", offsetof(struct request, if_none_match)},
    {"HTTP_ORIGIN", offsetof(struct request, origin)},
    {"HTTP_SEC_FETCH_SITE", offsetof(struct request, fetch_site)},
    {"HTTP_USER_AGENT", offsetof(struct request, user_agent)},
    {"HTTP_X_POW_CHALLENGE", offsetof(struct request, pow_challenge)},
    {"HTTP_X_POW_NONCE", offsetof(struct request, pow_nonces)},
    {"HTTP_X_POW_TOKEN", offsetof(struct request, pow_token)},
    {"PATH_INFO", offsetof(struct request, path)},
    {"QUERY_STRING", offsetof(struct request, query)},
    {"REQUEST_SCHEME", offsetof(struct request, scheme)},
};

static struct str find(char *const *variables, const char *name)
{
    size_t len = strlen(name);

    for (; *variables; variables++) {
        if (**variables == *name && strncmp(*variables, name, len) == 0 && (*variables)[len] == '=')
            return str_from(*variables + len + 1);
    }
    return STR("");
}

/* How long the request waited for a worker: since the web server's REQUEST_START_MS (milliseconds
 * of the same host's clock). What is not credible is not believed. */
static int64_t read_queue_us(struct str start)
{
    uint64_t start_ms;
    int64_t queue_ms;

    if (!str_to_u64(start, INT64_MAX, &start_ms))
        return 0;
    queue_ms = clock_epoch_ms() - (int64_t)start_ms;
    return queue_ms > 0 && queue_ms <= QUEUE_CREDIBLE_MS ? queue_ms * 1000 : 0;
}

static enum method read_method(struct str name)
{
    static const struct str names[] = {[METHOD_GET] = {"GET", 3},
                                       [METHOD_HEAD] = {"HEAD", 4},
                                       [METHOD_POST] = {"POST", 4},
                                       [METHOD_OPTIONS] = {"OPTIONS", 7}};

    for (int i = 0; i < METHOD_OTHER; i++) {
        if (str_equal(name, names[i]))
            return (enum method)i;
    }
    return METHOD_OTHER;
}

void request_init(struct request *request, struct arena *arena, char *const *variables)
{
    char id[8];
    struct str client_ip = find(variables, "CLIENT_IP");

    memset(request, 0, sizeof(*request));
    request->arena = arena;
    request->queue_us = read_queue_us(find(variables, "REQUEST_START_MS"));
    request->started_us = clock_monotonic_us() - request->queue_us;
    crypto_random(id, sizeof(id));
    request->id = encode_hex(arena, (struct str){.ptr = id, .len = sizeof(id)});
    request->method = read_method(find(variables, "REQUEST_METHOD"));
    request->remote_addr = client_ip.len > 0 ? client_ip : find(variables, "REMOTE_ADDR");
    request->body = STR("");
    for (size_t i = 0; i < sizeof(variables_used) / sizeof(variables_used[0]); i++) {
        const struct variable *variable = &variables_used[i];
        struct str value = find(variables, variable->name);
        memcpy((char *)request + variable->offset, &value, sizeof(value));
    }
}

void request_set_body(struct request *request, struct str body, size_t limit, bool complete)
{
    uint64_t announced;

    request->body = body;
    if (body.len > limit)
        request->body_state = BODY_TOO_LARGE;
    else if (!complete)
        request->body_state = BODY_BROKEN;
    /* A chunked body comes without a length, or with -1 (Caddy 2.6). */
    else if (str_to_u64(request->content_length, UINT64_MAX, &announced) && announced != body.len)
        request->body_state = announced > limit ? BODY_TOO_LARGE : BODY_BROKEN;
}

bool request_query(const struct request *request, const char *name, struct str *value)
{
    struct str rest = request->query;
    bool found = false;

    *value = STR("");
    while (rest.len > 0) {
        struct str pair = str_cut(&rest, '&');
        struct str key;
        if (!decode_form(request->arena, str_cut(&pair, '='), &key))
            return false;
        if (!str_equal(key, str_from(name)))
            continue;
        if (found || !decode_form(request->arena, pair, value))
            return false;
        found = true;
    }
    return true;
}
