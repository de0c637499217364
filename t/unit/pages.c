/* SPDX-License-Identifier: MIT */
/* What the processes of a pool share: no two search for the same, and nobody who dies is waited
 * for. The latter cannot be tried in an emulator (qemu-user), and is left out there, which is said.
 */
#include "pages.h"
#include "clock.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_MS 60000
#define KILLS 100

static struct pages *pages;

static struct pages_key key_of(char first, char rest)
{
    struct pages_key key;

    memset(key.bytes, rest, sizeof(key.bytes));
    key.bytes[0] = (unsigned char)first;
    return key;
}

static struct page page_of(char letter, size_t len)
{
    char *text = arena_alloc(&test_arena, len);

    memset(text, letter, len);
    return (struct page){.version = STR("12"), .items = {text, len}, .next_id = letter};
}

static void keep(const struct pages_key *key, const struct page *page)
{
    ck_assert_int_eq(pages_claim(pages, key), PAGES_MINE);
    pages_write(pages, key, page);
    pages_release(pages, key);
}

/* A process that does `work` until it is killed, once it has said that it began. */
static pid_t start(void (*work)(const struct pages_key *), const struct pages_key *key)
{
    int ends[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        if (pages_claim(pages, key) == PAGES_MINE && write(ends[1], "x", 1) == 1)
            work(key);
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void sleep_forever(const struct pages_key *key)
{
    (void)key;
    for (;;)
        pause();
}

static void write_forever(const struct pages_key *key)
{
    for (char letter = 'a';; letter = letter == 'z' ? 'a' : (char)(letter + 1)) {
        struct page page = page_of(letter, 16000);
        pages_write(pages, key, &page);
        arena_reset(&test_arena);
    }
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static bool is_left_out(const char *claim)
{
    if (pages_outlive_the_dead())
        return false;
    fprintf(stderr, "# LEFT OUT, as this kernel has no robust locks: %s\n", claim);
    return true;
}

START_TEST(without_pages_everybody_searches)
{
    struct pages_key key = key_of('a', 'a');
    struct page page;

    ck_assert_int_eq(pages_claim(NULL, &key), PAGES_NONE);
    ck_assert(!pages_read(NULL, &key, &test_arena, &page));
}
END_TEST

START_TEST(page_is_kept_for_its_key_alone)
{
    struct pages_key key = key_of('a', 'a');
    struct pages_key neighbour = key_of('a', 'b');
    struct page page = page_of('p', 100);
    struct page found;

    pages = pages_create();
    ck_assert(!pages_read(pages, &key, &test_arena, &found));
    keep(&key, &page);
    ck_assert(pages_read(pages, &key, &test_arena, &found));
    ck_view(found.version, "12");
    ck_assert(str_equal(found.items, page.items));
    ck_assert_int_eq(found.next_id, 'p');
    ck_assert(!pages_read(pages, &neighbour, &test_arena, &found));
    keep(&neighbour, &page);
    ck_assert(!pages_read(pages, &key, &test_arena, &found));
}
END_TEST

START_TEST(page_that_is_too_large_is_not_kept)
{
    struct pages_key key = key_of('a', 'a');
    struct page small = page_of('s', 10);
    struct page large = page_of('l', 20000);
    struct page found;

    pages = pages_create();
    keep(&key, &small);
    keep(&key, &large);
    ck_assert(pages_read(pages, &key, &test_arena, &found));
    ck_assert(str_equal(found.items, small.items));
}
END_TEST

START_TEST(one_at_a_time_searches_for_the_same)
{
    struct pages_key key = key_of('a', 'a');
    struct pages_key neighbour = key_of('a', 'b');
    struct pages_key stranger = key_of('b', 'b');
    pid_t searcher;

    pages = pages_create();
    searcher = start(sleep_forever, &key);
    ck_assert_int_eq(pages_claim(pages, &key), PAGES_TAKEN);
    ck_assert_int_eq(pages_claim(pages, &neighbour), PAGES_NONE);
    ck_assert_int_eq(pages_claim(pages, &stranger), PAGES_MINE);
    pages_wait(pages, &key, clock_monotonic_ms() + 1);
    ck_assert_int_eq(pages_claim(pages, &key), PAGES_TAKEN);
    end(searcher);
}
END_TEST

START_TEST(nobody_waits_for_the_dead)
{
    struct pages_key key = key_of('a', 'a');

    if (is_left_out("nobody waits for the dead"))
        return;
    pages = pages_create();
    end(start(sleep_forever, &key));
    pages_wait(pages, &key, clock_monotonic_ms() + LONG_MS);
    ck_assert_int_eq(pages_claim(pages, &key), PAGES_MINE);
}
END_TEST

START_TEST(whoever_is_killed_while_writing_leaves_nothing_half_written)
{
    struct pages_key key = key_of('a', 'a');
    struct page found;

    if (is_left_out("whoever is killed while writing leaves nothing half written"))
        return;
    pages = pages_create();
    for (int i = 0; i < KILLS; i++) {
        pid_t writer = start(write_forever, &key);
        for (int reads = 0; reads < i; reads++)
            pages_read(pages, &key, &test_arena, &found);
        end(writer);
        if (pages_read(pages, &key, &test_arena, &found)) {
            struct page whole = page_of((char)found.next_id, 16000);
            ck_assert(str_equal(found.items, whole.items));
        }
        arena_reset(&test_arena);
    }
}
END_TEST

Suite *pages_suite(void)
{
    const TTest *tests[] = {
        without_pages_everybody_searches,
        page_is_kept_for_its_key_alone,
        page_that_is_too_large_is_not_kept,
        one_at_a_time_searches_for_the_same,
        nobody_waits_for_the_dead,
        whoever_is_killed_while_writing_leaves_nothing_half_written,
    };

    return UNIT_SUITE("pages", tests);
}
