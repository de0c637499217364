/* SPDX-License-Identifier: MIT */
#include "scoreboard.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".status"
#define DRAFT_SUFFIX ".new"

static const char *const state_names[SLOT_STATES] = {
    [SLOT_EMPTY] = "empty",     [SLOT_STARTING] = "starting", [SLOT_IDLE] = "idle",
    [SLOT_READING] = "reading", [SLOT_WORKING] = "working",   [SLOT_DATABASE] = "database",
    [SLOT_WRITING] = "writing", [SLOT_DRAINING] = "draining",
};

static const char *const kind_names[SLOT_KINDS] = {
    [SLOT_WORKER] = "worker",
    [SLOT_JANITOR] = "janitor",
};

static void print_layout(char *layout, size_t size)
{
    snprintf(layout, size, "initialsdb %s scoreboard of %zu", PACKAGE_VERSION,
             sizeof(struct scoreboard));
}

void scoreboard_path(struct str socket_path, char *path, size_t size)
{
    snprintf(path, size, "%.*s" SUFFIX, STR_ARG(socket_path));
}

/* A file of the right size under another name, which nobody reads yet; -1 with errno. It has all
 * its room from now on: when the disk is full, writing into a hole of a mapped file is SIGBUS. */
static int make_draft(const char *draft)
{
    int fd;

    unlink(draft);
    fd = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return -1;
    errno = posix_fallocate(fd, 0, sizeof(struct scoreboard));
    if (errno == 0)
        return fd;
    close(fd);
    unlink(draft);
    return -1;
}

static struct scoreboard *map(int fd)
{
    int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
    void *memory = mmap(NULL, sizeof(struct scoreboard), PROT_READ | PROT_WRITE, flags, fd, 0);

    if (memory == MAP_FAILED)
        abort();
    return memory;
}

struct scoreboard *scoreboard_create(const char *path)
{
    char draft[4096];
    struct scoreboard *board;
    int fd;

    snprintf(draft, sizeof(draft), "%s" DRAFT_SUFFIX, path);
    fd = make_draft(draft);
    board = map(fd);
    print_layout(board->layout, sizeof(board->layout));
    atomic_store(&board->pid, getpid());
    atomic_store(&board->since_ms, clock_monotonic_ms());
    atomic_store(&board->ping_us, -1);
    atomic_store(&board->lag_ms, -1);
    if (fd < 0 || rename(draft, path) != 0)
        log_event(LOG_WARN, "no_scoreboard", "path=%s error=%s hint=%s", log_quote(str_from(path)),
                  log_quote(str_from(strerror(errno))),
                  log_quote(STR("initialsdb status and metrics will not find this pool")));
    if (fd >= 0)
        close(fd);
    return board;
}

void scoreboard_remove(const struct scoreboard *board, const char *path)
{
    int pid = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool own = fd >= 0 &&
               pread(fd, &pid, sizeof(pid), offsetof(struct scoreboard, pid)) == sizeof(pid) &&
               pid == atomic_load(&board->pid);

    if (fd >= 0)
        close(fd);
    if (own)
        unlink(path);
}

const struct scoreboard *scoreboard_open(const char *path)
{
    char layout[sizeof(((struct scoreboard *)0)->layout)] = {0};
    struct scoreboard *board = MAP_FAILED;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size == (off_t)sizeof(*board))
        board = mmap(NULL, sizeof(*board), PROT_READ, MAP_SHARED, fd, 0);
    if (fd < 0)
        fprintf(stderr,
                "initialsdb: no pool runs here: %s: %s; start one (systemctl start initialsdb), or "
                "say where its file is\n",
                path, strerror(errno));
    else
        close(fd);
    if (fd < 0)
        return NULL;
    print_layout(layout, sizeof(layout));
    if (board != MAP_FAILED && memcmp(board->layout, layout, sizeof(layout)) == 0)
        return board;
    fprintf(stderr, "initialsdb: the pool at %s is another version of this program\n", path);
    return NULL;
}

void slot_enter(struct slot *slot, enum slot_state state, int64_t due_ms)
{
    if (slot == NULL)
        return;
    atomic_store_explicit(&slot->due_ms, due_ms, memory_order_relaxed);
    atomic_store_explicit(&slot->state, state, memory_order_release);
}

const char *slot_state_name(int state)
{
    return state_names[state];
}

const char *slot_kind_name(int kind)
{
    return kind_names[kind];
}
