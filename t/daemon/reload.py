# SPDX-License-Identifier: MIT
"""Settings from a file, read again on SIGHUP: all of it or nothing, without refusing a request."""

import contextlib
import os
import signal
import socket
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

for room in ("lib", "sql"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / room))

import fastcgi
import inside
import testing
from database import Session
from pool import PATIENT
from stack import Cluster, Died, Pool, Scratch
from stream import Stream


class Reload(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.remove)
        cls.cluster = Cluster(cls.scratch.path, durable=False)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        Pool(testing.initialsdb(), cls.cluster).prepare()

    def setUp(self) -> None:
        self.file = self.scratch.path / f"{self._testMethodName}.conf"

    def pool(self, text: str, **env: str) -> Pool:
        self.file.write_text(text)
        settings = {"LOG_LEVEL": "debug", "CONFIG_FILE": str(self.file), "WORKERS": "2"} | env
        pool = Pool(testing.initialsdb(), self.cluster, settings, name=self._testMethodName[5:30])
        self.addCleanup(pool.stop)
        return pool

    def started(self, text: str, **env: str) -> Pool:
        pool = self.pool(text, **env)
        pool.start()
        return pool

    def reload(self, pool: Pool, text: str, event: str = "reloaded") -> None:
        """Rewrites the file and waits for the outcome."""
        before = len(inside.events(pool, event))
        self.file.write_text(text)
        pool.process.send_signal(signal.SIGHUP)
        testing.wait_until(lambda: len(inside.events(pool, event)) > before, event)

    @staticmethod
    def limit(pool: Pool) -> str:
        """How many reads a minute a network may make, as the pool says."""
        response = pool.request("/api/listings/count", remote_addr=f"10.{os.urandom(1)[0]}.1.1")
        return response.headers["RateLimit-Policy"]

    def checked(self, text: str, **env: str) -> str:
        return self.pool(text, **env).command("check-config")

    def test_file_sets_what_the_environment_leaves_open(self) -> None:
        said = self.checked("READ_DEADLINE_MS=1234\nPOST_DEADLINE_MS=1234\n", POST_DEADLINE_MS="2345")
        self.assertIn("READ_DEADLINE_MS=1234\n", said)
        self.assertIn("POST_DEADLINE_MS=2345\n", said)

    def test_file_may_hold_comments_blanks_and_quotes(self) -> None:
        text = "# one\n; two\n\n  READ_DEADLINE_MS = \"1234\"  \nSOCKET_MODE='0600'\nSOCKET_PATH=/a\\ b\n"
        said = self.checked(text, SOCKET_PATH="")
        for line in ("READ_DEADLINE_MS=1234\n", "SOCKET_MODE=0600\n"):
            self.assertIn(line, said)

    def test_wrong_lines_are_refused_by_number(self) -> None:
        wrong = {
            "\nREAD_DEADLINE=1": ":2: there is no setting",
            "READ_DEADLINE_MS": ":1: must be NAME=value",
            "SOCKET_MODE='0600": ":1: a quote",
            "SOCKET_MODE='0600'x": ":1: a quote",
            "READ_DEADLINE_MS=never": "READ_DEADLINE_MS: must be a whole number",
        }
        for text, message in wrong.items():
            with self.subTest(text), self.assertRaisesRegex(Died, f"ended with 78:(.|\n)*{message}"):
                self.checked(text)

    def test_missing_file_is_refused(self) -> None:
        with self.assertRaisesRegex(Died, "ended with 78:(.|\n)*cannot read"):
            self.pool("", CONFIG_FILE="/nowhere/at/all").command("check-config")

    def test_limits_change_live_and_no_request_is_refused(self) -> None:
        pool = self.started("READ_RATE_MAX_REQUESTS=1000\n")
        self.assertIn("q=1000", self.limit(pool))
        old = set(inside.started(pool))
        with Stream(lambda _: pool.request("/api/healthz").status) as stream:
            for number in (2000, 3000, 4000):
                before = set(inside.started(pool))
                self.reload(pool, f"READ_RATE_MAX_REQUESTS={number}\n")
                # Who was told to end may take one more request.
                testing.wait_until(lambda b=before: not b & set(inside.children(pool)), "the workers before to go")
                self.assertIn(f"q={number}", self.limit(pool))
        self.assertEqual([200], list(stream.outcomes), stream.outcomes)
        testing.wait_until(lambda: not old & set(inside.children(pool)), "the old workers to go")
        reasons = {end["reason"] for end in inside.events(pool, "child_died")}
        self.assertEqual({"replaced"}, reasons)

    def test_wrong_file_is_logged_and_the_old_settings_stay(self) -> None:
        pool = self.started("READ_RATE_MAX_REQUESTS=1000\n")
        workers = inside.started(pool)
        self.reload(pool, "READ_RATE_MAX_REQUESTS=2000\nREAD_DEADLINE_MS=soon\n", "reload_refused")
        self.assertIn("READ_DEADLINE_MS", inside.events(pool, "wrong_setting")[0]["problem"])
        self.assertIn("q=1000", self.limit(pool))
        self.assertEqual(workers, inside.started(pool))
        self.reload(pool, "READ_RATE_MAX_REQUESTS=2000\n")
        testing.wait_until(lambda: "q=2000" in self.limit(pool), "the new settings everywhere")

    def test_url_that_cannot_be_read_is_no_reload(self) -> None:
        def text(parameter: str) -> str:
            return f"DATABASE_URL='{self.cluster.url('initialsdb', 'initialsdb')}{parameter}'\n"

        pool = self.started(text(""), DATABASE_URL="")
        self.reload(pool, text(" dbnam=x"), "reload_refused")
        self.assertIn("DATABASE_URL: ", inside.events(pool, "wrong_setting")[0]["problem"])
        self.assertEqual(200, pool.request("/api/listings/count").status)

    def test_database_without_the_schema_is_no_reload(self) -> None:
        def text(database: str) -> str:
            return f"DATABASE_URL='{self.cluster.url(database, 'initialsdb')}'\n"

        self.cluster.psql("create database lent template initialsdb", "postgres")
        self.cluster.psql("update board.schema_version set number = number - 1", "lent")
        pool = self.started(text("initialsdb"), DATABASE_URL="")
        self.reload(pool, text("lent"), "reload_refused")
        self.assertEqual(1, len(inside.events(pool, "wrong_schema")))
        self.assertEqual(pool.request("/api/listings/count").status, 200)

    def test_number_of_workers_follows_the_file(self) -> None:
        pool = self.started("WORKERS=2\n", WORKERS="")
        for number in (5, 1, 3):
            self.reload(pool, f"WORKERS={number}\n")
            testing.wait_until(lambda n=number: len(inside.started(pool)) == n, f"{number} workers")
            self.assertEqual(pool.request("/api/healthz").status, 200)

    def test_successor_is_there_before_the_predecessor_is_free(self) -> None:
        pool = self.started("WORKERS=1\n", WORKERS="")
        stranger = Session(self.cluster.url("initialsdb"))
        self.addCleanup(stranger.close)
        with ThreadPoolExecutor(1) as background:
            stranger.run("begin; lock table board.message_total")
            caller = background.submit(pool.request, "/api/listings/count")
            waiting = "select count(*) > 0 from pg_stat_activity where query like '%count_listings%' and state = 'active' and wait_event_type = 'Lock'"
            testing.wait_until(lambda: self.cluster.psql(waiting) == "t", "the worker to wait")
            self.reload(pool, "WORKERS=1\nREAD_DEADLINE_MS=2000\n")
            self.assertEqual(pool.request("/api/healthz").status, 200)
            self.assertFalse(caller.done(), "the old worker still has its request")
            stranger.run("rollback")
            self.assertEqual(caller.result(30).status, 200)

    def test_predecessor_leaves_the_queue_to_its_successor(self) -> None:
        pool = self.started("WORKERS=1\n", WORKERS="", **PATIENT)
        stranger = Session(self.cluster.url("initialsdb"))
        self.addCleanup(stranger.close)
        waiting = "select count(*) from pg_stat_activity where query like '%count_listings%' and wait_event_type = 'Lock'"

        def ask() -> fastcgi.Connection:
            connection = stack.enter_context(fastcgi.Connection(pool.socket))
            connection.begin(fastcgi.cgi_params("/api/listings/count"))
            connection.end()
            return connection

        with contextlib.ExitStack() as stack:
            stranger.run("begin; lock table board.message_total")
            callers = [ask()]
            testing.wait_until(lambda: self.cluster.psql(waiting) == "1", "the worker to wait")
            self.reload(pool, "WORKERS=1\n")
            callers += [ask() for _ in range(20)]
            testing.wait_until(lambda: self.cluster.psql(waiting) == "2", "its successor to wait")
            stranger.run("rollback")
            self.assertEqual([200] * 21, [caller.read().status for caller in callers])
        ends = testing.wait_until(lambda: [end for end in inside.events(pool, "child_died") if end["kind"] == "worker"], "the predecessor's end")
        self.assertEqual(["1"], [end["requests"] for end in ends])

    def test_service_manager_hears_of_it(self) -> None:
        path = self.cluster.run_dir / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(path))
            manager.settimeout(60)
            pool = self.started("", NOTIFY_SOCKET=str(path))
            heard = [manager.recv(4096).decode()]
            self.reload(pool, "READ_DEADLINE_MS=1000\n")
            while len([text for text in heard if "READY=1" in text]) < 2:
                heard.append(manager.recv(4096).decode())
            pool.process.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in heard[-1]:
                heard.append(manager.recv(4096).decode())
        words = [line.split("=")[0] for text in heard for line in text.splitlines()]
        kept = [word for word in words if word in ("READY", "RELOADING", "STOPPING")]
        self.assertEqual(["READY", "RELOADING", "READY", "STOPPING"], kept)
        reloading = next(text for text in heard if "RELOADING=1" in text)
        self.assertRegex(reloading, r"MONOTONIC_USEC=\d+", "systemd 253's notify-reload needs it")


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    testing.main()
