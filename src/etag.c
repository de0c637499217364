/* SPDX-License-Identifier: MIT */
#include "etag.h"

#include "buf.h"
#include "crypto.h"
#include "encode.h"

#include <string.h>

/* No browser sends more than one. */
#define VERSIONS_MOST 8
#define SHORT_LEN 8

struct parts {
    struct str version; /* digits, or nothing */
    struct str seal;
    struct str digest;
};

static struct str shortened(struct arena *arena, struct str text)
{
    unsigned char digest[SHA256_LEN];

    crypto_sha256(text, digest);
    return encode_hex(arena, (struct str){.ptr = (const char *)digest, .len = SHORT_LEN});
}

struct str etag_seal(struct arena *arena, struct str decisive)
{
    return shortened(arena, decisive);
}

struct str etag_make(struct arena *arena, struct str version, struct str seal, struct str body)
{
    return arena_format(arena, "\"%.*s.%.*s.%.*s\"", STR_ARG(version), STR_ARG(seal),
                        STR_ARG(shortened(arena, body)));
}

/* Cuts the next tag off a list; without the mark of a weak one, since they are compared weakly
 * (RFC 9110, 13.1.2). */
static struct str cut_tag(struct str *list)
{
    struct str tag = str_trim_blank(str_cut(list, ','));

    if (str_starts(tag, STR("W/")))
        tag = (struct str){.ptr = tag.ptr + 2, .len = tag.len - 2};
    return tag;
}

static bool consists_of(struct str text, const char *characters)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' || strchr(characters, text.ptr[i]) == NULL)
            return false;
    }
    return true;
}

/* Takes a tag apart; false when it cannot be one of ours. */
static bool read_tag(struct str tag, struct parts *parts)
{
    if (tag.len < 2 || tag.ptr[0] != '"' || tag.ptr[tag.len - 1] != '"')
        return false;
    tag = (struct str){.ptr = tag.ptr + 1, .len = tag.len - 2};
    parts->version = str_cut(&tag, '.');
    parts->seal = str_cut(&tag, '.');
    parts->digest = tag;
    return consists_of(parts->version, "0123456789") && parts->digest.len == 2 * SHORT_LEN &&
           consists_of(parts->digest, "0123456789abcdef");
}

struct str etag_versions(struct arena *arena, struct str if_none_match, struct str seal,
                         struct str more)
{
    struct parts parts;
    struct buf array;
    int count = 0;

    buf_init(&array, arena, 64);
    buf_addf(&array, "{%.*s", STR_ARG(more));
    while (if_none_match.len > 0 && count < VERSIONS_MOST) {
        if (!read_tag(cut_tag(&if_none_match), &parts) || !str_equal(parts.seal, seal) ||
            parts.version.len == 0)
            continue;
        buf_addf(&array, "%s%.*s", array.len > 1 ? "," : "", STR_ARG(parts.version));
        count++;
    }
    buf_add_char(&array, '}');
    return buf_str(&array);
}

struct str etag_of_version(struct str if_none_match, struct str version, struct str seal)
{
    struct parts parts;

    while (if_none_match.len > 0) {
        struct str tag = cut_tag(&if_none_match);
        if (read_tag(tag, &parts) && str_equal(parts.version, version) &&
            str_equal(parts.seal, seal))
            return tag;
    }
    return STR("");
}

struct str etag_of_same(struct str if_none_match, struct str etag)
{
    struct parts wanted = {.seal = STR("")};
    struct parts parts;

    if (!read_tag(etag, &wanted))
        return STR("");
    while (if_none_match.len > 0) {
        struct str tag = cut_tag(&if_none_match);
        if (str_equal(tag, STR("*")))
            return etag;
        if (read_tag(tag, &parts) && str_equal(parts.seal, wanted.seal) &&
            str_equal(parts.digest, wanted.digest))
            return tag;
    }
    return STR("");
}
