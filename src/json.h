/* json: reading request bodies and writing small objects. The only user of cJSON. */
#ifndef JSON_H
#define JSON_H

#include "arena.h"

/* Reads `{"NAME": "..."}`: an object with exactly one member, a string called `name`. Returns
 * NULL and sets `*value` (in `arena`), or returns a sentence saying what is wrong. Refused
 * besides malformed JSON (RFC 8259): unknown and duplicate members, bytes behind the object, raw
 * control characters, U+0000, lone surrogates, bytes that are not UTF-8. */
const char *json_read_member(struct arena *arena, struct str body, const char *name,
                             struct str *value);

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
