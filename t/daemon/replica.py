# SPDX-License-Identifier: MIT
"""Reads from a streaming replica: charged exactly, never older than what was acknowledged, and never failing with it."""

from case import PoolCase

import prometheus
import testing
from pool import Pool
from scratch import Scratch
from standby import standby_of, wait_for_replay
from stream import Stream
from testing import wait_until

COUNT, SEARCH, FEED = "/api/listings/count", "/api/listings/search", "/api/listings/feed"
READS = (COUNT, SEARCH, FEED, "/api/log")
URL = "host={} port=5432 dbname=initialsdb user=initialsdb"


class Replica(PoolCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.standby = cls.start_standby()

    def reading(self, name: str = "pool", like: Pool | None = None, **settings: str) -> Pool:
        """A pool whose reads go to the replica, once that has been seen to work."""
        url = URL.format(self.standby.run_dir)
        pool = self.pool(name, like, **{"READ_DATABASE_URL": url, "IP_RATE_ENABLE": "false"} | settings)
        wait_until(lambda: self.read_by_replica(pool), "a read by the replica")
        return pool

    def value(self, pool: Pool, name: str) -> float:
        return prometheus.value(pool.command("metrics"), f"initialsdb_{name}")

    def read_by_replica(self, pool: Pool) -> bool:
        before = self.value(pool, "replica_reads_total")
        for number in range(8):  # some for each worker
            pool.request(COUNT, remote_addr=f"198.51.100.{number}")
        return self.value(pool, "replica_reads_total") > before

    def replay(self, on: bool) -> None:
        self.standby.psql(f"select pg_wal_replay_{'resume' if on else 'pause'}()", "postgres")
        if not on:
            paused = "select pg_get_wal_replay_pause_state() = 'paused'"
            wait_until(lambda: self.standby.psql(paused, "postgres") == "t", "the replica to stand still")

    def test_every_kind_of_read_is_served_by_the_replica(self) -> None:
        pool = self.reading()
        number = self.poster(pool).post("hello").json()["id"]
        for path in (*READS, f"/api/listings/{number}"):
            before = self.value(pool, "replica_reads_total")
            wait_until(
                lambda path=path, before=before: pool.request(path).status == 200
                and self.value(pool, "replica_reads_total") > before,
                path,
            )

    def test_post_is_seen_at_once_by_everybody_on_every_host(self) -> None:
        here = self.reading("here")
        there = self.reading("there", here)
        for number in range(60):
            posted = self.poster(here, f"192.0.2.{number}").post(f"message {number}").json()["id"]
            found = there.request(SEARCH, remote_addr=f"203.0.113.{number}").json()["items"]
            self.assertEqual(posted, found[0]["id"])
            self.assertEqual(there.request(f"/api/listings/{posted}").status, 200)
            self.assertEqual(here.request(COUNT).json(), {"count": number + 1})
        print(f"# while posting: {self.value(there, 'replica_reads_total'):.0f} by the replica, "
              f"{self.value(there, 'replica_behind_total'):.0f} by the primary")

    def test_replica_that_stands_still_shows_nobody_the_past(self) -> None:
        pool = self.reading()
        first = self.poster(pool).post("first").json()["id"]
        wait_until(lambda: self.read_by_replica(pool), "the replica to have it")
        self.replay(False)
        try:
            second = self.poster(pool).post("second").json()["id"]
            self.sql(f"select board.hide(array[{first}])")
            for _ in range(8):
                self.assertEqual([second], [item["id"] for item in pool.request(SEARCH).json()["items"]])
                self.assertEqual(pool.request(f"/api/listings/{first}").status, 410)
            self.assertGreater(self.value(pool, "replica_behind_total"), 8)
        finally:
            self.replay(True)
        wait_until(lambda: self.read_by_replica(pool), "the replica to be used again")

    def test_budget_is_exact_wherever_the_reading_is_done(self) -> None:
        settings = {"IP_RATE_ENABLE": "true", "READ_RATE_MAX_REQUESTS": "20", "READ_RATE_WINDOW_MS": "3600000"}
        here = self.reading("here", None, **settings)
        there = self.reading("there", here, **settings)
        answers = self.at_once(60, lambda n: (here, there)[n % 2].request(READS[n % 3], remote_addr="192.0.2.200"))
        self.assertEqual(20, sum(answer.status == 200 for answer in answers))
        for answer in answers:
            self.assertIn('"read";r=', answer.headers["RateLimit"])
            self.assertIn(answer.status, (200, 429))
        left = {answer.headers["RateLimit"].split("r=")[1].split(";")[0] for answer in answers if answer.status == 200}
        self.assertEqual({str(n) for n in range(20)}, left, "each was charged once")

    def test_shadow_mode_refuses_nobody_here_too(self) -> None:
        pool = self.reading(IP_RATE_ENABLE="true", IP_RATE_SHADOW="true", READ_RATE_MAX_REQUESTS="2")
        self.assertEqual({200}, {pool.request(COUNT).status for _ in range(6)})

    def test_dead_and_frozen_replicas_cost_no_read(self) -> None:
        pool = self.reading(READ_DEADLINE_MS="10000")
        with Stream(lambda n: pool.request(READS[n % 3]).status) as reads:
            self.standby.freeze()
            seen = reads.count
            wait_until(lambda: reads.count > seen + 200, "reads with a frozen replica")
            self.standby.thaw()
            wait_until(lambda: self.read_by_replica(pool), "the thawed replica to be used", 90)
            self.standby.crash()
            seen = reads.count
            wait_until(lambda: reads.count > seen + 200, "reads without a replica")
            self.standby.start_again()
            wait_until(lambda: self.read_by_replica(pool), "the replica to be used again", 90)
        print(f"# {dict(reads.outcomes)}, slowest {reads.slowest:.2f} s")
        self.assertEqual({200}, set(reads.outcomes))

    def test_lag_is_told(self) -> None:
        pool = self.reading()
        wait_until(lambda: self.value(pool, "replica_lag_seconds") == 0, "no lag")
        self.assertGreater(self.value(pool, "database_ping_seconds"), 0)
        self.replay(False)
        try:
            self.poster(pool).post("unseen")
            wait_until(lambda: self.value(pool, "replica_lag_seconds") > 2, "the lag to grow")
            self.assertRegex(pool.command("status"), r"(?m)^database +answers in \d+\.\d ms   replica [1-9]\d*\.\d s behind$")
        finally:
            self.replay(True)
        wait_until(lambda: self.value(pool, "replica_lag_seconds") == 0, "the lag to go")
        self.assertNotIn("replica_lag", self.pool("alone").command("metrics"))

    def test_dead_hosts_and_the_primary_in_the_list_are_passed_over(self) -> None:
        hosts = f"/nonexistent,{self.cluster.run_dir},{self.standby.run_dir}"
        pool = self.reading(READ_DATABASE_URL=URL.format(hosts) + " target_session_attrs=standby")
        there = "select count(*) from pg_stat_activity where usename = 'initialsdb'"
        wait_until(lambda: self.read_by_replica(pool) and int(self.standby.psql(there)) > 1, "a worker and the janitor")


class PrimaryAway(PoolCase):
    def test_replica_serves_reads_uncharged(self) -> None:
        with Scratch() as directory:
            standby = standby_of(self.cluster, directory)
            self.addCleanup(standby.stop)
            pool = self.pool(READ_DATABASE_URL=URL.format(standby.run_dir), READ_RATE_MAX_REQUESTS="3")
            self.assertEqual(self.poster(pool).post("hello").status, 201)
            self.assertEqual({200, 429}, {pool.request(COUNT).status for _ in range(8)})
            wait_for_replay(self.cluster, standby)
            proof = self.poster(pool).proof()
            self.cluster.crash()
            try:
                for _ in range(8):
                    answer = pool.request(COUNT)
                    self.assertEqual((answer.status, answer.headers["RateLimit"]), (200, None))
                    self.assertEqual(answer.json(), {"count": 1})
                text = pool.command("metrics")
                self.assertGreaterEqual(prometheus.value(text, "initialsdb_standby_reads_total"), 8)
                self.refused(self.poster(pool).post("not now", proof), 503, "UNAVAILABLE")
            finally:
                self.cluster.start_again()
            wait_until(lambda: pool.request(COUNT, remote_addr="192.0.2.9").headers["RateLimit"], "charging to go on")


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    testing.main()
