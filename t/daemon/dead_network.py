# SPDX-License-Identifier: MIT
"""A network that swallows every packet, for real: Postgres and the pool in two network namespaces.

Needs root. An ordinary user has deadlines.py, whose proxy swallows what is said but not the greeting.
"""
# Runs alone: what it asserts is how long answers take.

import os
import subprocess
import sys
import time
from pathlib import Path

from case import PoolCase

import fastcgi
import testing
from pool import Pool
from process import Process, run
from scratch import Scratch
from stack import Cluster
from testing import initialsdb, wait_until

COUNT = "/api/listings/count"
READ_MS, GRACE_MS = 600, 250
HERE, THERE = "10.99.0.1", "10.99.0.2"
# A wrong neighbour: packets leave, and nobody takes them.
NOWHERE = "02:00:00:00:00:99"


def enter_namespaces() -> None:
    """Starts this script again in a network of its own, so that nothing we do reaches the machine's."""
    testing.require("unshare", "nsenter", "ip")
    if os.environ.get("IN_NAMESPACE"):
        return
    unshare = ["unshare", "--net"]
    if os.geteuid() != 0:  # who commands a network only as the first user of a user namespace
        unshare += ["--user", "--map-current-user", "--keep-caps"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        testing.cannot_run("this kernel or container gives no network namespaces")
    os.environ["IN_NAMESPACE"] = "1"
    os.execvp("unshare", [*unshare, sys.executable, *sys.argv])


class DeadNetwork(PoolCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.other = Process("namespace", ["unshare", "--net", "sleep", "infinity"], directory.path / "namespace.log")
        cls.other.start()
        cls.addClassCleanup(cls.other.stop)
        ours = os.stat("/proc/self/ns/net").st_ino
        wait_until(lambda: os.stat(f"/proc/{cls.other.pid}/ns/net").st_ino != ours, "the namespace")
        cls.lay_cable()
        cls.cluster = Cluster(directory.path, durable=False, listen_addresses=HERE)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        with open(cls.cluster.data / "pg_hba.conf", "a", encoding="ascii") as rules:
            rules.write(f"host all all {THERE}/32 trust\n")
        cls.cluster.psql("select pg_reload_conf()", "postgres")
        Pool(initialsdb(), cls.cluster).prepare()
        cls.binary = directory.path / "elsewhere"
        cls.binary.write_text(f'#!/bin/sh\nexec nsenter --net=/proc/{cls.other.pid}/ns/net {initialsdb()} "$@"\n')
        cls.binary.chmod(0o755)

    @classmethod
    def lay_cable(cls) -> None:
        run(["ip", "link", "set", "lo", "up"])
        run(["ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", str(cls.other.pid)])
        run(["ip", "address", "add", f"{HERE}/24", "dev", "here"])
        run(["ip", "link", "set", "here", "up"])
        cls.there("ip", "address", "add", f"{THERE}/24", "dev", "there")
        cls.there("ip", "link", "set", "there", "up")

    @classmethod
    def there(cls, *argv: str) -> None:
        run(["nsenter", f"--net=/proc/{cls.other.pid}/ns/net", *argv])

    def cut(self) -> None:
        self.there("ip", "neighbour", "replace", HERE, "lladdr", NOWHERE, "dev", "there", "nud", "permanent")
        run(["ip", "neighbour", "replace", THERE, "lladdr", NOWHERE, "dev", "here", "nud", "permanent"])

    def mend(self) -> None:
        self.there("ip", "neighbour", "delete", HERE, "dev", "there")
        run(["ip", "neighbour", "delete", THERE, "dev", "here"])

    def distant(self, url: str) -> Pool:
        settings = {"WORKERS": "4", "READ_DEADLINE_MS": str(READ_MS), "IP_RATE_ENABLE": "false"}
        pool = Pool(self.binary, self.cluster, settings | {"DATABASE_URL": url}, "distant")
        pool.start()
        self.addCleanup(pool.stop)
        return pool

    def all_refused_in_time(self, pool: Pool) -> None:
        def ask(_: int) -> tuple[fastcgi.Response, float]:
            began = time.monotonic()
            return pool.request(COUNT), (time.monotonic() - began) * 1000

        for answer, took_ms in self.at_once(4, ask):
            self.refused(answer, 503, "UNAVAILABLE")
            self.assertLess(took_ms, READ_MS + GRACE_MS)

    def test_swallowed_packets_keep_nobody_longer_than_the_deadline(self) -> None:
        pool = self.distant(f"host={HERE} dbname=initialsdb user=initialsdb")
        self.assertEqual(pool.request(COUNT).status, 200)
        self.cut()
        try:
            self.all_refused_in_time(pool)
            time.sleep(1)  # so that pauses between attempts are over
            self.all_refused_in_time(pool)  # connecting, too
        finally:
            self.mend()
        wait_until(lambda: pool.request(COUNT).status == 200, "the pool to find its database again", 5)

    def test_server_ends_what_it_can_no_longer_answer(self) -> None:
        pool = self.distant(f"host={HERE} dbname=initialsdb user=initialsdb")
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
            self.cut()
            try:
                self.assertEqual(caller.read().status, 503)
                wait_until(lambda: self.sql(waiting) == "0", "the server to give up by itself", 8)
            finally:
                self.mend()

    def test_dead_host_in_a_list_costs_a_part_of_the_deadline_only(self) -> None:
        dead = "10.99.0.77"
        self.there("ip", "neighbour", "replace", dead, "lladdr", NOWHERE, "dev", "there", "nud", "permanent")
        pool = self.distant(f"host={dead},{HERE} dbname=initialsdb user=initialsdb target_session_attrs=read-write")
        self.assertEqual({200}, {answer.status for answer in self.at_once(4, lambda _: pool.request(COUNT))})


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    enter_namespaces()
    testing.main()
