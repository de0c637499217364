/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#include "clock.h"
#include "db_session.h"
#include "dburl.h"
#include "settings.h"
#include "sql.h"

#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_DRIFT_MOST_SECS 5
#define BACKUP_AGE_MOST_SECS (26 * 3600)
#define DISK_LEAST_PERCENT 10
#define CATCH_UP_SECS 3
#define CONNECT_SECS 2
#define PAUSE_US 20000

struct visit {
    const struct config *config;
    struct arena arena;
    int wrong;
};

enum columns { COLUMN_MIGHTY, COLUMN_RIGHTS, COLUMN_CLOCK, COLUMN_READY, COLUMN_BACKUP };
enum replica_columns { COLUMN_WHOSE, COLUMN_STANDBY, COLUMN_BYTES, COLUMN_AGE };

/* What the primary says of itself. */
struct primary {
    struct str whose;
    long long bytes;
};

__attribute__((format(printf, 4, 5))) static void report(struct visit *visit, bool good,
                                                         const char *what, const char *format, ...)
{
    va_list arguments;

    printf("%-5s %-9s ", good ? "ok" : "WRONG", what);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    visit->wrong += !good;
}

/* Reads the settings once more, this time listening to what is wrong with them. */
static void look_at_settings(struct visit *visit)
{
    struct config again;
    char *said = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&said, &len);

    if (errors == NULL)
        return;
    settings_load(&again, &visit->arena, errors);
    fclose(errors);
    if (len == 0)
        report(visit, true, "settings", "all can be read");
    for (struct str rest = {.ptr = said, .len = len}; rest.len > 0;) {
        struct str line = str_cut(&rest, '\n');
        report(visit, false, "settings", "%.*s", STR_ARG(line));
    }
    free(said);
}

/* The file that a secret is from, or else the one that systemd hands to the pool. */
static void look_at_secret(struct visit *visit, const struct secret *secret, const char *name)
{
    struct str board = visit->config->board;
    const char *path = secret->path;
    struct stat file;

    if (path == NULL && secret->len > 0) {
        report(visit, true, "secrets", "%s is in the settings themselves", name);
        return;
    }
    if (path == NULL)
        path = arena_format(&visit->arena, SYSCONFDIR "/secrets%s%.*s/%s", board.len > 0 ? "@" : "",
                            STR_ARG(board), name)
                   .ptr;
    if (stat(path, &file) != 0 && errno == EACCES)
        report(visit, true, "secrets", "%s is for root only, who may look closer", path);
    else if (stat(path, &file) != 0)
        report(visit, false, "secrets", "%s: %s; run initialsdb setup-secrets as root", path,
               strerror(errno));
    else if (file.st_mode & 077)
        report(visit, false, "secrets", "%s can be read by others; run chmod 600 %s", path, path);
    else
        report(visit, true, "secrets", "%s", path);
}

static void look_at_secrets(struct visit *visit)
{
    look_at_secret(visit, &visit->config->pow_secret_key, "pow_secret_key");
    look_at_secret(visit, &visit->config->server_salt, "server_salt");
}

/* Connects as the system user that is called like the role, if we may become that; to `host` of
 * those that the URL lists, unless that is NULL. */
static struct db_session *connect_as_role(struct visit *visit, const char *url,
                                          const struct dburl_host *host)
{
    struct str role = db_url_part(&visit->arena, url, "user");
    struct passwd *user = role.len > 0 && geteuid() == 0 ? getpwnam(role.ptr) : NULL;
    struct db_session *session;

    if (user && seteuid(user->pw_uid) != 0)
        user = NULL;
    session = host ? db_session_open_host(url, host) : db_session_open(url, NULL);
    if (user && seteuid(0) != 0)
        abort();
    return session;
}

static void look_at_schema(struct visit *visit, const char *ready)
{
    struct str wanted = arena_format(&visit->arena, "{\"schema\":%d,\"api\":\"%s\",",
                                     sql_schema_number(), sql_api_digest(&visit->arena).ptr);

    if (ready && str_starts(str_from(ready), wanted))
        report(visit, true, "schema", "is number %d, made by this version", sql_schema_number());
    else
        report(visit, false, "schema",
               "is not the one of this version; run systemctl start initialsdb-migrate");
}

