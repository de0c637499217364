/* SPDX-License-Identifier: MIT */
#include "listen.h"

#include "log.h"
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A full backlog is an instant 502 from the web server; the kernel caps it at somaxconn. */
#define BACKLOG 4096

static const char *hint_for(int error)
{
    if (error == EADDRINUSE)
        return "a pool runs there, see initialsdb status; set SOCKET_PATH for a second one";
    if (error == ENOENT || error == EACCES)
        return "systemd-tmpfiles --create makes the directory for user initialsdb; or set "
               "SOCKET_PATH";
    if (error == ENAMETOOLONG)
        return "an address has room for 107 bytes; set SOCKET_PATH";
    return "set SOCKET_PATH";
}

static bool fail(const char *path, const char *what)
{
    const char *hint = hint_for(errno);

    log_event(LOG_ERROR, "cannot_listen", "socket=%s step=%s error=%s hint=%s",
              log_quote(str_from(path)), what, log_quote(str_from(strerror(errno))),
              log_quote(str_from(hint)));
    return false;
}

static bool set_address(struct sockaddr_un *address, const char *path, const char *suffix)
{
    size_t len = strlen(path);

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (len + strlen(suffix) >= sizeof(address->sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address->sun_path, path, len);
    memcpy(address->sun_path + len, suffix, strlen(suffix));
    return true;
}

/* Whether somebody accepts connections at `address`, or lets them wait in a queue that is full. */
static bool is_served(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool served =
        fd >= 0 &&
        (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    return served;
}

/* Binds under another name, then renames: the path always leads to a socket that listens. */
static bool bind_path(int fd, const char *path, mode_t mode)
{
    struct sockaddr_un final;
    struct sockaddr_un draft;

    if (!set_address(&final, path, "") || !set_address(&draft, path, ".new"))
        return fail(path, "name");
    if (is_served(&final)) {
        errno = EADDRINUSE;
        return fail(path, "bind");
    }
    unlink(draft.sun_path);
    if (bind(fd, (struct sockaddr *)&draft, sizeof(draft)) != 0)
        return fail(path, "bind");
    if (chmod(draft.sun_path, mode) != 0)
        return fail(path, "chmod");
    if (listen(fd, BACKLOG) != 0)
        return fail(path, "listen");
    if (rename(draft.sun_path, path) != 0)
        return fail(path, "rename");
    return true;
}

static bool bind_own(struct listener *listener, const struct config *config)
{
    static const mode_t modes[] = {0600, 0660, 0666}; /* choices of SOCKET_MODE in params.def */

    listener->own = true;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return fail(config->socket_path.ptr, "socket");
    if (bind_path(listener->fd, config->socket_path.ptr, modes[config->socket_mode]))
        return true;
    close(listener->fd);
    return false;
}

bool listener_open(struct listener *listener, const struct config *config)
{
    listener->own = false;
    listener->fd = notify_listen_fd();
    if (listener->fd < 0 && !bind_own(listener, config))
        return false;
    return fcntl(listener->fd, F_SETFL, O_NONBLOCK) == 0 || fail(config->socket_path.ptr, "fcntl");
}

void listener_close(struct listener *listener, const struct config *config)
{
    close(listener->fd);
    if (listener->own)
        unlink(config->socket_path.ptr);
}
