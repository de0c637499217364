/* SPDX-License-Identifier: MIT */
#include "atom.h"
#include "unit.h"

#include <string.h>

static const char *rendered(struct atom_feed feed)
{
    if (feed.scheme.len == 0)
        feed.scheme = STR("https");
    if (feed.host.len == 0)
        feed.host = STR("board.example");
    return arena_copy(&test_arena, atom_render(&test_arena, &feed)).ptr;
}

/* A feed of one message. */
static const char *with_body(const char *body)
{
    static struct json_listing listing;

    listing = (struct json_listing){
        .id = 42, .body = str_from(body), .created_at = STR("2026-02-25T12:34:56.789012Z")};
    return rendered((struct atom_feed){.listings = &listing, .count = 1});
}

static void expect(const char *xml, const char *part)
{
    ck_assert_msg(strstr(xml, part) != NULL, "no %s in\n%s", part, xml);
}

static void expect_not(const char *xml, const char *part)
{
    ck_assert_msg(strstr(xml, part) == NULL, "%s in\n%s", part, xml);
}

START_TEST(empty_feed_has_all_that_atom_requires)
{
    const char *xml = rendered((struct atom_feed){.count = 0});

    expect(xml, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=");
    expect(xml, "<id>https://board.example/</id>");
    expect(xml, "<title>board.example</title>");
    expect(xml, "<updated>1970-01-01T00:00:00Z</updated>");
    expect(xml, "<author><name>");
    expect(xml, "<link rel=\"self\" type=\"application/atom+xml\" "
                "href=\"https://board.example/api/listings/feed\"/>");
    expect(xml, "</feed>\n");
    expect_not(xml, "rel=\"next\"");
}
END_TEST

START_TEST(entry_is_the_message_with_its_permalink)
{
    const char *xml = with_body("For sale: baby shoes, never worn.\nErnest@Hemingway.com");

    expect(xml, "<entry>\n<id>https://board.example/m/42</id>\n"
                "<link href=\"https://board.example/m/42\"/>\n");
    expect(xml, "<title>For sale: baby shoes, never worn.</title>");
    expect(xml, "never worn.\nErnest@Hemingway.com</content>");
    expect(xml, "<updated>2026-02-25T12:34:56.789012Z</updated>\n<author>");
}
END_TEST

START_TEST(markup_is_text)
{
    const char *xml = with_body("<script>\"a\" & ]]> 'b'</script>");

    expect(xml, "&lt;script&gt;&quot;a&quot; &amp; ]]&gt; 'b'&lt;/script&gt;");
    expect_not(xml, "<script");
}
END_TEST

START_TEST(characters_that_xml_cannot_hold_are_left_out)
{
    expect(with_body("a\xEF\xBF\xBE\xEF\xBF\xBF\x01z"), ">az</content>");
    expect(with_body("a\xEF\xBF\xBDz"), ">a\xEF\xBF\xBDz</content>");
    expect(with_body("\xF0\x9F\x98\x80"), ">\xF0\x9F\x98\x80</content>");
}
END_TEST

START_TEST(title_is_cut_between_characters)
{
    struct str letters = arena_format(&test_arena, "%059d\xC3\xA9\xC3\xA9", 0);
    struct str title = arena_format(&test_arena, "<title>%059d\xC3\xA9</title>", 0);

    expect(with_body(letters.ptr), title.ptr);
}
END_TEST

START_TEST(query_is_part_of_title_and_links)
{
    const char *xml = rendered((struct atom_feed){
        .query = STR("caf\xC3\xA9 \"<&>"), .next_cursor = STR("AAAA"), .count = 0});

    expect(xml, "<title>caf\xC3\xA9 &quot;&lt;&amp;&gt;</title>");
    expect(xml, "rel=\"self\" type=\"application/atom+xml\" "
                "href=\"https://board.example/api/listings/feed?q=caf%C3%A9%20%22%3C%26%3E\"");
    expect(xml, "rel=\"next\"");
    expect(xml, "?q=caf%C3%A9%20%22%3C%26%3E&amp;cursor=AAAA\"");
}
END_TEST

START_TEST(next_page_of_the_newest_has_a_cursor_only)
{
    expect(rendered((struct atom_feed){.next_cursor = STR("AAAA"), .count = 0}),
           "/api/listings/feed?cursor=AAAA\"");
}
END_TEST

START_TEST(host_cannot_break_out_of_its_place)
{
    const char *xml = rendered((struct atom_feed){.host = STR("x\"/><evil a=\"&\x01"), .count = 0});

    expect(xml, "https://x&quot;/&gt;&lt;evil a=&quot;&amp;/api");
    expect_not(xml, "<evil");
}
END_TEST

START_TEST(listings_are_read_from_json)
{
    struct json_listing *listings;
    struct str json = STR("[{\"id\":7,\"body\":\"a\\n\\u00e9\",\"created_at\":\"t\"},"
                          "{\"id\":9007199254740993,\"body\":\"\",\"created_at\":\"u\"}]");

    ck_assert_uint_eq(json_read_listings(&test_arena, json, &listings), 2);
    ck_assert_int_eq(listings[0].id, 7);
    ck_view(listings[0].body, "a\n\xC3\xA9");
    ck_view(listings[0].created_at, "t");
    ck_view(listings[1].body, "");
}
END_TEST

START_TEST(anything_but_an_array_of_listings_is_none)
{
    static const char *const others[] = {"", "{}", "[]", "null", "x"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct json_listing *listings;
        ck_assert_uint_eq(json_read_listings(&test_arena, str_from(others[i]), &listings), 0);
    }
}
END_TEST

Suite *atom_suite(void)
{
    const TTest *tests[] = {
        empty_feed_has_all_that_atom_requires,
        entry_is_the_message_with_its_permalink,
        markup_is_text,
        characters_that_xml_cannot_hold_are_left_out,
        title_is_cut_between_characters,
        query_is_part_of_title_and_links,
        next_page_of_the_newest_has_a_cursor_only,
        host_cannot_break_out_of_its_place,
        listings_are_read_from_json,
        anything_but_an_array_of_listings_is_none,
    };

    return UNIT_SUITE("atom", tests);
}
