# SPDX-License-Identifier: MIT
"""initialsdb doctor: finds nothing on a sound board, and each thing that is broken."""

import contextlib
import os
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import namespaces
import testing
from case import PoolCase
from pool import Pool
from scratch import Scratch
from stack import Cluster
from testing import initialsdb


OF_THIS_MACHINE = ("caddy", "disk")
LISTENING = "import socket, subprocess, sys; s = socket.create_server(('127.0.0.1', 443)); sys.exit(subprocess.call(sys.argv[1:]))"
FULL = 'mount -t tmpfs -o size=1m tmpfs "$BACKUP_DIR" && head -c 1000000 /dev/zero >"$BACKUP_DIR/full" && exec "$0" "$@"'


class DoctorCase(PoolCase):
    def findings(self, around: list[str] | None = None, **env: str) -> dict[str, list[str]]:
        """What is wrong, by the thing it is about. `around` is a command that runs the one behind it."""
        settings = self.here.env | {"BACKUP_DIR": str(self.cluster.state)} | env
        done = subprocess.run([*(around or []), initialsdb(), "doctor"], env=settings, capture_output=True, text=True, check=False)
        lines = [line.split(None, 2) for line in done.stdout.splitlines()[:-1]]
        found: dict[str, list[str]] = {}
        for verdict, what, text in lines:
            found.setdefault(what, [])
            if verdict == "WRONG":
                found[what].append(text)
        self.assertEqual(1 if any(found.values()) else 0, done.returncode)
        return found

    def setUp(self) -> None:
        super().setUp()
        self.here = self.pool()
        self.sql("insert into board.backup values ('b', now(), 1) on conflict (name) do update set tried_at = now()")

    def wrong(self, what: str, around: list[str] | None = None, **env: str) -> str:
        return " ".join(self.findings(around, **env)[what])


class Doctor(DoctorCase):
    def test_a_sound_board_has_nothing_to_mend(self) -> None:
        found = self.findings()
        self.assertLess({"settings", "secrets", "database", "schema", "roles", "clock", "backup", "owner"}, set(found))
        self.assertEqual({}, {what: texts for what, texts in found.items() if texts and what not in OF_THIS_MACHINE})

    def test_wrong_settings_are_named(self) -> None:
        self.assertIn("WORKERS", self.wrong("settings", WORKERS="many"))

    def test_missing_secrets_are_named(self) -> None:
        self.assertIn("setup-secrets", self.wrong("secrets", SERVER_SALT="", BOARD="nowhere"))  # this machine may have a board

    def test_secret_that_others_can_read(self) -> None:
        with Scratch() as directory:
            file = directory / "salt"
            file.write_text(self.here.env["SERVER_SALT"] + "\n")
            file.chmod(0o644)
            self.assertIn(f"chmod 600 {file}", self.wrong("secrets", SERVER_SALT="", SERVER_SALT_FILE=str(file)))
            file.chmod(0o600)
            self.assertEqual("", self.wrong("secrets", SERVER_SALT="", SERVER_SALT_FILE=str(file)))

    def test_unreachable_database(self) -> None:
        self.assertIn("setup-database", self.wrong("database", DATABASE_URL="host=/nowhere dbname=x user=y"))

    def test_owner_that_cannot_connect(self) -> None:
        url = self.here.env["MIGRATE_DATABASE_URL"] + " user=nobody_at_all"
        self.assertIn("MIGRATE_DATABASE_URL", self.wrong("owner", MIGRATE_DATABASE_URL=url))

    def test_other_schema(self) -> None:
        self.sql("update board.schema_version set api = 'other'")
        self.addCleanup(self.here.command, "migrate")
        self.assertIn("initialsdb-migrate", self.wrong("schema"))

    def test_mighty_role(self) -> None:
        self.sql("grant usage on schema board to initialsdb; grant select on board.hidden to initialsdb")
        self.addCleanup(self.here.command, "migrate")
        self.assertIn("may do more", self.wrong("roles"))

    def test_backups_that_are_missing_or_old(self) -> None:
        self.sql("update board.backup set tried_at = now() - interval '3 days'")
        self.assertIn("72 hours", self.wrong("backup"))
        self.sql("delete from board.backup")
        self.assertIn("none yet", self.wrong("backup"))

    def test_socket_that_is_missing_or_open_to_all(self) -> None:
        self.assertIn("initialsdb.socket", self.wrong("socket", SOCKET_PATH="/nowhere/socket"))
        os.chmod(self.here.socket, 0o666)
        self.assertIn("SOCKET_MODE", self.wrong("socket"))

    def test_pool_that_takes_nobody_is_not_waited_for(self) -> None:
        path = self.cluster.run_dir / "full"
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(str(path))
            server.listen(0)
            full = False
            while not full:
                caller = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
                full = caller.connect_ex(str(path)) != 0
            self.assertIn("nobody answers", self.wrong("socket", SOCKET_PATH=str(path)))


