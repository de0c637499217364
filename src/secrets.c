/* SPDX-License-Identifier: MIT */
#include "secrets.h"

#include "crypto.h"
#include "encode.h"
#include "heritage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_LEN 32

static bool fail(const char *path, const char *what)
{
    fprintf(stderr, "initialsdb: cannot %s %s: %s%s\n", what, path, strerror(errno),
            errno == EACCES ? "; try as root, or give a directory of yours" : "");
    return false;
}

static struct str directory_of(struct arena *arena, const struct config *config)
{
    return arena_format(arena, SYSCONFDIR "/secrets%s%.*s", config->board.len > 0 ? "@" : "",
                        STR_ARG(config->board));
}

/* The directory is nobody else's business; its parents are made as they would be by mkdir -p. */
static bool make_directory(struct arena *arena, const char *path)
{
    char *copy = (char *)arena_copy(arena, str_from(path)).ptr;

    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST)
            return fail(copy, "make");
        *slash = '/';
    }
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
        return fail(copy, "make");
    return chmod(copy, 0700) == 0 || fail(copy, "change the mode of");
}

/* A file that was there: it must hold a secret, and only its owner may read it. */
static bool check_file(const char *path)
{
    unsigned char key[SECRET_MAX];
    char line[256] = "";
    size_t len;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return fail(path, "read");
    if (fgets(line, sizeof(line), file) == NULL)
        line[0] = '\0'; /* an empty file holds no secret either */
    fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (!decode_base64(str_from(line), BASE64_STANDARD, key, sizeof(key), &len) ||
        len < SECRET_MIN) {
        fprintf(stderr,
                "initialsdb: %s holds no secret of at least %d bytes in base64; move it away and "
                "run setup-secrets again\n",
                path, SECRET_MIN);
        return false;
    }
    if (chmod(path, 0600) != 0)
        return fail(path, "change the mode of");
    printf("%s was there\n", path);
    return true;
}

/* Writes a new file under another name and links it into place: nobody ever reads half of it, and
 * what was there is never replaced. */
static bool write_file(struct arena *arena, const char *path)
{
    const char *draft = arena_format(arena, "%s.%d.new", path, (int)getpid()).ptr;
    unsigned char key[KEY_LEN];
    struct str text;
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool done;

    if (fd < 0)
        return fail(draft, "make");
    crypto_random(key, sizeof(key));
    text = encode_base64(arena, (struct str){.ptr = (const char *)key, .len = sizeof(key)},
                         BASE64_STANDARD);
    done = dprintf(fd, "%.*s=\n", STR_ARG(text)) > 0 && fsync(fd) == 0;
    if (close(fd) != 0 || !done)
        done = fail(draft, "write");
    else if (link(draft, path) != 0)
        done = errno == EEXIST ? check_file(path) : fail(path, "make");
    else
        printf("%s is made\n", path);
    unlink(draft);
    return done;
}

static bool make_secret(struct arena *arena, const char *directory, const char *name)
{
    const char *path = arena_format(arena, "%s/%s", directory, name).ptr;

    return access(path, F_OK) == 0 ? check_file(path) : write_file(arena, path);
}

int setup_secrets(const struct config *config, int argc, char **argv)
{
    struct arena arena;
    const char *directory;
    bool done;

    arena_init(&arena);
    directory = argc > 0 ? argv[0] : directory_of(&arena, config).ptr;
    done = make_directory(&arena, directory) && make_secret(&arena, directory, "pow_secret_key") &&
           make_secret(&arena, directory, "server_salt");
    arena_release(&arena);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
