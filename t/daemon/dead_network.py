# SPDX-License-Identifier: MIT
"""A network that swallows every packet, for real: Postgres and the pool in two network namespaces.

An ordinary user gives them to himself in a user namespace. Where there is none, deadlines.py has a proxy, which swallows
what is said but not the greeting.
"""
# Runs alone: what it asserts is how long answers take.

import shlex
import subprocess
import time
from pathlib import Path

from case import PoolCase

import fastcgi
import inside
import namespaces
import testing
from namespaces import Neighbour
from pool import Pool
from scratch import Scratch
from stack import Cluster
from testing import initialsdb, wait_until

COUNT = "/api/listings/count"
READ_MS, GRACE_MS = 600, 250
LOOKUP_MS = 1000  # a name server is waited for without regard to the deadline, but no longer


class DeadNetwork(PoolCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.other = Neighbour(1, directory.path / "namespace.log")
        cls.other.start()
        cls.addClassCleanup(cls.other.stop)
        cls.cluster = Cluster(directory.path, durable=False, listen_addresses=cls.other.here)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        with open(cls.cluster.data / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write(f"host all all {cls.other.there}/32 trust\n")
        cls.cluster.psql("select pg_reload_conf()", "postgres")
        Pool(initialsdb(), cls.cluster).prepare()
        cls.directory = directory.path

    def script(self, name: str, *lines: str) -> Path:
        """A program that is ours in the other network, after some preparations."""
        path = self.directory / name
        path.write_text("\n".join(["#!/bin/sh -e", *lines, f'exec {shlex.join(self.other.inside)} {initialsdb()} "$@"\n']))
        path.chmod(0o755)
        return path

    def distant(self, url: str, binary: Path | None = None) -> Pool:
        settings = {"WORKERS": "4", "READ_DEADLINE_MS": str(READ_MS), "IP_RATE_ENABLE": "false"}
        pool = Pool(binary or self.script("elsewhere"), self.cluster, settings | {"DATABASE_URL": url}, "distant")
        pool.start()
        self.addCleanup(pool.stop)
        return pool

    def crowd(self, pool: Pool) -> list[tuple[fastcgi.Response, float]]:
        def ask(_: int) -> tuple[fastcgi.Response, float]:
            began = time.monotonic()
            return pool.request(COUNT), (time.monotonic() - began) * 1000

        return self.at_once(4, ask)

    def all_refused_in_time(self, pool: Pool) -> None:
        for answer, took_ms in self.crowd(pool):
            self.refused(answer, 503, "UNAVAILABLE")
            self.assertLess(took_ms, READ_MS + GRACE_MS)

    def test_swallowed_packets_keep_nobody_longer_than_the_deadline(self) -> None:
        pool = self.distant(f"host={self.other.here} dbname=initialsdb user=initialsdb")
        self.assertEqual(pool.request(COUNT).status, 200)
        self.other.cut()
        try:
            self.all_refused_in_time(pool)
            time.sleep(1)  # so that pauses between attempts are over
            self.all_refused_in_time(pool)  # connecting, too
        finally:
            self.other.mend()
        wait_until(lambda: pool.request(COUNT).status == 200, "the pool to find its database again", 5)

    def test_server_ends_what_it_can_no_longer_answer(self) -> None:
        pool = self.distant(f"host={self.other.here} dbname=initialsdb user=initialsdb")
        self.assertEqual(pool.request(COUNT).status, 200)
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%count_listings%'"
        blocker = subprocess.Popen(
            ["psql", "-XqAt", "-d", self.cluster.url("initialsdb")], stdin=subprocess.PIPE, text=True
        )
        self.addCleanup(blocker.communicate, "rollback;\n")
        blocker.stdin.write("begin; lock table board.message_total;\n")
        blocker.stdin.flush()
        wait_until(lambda: self.sql("select count(*) from pg_locks where mode = 'AccessExclusiveLock'") != "0", "it")
        with fastcgi.Connection(pool.socket) as caller:
            caller.begin(fastcgi.cgi_params(COUNT))
            caller.end()
            wait_until(lambda: self.sql(waiting) == "1", "the query to wait")
            self.other.cut()
            try:
                self.assertEqual(caller.read().status, 503)
                wait_until(lambda: self.sql(waiting) == "0", "the server to give up by itself", 8)
            finally:
                self.other.mend()

    def test_dead_host_in_a_list_costs_a_part_of_the_deadline_only(self) -> None:
        dead = "10.99.1.77"
        self.other.hide(dead)
        pool = self.distant(f"host={dead},{self.other.here} dbname=initialsdb user=initialsdb target_session_attrs=read-write")
        self.assertEqual({200}, {answer.status for answer in self.at_once(4, lambda _: pool.request(COUNT))})

    def test_dead_name_server_costs_a_second_at_most(self) -> None:
        dead = "10.99.1.53"
        self.other.hide(dead)
        file = self.directory / "resolv.conf"
        file.write_text(f"nameserver {dead}\n")
        again = 'test "$LOST" || LOST=yes exec unshare --mount "$0" "$@"'
        lost = self.script("lost", again, f"mount --bind {file} /etc/resolv.conf")
        pool = self.distant("host=database.example dbname=initialsdb user=initialsdb", lost)
        for _ in range(2):
            for answer, took_ms in self.crowd(pool):
                self.refused(answer, 503, "UNAVAILABLE")
                self.assertLess(took_ms, LOOKUP_MS + GRACE_MS)
            time.sleep(1)  # so that pauses between attempts are over
        self.assertEqual([], inside.events(pool, "child_died"))


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    namespaces.enter()
    testing.main()
