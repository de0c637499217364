/* SPDX-License-Identifier: MIT */
/*
 * fcgiload: requests straight to a pool, from several processes at once, for a time.
 *
 * Usage: fcgiload SOCKET CLIENTS SECONDS METHOD PATH BODY NETWORKS
 *
 * "%" in BODY becomes a number that no other request has. Each request comes from one of NETWORKS
 * addresses in turn. Prints how many requests a second were answered, and how many of each status,
 * as JSON.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_STATUS 600
#define MAX_CLIENTS 256

struct job {
    const char *socket;
    const char *method;
    const char *path;
    const char *body;
    int networks;
};

/* Shared with the children: answers of each by status. 0: no answer. */
static uint64_t (*counts)[MAX_STATUS];
static volatile sig_atomic_t over;

static void on_alarm(int number)
{
    (void)number;
    over = 1;
}

static size_t put_record(char *out, int type, const char *content, size_t len)
{
    const unsigned char head[8] = {1, (unsigned char)type,       0,
                                   1, (unsigned char)(len >> 8), (unsigned char)len};

    memcpy(out, head, 8);
    memcpy(out + 8, content, len);
    return 8 + len;
}

static size_t put_pair(char *out, const char *name, const char *value)
{
    size_t name_len = strlen(name);
    size_t value_len = strlen(value);

    out[0] = (char)name_len; /* both are shorter than 128 */
    out[1] = (char)value_len;
    memcpy(out + 2, name, name_len);
    memcpy(out + 2 + name_len, value, value_len);
    return 2 + name_len + value_len;
}

static size_t compose(char *out, const struct job *job, int client, uint64_t number)
{
    static const char begin[8] = {0, 1};
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char token[96];
    char params[1024];
    char body[512];
    char address[32];
    char length[16];
    const char *place = strchr(job->body, '%');
    unsigned network = (unsigned)(number % (unsigned)job->networks);
    size_t len = 0;
    size_t used = 0;

    if (place)
        snprintf(body, sizeof(body), "%.*s%d.%llu%s", (int)(place - job->body), job->body, client,
                 (unsigned long long)number, place + 1);
    else
        snprintf(body, sizeof(body), "%s", job->body);
    snprintf(address, sizeof(address), "10.%d.%u.%u", client & 255, network >> 8 & 255,
             network & 255);
    snprintf(length, sizeof(length), "%zu", strlen(body));
    len += put_pair(params + len, "REQUEST_METHOD", job->method);
    len += put_pair(params + len, "PATH_INFO", job->path);
    len += put_pair(params + len, "REMOTE_ADDR", address);
    len += put_pair(params + len, "CONTENT_TYPE", "application/json");
    len += put_pair(params + len, "CONTENT_LENGTH", length);
    /* A forged proof, with each of the key ids in turn; a pool without proofs passes it over. */
    snprintf(token, sizeof(token), "AQ%c%c%076d", digits[number / 64 % 64], digits[number % 64], 0);
    len += put_pair(params + len, "HTTP_X_POW_CHALLENGE", "AAAAAAAAAAAAAAAAAAAAAA");
    len += put_pair(params + len, "HTTP_X_POW_TOKEN", token);
    len += put_pair(params + len, "HTTP_X_POW_NONCE", "1");
    used += put_record(out + used, 1, begin, sizeof(begin));
    used += put_record(out + used, 4, params, len);
    used += put_record(out + used, 4, "", 0);
    if (*body)
        used += put_record(out + used, 5, body, strlen(body));
    used += put_record(out + used, 5, "", 0);
    return used;
}

/* One request; returns its status, 0 when there was no whole answer. */
static int ask(const struct job *job, int client, uint64_t number)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char buffer[65536];
    size_t len = compose(buffer, job, client, number);
    const char *status;
    ssize_t got = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strncpy(address.sun_path, job->socket, sizeof(address.sun_path) - 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        write(fd, buffer, len) == (ssize_t)len) {
        len = 0;
        while (len < sizeof(buffer) - 1 &&
               (got = read(fd, buffer + len, sizeof(buffer) - 1 - len)) > 0)
            len += (size_t)got;
        buffer[len] = '\0';
    } else {
        len = 0;
    }
    close(fd);
    status = len > 16 ? strstr(buffer + 8, "Status: ") : NULL;
    return status ? atoi(status + 8) % MAX_STATUS : 0;
}

static _Noreturn void work(const struct job *job, int client, unsigned seconds)
{
    signal(SIGALRM, on_alarm);
    alarm(seconds);
    for (uint64_t number = 0; !over; number++)
        counts[client][ask(job, client, number)]++;
    _exit(0);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void report(int clients, double took)
{
    uint64_t all = 0;
    const char *comma = "";

    printf("{\"statuses\": {");
    for (int status = 0; status < MAX_STATUS; status++) {
        uint64_t count = 0;
        for (int client = 0; client < clients; client++)
            count += counts[client][status];
        if (count > 0) {
            printf("%s\"%d\": %llu", comma, status, (unsigned long long)count);
            comma = ", ";
        }
        all += count;
    }
    printf("}, \"per_second\": %.0f}\n", (double)all / took);
}

int main(int argc, char **argv)
{
    int clients = argc == 8 ? atoi(argv[2]) : 0;
    unsigned seconds = argc == 8 ? (unsigned)atoi(argv[3]) : 0;
    double began = now();
    struct job job;

    if (clients < 1 || clients > MAX_CLIENTS || seconds < 1 || seconds > 600) {
        fputs("Usage: fcgiload SOCKET CLIENTS SECONDS METHOD PATH BODY NETWORKS\n", stderr);
        return EXIT_FAILURE;
    }
    job = (struct job){argv[1], argv[4], argv[5], argv[6], atoi(argv[7]) > 0 ? atoi(argv[7]) : 1};
    counts = mmap(NULL, (size_t)clients * sizeof(*counts), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED)
        return EXIT_FAILURE;
    for (int client = 0; client < clients; client++) {
        if (fork() == 0)
            work(&job, client, seconds);
    }
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    report(clients, now() - began);
    return EXIT_SUCCESS;
}
