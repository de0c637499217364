/* SPDX-License-Identifier: MIT */
#include "post.h"

#include "buf.h"
#include "child_program.h"
#include "clock.h"
#include "json.h"
#include "solve.h"
#include "text.h"
#include "utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_TEXT 65536
#define MAX_PROOFS 4 /* a proof may be refused: the network changed, or it took too long */
#define NO_PROGRAM 127

/* Pauses in seconds before a post whose answer did not come is sent again; the token makes that
 * harmless, and together with curl's limits they end before it expires. */
static const int pauses[] = {1, 2, 4};
#define TRIES (int)(sizeof(pauses) / sizeof(pauses[0]))

struct board {
    struct arena *arena;
    struct str url; /* without a slash at the end */
};

struct answer {
    int status; /* 0 when none came */
    bool no_program;
    bool uncertain; /* an answer was lost, so the message may be on the board */
    struct str body;
};

/* What a challenge becomes. */
struct proof {
    struct str challenge;
    struct str token;
    struct str nonces; /* empty: none are asked for */
};

static struct answer read_answer(int exit_status, struct str output)
{
    struct answer answer = {.no_program = exit_status == NO_PROGRAM, .body = output};
    struct str number = str_cut_last(&answer.body, '\n');
    uint64_t status;

    if (exit_status == 0 && str_to_u64(number, 999, &status))
        answer.status = (int)status;
    return answer;
}

/* Asks with curl, which knows about certificates, proxies and both kinds of addresses. `headers`
 * ends with NULL. */
static struct answer ask(const struct board *board, const char *path, const char *const *headers,
                         struct str body)
{
    const char *argv[32] = {"curl", "--disable", "--silent", "--show-error", "--globoff"};
    struct str url = arena_format(board->arena, "%.*s%s", STR_ARG(board->url), path);
    const char *const more[] = {"--proto",
                                "=http,https",
                                "--connect-timeout",
                                "5",
                                "--max-time",
                                "15",
                                "--user-agent",
                                PACKAGE_NAME "/" PACKAGE_VERSION,
                                "--write-out",
                                "\n%{http_code}",
                                url.ptr};
    struct buf output;
    size_t argc = 5;
    int status;

    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        argv[argc++] = more[i];
    for (; *headers; headers++) {
        argv[argc++] = "--header";
        argv[argc++] = *headers;
    }
    if (body.len > 0) {
        argv[argc++] = "--data-binary";
        argv[argc++] = "@-";
    }
    buf_init(&output, board->arena, 4096);
    status = child_program_ask(argv, body, &output);
    return read_answer(status, buf_str(&output));
}

/* Writes what a stranger says, in one line. */
static void complain(struct arena *arena, struct str text)
{
    text = text_for_terminal(arena, text);
    fputs("initialsdb: ", stderr);
    for (size_t i = 0; i < text.len; i++)
        fputc(text.ptr[i] == '\n' ? ' ' : text.ptr[i], stderr);
    fputc('\n', stderr);
}

/* Says why it did not work, with what the board has to say about it. */
static int give_up(const struct board *board, const struct answer *answer)
{
    struct str message = json_pick(board->arena, answer->body, NULL, "detail");
    struct str wait = json_pick(board->arena, answer->body, "error", "retry_after");
    uint64_t secs;

    if (answer->no_program) /* said already */
        return EXIT_UNAVAILABLE;
    if (answer->status == 0)
        fprintf(stderr, "initialsdb: no answer from %.*s\n", STR_ARG(board->url));
    else if (message.len > 0)
        complain(board->arena, message);
    else
        fprintf(stderr, "initialsdb: %.*s answers with status %d; is it a board?\n",
                STR_ARG(board->url), answer->status);
    if (answer->uncertain)
        fputs("initialsdb: the message may have arrived; look before you post it again\n", stderr);
    if (str_to_u64(wait, INT64_MAX, &secs))
        fprintf(stderr, "initialsdb: try again in %" PRIu64 " s\n", secs);
    if (answer->status == 429 || answer->status == 503)
        return EXIT_TRY_LATER;
    return message.len > 0 && answer->status < 500 ? EXIT_REFUSED : EXIT_UNAVAILABLE;
}

