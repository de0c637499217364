/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include "encode.h"
#include "environment.h"
#include "log.h"
#include "proof.h"
#include "serve.h"
#include "unit.h"

#include <string.h>

#define MAX_VARIABLES 40

static struct config config;
static struct dbclock clock_of_database;
static struct load load;
static struct server server = {.config = &config, .clock = &clock_of_database, .load = &load};

void ask_start(const char *const *settings)
{
    const char *all[MAX_VARIABLES] = {"POW_SECRET_KEY=" TEST_KEY, "SERVER_SALT=" TEST_KEY,
                                      "DATABASE_URL=host=/nonexistent connect_timeout=1",
                                      "POW_DIFFICULTY=3", "POW_ROUNDS=2"};
    struct str said;
    struct db_settings database;
    int count = 0;

    while (all[count])
        count++;
    /* What is given last would lose against the above: settings go first. */
    for (int i = 0; settings[i]; i++) {
        memmove(all + 1, all, (size_t)count++ * sizeof(all[0]));
        all[0] = settings[i];
    }
    all[count] = NULL;
    log_set_level(LOG_ERROR);
    ck_assert_msg(environment_load(&config, all, &said) == 0, "%.*s", STR_ARG(said));
    database = (struct db_settings){.url = config.database_url.ptr, .functions = route_functions()};
    if (server.db == NULL)
        server.db = db_new(&database);
}

static void set_up_variables(const char **all, const char *method, const char *path,
                             const char *const *variables)
{
    int count = 0;

    while (variables && *variables)
        all[count++] = *variables++;
    all[count++] = arena_format(&test_arena, "REQUEST_METHOD=%s", method).ptr;
    all[count++] = arena_format(&test_arena, "PATH_INFO=%s", path).ptr;
    all[count++] = "REMOTE_ADDR=192.0.2.1";
    all[count++] = "HTTP_HOST=board.example";
    all[count++] = "HTTP_ORIGIN=https://board.example";
    all[count++] = "HTTP_SEC_FETCH_SITE=same-origin";
    all[count++] = "HTTP_USER_AGENT=test";
    all[count++] = "CONTENT_TYPE=application/json";
    all[count] = NULL;
}

/* BODY=... among the variables stands for the body; CUT=1 for a stream that ended badly. */
static void set_body(struct request *request, const char *const *variables)
{
    /* What the route in question accepts. */
    bool report = strstr(request->path.ptr, "/report") != NULL;
    struct str body = report ? STR("{\"reason\":\"an address\"}") : STR(ASK_BODY);
    bool complete = true;

    for (; *variables; variables++) {
        if (str_starts(str_from(*variables), STR("BODY=")))
            body = str_from(*variables + 5);
        if (str_starts(str_from(*variables), STR("CUT=")))
            complete = false;
    }
    request_set_body(request, body, (size_t)config.body_limit_max_bytes, complete);
}

const char *ask_path(const struct route *route)
{
    static char path[64];
    const char *place = strstr(route->path, "{id}");

    if (place == NULL)
        return route->path;
    snprintf(path, sizeof(path), "%.*s1%s", (int)(place - route->path), route->path, place + 4);
    return path;
}

const struct response *ask(const char *method, const char *path, const char *const *variables)
{
    static struct response response;
    const char *all[MAX_VARIABLES];
    struct request request;

    set_up_variables(all, method, path, variables);
    request_init(&request, &test_arena, (char *const *)all);
    if (request.method == METHOD_POST)
        set_body(&request, all);
    serve(&server, &request, &response, -1);
    return &response;
}

/* A member of the flat object that a challenge is. */
static struct str member(struct str json, const char *name)
{
    struct str mark = arena_format(&test_arena, "\"%s\":", name);
    const char *begin = strstr(json.ptr, mark.ptr);
    size_t len;

    ck_assert_msg(begin != NULL, "%s in %.*s", name, STR_ARG(json));
    begin += mark.len;
    begin += *begin == '"';
    len = strcspn(begin, "\",}");
    return arena_copy(&test_arena, (struct str){.ptr = begin, .len = len});
}

const char *const *ask_proof(const char *const *variables)
{
    static const char *proof[4];
    struct str json = ask("GET", "/pow/challenge", variables)->body;
    struct str text = member(json, "challenge");
    struct pow_challenge challenge;
    uint64_t difficulty;
    uint64_t rounds;
    size_t len;

    ck_assert(decode_base64(text, BASE64_STANDARD, challenge.challenge, POW_CHALLENGE_LEN, &len));
    ck_assert(str_to_u64(member(json, "difficulty"), 40, &difficulty));
    ck_assert(str_to_u64(member(json, "rounds"), 64, &rounds));
    challenge.difficulty = (int)difficulty;
    challenge.rounds = (int)rounds;
    proof[0] = arena_format(&test_arena, "HTTP_X_POW_CHALLENGE=%s", text.ptr).ptr;
    proof[1] = arena_format(&test_arena, "HTTP_X_POW_TOKEN=%s", member(json, "token").ptr).ptr;
    proof[2] = arena_format(&test_arena, "HTTP_X_POW_NONCE=%s",
                            proof_solve(&test_arena, &challenge, 0).ptr)
                   .ptr;
    return proof;
}

const char *ask_header(const struct response *response, const char *name)
{
    for (int i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0)
            return response->headers[i].value.ptr;
    }
    return NULL;
}

void ask_expect(const struct response *response, int status, const char *code, const char *field)
{
    struct str mark = arena_format(&test_arena, "\"field\":\"%s\"", field ? field : "");

    ck_assert_msg(response->status == status && str_equal(response->code, str_from(code)),
                  "%d %.*s, not %d %s", response->status, STR_ARG(response->code), status, code);
    ck_assert_msg(field == NULL || strstr(response->body.ptr, mark.ptr), "%.*s has no %s",
                  STR_ARG(response->body), mark.ptr);
}
