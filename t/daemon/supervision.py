# SPDX-License-Identifier: MIT
"""Whatever happens to a worker, the pool goes on, says what happened, and leaks nothing."""

import os
import resource
import signal
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

for room in ("lib", "sql"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / room))

import fastcgi
import inside
import testing
from cluster import state_of
from database import Session
from pool import PATIENT
from stack import Board, Cluster, Pool, Scratch

# A child that dies before this has died young, by the second that src/children.c takes for it.
YOUNG_MS = 900
# What 16 workers may take together, and one more worker, in kB.
WORKER_GOAL_KB = 2048


class Supervision(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.remove)
        cls.cluster = Cluster(cls.scratch.path, durable=False)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        Pool(testing.initialsdb(), cls.cluster).prepare()

    def pool(self, **env: str) -> Pool:
        settings = PATIENT | {"WORKERS": "2", "LOG_LEVEL": "debug", "IP_RATE_ENABLE": "false"} | env
        pool = Pool(testing.initialsdb(), self.cluster, settings, name=self._testMethodName[5:30])
        pool.start()
        self.addCleanup(pool.stop)
        return pool

    def obituary(self, pool: Pool, pid: int) -> dict[str, str]:
        def found() -> dict[str, str] | None:
            lines = [line for line in inside.events(pool, "child_died") if line["pid"] == str(pid)]
            self.assertLessEqual(len(lines), 1, "one line a death")
            return lines[0] if lines else None

        return testing.wait_until(found, f"the obituary of {pid}")

    @staticmethod
    def wait_for_state(pool: Pool, pid: int, state: str) -> None:
        testing.wait_until(lambda: f"{pid} {state}" in pool.command("status"), f"{pid} to be {state}")

    def test_killed_worker_is_replaced_and_mourned_in_one_line(self) -> None:
        pool = self.pool()
        for _ in range(20):
            self.assertEqual(pool.request("/api/healthz").status, 200)
        victim = inside.started(pool)[0]
        self.wait_for_state(pool, victim, "idle")
        os.kill(victim, signal.SIGKILL)
        line = self.obituary(pool, victim)
        self.assertEqual((line["level"], line["kind"], line["reason"]), ("warn", "worker", "crashed"))
        self.assertEqual((line["signal"], line["state"]), ("9", "idle"))
        self.assertGreater(int(line["age_ms"]), 0)
        self.assertLessEqual(int(line["requests"]), 20)
        testing.wait_until(lambda: len(inside.started(pool)) == 2, "a successor")
        self.assertEqual(pool.request("/api/healthz").status, 200)

    def test_dying_young_again_and_again_is_slowed_down(self) -> None:
        pool, young = self.pool(WORKERS="1"), 0
        for _ in range(100):  # a slow machine lets them grow old now and then
            victim = testing.wait_until(lambda: inside.started(pool), "a worker")[0]
            began = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            testing.wait_until(lambda: [p for p in inside.started(pool) if p != victim], "a successor")
            pause = time.monotonic() - began
            young = young + 1 if int(self.obituary(pool, victim)["age_ms"]) < YOUNG_MS else 0
            if young == 3:
                break
        self.assertEqual(young, 3)
        self.assertGreater(pause, 0.35, "100, 200, 400 ms")
        self.assertEqual(pool.request("/api/healthz").status, 200)

    def test_workers_die_with_their_master(self) -> None:
        pool = self.pool()
        pids = inside.children(pool)
        self.assertEqual(len(pids), 3)
        os.kill(pool.process.pid, signal.SIGKILL)
        testing.wait_until(lambda: not any(map(inside.alive, pids)), "all children to end")

    def test_hung_worker_is_killed_in_mid_request(self) -> None:
        pool = self.pool(WORKERS="1")
        (victim,) = inside.started(pool)
        with fastcgi.Connection(pool.socket) as connection:
            connection.begin(fastcgi.cgi_params("/api/healthz"))
            self.wait_for_state(pool, victim, "reading")
            os.kill(victim, signal.SIGSTOP)
            with self.assertRaises(ConnectionError):
                connection.read()
        line = self.obituary(pool, victim)
        self.assertEqual((line["reason"], line["signal"], line["state"]), ("hung", "9", "reading"))
        self.assertEqual(pool.request("/api/healthz").status, 200)

    def test_hung_idle_worker_is_killed(self) -> None:
        pool = self.pool()
        victim = inside.started(pool)[0]
        os.kill(victim, signal.SIGSTOP)
        line = self.obituary(pool, victim)
        self.assertEqual((line["reason"], line["state"]), ("hung", "idle"))

    def test_worker_without_descriptors_says_so_and_waits_for_some(self) -> None:
        pool = self.pool(WORKERS="1")
        worker = inside.started(pool)[0]
        before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (0, before[1]))
        with ThreadPoolExecutor(1) as background:
            caller = background.submit(pool.request, "/api/healthz")
            testing.wait_until(lambda: len(inside.events(pool, "accept_failed")) > 1, "the worker to try again")
            resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
            self.assertEqual(200, caller.result().status)
        self.assertEqual([worker], inside.started(pool))

    def test_pause_of_the_whole_pool_kills_nobody(self) -> None:
        pool = self.pool()
        pids = [*inside.children(pool), pool.process.pid]
        for pid in reversed(pids):
            os.kill(pid, signal.SIGSTOP)
        time.sleep(8)  # longer than any promise of a child, and its grace
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)
        for _ in range(10):
            self.assertEqual(pool.request("/api/healthz").status, 200)
        self.assertEqual([], inside.events(pool, "child_hung"))

    def test_worker_is_replaced_after_its_share_of_requests(self) -> None:
        pool = self.pool(WORKER_MAX_REQUESTS="50")
        statuses = [pool.request("/api/healthz").status for _ in range(300)]
        self.assertEqual({200}, set(statuses))
        testing.wait_until(lambda: len(inside.events(pool, "child_died")) >= 4, "four to have had their share")
        ends = inside.events(pool, "child_died")
        self.assertEqual({("info", "recycled")}, {(end["level"], end["reason"]) for end in ends})
        self.assertLessEqual(max(int(end["requests"]) for end in ends), 50)

    def test_worker_is_replaced_when_it_has_grown(self) -> None:
        pool = self.pool(WORKERS="1", WORKER_MAX_RSS_MB="1")
        (first,) = inside.started(pool)
        self.assertEqual(pool.request("/api/healthz").status, 200)
        self.assertEqual(self.obituary(pool, first)["reason"], "recycled")
        self.assertEqual(pool.request("/api/healthz").status, 200)

    def test_nothing_leaks_and_nobody_is_left_unburied(self) -> None:
        pool = self.pool()
        for _ in range(3):
            self.ill_treat(pool)
        pids = inside.started(pool)
        before = [inside.descriptors(pid) for pid in pids]
        for _ in range(100):
            self.ill_treat(pool)
        self.assertEqual(pids, inside.started(pool), "no worker died of it")
        testing.wait_until(
            lambda: all(inside.descriptors(pid) <= number for pid, number in zip(pids, before)), "no more descriptors"
        )
        self.assertNotIn("Z", [state_of(pid) for pid in inside.children(pool)])

    @staticmethod
    def ill_treat(pool: Pool) -> None:
        """Good requests, half requests, no requests, hanging up while the answer is made."""
        pool.request("/api/listings/count")
        pool.request("/api/nowhere", "POST", body=b"x" * 9000)
        for pieces in (0, 1, 2):
            with fastcgi.Connection(pool.socket) as connection:
                if pieces:
                    connection.begin(fastcgi.cgi_params("/api/listings/create", "POST", length=100))
                if pieces > 1:
                    connection.send(b"{")

    def test_memory_of_sixteen_workers_is_small_and_flat(self) -> None:
        if os.environ.get("ASAN_OPTIONS") is not None:
            self.skipTest("under AddressSanitizer memory means nothing")
        pool = self.pool(WORKERS="16", LOG_LEVEL="info")
        workers = inside.children(pool)

        def used_kb() -> int:
            return sum(inside.pss_kb(pid) for pid in workers)

        self.load(pool, 4000)
        before = used_kb()
        self.load(pool, 4000)
        after = used_kb()
        print(f"# {len(workers)} processes: {before} kB, later {after} kB")
        self.assertLess(after, WORKER_GOAL_KB * len(workers))
        # Not every worker has met every request before the first look; t/bench sends a million.
        self.assertLess(after - before, 64 * len(workers), "flat: at most some pages each")

    @staticmethod
    def load(pool: Pool, requests: int) -> None:
        """From several threads, so that every worker gets its part."""
        uris = ("/api/listings/count", "/api/listings/search?q=word", "/pow/challenge", "/api/nowhere")
        with ThreadPoolExecutor(16) as threads:
            for _ in threads.map(lambda number: pool.request(uris[number % len(uris)]), range(requests)):
                pass


class ThroughCaddy(unittest.TestCase):
    def test_caller_of_a_hung_worker_gets_an_answer(self) -> None:
        testing.require("caddy")
        from web import Client

        env = {"WORKERS": "1", "LOG_LEVEL": "debug", "READ_DEADLINE_MS": "8000"}
        with Board(env=env) as board, ThreadPoolExecutor(1) as background:
            (victim,) = inside.started(board.pool)
            stranger = Session(board.cluster.url("initialsdb"))
            self.addCleanup(stranger.close)
            stranger.run("begin; lock table board.message_total")
            client = Client(board.caddy.port)
            caller = background.submit(client.get, "/api/listings/count")
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%count%'"
            testing.wait_until(lambda: board.cluster.psql(waiting) == "1", "the worker to wait")
            os.kill(victim, signal.SIGSTOP)
            answer = caller.result(60)
            self.assertEqual((answer.status, answer.code), (502, "UNAVAILABLE"))
            stranger.run("rollback")
            self.assertEqual(client.get("/api/listings/count").status, 200)


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    testing.main()
