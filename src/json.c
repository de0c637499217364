/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "encode.h"
#include "utf8.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct json_object {
    struct arena *arena;
    cJSON *tree;
};

/* cJSON takes its memory from two global hooks; this is the arena they serve just now. */
static struct arena *current;

static void *hook_malloc(size_t size)
{
    return arena_alloc(current, size);
}

static void hook_free(void *memory)
{
    (void)memory; /* the arena frees all at once */
}

static void use_arena(struct arena *arena)
{
    cJSON_Hooks hooks = {.malloc_fn = hook_malloc, .free_fn = hook_free};

    current = arena;
    cJSON_InitHooks(&hooks);
}

/* cJSON reads four characters behind "\u" that are not digits as U+0000, and ends a string there.
 */
static const char *check_escape(struct str escape)
{
    unsigned char code[2];

    if (!str_starts(escape, STR("\\u")))
        return NULL;
    if (escape.len < 6 || !decode_hex((struct str){.ptr = escape.ptr + 2, .len = 4}, code, 2))
        return "The text holds a broken escape.";
    return code[0] == 0 && code[1] == 0 ? "The text holds the character U+0000." : NULL;
}

/* cJSON takes every byte up to a space for white space, and skips a byte order mark. */
static bool may_stand_between_tokens(unsigned char c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7F);
}

/* Finds what cJSON lets through and RFC 8259 forbids. */
static const char *check_characters(struct str text)
{
    bool inside = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (inside && c < 0x20)
            return "The text holds a raw control character inside a string.";
        if (!inside && !may_stand_between_tokens(c))
            return "The text is not valid JSON.";
        if (c == '"')
            inside = !inside;
        if (inside && c == '\\') {
            const char *wrong =
                check_escape((struct str){.ptr = text.ptr + i, .len = text.len - i});
            if (wrong)
                return wrong;
            i++;
        }
    }
    return NULL;
}

static bool only_blanks(const char *from, const char *to)
{
    while (from < to && strchr(" \t\r\n", *from))
        from++;
    return from >= to;
}

static struct json_member *find_member(struct json_member *members, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    return NULL;
}

static const char *take_members(const cJSON *tree, struct json_member *members, int count,
                                enum json_unknown unknown)
{
    const cJSON *item;

    if (!cJSON_IsObject(tree))
        return "The text must be a JSON object.";
    cJSON_ArrayForEach(item, tree)
    {
        struct json_member *member = find_member(members, count, item->string);
        if (member == NULL && unknown == JSON_IGNORE_UNKNOWN)
            continue;
        if (member == NULL)
            return "The object has a member that is not known here.";
        if (member->found)
            return "The object has a member twice.";
        if (!cJSON_IsString(item))
            return "The member must be a string.";
        member->found = true;
        member->value = str_from(item->valuestring);
    }
    return NULL;
}

const char *json_read(struct arena *arena, struct str text, struct json_member *members, int count,
                      enum json_unknown unknown)
{
    const char *end = NULL;
    const char *wrong = check_characters(text);
    size_t code_points;
    cJSON *tree;

    for (int i = 0; i < count; i++) {
        members[i].found = false;
        members[i].value = STR("");
    }
    if (wrong)
        return wrong;
    if (!utf8_count(text, &code_points) || (text.len > 0 && memchr(text.ptr, '\0', text.len)))
        return "The text is not UTF-8.";
    use_arena(arena);
    tree = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, 0);
    if (tree == NULL || !only_blanks(end, text.ptr + text.len))
        return "The text is not valid JSON.";
    return take_members(tree, members, count, unknown);
}

static struct str member_text(const cJSON *object, const char *name)
{
    return str_from(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

/* 0 for what is no number, or none that a double holds exactly. */
static int64_t member_id(const cJSON *item)
{
    double number = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(item, "id"));

    return number >= 1 && number <= 9007199254740992.0 ? (int64_t)number : 0;
}

struct str json_pick(struct arena *arena, struct str text, const char *outer, const char *name)
{
    const cJSON *item;
    double number;

    use_arena(arena);
    item = cJSON_ParseWithLength(text.ptr, text.len);
    if (outer)
        item = cJSON_GetObjectItemCaseSensitive(item, outer);
    item = cJSON_GetObjectItemCaseSensitive(item, name);
    if (cJSON_IsString(item))
        return str_from(cJSON_GetStringValue(item));
    number = cJSON_GetNumberValue(item);
    if (number >= 0 && number <= 9007199254740992.0)
        return arena_format(arena, "%" PRId64, (int64_t)number);
    return STR("");
}

size_t json_read_listings(struct arena *arena, struct str text, struct json_listing **listings)
{
    const cJSON *item;
    cJSON *tree;
    size_t count = 0;

    use_arena(arena);
    tree = cJSON_ParseWithLength(text.ptr, text.len);
    *listings = arena_alloc(arena, (size_t)cJSON_GetArraySize(tree) * sizeof(**listings) + 1);
    cJSON_ArrayForEach(item, tree)
    {
        (*listings)[count++] = (struct json_listing){
            .id = member_id(item),
            .body = member_text(item, "body"),
            .created_at = member_text(item, "created_at"),
        };
    }
    return count;
}

static struct json_object *wrap(struct arena *arena, cJSON *tree)
{
    struct json_object *object = arena_alloc(arena, sizeof(*object));

    if (tree == NULL)
        abort();
    object->arena = arena;
    object->tree = tree;
    return object;
}

struct json_object *json_object(struct arena *arena)
{
    use_arena(arena);
    return wrap(arena, cJSON_CreateObject());
}

void json_add_str(struct json_object *object, const char *name, struct str value)
{
    struct str text = arena_copy(object->arena, value);

    use_arena(object->arena);
    if (cJSON_AddStringToObject(object->tree, name, text.ptr) == NULL)
        abort();
}

void json_add_int(struct json_object *object, const char *name, int64_t value)
{
    struct str digits = arena_format(object->arena, "%lld", (long long)value);

    use_arena(object->arena); /* "raw", because a double would lose digits beyond 2^53 */
    if (cJSON_AddRawToObject(object->tree, name, digits.ptr) == NULL)
        abort();
}

void json_add_object(struct json_object *object, const char *name, struct json_object *member)
{
    use_arena(object->arena);
    if (!cJSON_AddItemToObject(object->tree, name, member->tree))
        abort();
}

struct str json_print(struct json_object *object)
{
    use_arena(object->arena);
    return str_from(cJSON_PrintUnformatted(object->tree));
}
