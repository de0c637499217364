/* SPDX-License-Identifier: MIT */
#include "moderate.h"

#include "db_session.h"
#include "encode.h"
#include "json.h"
#include "netkeys.h"
#include "options.h"
#include "sql.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2
#define EXIT_NOTHING 4
#define HOURS_STANDARD "24"
#define LIMIT_STANDARD "50"

struct moderator {
    const struct config *config;
    struct db_session *session;
    struct arena arena;
    struct options options;
};

/* What a command needs to be told. */
enum need { NEED_NOTHING, NEED_SELECTION, NEED_SELECTION_AND_REASON, NEED_IDS, NEED_WORD };

/* ---- output ---- */

static void print_json(const struct moderator *moderator, int row)
{
    struct arena arena;
    struct json_object *object;

    arena_init(&arena);
    object = json_object(&arena);
    for (int column = 0; column < db_session_columns(moderator->session); column++) {
        const char *name = db_session_column(moderator->session, column);
        const char *value = db_session_get(moderator->session, row, column);
        if (value && db_session_is_number(moderator->session, column))
            json_add_int(object, name, strtoll(value, NULL, 10));
        else if (value)
            json_add_str(object, name, str_from(value));
    }
    puts(json_print(object).ptr);
    arena_release(&arena);
}

/* "name: value" in lines; the lines of a text are indented below its name. What the origin took may
 * hold what a terminal obeys. */
static void print_lines(const struct moderator *moderator, int row)
{
    struct arena arena;

    arena_init(&arena);
    if (row > 0)
        putchar('\n');
    for (int column = 0; column < db_session_columns(moderator->session); column++) {
        const char *value = db_session_get(moderator->session, row, column);
        struct str text = text_for_terminal(&arena, str_from(value));
        if (value == NULL)
            continue;
        printf("%s: ", db_session_column(moderator->session, column));
        for (size_t i = 0; i < text.len; i++) {
            putchar(text.ptr[i]);
            if (text.ptr[i] == '\n')
                fputs("    ", stdout);
        }
        putchar('\n');
    }
    arena_release(&arena);
}

/* Prints the rows of the last statement; the exit status says whether there were any. */
static int print_rows(const struct moderator *moderator)
{
    int rows = db_session_rows(moderator->session);

    for (int row = 0; row < rows; row++) {
        if (moderator->options.json)
            print_json(moderator, row);
        else
            print_lines(moderator, row);
    }
    return rows > 0 ? EXIT_SUCCESS : EXIT_NOTHING;
}

/* ---- statements ---- */

static bool run(struct moderator *moderator, const char *statement, int count,
                const char *const *values)
{
    if (db_session_run(moderator->session, sql_cli_text(statement), count, values))
        return true;
    db_session_complain(moderator->session);
    return false;
}

static int run_and_print(struct moderator *moderator, const char *statement, int count,
                         const char *const *values)
{
    return run(moderator, statement, count, values) ? print_rows(moderator) : EXIT_FAILURE;
}

static bool set(struct moderator *moderator, const char *name, const char *value)
{
    const char *const values[] = {name, value ? value : ""};

    return run(moderator, "set_parameter", 2, values);
}

/* Tells the audit who is at the terminal, and why. */
static bool introduce(struct moderator *moderator)
{
    const char *person = getenv("SUDO_USER");

    if (person == NULL)
        person = getenv("LOGNAME");
    return set(moderator, "initialsdb.actor", person) &&
           set(moderator, "initialsdb.reason", moderator->options.reason);
}

#define SELECTION_VALUES 5

/* The first parameters of every statement about chosen messages. */
static void select_values(const struct moderator *moderator, const char *values[SELECTION_VALUES])
{
    const struct options *options = &moderator->options;

    values[0] = options->ids.len > 0 ? options->ids.ptr : NULL;
    values[1] = options->search;
    values[2] = options->network_of;
    values[3] = options->since;
    values[4] = options->until;
}

static int list_place(struct moderator *moderator, const char *place)
{
    const char *values[SELECTION_VALUES + 1];

    select_values(moderator, values);
    values[SELECTION_VALUES] = place;
    return run_and_print(moderator, "chosen_messages", SELECTION_VALUES + 1, values);
}

/* Does `statement` to the chosen messages of `place`, or only lists them. Every column of its row
 * is a number of messages. */
