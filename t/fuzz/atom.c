/* SPDX-License-Identifier: MIT */
/* Input: a host and a query, a line each, then the text of a message: the feed must be well-formed.
 */
#include "atom.h"
#include "fuzz.h"
#include "utf8.h"

#include <string.h>

/* Cuts off what stands up to and including `end`. */
static struct str up_to(struct str *rest, char end)
{
    const char *found = memchr(rest->ptr, end, rest->len);

    FUZZ_CHECK(found != NULL);
    return str_cut(rest, end);
}

/* A tag's change of depth: 1 opens, -1 closes, 0 for one that is empty or a declaration. */
static int change_of_depth(struct str tag)
{
    FUZZ_CHECK(tag.len > 0 && memchr(tag.ptr, '<', tag.len) == NULL);
    if (tag.ptr[0] == '/')
        return -1;
    return tag.ptr[0] == '?' || tag.ptr[tag.len - 1] == '/' ? 0 : 1;
}

static void check_entity(struct str *rest)
{
    static const struct str known[] = {{"lt", 2}, {"gt", 2}, {"amp", 3}, {"quot", 4}};
    struct str entity = up_to(rest, ';');
    bool found = false;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        found = found || str_equal(entity, known[i]);
    FUZZ_CHECK(found);
}

static void check_well_formed(struct str xml)
{
    int depth = 0;

    while (xml.len > 0) {
        char c = *xml.ptr++;
        xml.len--;
        FUZZ_CHECK((unsigned char)c >= 0x20 || c == '\n');
        FUZZ_CHECK(c != '>');
        if (c == '<')
            depth += change_of_depth(up_to(&xml, '>'));
        else if (c == '&')
            check_entity(&xml);
        FUZZ_CHECK(depth >= 0);
    }
    FUZZ_CHECK(depth == 0);
}

void fuzz_atom(struct arena *arena, struct str input)
{
    struct json_listing listing = {.id = 42, .created_at = STR("2026-02-25T12:34:56.789012Z")};
    struct json_listing *read;
    struct atom_feed feed = {
        .scheme = STR("https"), .host = fuzz_line(&input), .query = fuzz_line(&input)};
    struct str xml;
    size_t count;

    listing.body = input;
    feed.listings = &listing;
    feed.count = 1;
    feed.next_cursor = STR("AAAA");
    xml = atom_render(arena, &feed);
    FUZZ_CHECK(utf8_count(xml, &count));
    check_well_formed(xml);
    json_read_listings(arena, input, &read);
}