class Surroundings(DoctorCase):
    """The machine itself, each time another one than this."""

    def test_web_server_that_is_away(self) -> None:
        alone = [*namespaces.apart("net"), "sh", "-c", 'ip link set lo up && exec "$0" "$@"']
        self.assertIn("systemctl restart caddy", self.wrong("caddy", alone))
        self.assertEqual("", self.wrong("caddy", [*alone, sys.executable, "-c", LISTENING]))

    def test_disk_that_is_full(self) -> None:
        with Scratch() as directory:
            said = self.wrong("disk", [*namespaces.apart("mount"), "sh", "-c", FULL], BACKUP_DIR=str(directory))
        self.assertIn("lower BACKUP_DAYS", said)

    def test_clock_that_differs(self) -> None:
        with Scratch() as directory:
            library, ahead = directory / "clock.so", directory / "ahead"
            source = str(testing.SOURCE / "t/lib/clock.c")
            subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, source], check=True)
            ahead.write_text("60\n")
            moved = Cluster(directory / "moved", durable=False)
            moved.env = {"LD_PRELOAD": str(library), "CLOCK_FILE": str(ahead)}
            with moved, Pool(initialsdb(), moved) as pool:
                self.assertIn("set-ntp true", self.wrong("clock", DATABASE_URL=pool.env["DATABASE_URL"]))


class Replicas(DoctorCase):
    """READ_DATABASE_URL: whether it leads to standbys, of this very database, that keep up."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.standby = cls.start_standby()

    def replica(self, *clusters: Cluster, more: str = "") -> str:
        """What is wrong when these clusters are in READ_DATABASE_URL."""
        hosts = ",".join(str(cluster.run_dir) for cluster in clusters)
        url = f"host={hosts} port=5432 dbname=initialsdb user=initialsdb {more}"
        return self.wrong("replica", READ_DATABASE_URL=url)

    def test_without_replicas_nothing_is_said_of_them(self) -> None:
        self.assertNotIn("replica", self.findings())

    def test_one_that_follows_is_sound(self) -> None:
        self.assertEqual("", self.replica(self.standby))

    def test_the_primary_may_be_in_the_list(self) -> None:
        self.assertEqual("", self.replica(self.cluster, self.standby, more="target_session_attrs=standby"))

    def test_the_primary_alone_is_no_replica(self) -> None:
        self.assertIn("names no standby", self.replica(self.cluster))

    def test_one_of_two_that_is_away_is_named(self) -> None:
        url = f"host=/nowhere,{self.standby.run_dir} port=5432 dbname=initialsdb user=initialsdb"
        said = self.wrong("replica", READ_DATABASE_URL=url)
        self.assertIn("/nowhere does not let", said)
        self.assertNotIn(str(self.standby.run_dir), said)

    def test_copy_of_another_database(self) -> None:
        self.cluster.psql("create database other template template0", "postgres")
        self.addCleanup(self.cluster.psql, "drop database other", "postgres")
        with Scratch() as directory, Cluster(directory, durable=False) as other:
            Pool(initialsdb(), other).prepare()
            self.assertIn("is no copy", self.replica(other))
        self.assertIn("is no copy", self.replica(self.cluster, more="dbname=other"))

    def test_one_that_stands_still_is_told_with_its_lag(self) -> None:
        self.standby.psql("select pg_wal_replay_pause()", "postgres")
        self.addCleanup(self.standby.psql, "select pg_wal_replay_resume()", "postgres")
        paused = "select pg_get_wal_replay_pause_state() = 'paused'"
        testing.wait_until(lambda: self.standby.psql(paused, "postgres") == "t", "the replica to stand still")
        self.sql("insert into board.message (body) values ('news')")
        self.assertRegex(self.replica(self.standby), r"is \d+ bytes behind.*did not catch up")


if __name__ == "__main__":
    testing.require("cc", "ip")
    testing.main()
