/* SPDX-License-Identifier: MIT */
/* json: reading and writing small objects. The only user of cJSON. */
#ifndef JSON_H
#define JSON_H

#include "arena.h"

/* A string member to look for. */
struct json_member {
    const char *name;
    struct str value; /* in the arena; empty when absent */
    bool found;
};

/* What to do with members that nobody asked for. */
enum json_unknown { JSON_REFUSE_UNKNOWN, JSON_IGNORE_UNKNOWN };

/* Reads an object whose members are the `count` strings `members`, each of which may be absent.
 * Returns NULL, or a sentence saying what is wrong. Refused besides malformed JSON (RFC 8259):
 * duplicate members, bytes behind the object, raw control characters, U+0000, lone surrogates,
 * bytes that are not UTF-8. */
const char *json_read(struct arena *arena, struct str text, struct json_member *members, int count,
                      enum json_unknown unknown);

/* The member `name` of an object, or of its member `outer` when that is not NULL, in `arena`: a
 * text, or a whole number in decimal. Empty when there is none, also when `text` is no JSON. */
struct str json_pick(struct arena *arena, struct str text, const char *outer, const char *name);

/* A listing as the database writes it. */
struct json_listing {
    int64_t id;
    struct str body;
    struct str created_at;
};

/* Reads an array of listings into `arena`; returns how many, 0 also when `text` is no array. */
size_t json_read_listings(struct arena *arena, struct str text, struct json_listing **listings);

/* An object under construction, in an arena. */
struct json_object;

struct json_object *json_object(struct arena *arena);
void json_add_str(struct json_object *object, const char *name, struct str value);
void json_add_int(struct json_object *object, const char *name, int64_t value);

/* Adds `member` as a member of `object`. */
void json_add_object(struct json_object *object, const char *name, struct json_object *member);

/* The object as text without blanks, in its arena. */
struct str json_print(struct json_object *object);

#endif
