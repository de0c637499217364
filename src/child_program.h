/* SPDX-License-Identifier: MIT */
/* child_program: running the programs of others, without a shell. */
#ifndef CHILD_PROGRAM_H
#define CHILD_PROGRAM_H

#include "buf.h"

#include <stdio.h>
#include <sys/types.h>

/* Runs `argv` (ended by NULL; found on PATH) to its end. A password is handed over in the
 * environment (PGPASSWORD), where other users cannot read it; NULL: none. Returns false after
 * writing to standard error why not, or with which status it ended. */
bool child_program_run(const char *const *argv, const char *password);

#define CHILD_ANSWER_MAX ((size_t)1 << 20)

/* Runs `argv` with `input` as its standard input, and adds what it writes to `output`, up to about
 * CHILD_ANSWER_MAX bytes; a program that writes more is left to its broken pipe. Returns its exit
 * status, 127 when there is no such program, or -1 after writing why it could not be run. */
int child_program_ask(const char *const *argv, struct str input, struct buf *output);

/* A filter that is written to. */
struct child_program {
    const char *name;
    pid_t pid;
    FILE *input;
};

/* Starts `argv` with a pipe as its standard input and the new file `output` (mode 0600) as its
 * standard output. From then on this process ignores SIGPIPE. */
bool child_program_start(struct child_program *program, const char *const *argv,
                         const char *output);

/* Closes the pipe and waits for the end. False when anything went wrong since the start. */
bool child_program_finish(struct child_program *program);

#endif
