# SPDX-License-Identifier: MIT
"""Answers that are kept, by clients and by the pool, are right at every moment, and save the work of finding them."""

import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from case import PoolCase

sys.path.append(str(Path(__file__).resolve().parents[1] / "sql"))

import testing
from database import Session
from pool import Pool
from prometheus import read
from testing import wait_until

SEARCH, COUNT, FEED = "/api/listings/search", "/api/listings/count", "/api/listings/feed"
OPEN = {"IP_RATE_ENABLE": "false"}
PATIENT = OPEN | {"READ_DEADLINE_MS": "60000"}


class SharingCase(PoolCase):
    def add(self, *bodies: str) -> list[int]:
        """Messages, without the pool."""
        listed = ", ".join(f"('{body}')" for body in bodies)
        return [int(line) for line in self.sql(f"insert into board.message (body) values {listed} returning id").split()]

    def metric(self, pool: Pool, name: str, **labels: str) -> int:
        _, _, samples = read(pool.command("metrics"))
        return int(next(s.value for s in samples if s.name == f"initialsdb_{name}" and dict(s.labels) == labels))

    def ids(self, pool: Pool, query: str = "") -> list[int]:
        return [item["id"] for item in pool.request(f"{SEARCH}?{query}").json()["items"]]


class Revalidation(SharingCase):
    def again(self, pool: Pool, uri: str, etag: str, **more: str):
        return pool.request(uri, headers={"If-None-Match": etag}, **more)

    def test_unchanged_reads_are_304_without_a_body_and_may_be_kept(self) -> None:
        pool, numbers = self.pool(**OPEN), self.add("one", "two")
        for uri in (SEARCH, f"{SEARCH}?q=one", COUNT, FEED, f"{FEED}?q=one", f"/api/listings/{numbers[0]}"):
            first = pool.request(uri)
            etag = first.headers["ETag"]
            for given in (etag, f"W/{etag}", f'"else", {etag}', "*"):
                answer = self.again(pool, uri, given)
                self.assertEqual((answer.status, answer.body, answer.headers["ETag"]), (304, b"", etag), (uri, given))
                self.assertEqual(answer.headers["Cache-Control"], "no-cache")
        before = self.metric(pool, "searches_total")
        self.assertEqual(self.again(pool, SEARCH, pool.request(SEARCH).headers["ETag"]).status, 304)
        self.assertEqual(self.metric(pool, "searches_total"), before, "nothing is searched for a 304")

    def test_tags_of_something_else_are_not_taken_for_it(self) -> None:
        pool = self.pool(**OPEN)
        self.add("one")
        etag = pool.request(f"{SEARCH}?q=one").headers["ETag"]
        for uri in (SEARCH, f"{SEARCH}?q=One", f"{SEARCH}?q=one&limit=3", f"{FEED}?q=one", COUNT):
            self.assertEqual(self.again(pool, uri, etag).status, 200, uri)
        for wrong in ("", '"', '""', '"1"', "W/", ",,,", f"{etag[:-2]}x\"", etag.strip('"'), '"{1,2}.x.y"', '"..' + "a" * 16 + '"'):
            self.assertEqual(self.again(pool, f"{SEARCH}?q=one", wrong).status, 200, wrong)

    def test_every_change_is_seen(self) -> None:
        pool, (number,) = self.pool(**OPEN), self.add("changing")
        kept = {uri: pool.request(uri) for uri in (SEARCH, f"{SEARCH}?q=changing", COUNT, FEED)}
        for change in (f"board.hide(array[{number}])", f"board.unhide(array[{number}])", f"board.hide(array[{number}])"):
            self.sql(f"select {change}")
            for uri, before in kept.items():
                answer = self.again(pool, uri, before.headers["ETag"])
                self.assertEqual(answer.status == 200, "unhide" not in change, (change, uri))
                self.assertEqual(answer.status == 304, "unhide" in change, (change, uri))
        self.sql("truncate board.message")
        for uri, before in kept.items():
            self.assertEqual(self.again(pool, uri, before.headers["ETag"]).status, 200, uri)

    def test_page_that_others_posts_leave_alone_is_304(self) -> None:
        pool = self.pool(**OPEN)
        self.add("rare", "other")
        etag = pool.request(f"{SEARCH}?q=rare").headers["ETag"]
        self.add("other")
        answer = self.again(pool, f"{SEARCH}?q=rare", etag)
        self.assertEqual((answer.status, answer.headers["ETag"]), (304, etag))

    def test_304_is_charged_like_any_read(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="3", READ_RATE_WINDOW_MS="3600000")
        etag = pool.request(SEARCH).headers["ETag"]
        statuses = [self.again(pool, SEARCH, etag).status for _ in range(4)]
        self.assertEqual(statuses, [304, 304, 429, 429])

    def test_version_tells_every_state_apart_while_many_change_it(self) -> None:
        """Versions that are seen with a count belong to that count alone."""
        script = """\\set id random(1, 50)
            select board.hide(array[:id]); select board.unhide(array[:id]);
            insert into board.message (body) values ('busy'); select api.janitor();"""
        self.add(*["steady"] * 50)
        argv = ["pgbench", "-n", "-f", "/dev/stdin", "-c", "8", "-t", "60", "-h", str(self.cluster.run_dir), "-U", "postgres"]
        busy = subprocess.Popen([*argv, "initialsdb"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        busy.stdin.write(script.encode())
        busy.stdin.close()
        look = "select board.version() || ' ' || md5(string_agg(id::text, ',' order by id)) from board.message"
        seen: dict[str, set[str]] = {}
        session = Session(self.cluster.url("initialsdb"))
        self.addCleanup(session.close)
        while busy.poll() is None:
            version, state = session.run(look).split()
            seen.setdefault(version, set()).add(state)
        self.assertEqual(busy.returncode, 0)
        self.assertTrue(seen)
        self.assertEqual([], [states for states in seen.values() if len(states) > 1])


class Sharing(SharingCase):
    def setUp(self) -> None:
        super().setUp()
        self.stranger = Session(self.cluster.url("initialsdb"))
        self.addCleanup(self.stranger.close)

    def searching(self) -> list[str]:
        """The backends whose search the lock holds up."""
        waiting = "wait_event_type = 'Lock' and query like '%search_listings%' and pid <> pg_backend_pid()"
        return self.sql(f"select pid from pg_stat_activity where {waiting}").split()

    def stampede(self, pool: Pool, clients: int, workers: int) -> None:
        """All ask the same at once, and the one search for it does not end before every worker is asked."""
        before = self.metric(pool, "searches_total"), self.metric(pool, "pages_shared_total")
        self.stranger.run("begin; lock table board.message")
        with ThreadPoolExecutor(clients) as threads:
            answers = [threads.submit(pool.request, f"{SEARCH}?q=popular") for _ in range(clients)]
            wait_until(lambda: self.metric(pool, "workers", state="database") == workers, "every worker to be asked")
            wait_until(lambda: len(self.searching()) == 1, "one search")
            self.stranger.run("rollback")
            bodies = {(answer.result().status, answer.result().body) for answer in answers}
        self.assertEqual(len(bodies), 1, bodies)
        self.assertEqual(next(iter(bodies))[0], 200)
        after = self.metric(pool, "searches_total"), self.metric(pool, "pages_shared_total")
        self.assertEqual((after[0] - before[0], after[1] - before[1]), (1, clients - 1))

    def test_200_clients_make_one_search_for_each_state_of_the_board(self) -> None:
        pool = self.pool(WORKERS="8", **PATIENT)
        for number in range(3):
            self.add(f"popular {number}")
            self.stampede(pool, 200, 8)
        self.assertEqual(len(self.ids(pool, "q=popular")), 3)

    def test_killed_searcher_stops_nobody(self) -> None:
        pool = self.pool(WORKERS="2", **PATIENT)
        self.add("popular")
        self.stranger.run("begin; lock table board.message")
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(pool.request, f"{SEARCH}?q=popular")
            abandoned = wait_until(self.searching, "the first to search")
            lines = [line.split() for line in pool.command("status").splitlines()]
            (searcher,) = [int(line[1]) for line in lines if line[:1] == ["worker"] and line[2] == "database"]
            second = threads.submit(pool.request, f"{SEARCH}?q=popular")
            wait_until(lambda: self.metric(pool, "workers", state="database") == 2, "the second to wait")
            self.assertEqual(self.searching(), abandoned)
            os.kill(searcher, signal.SIGKILL)
            wait_until(lambda: set(self.searching()) - set(abandoned), "the second to search instead")
            self.stranger.run("rollback")
            self.assertRaises(ConnectionError, first.result)
            self.assertEqual(second.result().status, 200)
        self.assertEqual(len(self.ids(pool, "q=popular")), 1)

    def test_whoever_waits_gives_up_in_time_and_searches(self) -> None:
        """A searcher that is frozen, not dead, keeps its claim."""
        pool = self.pool(WORKERS="2", **OPEN | {"READ_DEADLINE_MS": "4000"})
        self.add("popular")
        self.stranger.run("begin; lock table board.message")
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(pool.request, f"{SEARCH}?q=popular")
            wait_until(self.searching, "the first to search")
            second = threads.submit(pool.request, f"{SEARCH}?q=popular")
            self.assertEqual({first.result().status, second.result().status}, {503})
            self.stranger.run("rollback")
        wait_until(lambda: pool.request(f"{SEARCH}?q=popular").status == 200, "the page")

    def test_every_request_is_charged_once_whoever_finds_the_page(self) -> None:
        pool = self.pool(WORKERS="8", READ_RATE_MAX_REQUESTS="15", READ_RATE_WINDOW_MS="3600000")
        self.add("popular")
        answers = self.at_once(60, lambda _: pool.request(f"{SEARCH}?q=popular").status)
        self.assertEqual((answers.count(200), answers.count(429)), (15, 45))

    def test_everybody_sees_a_post_as_soon_as_its_poster_knows_of_it(self) -> None:
        """Readers of the same pages from all workers, while one posts, hides and shows again."""
        pool, ended = self.pool(WORKERS="6", **OPEN), threading.Event()
        self.add("popular 0")

        def keep_reading(number: int) -> None:
            while not ended.is_set():
                pool.request((SEARCH, f"{SEARCH}?q=popular")[number % 2])

        with ThreadPoolExecutor(4) as threads:
            readers = [threads.submit(keep_reading, number) for number in range(4)]
            try:
                poster = self.poster(pool)
                for number in range(1, 13):
                    posted = poster.post(f"popular {number}").json()["id"]
                    self.assertEqual(self.ids(pool)[0], posted)
                    self.assertEqual(self.ids(pool, "q=popular")[0], posted)
                    self.sql(f"select board.hide(array[{posted}])")
                    self.assertNotIn(posted, self.ids(pool) + self.ids(pool, "q=popular"))
                    self.sql(f"select board.unhide(array[{posted}])")
                    self.assertEqual(self.ids(pool, "q=popular")[0], posted)
            finally:
                ended.set()
        for reader in readers:
            reader.result()

    def test_large_pages_and_many_different_ones_are_right(self) -> None:
        pool = self.pool(WORKERS="2", **OPEN)
        self.add(*[f"wide {n} " + "界" * 240 for n in range(100)])
        for _ in range(2):
            self.assertEqual(len(self.ids(pool, "q=wide&limit=100")), 100)
            for number in range(100):
                found = json.loads(pool.request(f"{SEARCH}?q=%22wide%20{number}%22").body)["items"]
                self.assertEqual([item["body"].split()[1] for item in found], [str(number)])


if __name__ == "__main__":
    testing.require("psql", "pgbench", "setpriv")
    testing.main()