static void look_at_backup(struct visit *visit, const char *body)
{
    const char *age = body ? strstr(body, "\"age_secs\":") : NULL;
    long long secs;

    if (age == NULL || strncmp(age + 11, "null", 4) == 0) {
        report(visit, false, "backup",
               "there is none yet; run systemctl enable --now initialsdb-backup.timer and "
               "systemctl start initialsdb-backup");
        return;
    }
    secs = strtoll(age + 11, NULL, 10);
    report(visit, secs <= BACKUP_AGE_MOST_SECS, "backup", "the last good one is %lld hours old%s",
           secs / 3600,
           secs <= BACKUP_AGE_MOST_SECS ? "" : "; see systemctl status initialsdb-backup");
}

static void look_at_rights(struct visit *visit, struct db_session *session)
{
    bool mighty = strcmp(db_session_get(session, 0, COLUMN_MIGHTY), "t") == 0;
    long long tables = strtoll(db_session_get(session, 0, COLUMN_RIGHTS), NULL, 10);
    long long drift = strtoll(db_session_get(session, 0, COLUMN_CLOCK), NULL, 10) - time(NULL);

    report(visit, !mighty && tables == 0, "roles", "%s",
           mighty || tables > 0
               ? "the application role may do more than call functions; run initialsdb "
                 "setup-database and initialsdb migrate"
               : "the application role may call functions and nothing else");
    report(visit, llabs(drift) <= CLOCK_DRIFT_MOST_SECS, "clock",
           "differs from the database's by %lld s%s", drift,
           llabs(drift) <= CLOCK_DRIFT_MOST_SECS ? "" : "; run timedatectl set-ntp true");
}

/* What went wrong last, without what follows in further lines. */
static struct str why(const struct db_session *session)
{
    struct str rest = str_from(db_session_error(session));

    return str_cut(&rest, '\n');
}

/* Asks until the replica has all that the primary had, and no longer than a moment. */
static bool catches_up(struct db_session *replica, long long bytes)
{
    int64_t until_ms = clock_monotonic_ms() + CATCH_UP_SECS * 1000;

    while (strtoll(db_session_get(replica, 0, COLUMN_BYTES), NULL, 10) < bytes) {
        if (clock_monotonic_ms() > until_ms)
            return false;
        usleep(PAUSE_US);
        if (!db_session_run(replica, sql_cli_text("doctor_replica"), 0, NULL))
            return false;
    }
    return true;
}

static void look_at_lag(struct visit *visit, struct db_session *replica, const char *name,
                        const struct primary *primary)
{
    const char *age;

    if (catches_up(replica, primary->bytes)) {
        report(visit, true, "replica", "%s has all that the primary has", name);
        return;
    }
    if (db_session_rows(replica) != 1) {
        report(visit, false, "replica", "%s went away meanwhile: %.*s", name,
               STR_ARG(why(replica)));
        return;
    }
    age = db_session_get(replica, 0, COLUMN_AGE);
    report(visit, false, "replica",
           "%s is %lld bytes behind, its last commit %s ms old, and did not catch up in %d s; the "
           "primary answers its reads; look at pg_stat_wal_receiver and at the log there",
           name, primary->bytes - strtoll(db_session_get(replica, 0, COLUMN_BYTES), NULL, 10),
           age ? age : "an unknown number of", CATCH_UP_SECS);
}

/* Returns whether this is a standby. The primary may be in the list, if the URL passes it over. */
static bool look_at_replica(struct visit *visit, const struct dburl_host *host,
                            const struct primary *primary)
{
    const char *url = visit->config->read_database_url.ptr;
    struct db_session *replica = connect_as_role(visit, url, host);
    struct str whole = db_url_part(&visit->arena, url, "host");
    const char *name = host->host       ? host->host
                       : host->hostaddr ? host->hostaddr
                       : whole.len > 0  ? whole.ptr
                                        : "the server";
    bool standby = true;

    if (replica == NULL) {
        report(visit, false, "replica",
               "%s does not let the application role in; the primary answers its reads; start it, "
               "or correct READ_DATABASE_URL",
               name);
        return true;
    }
    if (!db_session_run(replica, sql_cli_text("doctor_replica"), 0, NULL) ||
        !str_equal(primary->whose, str_from(db_session_get(replica, 0, COLUMN_WHOSE))))
        report(visit, false, "replica",
               "%s is no copy of the database that DATABASE_URL names; make one with pg_basebackup "
               "-R, or correct READ_DATABASE_URL",
               name);
    else if (strcmp(db_session_get(replica, 0, COLUMN_STANDBY), "t") == 0)
        look_at_lag(visit, replica, name, primary);
    else
        standby = false;
    db_session_close(replica);
    return standby;
}