/* Whether a text of the board's can stand in a header. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    }
    return text.len <= 1024;
}

/* Gets a challenge and solves it. Returns an exit status. */
static int get_proof(const struct board *board, struct proof *proof)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct answer answer = ask(board, "/pow/challenge", headers, STR(""));
    int64_t now_ms = clock_monotonic_ms();
    struct pow_challenge asked;
    struct str rounds;
    uint64_t ttl_secs;

    if (answer.status != 200)
        return give_up(board, &answer);
    rounds = json_pick(board->arena, answer.body, NULL, "rounds");
    *proof = (struct proof){0};
    if (str_equal(rounds, STR("0"))) /* no proof is asked for */
        return EXIT_SUCCESS;
    proof->challenge = json_pick(board->arena, answer.body, NULL, "challenge");
    proof->token = json_pick(board->arena, answer.body, NULL, "token");
    if (!solve_read(&asked, proof->challenge,
                    json_pick(board->arena, answer.body, NULL, "difficulty"), rounds) ||
        !is_plain(proof->token) ||
        !str_to_u64(json_pick(board->arena, answer.body, NULL, "ttl_secs"), 86400, &ttl_secs)) {
        fprintf(stderr, "initialsdb: %.*s asks for nothing that can be solved; is it a board?\n",
                STR_ARG(board->url));
        return EXIT_UNAVAILABLE;
    }
    proof->nonces = solve_challenge(board->arena, &asked, solver_choose(NULL),
                                    now_ms + (int64_t)ttl_secs * 1000);
    if (proof->nonces.len > 0)
        return EXIT_SUCCESS;
    fputs("initialsdb: the puzzle is too hard for this computer; try again later\n", stderr);
    return EXIT_TRY_LATER;
}

/* Sends until there is an answer that is about the post. */
static struct answer send_post(const struct board *board, const struct proof *proof,
                               struct str body)
{
    struct arena *arena = board->arena;
    const char *headers[] = {
        "Accept: application/json",
        "Content-Type: application/json",
        arena_format(arena, "X-PoW-Challenge: %.*s", STR_ARG(proof->challenge)).ptr,
        arena_format(arena, "X-PoW-Token: %.*s", STR_ARG(proof->token)).ptr,
        arena_format(arena, "X-PoW-Nonce: %.*s", STR_ARG(proof->nonces)).ptr,
        NULL,
    };
    bool uncertain = false;

    if (proof->nonces.len == 0)
        headers[2] = NULL; /* without a token nothing may be sent twice */
    for (int tries = 0;; tries++) {
        struct answer answer = ask(board, "/api/listings/create", headers, body);
        bool lost = answer.status == 0 || answer.status == 502 || answer.status == 504;
        answer.uncertain = uncertain = uncertain || (lost && !answer.no_program);
        if (!lost || answer.no_program || proof->nonces.len == 0 || tries == TRIES)
            return answer;
        nanosleep(&(struct timespec){.tv_sec = pauses[tries]}, NULL);
    }
}

static bool is_about_proof(const struct board *board, const struct answer *answer)
{
    struct str code = json_pick(board->arena, answer->body, "error", "code");

    return answer->status == 403 && str_starts(code, STR("POW_"));
}

static int post_text(const struct board *board, struct str text)
{
    struct json_object *object = json_object(board->arena);
    struct answer answer = {0};
    struct proof proof = {0};
    uint64_t id;

    json_add_str(object, "text", text);
    for (int proofs = 0; proofs < MAX_PROOFS; proofs++) {
        int status = get_proof(board, &proof);
        if (status != EXIT_SUCCESS)
            return status;
        answer = send_post(board, &proof, json_print(object));
        if (!is_about_proof(board, &answer) || answer.uncertain)
            break;
    }
    if (answer.status < 200 || answer.status > 202 ||
        !str_to_u64(json_pick(board->arena, answer.body, NULL, "id"), INT64_MAX, &id))
        return give_up(board, &answer);
    if (answer.status == 202)
        fputs("initialsdb: the message waits for a moderator\n", stderr);
    printf("%.*s/m/%" PRIu64 "\n", STR_ARG(board->url), id);
    return EXIT_SUCCESS;
}

/* The text as it was given, or all of standard input for "-". */
static struct str read_text(struct arena *arena, const char *argument)
{
    char *text;
    size_t len;

    if (strcmp(argument, "-") != 0)
        return str_from(argument);
    text = arena_alloc(arena, MAX_TEXT + 1);
    len = fread(text, 1, MAX_TEXT + 1, stdin);
    return (struct str){.ptr = text, .len = len};
}

static int misuse(const char *what)
{
    fprintf(stderr, "initialsdb: %s\n", what);
    return EXIT_MISUSED;
}

int post(const struct config *config, int argc, char **argv)
{
    struct board board;
    struct arena arena;
    struct str text;
    size_t code_points;
    int status;

    (void)config;
    if (argc != 2)
        return misuse("post URL TEXT: the address of a board, and a text or - for standard input");
    board = (struct board){.arena = &arena, .url = str_from(argv[0])};
    if (!str_starts(board.url, STR("http://")) && !str_starts(board.url, STR("https://")))
        return misuse("the address of a board begins with http:// or https://");
    while (board.url.len > 0 && board.url.ptr[board.url.len - 1] == '/')
        board.url.len--;
    arena_init(&arena);
    text = read_text(&arena, argv[1]);
    if (ferror(stdin))
        status = misuse("standard input cannot be read");
    else if (text.len > MAX_TEXT)
        status = misuse("the text is longer than any board takes");
    else if (!utf8_count(text, &code_points) || memchr(text.ptr, '\0', text.len))
        status = misuse("the text is not UTF-8");
    else
        status = post_text(&board, text);
    arena_release(&arena);
    return status;
}
