# SPDX-License-Identifier: MIT
"""The primary dies under load: reads go on from the standby, posts wait for its promotion, nothing is lost.

The short form, with one primary and one standby; t/cluster has three nodes and who decides.
"""
# Runs alone: what it asserts is how long answers take.

import time

from case import EASY, PoolCase

import prometheus
import testing
from careful import CarefulPosters
from pool import Pool
from scratch import Scratch
from standby import make_synchronous, standby_of, wait_for_replay
from stream import Stream
from testing import initialsdb, wait_until

COUNT, SEARCH = "/api/listings/count", "/api/listings/search"


class Failover(PoolCase):
    """One test: a promotion cannot be undone."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.standby = cls.start_standby()
        make_synchronous(cls.cluster)

    def both(self) -> str:
        hosts = f"{self.cluster.run_dir},{self.standby.run_dir}"
        return f"host={hosts} port=5432 dbname=initialsdb user=initialsdb target_session_attrs=read-write"

    def test_no_read_fails_and_no_post_is_lost(self) -> None:
        pool = self.pool(DATABASE_URL=self.both(), IP_RATE_ENABLE="false")

        def poster(number: int) -> object:
            return self.poster(pool, f"10.7.{number // 250 % 250}.{number % 250 + 1}")

        with CarefulPosters(poster) as posters, Stream(lambda n: pool.request((COUNT, SEARCH)[n % 2]).status) as reads:
            wait_until(lambda: len(posters.acknowledged) > 30, "posts")
            proof = self.poster(pool).proof()
            self.cluster.crash()
            dead = time.monotonic()
            refusal = lambda: self.poster(pool).post("too early", proof).json()["error"]["code"]
            wait_until(lambda: refusal() == "READ_ONLY", "the standby to be found")
            seen = reads.count
            wait_until(lambda: reads.count > seen + 100, "reads without a primary")
            self.standby.psql("select pg_promote()", "postgres")
            promoted = time.monotonic()
            late = wait_until(lambda: posters.accepted_since(promoted), "a post after the promotion")
            retry = lambda: self.poster(pool).post("too early", proof).status
            self.assertEqual(wait_until(lambda: (status := retry()) != 503 and status, "the post to be taken"), 201)
        print(f"# reads {dict(reads.outcomes)}, slowest {reads.slowest:.2f} s; posts {dict(posters.outcomes)}")
        print(f"# election {promoted - dead:.2f} s, first post {late:.2f} s after it")
        self.assertEqual({200}, set(reads.outcomes), "no read failed")
        # A second, and what a machine adds that does other things; the deadline is far away.
        self.assertLess(reads.slowest, 6)
        self.assertLess(late, 6)
        self.assertGreater(prometheus.value(pool.command("metrics"), "initialsdb_standby_reads_total"), 0)
        self.each_exactly_once(posters.acknowledged)

    def each_exactly_once(self, acknowledged: dict[str, int]) -> None:
        rows = self.standby.psql("select body, count(*), min(id) from board.message group by body").splitlines()
        stored = {row.split("|")[0]: row.split("|")[1:] for row in rows if not row.startswith("too early")}
        self.assertEqual({text: ["1", str(i)] for text, i in acknowledged.items()}, stored)


class Restarted(PoolCase):
    def test_standby_alone_serves_reads_from_the_start(self) -> None:
        with Scratch() as directory:
            standby = standby_of(self.cluster, directory)
            self.addCleanup(standby.stop)
            self.assertEqual(self.poster(self.pool("before")).post("hello").status, 201)
            wait_for_replay(self.cluster, standby)
            hosts = f"{self.cluster.run_dir},{standby.run_dir}"
            url = f"host={hosts} port=5432 dbname=initialsdb user=initialsdb target_session_attrs=read-write"
            self.cluster.stop()
            try:
                pool = Pool(initialsdb(), standby, EASY | {"DATABASE_URL": url}, "alone")
                pool.start()
                self.addCleanup(pool.stop)
                self.assertEqual(pool.request(COUNT).json(), {"count": 1})
                self.assertEqual(pool.request("/api/readyz").json()["primary"], False)
                self.refused(self.poster(pool).post("no"), 503, "READ_ONLY")
                pool.stop()
                standby.stop()
            finally:
                self.cluster.start()


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    testing.main()
