/* SPDX-License-Identifier: MIT */
/*
 * hello: the least that a FastCGI application can do, as a ceiling for what Caddy lets through.
 *
 * Usage: hello SOCKET WORKERS
 */
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char answer[] = "Status: 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: 15\r\n\r\n{\"hello\":\"you\"}";

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, 4096) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return fd;
}

static void serve(int fd)
{
    FCGX_Request request;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    FCGX_Init();
    FCGX_InitRequest(&request, fd, 0);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
        FCGX_Finish_r(&request);
    }
    exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    int fd;

    if (argc != 3)
        return EXIT_FAILURE;
    fd = listen_at(argv[1]);
    for (int i = atoi(argv[2]); i > 0; i--) {
        if (fork() == 0)
            serve(fd);
    }
    while (wait(NULL) > 0)
        continue;
    return EXIT_SUCCESS;
}
