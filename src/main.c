#include "config.h"
#include "heritage.h"
#include "log.h"
#include "master.h"
#include "migrate.h"
#include "route.h"
#include "settings.h"
#include "takeout.h"

#include <stdlib.h>
#include <string.h>

struct command {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(const struct config *config, int argc, char **argv);
};

static int run_serve(const struct config *config, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (config_require_secrets(config, stderr) > 0)
        return EXIT_MISCONFIGURED;
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
    return config_require_secrets(config, stderr) > 0 ? EXIT_MISCONFIGURED : EXIT_SUCCESS;
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
    {"serve", "", "answer FastCGI requests with a pool of workers", run_serve},
    {"migrate", "", "bring the database's schema to this version", run_migrate},
    {"setup-database", "", "create the roles and the database", run_setup_database},
    {"import", "[--again] [FILE...]", "add the messages of JSON Lines or text files",
     takeout_import},
    {"export", "", "write all visible messages as JSON Lines", takeout_export},
    {"check-config", "", "print the settings, and what is wrong with them", run_check_config},
    {"routes", "", "print what the API answers", run_routes},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(FILE *out)
{
    fputs("Usage: initialsdb COMMAND [ARGUMENT...]\n"
          "A public bulletin board without accounts.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-15s %-20s %s\n", commands[i].name, commands[i].arguments,
                commands[i].summary);
    fputs("  --help, --version\n\nSettings come from the environment:\n\n", out);
    config_describe(out);
    return out == stdout ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct config config;
    struct arena arena;
    int status = EXIT_MISCONFIGURED;

    arena_init(&arena);
    if (settings_load(&config, &arena, stderr) == 0)
        status = command->run(&config, argc, argv);
    arena_release(&arena);
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
        return print_help(stdout);
    if (strcmp(name, "--version") == 0) {
        puts(PACKAGE_STRING);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return run(&commands[i], argc - 2, argv + 2);
    }
    if (*name)
        fprintf(stderr, "initialsdb: there is no command \"%s\"\n\n", name);
    return print_help(stderr);
}