static void look_at_replicas(struct visit *visit, struct db_session *session)
{
    const char *url = visit->config->read_database_url.ptr;
    struct primary primary;
    struct dburl_hosts hosts;
    int standbys = 0;

    if (*url == '\0')
        return;
    if (!db_session_run(session, sql_cli_text("doctor_replica"), 0, NULL)) {
        report(visit, false, "replica", "none can be compared: %.*s", STR_ARG(why(session)));
        return;
    }
    primary = (struct primary){
        arena_copy(&visit->arena, str_from(db_session_get(session, 0, COLUMN_WHOSE))),
        strtoll(db_session_get(session, 0, COLUMN_BYTES), NULL, 10)};
    dburl_hosts_init(&hosts, url);
    for (int i = 0; i < hosts.count; i++)
        standbys += look_at_replica(visit, &hosts.list[i], &primary);
    dburl_hosts_release(&hosts);
    if (standbys == 0)
        report(visit, false, "replica",
               "READ_DATABASE_URL names no standby, so that nothing is gained; name one, or remove "
               "the setting");
}

static void look_at_database(struct visit *visit)
{
    struct db_session *session = connect_as_role(visit, visit->config->database_url.ptr, NULL);

    if (session == NULL) {
        report(visit, false, "database",
               "the application role cannot connect; run initialsdb setup-database as postgres, or "
               "correct DATABASE_URL");
        return;
    }
    report(visit, true, "database", "the application role can connect");
    if (!db_session_run(session, sql_cli_text("doctor"), 0, NULL)) {
        report(visit, false, "schema",
               "is not there, or of another version; run systemctl start initialsdb-migrate");
    } else {
        look_at_schema(visit, db_session_get(session, 0, COLUMN_READY));
        look_at_rights(visit, session);
        look_at_backup(visit, db_session_get(session, 0, COLUMN_BACKUP));
        look_at_replicas(visit, session);
    }
    db_session_close(session);
    session = connect_as_role(visit, visit->config->migrate_database_url.ptr, NULL);
    report(visit, session != NULL, "owner", "%s",
           session ? "the owner role can connect"
                   : "the owner role cannot connect; correct MIGRATE_DATABASE_URL, or run as root");
    if (session)
        db_session_close(session);
}

static bool can_connect(const struct sockaddr *address, socklen_t len, int family)
{
    static const struct timeval most = {.tv_sec = CONNECT_SECS};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) == 0 &&
                     connect(fd, address, len) == 0;

    if (fd >= 0)
        close(fd);
    return connected;
}

static void look_at_socket(struct visit *visit)
{
    const char *path = visit->config->socket_path.ptr;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat file;

    if (strlen(path) >= sizeof(address.sun_path) || stat(path, &file) != 0) {
        report(visit, false, "socket",
               "%s is not there; run systemctl enable --now initialsdb.socket", path);
        return;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    report(visit, (file.st_mode & 07) == 0, "socket", "%s has mode %o%s", path,
           (unsigned)file.st_mode & 07777u,
           file.st_mode & 07 ? "; other users should not reach it: set SOCKET_MODE=0660" : "");
    if (!can_connect((const struct sockaddr *)&address, sizeof(address), AF_UNIX))
        report(visit, false, "socket", "nobody answers: %s; run systemctl start initialsdb.socket",
               strerror(errno));
}

static void look_at_web_server(struct visit *visit)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool good = can_connect((const struct sockaddr *)&address, sizeof(address), AF_INET);

    report(visit, good, "caddy", "%s",
           good ? "somebody answers on port 443"
                : "nobody answers on port 443; run systemctl restart caddy and read journalctl -u "
                  "caddy");
}

static void look_at_disk(struct visit *visit)
{
    const char *path = visit->config->backup_dir.ptr;
    struct statvfs disk;
    unsigned percent;

    if (statvfs(path, &disk) != 0 && statvfs(LOCALSTATEDIR, &disk) != 0)
        return;
    percent = (unsigned)(disk.f_bavail * 100 / (disk.f_blocks ? disk.f_blocks : 1));
    report(visit, percent >= DISK_LEAST_PERCENT, "disk", "%u %% of the backups' disk is free%s",
           percent, percent >= DISK_LEAST_PERCENT ? "" : "; lower BACKUP_DAYS or make room");
}

int doctor(const struct config *config, int argc, char **argv)
{
    struct visit visit = {.config = config};

    (void)argc;
    (void)argv;
    arena_init(&visit.arena);
    look_at_settings(&visit);
    look_at_secrets(&visit);
    look_at_database(&visit);
    look_at_socket(&visit);
    look_at_web_server(&visit);
    look_at_disk(&visit);
    arena_release(&visit.arena);
    printf("%d thing%s to mend\n", visit.wrong, visit.wrong == 1 ? "" : "s");
    return visit.wrong > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
