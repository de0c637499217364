/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include "clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Only what many ask for at once is worth a place, and that is little. */
#define PLACES 128
#define PAGE_BYTES 16384

struct place {
    pthread_mutex_t claim;   /* held while somebody searches for `wanted` */
    pthread_mutex_t content; /* held for as long as it takes to copy what follows, and the text */
    struct pages_key wanted;
    struct pages_key key; /* of the page that is kept */
    size_t version_len;   /* 0: none is kept */
    size_t items_len;
    int64_t next_id;
};

/* Texts are apart, so that memory which nobody writes to is not there. */
struct pages {
    struct place places[PLACES];
    char texts[PLACES][PAGE_BYTES];
};

bool pages_outlive_the_dead(void)
{
    void *head;
    size_t len;

    /* C libraries take it for granted, so that only the kernel knows. */
    return syscall(SYS_get_robust_list, 0, &head, &len) == 0;
}

static void make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (pthread_mutex_init(lock, &attributes) != 0)
        abort();
    pthread_mutexattr_destroy(&attributes);
}

struct pages *pages_create(void)
{
    int flags = MAP_SHARED | MAP_ANONYMOUS;
    struct pages *pages = mmap(NULL, sizeof(*pages), PROT_READ | PROT_WRITE, flags, -1, 0);

    if (pages == MAP_FAILED)
        abort();
    for (size_t i = 0; i < PLACES; i++) {
        make_lock(&pages->places[i].claim);
        make_lock(&pages->places[i].content);
    }
    return pages;
}

static size_t number_of(const struct pages_key *key)
{
    return key->bytes[0] % PLACES;
}

static bool same(const struct pages_key *a, const struct pages_key *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* Whether `result` means that the lock is ours now; from the dead it is taken over. */
static bool taken(pthread_mutex_t *lock, int result)
{
    return result == 0 || (result == EOWNERDEAD && pthread_mutex_consistent(lock) == 0);
}

/* Who died while writing has left something half written. */
static void lock_content(struct place *place)
{
    int result = pthread_mutex_lock(&place->content);

    if (!taken(&place->content, result))
        abort();
    if (result == EOWNERDEAD)
        place->version_len = 0;
}

enum pages_claim pages_claim(struct pages *pages, const struct pages_key *key)
{
    struct place *place;
    bool mine;
    bool wanted;

    if (pages == NULL)
        return PAGES_NONE;
    place = &pages->places[number_of(key)];
    /* What is claimed and for what are one thing to everybody else. */
    lock_content(place);
    mine = taken(&place->claim, pthread_mutex_trylock(&place->claim));
    wanted = same(&place->wanted, key);
    if (mine)
        place->wanted = *key;
    pthread_mutex_unlock(&place->content);
    if (mine)
        return PAGES_MINE;
    return wanted ? PAGES_TAKEN : PAGES_NONE;
}

/* The only clock that POSIX has for this is the wall's. */
static struct timespec wall_time(int64_t from_now_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += from_now_ms / 1000;
    at.tv_nsec += from_now_ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

void pages_wait(struct pages *pages, const struct pages_key *key, int64_t until_ms)
{
    struct place *place = &pages->places[number_of(key)];
    int64_t left_ms = until_ms - clock_monotonic_ms();
    struct timespec until = wall_time(left_ms > 0 ? left_ms : 0);

    if (taken(&place->claim, pthread_mutex_timedlock(&place->claim, &until)))
        pthread_mutex_unlock(&place->claim);
}

void pages_release(struct pages *pages, const struct pages_key *key)
{
    pthread_mutex_unlock(&pages->places[number_of(key)].claim);
}

bool pages_read(struct pages *pages, const struct pages_key *key, struct arena *arena,
                struct page *page)
{
    size_t number = number_of(key);
    struct place *place;
    bool kept;

    if (pages == NULL)
        return false;
    place = &pages->places[number];
    lock_content(place);
    kept = place->version_len > 0 && same(&place->key, key);
    if (kept) {
        struct str text = {pages->texts[number], place->version_len + place->items_len};
        text = arena_copy(arena, text);
        page->version = (struct str){text.ptr, place->version_len};
        page->items = (struct str){text.ptr + place->version_len, place->items_len};
        page->next_id = place->next_id;
    }
    pthread_mutex_unlock(&place->content);
    return kept;
}

void pages_write(struct pages *pages, const struct pages_key *key, const struct page *page)
{
    size_t number = number_of(key);
    struct place *place = &pages->places[number];
    char *text = pages->texts[number];

    if (page->version.len + page->items.len > PAGE_BYTES)
        return;
    lock_content(place);
    place->version_len = 0; /* until it is whole */
    memcpy(text, page->version.ptr, page->version.len);
    memcpy(text + page->version.len, page->items.ptr, page->items.len);
    place->key = *key;
    place->items_len = page->items.len;
    place->next_id = page->next_id;
    place->version_len = page->version.len;
    pthread_mutex_unlock(&place->content);
}
