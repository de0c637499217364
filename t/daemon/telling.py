# SPDX-License-Identifier: MIT
"""The pool tells what goes on: log lines, counters, status, the service manager; and never who or what."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from case import PoolCase

import fastcgi
import inside
import prometheus
import testing
from pool import Pool
from testing import SOURCE, wait_until

COUNT = "/api/listings/count"
DASHBOARD = SOURCE / "systemd" / "grafana-dashboard.json"


class Metrics(PoolCase):
    def value(self, pool: Pool, name: str, **labels: str) -> float:
        return prometheus.value(pool.command("metrics"), f"initialsdb_{name}", **labels)

    def becomes(self, expected: float, pool: Pool, name: str, **labels: str) -> None:
        """A worker counts after it has answered, so a look may come too early."""
        wait_until(lambda: self.value(pool, name, **labels) == expected, f"{name} {labels} to be {expected}")

    def test_text_is_as_promtool_wants_it(self) -> None:
        pool = self.pool()
        pool.request(COUNT)
        text = pool.command("metrics")
        self.assertEqual([], prometheus.complaints(text))
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True)

    def test_complaints_are_found(self) -> None:
        wrong = "# HELP a_ms x\n# TYPE a_ms counter\na_ms 1\na_ms 1\nb 2\n"
        found = " ".join(prometheus.complaints(wrong))
        for part in ("twice", "_total", "base units", "b: no help", "b: no type"):
            self.assertIn(part, found)

    def test_requests_are_counted_by_route_and_status(self) -> None:
        pool = self.pool()
        for _ in range(3):
            pool.request(COUNT)
        pool.request("/api/nowhere")
        self.becomes(3, pool, "requests_total", route=COUNT, status="2xx")
        self.becomes(1, pool, "requests_total", route="none", status="4xx")
        self.becomes(1, pool, "refusals_total", code="NOT_FOUND")
        self.becomes(3, pool, "request_duration_seconds_count", route=COUNT)
        self.becomes(3, pool, "database_duration_seconds_count")
        wait_until(lambda: self.value(pool, "response_bytes_total") > 500, "bytes to be counted")

    def test_counters_survive_their_worker(self) -> None:
        pool = self.pool(WORKERS="1", LOG_LEVEL="debug")
        pool.request(COUNT)
        self.becomes(1, pool, "requests_total", route=COUNT, status="2xx")  # a count not yet made dies with the worker
        os.kill(inside.started(pool)[0], signal.SIGKILL)
        wait_until(lambda: self.value(pool, "children_ended_total", reason="crashed") == 1, "the death to be counted")
        pool.request(COUNT)
        self.becomes(2, pool, "requests_total", route=COUNT, status="2xx")

    def test_replayed_posts_are_counted(self) -> None:
        pool = self.pool()
        poster = self.poster(pool)
        proof = poster.proof()
        self.assertEqual([poster.post("once", proof).status for _ in range(3)], [201, 200, 200])
        self.becomes(2, pool, "posts_replayed_total")

    def test_refusals_and_troubles_are_counted(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="1", READ_DEADLINE_MS="3000")
        self.assertEqual([200, 429], [pool.request(COUNT).status for _ in range(2)])
        self.becomes(1, pool, "refusals_total", code="RATE_LIMITED")
        self.cluster.freeze()
        try:
            self.assertEqual(pool.request(COUNT, remote_addr="198.51.100.9").status, 503)
        finally:
            self.cluster.thaw()
        wait_until(lambda: self.value(pool, "database_late_total") >= 1, "the late call to be counted")
        self.becomes(1, pool, "refusals_total", code="UNAVAILABLE")

    def test_answers_that_nobody_takes_are_counted(self) -> None:
        pool = self.pool()
        self.cluster.freeze()
        try:
            with fastcgi.Connection(pool.socket) as caller:
                caller.begin(fastcgi.cgi_params(COUNT))
                caller.end()
                wait_until(lambda: self.value(pool, "workers", state="database") >= 1, "the call")
        finally:
            self.cluster.thaw()
        self.becomes(1, pool, "responses_unsent_total")

    def test_workers_are_shown_by_state(self) -> None:
        pool = self.pool(WORKERS="3")
        wait_until(lambda: self.value(pool, "workers", state="idle") == 3, "three idle workers")
        self.becomes(3, pool, "workers")
        self.becomes(3, pool, "workers_wanted")

    def test_status_is_for_people(self) -> None:
        pool = self.pool(WORKERS="3")
        pool.request(COUNT)
        self.becomes(1, pool, "requests_total", route=COUNT)  # it is counted when the worker is done with it
        said = pool.command("status")
        self.assertEqual(len(re.findall(r"^worker +\d+ idle", said, re.MULTILINE)), 3, said)
        for word in ("janitor", "p50", "p99", "requests", COUNT, f"master {pool.process.pid}"):
            self.assertIn(word, said)

    def test_status_can_be_watched(self) -> None:
        pool = self.pool()
        watch = subprocess.Popen([pool.binary, "status", "--watch"], env=pool.env, stdout=subprocess.PIPE, text=True)
        seen = [next(line for line in watch.stdout if line.startswith("requests")) for _ in range(2)]
        watch.terminate()
        watch.communicate()
        self.assertRegex(seen[1], r"requests +0\.0/s", "of the last second only")

    def test_without_a_pool_they_say_so_and_fail(self) -> None:
        pool = Pool(testing.initialsdb(), self.cluster, {}, "absent")
        for command in ("status", "metrics"):
            with self.assertRaisesRegex(Exception, "no pool runs here"):
                pool.command(command)

    def test_stopped_pool_leaves_no_scoreboard_behind(self) -> None:
        pool = self.pool()
        board = pool.socket.with_name(f"{pool.socket.name}.status")
        self.assertTrue(board.exists())
        self.assertEqual(board.stat().st_mode & 0o007, 0, "not for everybody")
        pool.stop()
        self.assertFalse(board.exists())

    def test_dashboard_asks_for_what_there_is(self) -> None:
        board = json.loads(DASHBOARD.read_text())
        asked = set(re.findall(r"initialsdb_\w+", json.dumps(board["panels"])))
        pool = self.pool(READ_DATABASE_URL=self.cluster.url("initialsdb", "initialsdb"))  # a primary may pass for a replica
        names = lambda: {sample.name for sample in prometheus.read(pool.command("metrics"))[2]}
        wait_until(lambda: "initialsdb_replica_lag_seconds" in names(), "the lag to be measured")
        self.assertGreater(len(asked), 8)
        self.assertEqual(set(), asked - names())


class Lines(PoolCase):
    def test_each_request_has_one_line_with_its_durations(self) -> None:
        pool = self.pool()
        before = str(int(time.time() * 1000) - 40)
        answer = pool.request("/api/listings/search?q=secret-words", remote_addr="203.0.113.77", REQUEST_START_MS=before)
        (line,) = wait_until(lambda: inside.events(pool, "request"), "the line")
        self.assertEqual(line["id"], answer.headers["X-Request-Id"])
        self.assertEqual((line["route"], line["status"], line["code"]), ("/api/listings/search", "200", "-"))
        self.assertGreaterEqual(int(line["queue_us"]), 40_000)
        self.assertGreaterEqual(int(line["total_us"]), int(line["queue_us"]) + int(line["database_us"]))
        for name in ("bytes", "retried", "sent", "method"):
            self.assertIn(name, line)
        for secret in ("secret-words", "203.0.113.77"):
            self.assertNotIn(secret, pool.log())

    def test_refusal_for_want_of_budget_names_the_tier(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="2", RATE_IPV6_56_FACTOR="2", RATE_IPV6_48_FACTOR="3")
        exhausting = {  # requests up to the first refusal, each two from another network of the tier
            "/32": ["192.0.2.1"] * 3,
            "/64": [f"2001:db8:1::{n}" for n in range(3)],
            "/56": [f"2001:db8:2:{n // 2}::1" for n in range(5)],
            "/48": [f"2001:db8:3:{n // 2 * 256:x}::1" for n in range(7)],
        }
        for addresses in exhausting.values():
            statuses = [pool.request(COUNT, remote_addr=address).status for address in addresses]
            self.assertEqual([200] * (len(addresses) - 1) + [429], statuses)
        wait_until(lambda: len(inside.events(pool, "request")) == 18, "the lines")
        lines = inside.events(pool, "request")
        self.assertEqual(list(exhausting), [line["tier"] for line in lines if line["status"] == "429"])
        self.assertEqual({"-"}, {line["tier"] for line in lines if line["status"] == "200"})
        text = pool.command("metrics")
        for tier in exhausting:
            self.assertEqual(prometheus.value(text, "initialsdb_rate_refusals_total", tier=tier), 1)

    def test_good_lines_can_be_sampled_and_bad_ones_are_all_there(self) -> None:
        pool = self.pool(WORKERS="1", LOG_SAMPLE="10")
        for _ in range(100):
            pool.request("/api/healthz")
            pool.request("/api/nowhere")
        lines = lambda status: [line for line in inside.events(pool, "request") if line["status"] == status]
        wait_until(lambda: len(lines("404")) == 100, "the line of the last one too")
        self.assertLessEqual(abs(len(lines("200")) - 10), 10)

    def test_journal_gets_priorities_and_a_terminal_does_not(self) -> None:
        plain = self.pool("plain")
        self.assertRegex(plain.log(), r"(?m)^level=info event=ready")
        journal = Pool(testing.initialsdb(), self.cluster, {}, "journal")
        log = journal.process.log
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        status = log.stat()
        journal.extra["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
        journal.start()
        self.addCleanup(journal.stop)
        self.assertRegex(journal.log(), r"(?m)^<6>level=info event=ready")


class Manager(PoolCase):
    def test_service_manager_hears_status_and_signs_of_life(self) -> None:
        path = self.cluster.run_dir / "manager"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(path))
            manager.settimeout(60)
            self.pool(NOTIFY_SOCKET=str(path), WATCHDOG_USEC="4000000")
            heard = []
            while sum("WATCHDOG=1" in text for text in heard) < 2 or not any("STATUS=" in text for text in heard):
                heard.append(manager.recv(4096).decode())
        self.assertEqual("READY=1", heard[0].splitlines()[0])
        self.assertRegex(next(text for text in heard if "STATUS=" in text), r"STATUS=4 workers, \d+ requests/s")


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    testing.main()
