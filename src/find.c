/* SPDX-License-Identifier: MIT */
#include "find.h"

#include "clock.h"
#include "etag.h"

/* How often to wait for others who search for the same. Each time the board may have changed. */
#define ROUNDS 4

/* What api.search_listings says. */
enum { RUN = 200, NOT_RUN = 204, UNCHANGED = 304 };

struct finding {
    struct exchange *exchange;
    const struct search *search;
    struct pages *pages;
    struct pages_key key;
};

static struct pages_key key_of(struct arena *arena, const struct search *search)
{
    struct pages_key key;
    struct str text = arena_format(arena, "%llu %lld %.*s", (unsigned long long)search->limit,
                                   (long long)search->before, STR_ARG(search->query));

    crypto_sha256(text, key.bytes);
    return key;
}

static bool call(const struct finding *finding, struct str versions, bool run,
                 struct db_answer *answer)
{
    const struct search *search = finding->search;
    struct arena *arena = finding->exchange->request->arena;
    struct db_value values[] = {
        db_value_text(search->query),
        db_value_int(arena, (int64_t)search->limit),
        search->before ? db_value_int(arena, search->before) : db_value_null(),
        db_value_text(versions),
        db_value_text(run ? STR("t") : STR("f")),
    };

    return exchange_call(finding->exchange, values, answer);
}

/* Takes what the database found, or what it said is still right: the client's page or `shared`. */
static void take(const struct finding *finding, const struct db_answer *answer,
                 const struct page *shared, struct found *found)
{
    struct metrics *metrics = finding->exchange->server->metrics;
    struct str rest = answer->body;
    struct str version = str_cut(&rest, ' ');

    if (answer->status == RUN) {
        metrics_count(metrics, COUNT_SEARCHES);
        found->page = (struct page){version, rest, answer->next_id};
        return;
    }
    found->known =
        etag_of_version(finding->exchange->request->if_none_match, version, finding->search->seal);
    if (found->known.len > 0)
        return;
    metrics_count(metrics, COUNT_SHARED);
    found->page = *shared;
}

/* One attempt, charged if none was before. False when the response is made. */
static bool ask(const struct finding *finding, bool run, struct db_answer *answer,
                struct found *found)
{
    const struct request *request = finding->exchange->request;
    struct page shared = {.version = STR("")};
    struct str versions;

    answer->status = NOT_RUN;
    pages_read(finding->pages, &finding->key, request->arena, &shared);
    versions = etag_versions(request->arena, request->if_none_match, finding->search->seal,
                             shared.version);
    if (!run && versions.len == 2) /* nothing that could be unchanged */
        return true;
    if (!call(finding, versions, run, answer))
        return false;
    if (answer->status != NOT_RUN)
        take(finding, answer, &shared, found);
    return true;
}

static bool ask_with_claim(const struct finding *finding, struct db_answer *answer,
                           struct found *found)
{
    bool answered = ask(finding, true, answer, found);

    if (answered && answer->status == RUN)
        pages_write(finding->pages, &finding->key, &found->page);
    pages_release(finding->pages, &finding->key);
    return answered;
}

/* Half of the time that is left, for the other half may be needed to search after all. */
static void wait_for_other(const struct finding *finding)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t deadline_ms = finding->exchange->limits.deadline_ms;

    slot_enter(finding->exchange->server->slot, SLOT_DATABASE, deadline_ms);
    pages_wait(finding->pages, &finding->key, now_ms + (deadline_ms - now_ms) / 2);
}

bool find_page(struct exchange *exchange, const struct search *search, struct found *found)
{
    struct finding finding = {.exchange = exchange,
                              .search = search,
                              .pages = exchange->server->pages,
                              .key = key_of(exchange->request->arena, search)};
    struct db_answer answer;

    found->known = STR("");
    for (int round = 0;; round++) {
        enum pages_claim claim = pages_claim(finding.pages, &finding.key);
        if (claim == PAGES_MINE)
            return ask_with_claim(&finding, &answer, found);
        if (!ask(&finding, claim == PAGES_NONE || round == ROUNDS, &answer, found))
            return false;
        if (answer.status != NOT_RUN)
            return true;
        wait_for_other(&finding);
    }
}
