/* SPDX-License-Identifier: MIT */
#include "child_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool fail(const char *what, const char *name)
{
    fprintf(stderr, "initialsdb: cannot %s %s: %s\n", what, name, strerror(errno));
    return false;
}

static _Noreturn void become(const char *const *argv)
{
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], (char *const *)argv);
    fprintf(stderr, "initialsdb: cannot run %s: %s; is it installed?\n", argv[0], strerror(errno));
    _exit(127);
}

static bool wait_for(pid_t pid, const char *name)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return fail("wait for", name);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    fprintf(stderr, "initialsdb: %s ended with %s %d\n", name,
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

bool child_program_run(const char *const *argv, const char *password)
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        if (password && *password)
            setenv("PGPASSWORD", password, 1);
        become(argv);
    }
    return pid < 0 ? fail("start", argv[0]) : wait_for(pid, argv[0]);
}

static _Noreturn void become_filter(const char *const *argv, int input, int output)
{
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0)
        _exit(127);
    become(argv);
}

/* An unnamed file that holds `content` and is about to be read; -1 when there can be none. */
static int file_of(struct str content)
{
    FILE *file = tmpfile();
    int fd = -1;

    if (file == NULL)
        return -1;
    if (fwrite(content.ptr, 1, content.len, file) == content.len && fflush(file) == 0 &&
        lseek(fileno(file), 0, SEEK_SET) == 0)
        fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    fclose(file);
    return fd;
}

static void read_answer(int fd, struct buf *output)
{
    char bytes[4096];
    ssize_t got;

    while (output->len < CHILD_ANSWER_MAX &&
           ((got = read(fd, bytes, sizeof(bytes))) > 0 || (got < 0 && errno == EINTR))) {
        if (got > 0)
            buf_add(output, (struct str){.ptr = bytes, .len = (size_t)got});
    }
}

int child_program_ask(const char *const *argv, struct str input, struct buf *output)
{
    int status = -1;
    int fd = file_of(input);
    int ends[2];
    pid_t pid;

    if (fd < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        fail("hand anything to", argv[0]);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        become_filter(argv, fd, ends[1]);
    close(fd);
    close(ends[1]);
    if (pid > 0)
        read_answer(ends[0], output);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid < 0)
        fail("start", argv[0]);
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool child_program_start(struct child_program *program, const char *const *argv, const char *output)
{
    int ends[2];
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return fail("make", output);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        close(fd);
        return fail("make a pipe to", argv[0]);
    }
    signal(SIGPIPE, SIG_IGN); /* a filter that dies is a failed write */
    fflush(NULL);
    program->name = argv[0];
    program->pid = fork();
    if (program->pid == 0)
        become_filter(argv, ends[0], fd);
    close(ends[0]);
    close(fd);
    program->input = program->pid > 0 ? fdopen(ends[1], "w") : NULL;
    if (program->input)
        return true;
    close(ends[1]);
    return fail("start", argv[0]);
}

bool child_program_finish(struct child_program *program)
{
    bool written = !ferror(program->input);
    bool closed = fclose(program->input) == 0;

    return wait_for(program->pid, program->name) && written && closed;
}
