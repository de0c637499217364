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
from testing import initialsdb, least, wait_until

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

    def distant(self, url: str, binary: Path | None = None, **more: str) -> Pool:
        settings = {"WORKERS": "4", "READ_DEADLINE_MS": str(READ_MS), "IP_RATE_ENABLE": "false", "DATABASE_URL": url}
        pool = Pool(binary or self.script("elsewhere"), self.cluster, settings | more, "distant")
        pool.start()
        self.addCleanup(pool.stop)
        return pool

    def crowd(self, pool: Pool) -> list[tuple[fastcgi.Response, float]]:
        def ask(_: int) -> tuple[fastcgi.Response, float]:
            began = time.monotonic()
            return pool.request(COUNT), (time.monotonic() - began) * 1000

        return self.at_once(4, ask)

    def slowest_refusal(self, pool: Pool) -> float:
        """In milliseconds, of a crowd that is refused altogether."""
        answers = self.crowd(pool)
        for answer, _ in answers:
            self.refused(answer, 503, "UNAVAILABLE")
        return max(took_ms for _, took_ms in answers)

    def next_refusal(self, pool: Pool) -> float:
        """The same, when connecting is tried again."""
        time.sleep(1)  # so that pauses between attempts are over
        return self.slowest_refusal(pool)

    def all_answered(self, pool: Pool) -> bool:
        return {answer.status for answer, _ in self.crowd(pool)} == {200}

    def test_swallowed_packets_keep_nobody_longer_than_the_deadline(self) -> None:
        pool = self.distant(f"host={self.other.here} dbname=initialsdb user=initialsdb")
        limit_ms = READ_MS + GRACE_MS

        def swallowed() -> float:
            wait_until(lambda: self.all_answered(pool), "every worker to find its database")
            self.other.cut()
            try:
                return self.slowest_refusal(pool)
            finally:
                self.other.mend()

        self.assertLess(least(swallowed, limit_ms), limit_ms)
        self.other.cut()
        try:
            self.assertLess(least(lambda: self.next_refusal(pool), limit_ms), limit_ms, "connecting, too")
        finally:
            self.other.mend()
        wait_until(lambda: self.all_answered(pool), "the pool to find its database again")

    def test_server_ends_what_it_can_no_longer_answer(self) -> None:
        url = f"host={self.other.here} dbname=initialsdb user=initialsdb"
        pool = self.distant(url, READ_DEADLINE_MS="3000")
        wait_until(lambda: pool.request(COUNT).status == 200, "an answer")
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
                wait_until(lambda: self.sql(waiting) == "0", "the server to give up by itself", 12)
            finally:
                self.other.mend()

    def test_dead_host_in_a_list_costs_a_part_of_the_deadline_only(self) -> None:
        dead = "10.99.1.77"
        self.other.hide(dead)
        pool = self.distant(f"host={dead},{self.other.here} dbname=initialsdb user=initialsdb target_session_attrs=read-write")
        wait_until(lambda: self.all_answered(pool), "all to be answered")

    def test_dead_name_server_costs_a_second_at_most(self) -> None:
        dead = "10.99.1.53"
        self.other.hide(dead)
        file = self.directory / "resolv.conf"
        file.write_text(f"nameserver {dead}\n")
        again = 'test "$LOST" || LOST=yes exec unshare --mount "$0" "$@"'
        lost = self.script("lost", again, f"mount --bind {file} /etc/resolv.conf")
        pool = self.distant("host=database.example dbname=initialsdb user=initialsdb", lost)
        limit_ms = LOOKUP_MS + GRACE_MS
        self.assertLess(least(lambda: self.next_refusal(pool), limit_ms), limit_ms)
        self.assertEqual([], inside.events(pool, "child_died"))


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    namespaces.enter()
    testing.main()
