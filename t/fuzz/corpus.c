/* SPDX-License-Identifier: MIT */
/* Runs the files of the corpus through the targets: each through every one, since what one parser
 * found hard may trip another. Arguments: directory of the corpus, and targets if not all. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX_BYTES (1024 * 1024)

static void run_file(const struct fuzz_target *target, const char *path)
{
    static char bytes[FILE_MAX_BYTES];
    FILE *file = fopen(path, "rb");
    size_t len;

    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    fuzz_run(target, bytes, len);
}

/* Returns how many files of `directory` were run. */
static int run_directory(const struct fuzz_target *target, struct arena *arena,
                         const char *directory)
{
    DIR *open = opendir(directory);
    struct dirent *entry;
    int count = 0;

    while (open && (entry = readdir(open))) {
        const char *path;
        if (entry->d_name[0] == '.')
            continue;
        path = arena_format(arena, "%s/%s", directory, entry->d_name).ptr;
        fprintf(stderr, "%s: %s\n", target->name, path); /* the last line names the culprit */
        run_file(target, path);
        count++;
    }
    if (open)
        closedir(open);
    return count;
}

static int run_target(const struct fuzz_target *target, const char *corpus)
{
    struct arena arena;
    int count = 0;
    int own = 0;

    arena_init(&arena);
    fuzz_run(target, "", 0);
    for (const struct fuzz_target *source = fuzz_targets; source->name; source++) {
        const char *directory = arena_format(&arena, "%s/%s", corpus, source->name).ptr;
        int found = run_directory(target, &arena, directory);
        count += found;
        own += source == target ? found : 0;
    }
    arena_release(&arena);
    printf("%s: %d inputs, %d of its own\n", target->name, count, own);
    return own > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    if (argc < 2) {
        fprintf(stderr, "usage: %s CORPUS [TARGET...]\n", argv[0]);
        return EXIT_FAILURE;
    }
    for (const struct fuzz_target *target = fuzz_targets; argc == 2 && target->name; target++)
        status |= run_target(target, argv[1]);
    for (int i = 2; i < argc; i++) {
        const struct fuzz_target *target = fuzz_find(argv[i]);
        status |= target ? run_target(target, argv[1]) : EXIT_FAILURE;
    }
    return status;
}