static int act(struct moderator *moderator, const char *statement, const char *place)
{
    const char *values[SELECTION_VALUES];
    int status;

    if (moderator->options.dry_run)
        return list_place(moderator, place);
    select_values(moderator, values);
    if (!run(moderator, statement, SELECTION_VALUES, values))
        return EXIT_FAILURE;
    status = print_rows(moderator);
    return strcmp(db_session_get(moderator->session, 0, 0), "0") == 0 ? EXIT_NOTHING : status;
}

/* ---- commands ---- */

static int run_hide(struct moderator *moderator)
{
    return act(moderator, "hide_messages", "message");
}

static int run_unhide(struct moderator *moderator)
{
    return act(moderator, "unhide_messages", "hidden");
}

static int run_approve(struct moderator *moderator)
{
    return act(moderator, "approve_messages", "held");
}

static int run_list(struct moderator *moderator)
{
    struct options *options = &moderator->options;

    if (!options->only_numbers)
        return EXIT_USAGE;
    if (options->ids.len == 0 && !options->search && !options->network_of && !options->until &&
        !options->since)
        options->since = "1970-01-01";
    return list_place(moderator, options->place ? options->place : "message");
}

static int run_show(struct moderator *moderator)
{
    const char *const values[] = {moderator->options.word};

    if (strchr(moderator->options.ids.ptr, ','))
        return EXIT_USAGE;
    return run_and_print(moderator, "show_message", 1, values);
}

static int run_limited(struct moderator *moderator, const char *statement)
{
    const char *limit = moderator->options.limit;
    const char *const values[] = {limit ? limit : LIMIT_STANDARD};

    if (moderator->options.word)
        return EXIT_USAGE;
    return run_and_print(moderator, statement, 1, values);
}

static int run_log(struct moderator *moderator)
{
    return run_limited(moderator, "audit_log");
}

static int run_reports(struct moderator *moderator)
{
    return run_limited(moderator, "list_reports");
}

static int run_bans(struct moderator *moderator)
{
    return run_and_print(moderator, "list_bans", 0, NULL);
}

/* The digest under today's key of an address, or of one of its wider networks ("2001:db8::/48"), as
 * bytea in text form; NULL after saying what is wrong. */
static const char *digest_of(struct moderator *moderator, struct str text)
{
    const struct secret *salt = &moderator->config->server_salt;
    struct str prefix_text = text;
    struct str address = str_cut(&prefix_text, '/');
    struct netkeys keys;
    struct netaddr addr;
    int prefixes[NETADDR_TIERS];
    uint64_t prefix = 0;
    bool counted = false;

    if (!netaddr_parse(address, &addr)) {
        fprintf(stderr, "initialsdb: %.*s is not an address\n", STR_ARG(text));
        return NULL;
    }
    for (int i = netaddr_tiers(&addr, prefixes); i > 0; i--) {
        if (prefix_text.len == 0 ||
            (str_to_u64(prefix_text, 128, &prefix) && prefix == (uint64_t)prefixes[i - 1]))
            counted = true;
    }
    prefix = prefix_text.len == 0 ? (uint64_t)prefixes[0] : prefix;
    if (!counted) {
        fputs("initialsdb: networks are banned as /32 (IPv4), /64, /56 or /48 (IPv6)\n", stderr);
        return NULL;
    }
    if (salt->len == 0 || !run(moderator, "day_keys", 0, NULL) ||
        !netkeys_read(&keys, (struct str){(const char *)salt->bytes, salt->len},
                      str_from(db_session_get(moderator->session, 0, 0))) ||
        keys.count == 0) {
        fputs("initialsdb: banning an address needs SERVER_SALT and the day's key\n", stderr);
        return NULL;
    }
    address = netkeys_digest(&keys, 0, &moderator->arena, &addr, (int)prefix);
    return arena_format(&moderator->arena, "\\x%s", encode_hex(&moderator->arena, address).ptr).ptr;
}

static int run_ban(struct moderator *moderator)
{
    const struct options *options = &moderator->options;
    const char *values[] = {NULL, options->reason,
                            options->hours ? options->hours : HOURS_STANDARD};

    if (options->reason == NULL || (options->word == NULL) == (options->network_of == NULL)) {
        return EXIT_USAGE;
    }
    if (options->network_of) {
        values[0] = options->network_of;
        return run_and_print(moderator, "ban_message_network", 3, values);
    }
    values[0] = digest_of(moderator, str_from(options->word));
    return values[0] ? run_and_print(moderator, "ban_digest", 3, values) : EXIT_USAGE;
}

