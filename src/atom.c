/* SPDX-License-Identifier: MIT */
#include "atom.h"

#include "buf.h"
#include "utf8.h"

#define TITLE_MAX_CHARS 60

/* Characters that XML 1.0 cannot hold do not get into messages; noncharacters of the BMP do. */
static bool is_xml_char(uint32_t c)
{
    return c != 0xFFFE && c != 0xFFFF && (c >= 0x20 || c == '\n');
}

static void add_escaped(struct buf *out, struct str text)
{
    uint32_t c;
    size_t len;

    for (; (len = utf8_decode(text, &c)) > 0; text.ptr += len, text.len -= len) {
        if (c == '<')
            buf_add(out, STR("&lt;"));
        else if (c == '>')
            buf_add(out, STR("&gt;"));
        else if (c == '&')
            buf_add(out, STR("&amp;"));
        else if (c == '"')
            buf_add(out, STR("&quot;"));
        else if (is_xml_char(c))
            buf_add(out, (struct str){.ptr = text.ptr, .len = len});
    }
}

/* Percent-encodes everything but the unreserved characters (RFC 3986, 2.3). */
static void add_query_value(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || c == '-' || c == '.' || c == '_' || c == '~')
            buf_add_char(out, (char)c);
        else
            buf_addf(out, "%%%02X", c);
    }
}

static void add_address(struct buf *out, const struct atom_feed *feed)
{
    add_escaped(out, feed->scheme);
    buf_add(out, STR("://"));
    add_escaped(out, feed->host);
}

/* The address of the feed itself, or of the page that begins at `cursor`. */
static void add_feed_link(struct buf *out, const struct atom_feed *feed, const char *rel,
                          struct str cursor)
{
    buf_addf(out, "<link rel=\"%s\" type=\"application/atom+xml\" href=\"", rel);
    add_address(out, feed);
    buf_add(out, STR("/api/listings/feed"));
    if (feed->query.len > 0) {
        buf_add(out, STR("?q="));
        add_query_value(out, feed->query);
    }
    if (cursor.len > 0)
        buf_addf(out, "%scursor=%.*s", feed->query.len > 0 ? "&amp;" : "?", STR_ARG(cursor));
    buf_add(out, STR("\"/>\n"));
}

/* The first line, cut at a length that suits a list of titles. */
static struct str title_of(struct str body)
{
    struct str title = str_cut(&body, '\n');
    struct str rest = title;
    size_t count = 0;
    uint32_t c;
    size_t len;

    while (count < TITLE_MAX_CHARS && (len = utf8_decode(rest, &c)) > 0) {
        rest.ptr += len;
        rest.len -= len;
        count++;
    }
    title.len -= rest.len;
    return title;
}

static void add_entry(struct buf *out, const struct atom_feed *feed,
                      const struct json_listing *listing)
{
    buf_add(out, STR("<entry>\n<id>"));
    add_address(out, feed);
    buf_addf(out, "/m/%lld</id>\n<link href=\"", (long long)listing->id);
    add_address(out, feed);
    buf_addf(out, "/m/%lld\"/>\n<title>", (long long)listing->id);
    add_escaped(out, title_of(listing->body));
    buf_addf(out, "</title>\n<updated>%.*s</updated>\n<content type=\"text\">",
             STR_ARG(listing->created_at));
    add_escaped(out, listing->body);
    buf_add(out, STR("</content>\n</entry>\n"));
}

struct str atom_render(struct arena *arena, const struct atom_feed *feed)
{
    struct str updated =
        feed->count > 0 ? feed->listings[0].created_at : STR("1970-01-01T00:00:00Z");
    struct buf out;

    buf_init(&out, arena, 16 * 1024);
    buf_add(&out, STR("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                      "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<id>"));
    add_address(&out, feed);
    buf_add(&out, STR("/"));
    if (feed->query.len > 0) {
        buf_add(&out, STR("?q="));
        add_query_value(&out, feed->query);
    }
    buf_add(&out, STR("</id>\n<title>"));
    add_escaped(&out, feed->query.len > 0 ? feed->query : feed->host);
    buf_addf(&out, "</title>\n<updated>%.*s</updated>\n<author><name>anyone</name></author>\n",
             STR_ARG(updated));
    add_feed_link(&out, feed, "self", STR(""));
    if (feed->next_cursor.len > 0)
        add_feed_link(&out, feed, "next", feed->next_cursor);
    for (size_t i = 0; i < feed->count; i++)
        add_entry(&out, feed, &feed->listings[i]);
    buf_add(&out, STR("</feed>\n"));
    return buf_str(&out);
}
