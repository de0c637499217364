/* SPDX-License-Identifier: MIT */
/*
 * Input: a byte of switches, CGI variables "NAME=value" a line each, an empty line, the body. The
 * request goes through the whole pipeline, up to a database that is not there.
 */
#include "fuzz.h"
#include "log.h"
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VARIABLES 64

enum switches { SWITCH_NO_PROOFS = 1, SWITCH_TRUST = 2, SWITCH_CUT_OFF = 4, SWITCH_NO_LIMITS = 8 };

static const char *lookup(const char *name)
{
    bool secret = strcmp(name, "POW_SECRET_KEY") == 0 || strcmp(name, "SERVER_SALT") == 0;

    if (strcmp(name, "TRUSTED_PROXIES") == 0)
        return "10.0.0.0/8 fd00::/8";
    return secret ? "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" : NULL;
}

/* No path is as long as this one, so that libpq fails without touching the file system. */
static struct server *start_server(void)
{
    static char url[300] = "host=/";
    static struct arena memory;
    static struct config config;
    static struct dbclock clock;
    static struct load load;
    static struct db_settings database;
    static struct server server = {.config = &config, .clock = &clock, .load = &load};

    if (server.db)
        return &server;
    if (config_load(&config, &memory, lookup, stderr) != 0)
        abort();
    log_set_level(LOG_ERROR);
    memset(url + 6, 'x', sizeof(url) - 7);
    database = (struct db_settings){.url = url, .functions = route_functions()};
    server.db = db_new(&database);
    return &server;
}

static void read_variables(struct arena *arena, struct str *input, char **variables)
{
    int count = 0;

    while (input->len > 0 && count < MAX_VARIABLES) {
        struct str line = fuzz_line(input);
        if (line.len == 0)
            break;
        variables[count++] = (char *)arena_copy(arena, line).ptr;
    }
    variables[count] = NULL;
}

/* Nothing a client sends can end a header line, or be answered without a status. */
static void check_answer(struct arena *arena, const struct request *request,
                         const struct response *response)
{
    struct str bytes = response_render(response, arena, request->id, false);
    const char *status = response_reason(response->status);
    int lines = 0;

    FUZZ_CHECK(response->status >= 200 && response->status != 500);
    FUZZ_CHECK(strcmp(status, "Unknown") != 0);
    FUZZ_CHECK(response->code.len == 0 || response->status >= 400);
    FUZZ_CHECK(bytes.len > response->body.len);
    for (size_t i = 0; i < bytes.len - response->body.len; i++) {
        FUZZ_CHECK(bytes.ptr[i] != '\0');
        lines += bytes.ptr[i] == '\n';
    }
    FUZZ_CHECK(lines <= 7 + response->header_count);
}

void fuzz_request(struct arena *arena, struct str input)
{
    struct server *server = start_server();
    struct config *config = (struct config *)server->config;
    unsigned switches = fuzz_byte(&input);
    char *variables[MAX_VARIABLES + 1];
    size_t limit = (size_t)config->body_limit_max_bytes;
    struct request request;
    struct response response;
    struct str value;

    config->pow_enable = !(switches & SWITCH_NO_PROOFS);
    config->trusted_proxies.count = switches & SWITCH_TRUST ? 2 : 0;
    config->ip_rate_enable = !(switches & SWITCH_NO_LIMITS);
    read_variables(arena, &input, variables);
    request_init(&request, arena, variables);
    if (input.len > limit + 1)
        input.len = limit + 1;
    if (request.method == METHOD_POST)
        request_set_body(&request, input, limit, !(switches & SWITCH_CUT_OFF));
    request_query(&request, "cursor", &value);
    serve(server, &request, &response, -1);
    check_answer(arena, &request, &response);
}