static int run_unban(struct moderator *moderator)
{
    const char *const values[] = {moderator->options.ids.ptr};
    int status = run_and_print(moderator, "unban", 1, values);

    if (status == EXIT_SUCCESS && strcmp(db_session_get(moderator->session, 0, 0), "0") == 0)
        status = EXIT_NOTHING;
    return status;
}

static int run_hold(struct moderator *moderator)
{
    const char *word = moderator->options.word;
    const char *const values[] = {word && strcmp(word, "on") == 0 ? "true" : "false"};

    if (word && strcmp(word, "on") != 0 && strcmp(word, "off") != 0) {
        return EXIT_USAGE;
    }
    if (word && !run(moderator, "set_hold", 1, values))
        return EXIT_FAILURE;
    return run_and_print(moderator, "hold_state", 0, NULL);
}

static int run_refuse(struct moderator *moderator)
{
    const char *const values[] = {moderator->options.word};

    return run_and_print(moderator, "refuse_word", 1, values);
}

static int run_allow(struct moderator *moderator)
{
    const char *const values[] = {moderator->options.word};

    return run_and_print(moderator, "allow_word", 1, values);
}

static int run_words(struct moderator *moderator)
{
    return run_and_print(moderator, "list_words", 0, NULL);
}

/* What is not given, or NULL. */
static const char *missing(const struct options *options, enum need need)
{
    bool chosen =
        options->only_numbers && (options->ids.len > 0 || options->search || options->network_of ||
                                  options->since || options->until);

    switch (need) {
    case NEED_SELECTION:
    case NEED_SELECTION_AND_REASON:
        if (!chosen)
            return "which messages: numbers, --search, --network-of, --since or --until";
        if (need == NEED_SELECTION_AND_REASON && !options->reason && !options->dry_run)
            return "--reason, which the public log shows (or --dry-run)";
        return NULL;
    case NEED_IDS:
        return options->only_numbers && options->ids.len > 0 ? NULL : "numbers";
    case NEED_WORD:
        return options->word ? NULL : "a word";
    case NEED_NOTHING:
        break;
    }
    return NULL;
}

static bool has_all(const struct options *options, enum need need)
{
    const char *what = missing(options, need);

    if (what)
        fprintf(stderr, "initialsdb: say %s\n", what);
    return what == NULL;
}

static int moderate(const struct config *config, const char *name, enum need need,
                    int (*act_on)(struct moderator *), int argc, char **argv)
{
    struct moderator moderator = {.config = config};
    int status = EXIT_USAGE;

    arena_init(&moderator.arena);
    if (options_read(&moderator.options, &moderator.arena, argc, argv, stderr) &&
        has_all(&moderator.options, need)) {
        moderator.session = db_session_open(config->migrate_database_url.ptr, NULL);
        status = EXIT_FAILURE;
    }
    if (moderator.session) {
        status = introduce(&moderator) ? act_on(&moderator) : EXIT_FAILURE;
        db_session_close(moderator.session);
    }
    if (status == EXIT_USAGE)
        fprintf(stderr, "initialsdb: see initialsdb %s --help\n", name);
    arena_release(&moderator.arena);
    return status;
}

#define MODERATE(name, need)                                                                       \
    int moderate_##name(const struct config *config, int argc, char **argv)                        \
    {                                                                                              \
        return moderate(config, #name, need, run_##name, argc, argv);                              \
    }

MODERATE(hide, NEED_SELECTION_AND_REASON)
MODERATE(unhide, NEED_SELECTION)
MODERATE(approve, NEED_SELECTION)
MODERATE(list, NEED_NOTHING)
MODERATE(show, NEED_IDS)
MODERATE(log, NEED_NOTHING)
MODERATE(reports, NEED_NOTHING)
MODERATE(ban, NEED_NOTHING)
MODERATE(unban, NEED_IDS)
MODERATE(bans, NEED_NOTHING)
MODERATE(hold, NEED_NOTHING)
MODERATE(refuse, NEED_WORD)
MODERATE(allow, NEED_WORD)
MODERATE(words, NEED_NOTHING)
