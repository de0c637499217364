#include "json.h"

#include "utf8.h"

#include <cjson/cJSON.h>
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

/* cJSON lets through what RFC 8259 forbids inside strings, and ends a string at \u0000. */
static const char *check_strings(struct str body)
{
    bool inside = false;

    for (size_t i = 0; i < body.len; i++) {
        unsigned char c = (unsigned char)body.ptr[i];
        if (inside && c < 0x20)
            return "The body holds a raw control character inside a string.";
        if (c == '"')
            inside = !inside;
        if (inside && c == '\\') {
            struct str rest = {.ptr = body.ptr + i, .len = body.len - i};
            if (str_starts(rest, STR("\\u0000")))
                return "The body holds the character U+0000.";
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

static const char *check_members(const cJSON *tree, const char *name, struct str *value)
{
    const cJSON *member;

    if (!cJSON_IsObject(tree) || tree->child == NULL)
        return "The body must be a JSON object with one member.";
    member = tree->child;
    if (member->next != NULL || strcmp(member->string, name) != 0)
        return "The body has unknown or duplicate members.";
    if (!cJSON_IsString(member))
        return "The member must be a string.";
    *value = str_from(member->valuestring);
    return NULL;
}

const char *json_read_member(struct arena *arena, struct str body, const char *name,
                             struct str *value)
{
    const char *end = NULL;
    const char *wrong = check_strings(body);
    size_t code_points;
    cJSON *tree;

    if (wrong)
        return wrong;
    if (!utf8_count(body, &code_points) || (body.len > 0 && memchr(body.ptr, '\0', body.len)))
        return "The body is not UTF-8 text.";
    use_arena(arena);
    tree = cJSON_ParseWithLengthOpts(body.ptr, body.len, &end, 0);
    if (tree == NULL || !only_blanks(end, body.ptr + body.len))
        return "The body is not valid JSON.";
    return check_members(tree, name, value);
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
