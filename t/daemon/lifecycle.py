# SPDX-License-Identifier: MIT
"""The pool as a process: it starts or says why not, replaces its dead, drains, hands over, and never lingers."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from case import EASY, PoolCase

import testing
from cluster import state_of
from fastcgi import Connection, cgi_params
from pool import Pool
from testing import initialsdb, wait_until

MISCONFIGURED = 78
COUNT = "/api/listings/count"


def children(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(child) for child in listed.read_text().split()} if listed.exists() else set()


def living(pids: set[int]) -> set[int]:
    """Those that still run; a zombie does not."""
    return {pid for pid in pids if state_of(pid) not in "ZX"}


class Running(PoolCase):
    def test_b65_sigterm_ends_the_pool_and_its_children(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            pool = self.pool()
            family = children(pool.process.pid)
            self.assertGreaterEqual(len(family), 4)
            pool.process.send_signal(number)
            self.assertEqual(pool.process.wait(), 0)
            self.assertEqual(living(family), set())
            self.assertFalse(pool.socket.exists(), "its socket is removed")

    def test_killed_worker_is_replaced(self) -> None:
        pool = self.pool()
        before = children(pool.process.pid)
        for victim in before:
            os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(children(pool.process.pid) - before) == len(before), "all to be replaced")
        self.assertEqual(pool.request(COUNT).status, 200)
        self.assertEqual(len(re.findall(r"event=child_died .*signal=9", pool.log())), len(before))

    def test_killed_master_takes_the_workers_along(self) -> None:
        pool = self.pool()
        family = children(pool.process.pid)
        os.kill(pool.process.pid, signal.SIGKILL)
        pool.process.wait()
        wait_until(lambda: not living(family), "the workers to end")
        self.assertEqual(self.pool().request(COUNT).status, 200, "its stale socket is no obstacle")

    def test_b65_sigterm_lets_requests_under_way_finish(self) -> None:
        pool = self.pool(READ_DEADLINE_MS="10000")
        psql = subprocess.Popen(
            ["psql", "-XqAt", "-d", self.cluster.url("initialsdb")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        psql.stdin.write("begin; lock table board.message in access exclusive mode; select 'locked';\n")
        psql.stdin.flush()
        self.assertEqual(psql.stdout.readline(), "locked\n")
        answers = []
        caller = threading.Thread(target=lambda: answers.append(pool.request("/api/listings/search")))
        caller.start()
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'initialsdb'"
        wait_until(lambda: self.sql(waiting) == "1", "the request to wait for the lock")
        pool.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "event=stopping" in pool.log(), "the pool to begin to stop")
        psql.communicate("rollback;\n")
        caller.join(20)
        self.assertEqual([answer.status for answer in answers], [200])
        self.assertEqual(pool.process.wait(), 0)

    def test_drain_ends_in_time(self) -> None:
        pool = self.pool(DRAIN_SECS="1", READ_DEADLINE_MS="60000")
        with Connection(pool.socket) as stuck:
            stuck.begin(cgi_params("/api/listings/create", "POST", length=100))
            began = time.monotonic()
            self.assertEqual(pool.stop(), 0)
            self.assertLess(time.monotonic() - began, 30)

    def test_socket_has_the_mode_that_was_asked_for(self) -> None:
        for mode in ("0660", "0600"):
            pool = self.pool(f"mode{mode}", SOCKET_MODE=mode)
            self.assertEqual(f"0{pool.socket.stat().st_mode & 0o777:o}", mode)

    def test_socket_of_a_living_pool_is_not_taken_over(self) -> None:
        first = self.pool()
        second = Pool(initialsdb(), self.cluster, EASY)
        self.addCleanup(second.stop)
        second.start(ready=False)
        self.assertNotEqual(second.process.wait(), 0)
        self.assertEqual(first.request(COUNT).status, 200)

    def test_no_connection_is_refused_while_a_handed_over_socket_changes_pools(self) -> None:
        path = self.cluster.run_dir / "handed.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(128)
            statuses, stop = [], threading.Event()
            pool = Pool(initialsdb(), self.cluster, EASY, "handed", listener=listener)
            self.addCleanup(pool.stop)
            pool.start()

            def customer() -> None:
                while not stop.is_set():
                    statuses.append(pool.request(COUNT).status)

            caller = threading.Thread(target=customer)
            caller.start()
            for _ in range(3):
                served = len(statuses)
                wait_until(lambda: len(statuses) > served + 10, "requests to be answered")
                self.assertEqual(pool.stop(), 0)
                self.assertTrue(path.exists(), "the socket belongs to whoever handed it over")
                pool.start()
            stop.set()
            caller.join()
        self.assertEqual(set(statuses), {200, 429} & set(statuses) | {200})


class Starting(PoolCase):
    def refusal(self, **settings: str) -> str:
        """Starts a pool that must refuse with 78; returns what it said."""
        pool = Pool(initialsdb(), self.cluster, EASY | settings)
        self.addCleanup(pool.stop)
        pool.start(ready=False)
        self.assertEqual(pool.process.wait(), MISCONFIGURED, pool.log())
        self.assertNotIn("event=ready", pool.log())
        return pool.log()

    def test_schema_of_another_version_is_refused(self) -> None:
        for step, hint in ((-1, "run initialsdb migrate"), (1, "install the newer program again")):
            self.sql(f"update board.schema_version set number = number + {step}")
            try:
                self.assertIn(hint, self.refusal())
            finally:
                self.sql(f"update board.schema_version set number = number - {step}")
        self.assertEqual(self.pool().request(COUNT).status, 200)

    def test_b14_missing_or_short_secret_is_refused(self) -> None:
        long_enough = "A" * 43 + "="
        for name in ("POW_SECRET_KEY", "SERVER_SALT"):
            for value in ("", "c2hvcnQ=", "not base64!" + "A" * 40):
                secrets = {"POW_SECRET_KEY": long_enough, "SERVER_SALT": long_enough} | {name: value}
                self.assertIn(name, self.refusal(**secrets))

    def test_secret_file_that_is_not_there_is_refused(self) -> None:
        said = self.refusal(POW_SECRET_KEY_FILE="/nonexistent/key", SERVER_SALT="A" * 43 + "=")
        self.assertIn("POW_SECRET_KEY", said)

    def test_bad_settings_are_refused_by_name(self) -> None:
        bad = {
            "WORKERS": "many",
            "POW_DIFFICULTY": "0",
            "POW_TTL_SECONDS": "-1",
            "SOCKET_MODE": "9999",
            "READ_RATE_WINDOW_MS": "1e3",
            "IP_RATE_ENABLE": "perhaps",
            "LOG_LEVEL": "loud",
            "IP_RATE_EXEMPT": "10.0.0.0/33",
        }
        for name, value in bad.items():
            self.assertIn(name, self.refusal(**{name: value}))

    def test_check_config_says_the_same(self) -> None:
        pool = Pool(initialsdb(), self.cluster, EASY)
        pool.command("check-config")
        argv = [str(initialsdb()), "check-config"]
        done = subprocess.run(argv, env=pool.env | {"WORKERS": "many"}, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, MISCONFIGURED)
        self.assertIn("WORKERS", done.stdout + done.stderr)
        self.assertNotIn(pool.secrets["POW_SECRET_KEY"], done.stdout + done.stderr)

    def test_pool_starts_without_its_database_and_finds_it_later(self) -> None:
        self.cluster.crash()
        try:
            pool = self.pool()
            self.assertEqual(pool.request(COUNT).status, 503)
            self.assertEqual(pool.request("/api/healthz").status, 200)
        finally:
            self.cluster.start_again()
        wait_until(lambda: pool.request(COUNT).status == 200, "the pool to find its database")

    def test_unknown_command_is_refused_with_the_usage(self) -> None:
        done = subprocess.run([str(initialsdb()), "dance"], capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Usage", done.stderr)

    def test_help_and_version_need_no_configuration(self) -> None:
        for option, expected in (("--help", "serve"), ("--version", "initialsdb")):
            done = subprocess.run([str(initialsdb()), option], env={}, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0)
            self.assertIn(expected, done.stdout)


if __name__ == "__main__":
    testing.require("psql", "setpriv")
    testing.main()
