/* SPDX-License-Identifier: MIT */
#include "backup.h"
#include "config.h"
#include "doctor.h"
#include "heritage.h"
#include "log.h"
#include "master.h"
#include "migrate.h"
#include "moderate.h"
#include "post.h"
#include "route.h"
#include "secrets.h"
#include "settings.h"
#include "solve.h"
#include "status.h"
#include "takeout.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 80

/* Whether a command can do anything while a setting is wrong. */
enum need { SETTINGS_MUST_FIT, SETTINGS_MAY_BE_WRONG };

struct command {
    const char *name;
    int (*run)(const struct config *config, int argc, char **argv);
    enum need need;
    const char *arguments;
    const char *summary;
    const char *text;
    const char *example;
    const char *explanation;
};

static int run_serve(const struct config *config, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (config_require_secrets(config, stderr) > 0)
        return EXIT_MISCONFIGURED;
    log_detect_journal();
    log_set_level((enum log_level)config->log_level);
    return master_run(config);
}

static int run_migrate(const struct config *config, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return migrate(config);
}

static int run_setup_database(const struct config *config, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return setup_database(config);
}

static int run_check_config(const struct config *config, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    config_print(config, stdout);
    return config_require_secrets(config, stderr) == 0 ? EXIT_SUCCESS : EXIT_MISCONFIGURED;
}

static int run_routes(const struct config *config, int argc, char **argv)
{
    static const char *const budgets[] = {"-", "read", "post"};

    (void)config;
    (void)argc;
    (void)argv;
    for (const struct route *route = routes; route->path; route++)
        printf("%-5s %-24s %-5s %s\n", route_method_name(route->method), route->path,
               budgets[route->budget], route->function ? route->function->name : "-");
    return EXIT_SUCCESS;
}

static const struct command commands[] = {
#define COMMAND(name, run, need, arguments, summary, text, example, explanation)                   \
    {name, run, need, arguments, summary, text, example, explanation},
#include "commands.def"
#undef COMMAND
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_commands(FILE *out)
{
    fputs("Usage: initialsdb COMMAND [ARGUMENT...]\n"
          "A public bulletin board without accounts.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-15s %-20s %s\n", commands[i].name, commands[i].arguments,
                commands[i].summary);
    fputs("  --help, --version, COMMAND --help\n", out);
}

static int print_help(void)
{
    print_commands(stdout);
    fputs("\nSettings come from the environment:\n\n", stdout);
    config_describe(stdout);
    return EXIT_SUCCESS;
}

/* Folds a text of the table to the width of a terminal. */
static void print_folded(const char *text)
{
    const char *rest = text;
    size_t column = 0;

    while (*rest) {
        size_t word = strcspn(rest, " ");
        if (column > 0 && column + 1 + word > WIDTH) {
            putchar('\n');
            column = 0;
        }
        column += (size_t)printf("%s%.*s", column > 0 ? " " : "", (int)word, rest);
        rest += word + strspn(rest + word, " ");
    }
    putchar('\n');
}

static int print_command_help(const struct command *command)
{
    printf("Usage: initialsdb %s%s%s\n\n", command->name, *command->arguments ? " " : "",
           command->arguments);
    print_folded(command->text);
    printf("\nExample: %s\n", command->explanation);
    printf("  %s\n", command->example);
    return EXIT_SUCCESS;
}

/* A command whose answer cannot be written has failed, whatever it did. */
static int end_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("initialsdb: standard output");
    return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}

static int run(const struct command *command, int argc, char **argv)
{
    bool strict = command->need == SETTINGS_MUST_FIT;
    FILE *errors = strict ? stderr : fopen("/dev/null", "we");
    struct config config;
    struct arena arena;
    int status = EXIT_MISCONFIGURED;

    if (argc > 0 && strcmp(argv[0], "--help") == 0)
        return print_command_help(command);
    if (argc > 0 && *command->arguments == '\0') {
        fprintf(stderr, "initialsdb: %s takes no arguments, but was given %s\n", command->name,
                argv[0]);
        return EXIT_FAILURE;
    }
    arena_init(&arena);
    if (settings_load(&config, &arena, errors ? errors : stderr) == 0 || !strict)
        status = command->run(&config, argc, argv);
    arena_release(&arena);
    return end_output(status);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
        return print_help();
    if (strcmp(name, "--version") == 0) {
        puts(PACKAGE_STRING);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return run(&commands[i], argc - 2, argv + 2);
    }
    print_commands(stderr);
    if (*name)
        fprintf(stderr, "\ninitialsdb: there is no command \"%s\"\n", name);
    return EXIT_FAILURE;
}
