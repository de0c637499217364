/* SPDX-License-Identifier: MIT */
/* Input: a file as CONFIG_FILE names it. */
#include "settings.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Settings that a value could come from; the environment's would hide the file's. */
static const char *const names[] = {"DATABASE_URL", "POW_SECRET_KEY", "POW_SECRET_KEY_FILE"};

static void check_values(struct str input)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value;
        unsetenv(names[i]);
        value = settings_get(names[i]);
        if (value)
            FUZZ_CHECK(strlen(value) < input.len && strchr(value, '\n') == NULL);
    }
}

void fuzz_settings(struct arena *arena, struct str input)
{
    int fd = memfd_create("settings", 0);
    struct str path = arena_format(arena, "/proc/self/fd/%d", fd);
    char *said = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&said, &len);
    int wrong;

    if (fd < 0 || errors == NULL || write(fd, input.ptr, input.len) != (ssize_t)input.len)
        abort();
    wrong = settings_read_file(arena, path.ptr, errors);
    fclose(errors);
    FUZZ_CHECK((wrong > 0) == (len > 0));
    check_values(input);
    free(said);
    close(fd);
}
