# SPDX-License-Identifier: MIT
"""Proofs over the socket: forged, moved, late and junk ones are refused before Postgres hears of them."""

import base64
import re
import signal
import time
from pathlib import Path

from case import PoolCase

import inside
from pool import Pool, random_secret
from poster import Poster, solve
from testing import initialsdb, main, require, wait_until


class QuietCase(PoolCase):
    def statements(self) -> int:
        """How many transactions the database has seen; reading it is one of them."""
        self.sql("select pg_stat_force_next_flush()")
        return int(self.sql("select xact_commit + xact_rollback from pg_stat_database where datname = 'initialsdb'"))


class Proofs(QuietCase):
    def test_puzzle_is_as_configured_and_never_cached(self) -> None:
        pool = self.pool(POW_DIFFICULTY="3", POW_ROUNDS="5", POW_TTL_SECONDS="77", POST_MAX_CHARS="44")
        answer = pool.request("/pow/challenge")
        puzzle = answer.json()
        self.assertEqual([puzzle[name] for name in ("difficulty", "rounds", "ttl_secs", "max_chars")], [3, 5, 77, 44])
        self.assertEqual(len(base64.b64decode(puzzle["challenge"] + "==")), 16)
        self.assertNotIn("=", puzzle["challenge"])
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertNotEqual(puzzle["challenge"], pool.request("/pow/challenge").json()["challenge"])

    def test_each_missing_part_is_asked_for(self) -> None:
        poster = self.poster(self.pool())
        for part in ("X-PoW-Challenge", "X-PoW-Token", "X-PoW-Nonce"):
            proof = poster.proof()
            del proof[part]
            self.refused(poster.post("text", proof), 403, "POW_REQUIRED")

    def test_wrong_solution_is_refused(self) -> None:
        poster = self.poster(self.pool(POW_DIFFICULTY="16"))
        puzzle = poster.puzzle()
        proof = solve(puzzle | {"difficulty": 0})
        self.refused(poster.post("text", proof), 403, "POW_INVALID")

    def test_b2_b29_proof_is_bound_to_the_network_and_the_agent(self) -> None:
        pool = self.pool()
        proof = self.poster(pool, "2001:db8:1:1::1").proof()
        self.refused(self.poster(pool, "2001:db8:1:2::1").post("text", proof), 403, "POW_INVALID")
        other = self.poster(pool, "2001:db8:1:1::1", HTTP_USER_AGENT="another")
        self.refused(other.post("text", proof), 403, "POW_INVALID")
        for header in ("X-Test-IP", "X-Forwarded-For", "X_Forwarded_For", "Forwarded-For", "Client-IP"):
            with self.subTest(header=header):
                stranger = self.poster(pool, "198.51.100.1")
                self.refused(stranger.post("text", proof, **{header: "2001:db8:1:1::1"}), 403, "POW_INVALID")
        self.assertEqual(self.poster(pool, "2001:db8:1:1::ffff").post("text", proof).status, 201, "the same /64")

    def test_late_proof_is_told_from_a_forged_one(self) -> None:
        poster = self.poster(self.pool(POW_TTL_SECONDS="5"))
        proof = poster.proof()
        time.sleep(5.1)  # what is tested is that time passes
        self.refused(poster.post("text", proof), 403, "POW_EXPIRED")

    def test_accepted_post_can_be_asked_for_until_the_token_expires(self) -> None:
        pool = self.pool(POW_TTL_SECONDS="60", LOG_LEVEL="debug")
        poster = self.poster(pool)
        began = int(self.sql("select board.clock_ms()"))
        proof = poster.proof()
        self.assertEqual(poster.post("text", proof).status, 201)
        # Clocks of pools follow the database's, each answer by as much later as it was on its way.
        self.assertGreater(int(self.sql("select expires_ms from board.spent")), began + 60_000 - 10_000)
        tidied = len(inside.events(pool, "janitor"))
        wait_until(lambda: len(inside.events(pool, "janitor")) > tidied + 1, "the janitor to have been there")
        self.assertEqual(poster.post("text", proof).status, 200)

    def test_keys_rotate_without_refusing_anybody(self) -> None:
        old, new, next_one = random_secret(), random_secret(), random_secret()
        salt = random_secret()
        secrets = [{"POW_SECRET_KEY": old}, {"POW_SECRET_KEY": new, "POW_SECRET_KEY_PREVIOUS": old},
                   {"POW_SECRET_KEY": next_one, "POW_SECRET_KEY_PREVIOUS": new}]
        pools = [self.pool(f"key{n}", SERVER_SALT=salt, **keys) for n, keys in enumerate(secrets)]
        proof = self.poster(pools[0]).proof()
        self.assertEqual(self.poster(pools[1]).post("signed with the old key", proof).status, 201)
        self.assertEqual(self.poster(pools[1]).post("signed with the old key", proof).status, 200)
        self.refused(self.poster(pools[2]).post("too old", self.poster(pools[0]).proof()), 403, "POW_INVALID")
        self.assertEqual(self.poster(pools[1]).post("new").status, 201)
        cursor = pools[0].request("/api/listings/search?limit=1").json()["next_cursor"]
        self.assertEqual(pools[1].request(f"/api/listings/search?limit=1&cursor={cursor}").status, 200)
        self.assertEqual(pools[2].request(f"/api/listings/search?limit=1&cursor={cursor}").status, 400)

    def test_b14_short_or_missing_key_refuses_to_start(self) -> None:
        for key in ("", "c2hvcnQ=", base64.b64encode(bytes(31)).decode(), "not base64!"):
            pool = self.pool_that_fails(POW_SECRET_KEY=key, SERVER_SALT=random_secret())
            self.assertEqual(pool.process.wait(), 78)
            self.assertIn("POW_SECRET_KEY", pool.log())
            self.assertNotIn("c2hvcnQ", pool.log())

    def pool_that_fails(self, **settings: str):
        pool = Pool(initialsdb(), self.cluster, settings, "failing")
        pool.start(ready=False)
        return pool

    def test_b16_with_proofs_off_posting_needs_none(self) -> None:
        pool = self.pool(POW_ENABLE="false")
        puzzle = pool.request("/pow/challenge").json()
        self.assertEqual([puzzle["difficulty"], puzzle["rounds"]], [0, 0])
        self.assertEqual(self.poster(pool).post("free", {}).status, 201)
        self.assertEqual(self.poster(pool).post("free", {}).status, 201)

    def test_junk_proofs_reach_neither_postgres_nor_memory(self) -> None:
        pool = self.pool(WORKERS="1", READ_RATE_MAX_REQUESTS="100000")
        poster = self.poster(pool)
        good = poster.proof()
        token = good["X-PoW-Token"]

        def junk(number: int) -> dict[str, str]:
            forged = token[:-1] + "AB"[token[-1] == "A"] if number % 2 else "A" * (number % 200)
            return good | ({"X-PoW-Token": forged} if number % 3 else {"X-PoW-Nonce": "x" * (number % 3000)})

        def blast(count: int) -> None:
            for number in range(count):
                answer = poster.post("junk", junk(number))
                self.assertEqual(answer.status, 403)

        blast(500)
        before, size = self.statements(), self.worker_rss(pool)
        blast(3000)
        # The janitor works every second, whatever comes, for as long as 3000 posts take.
        self.assertLess(self.statements() - before, 1500)
        self.assertLess(self.worker_rss(pool) - size, 128 * 1024)
        self.assertEqual(self.sql("select (select count(*) from board.spent), (select count(*) from board.rate_limit)"), "0|0")

    def worker_rss(self, pool) -> int:
        master = pool.process.child.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        status = [Path(f"/proc/{child}/status").read_text() for child in children]
        return sum(int(re.search(r"RssAnon:\s+(\d+)", text)[1]) * 1024 for text in status)


class Price(QuietCase):
    """Adaptive difficulty: known to every pool within a second, paid by who floods."""

    ADAPTIVE = {"POW_ADAPTIVE": "true", "POW_DIFFICULTY": "2", "POW_ROUNDS": "4", "POW_MAX_DIFFICULTY": "5",
                "POW_MAX_ROUNDS": "8", "POW_NETWORK_POSTS": "2", "IP_RATE_ENABLE": "false"}

    def work(self, poster: Poster) -> int:
        puzzle = poster.puzzle()
        return puzzle["rounds"] * 2 ** puzzle["difficulty"]

    def test_price_rises_for_who_floods_and_stays_for_others(self) -> None:
        pool = self.pool("one", **self.ADAPTIVE)
        other_pool = self.pool("two", like=pool, **self.ADAPTIVE)
        flooder, bystander = self.poster(pool, "192.0.2.1"), self.poster(pool, "192.0.2.2")
        self.assertEqual(self.work(flooder), 16)
        for number in range(12):  # it falls again with the minutes
            self.assertEqual(flooder.post(f"flood {number}").status, 201)
        wait_until(lambda: self.work(flooder) >= 40, "a higher price", 20)
        wait_until(lambda: self.work(self.poster(other_pool, "192.0.2.1")) >= 40, "a higher price elsewhere", 20)
        self.assertEqual(self.work(bystander), 16)
        self.assertEqual(flooder.post("paid").status, 201)

    def test_price_has_a_ceiling(self) -> None:
        pool = self.pool("one", **self.ADAPTIVE)
        flooder = self.poster(pool)
        for number in range(60):
            self.assertEqual(flooder.post(f"flood {number}").status, 201)
        wait_until(lambda: self.work(flooder) == 8 * 2**5, "the highest price", 20)
        puzzle = flooder.puzzle()
        self.assertEqual([puzzle["difficulty"], puzzle["rounds"]], [5, 8])

    def test_reload_counts_no_post_twice(self) -> None:
        def rounds() -> tuple[str, int]:
            pid, _, number = re.search(r"^janitor +(\d+) (\w+) +(\d+)", pool.command("status"), re.MULTILINE).groups()
            return pid, int(number)

        pool = self.pool("one", **self.ADAPTIVE | {"POW_MAX_DIFFICULTY": "12"})
        flooder = self.poster(pool)
        for number in range(8):
            self.assertEqual(flooder.post(f"flood {number}").status, 201)
        first, already = rounds()
        wait_until(lambda: rounds()[1] > already + 2, "the janitor to learn of all")
        before = self.work(flooder)
        pool.process.send_signal(signal.SIGHUP)
        wait_until(lambda: rounds()[0] != first and rounds()[1] > 2, "another janitor to learn")
        self.assertLess(16, before)
        self.assertLessEqual(self.work(flooder), before)

    def test_fixed_price_stays(self) -> None:
        pool = self.pool("one", **self.ADAPTIVE | {"POW_ADAPTIVE": "false"})
        flooder = self.poster(pool)
        for number in range(20):
            flooder.post(f"flood {number}")
        time.sleep(2)
        self.assertEqual(self.work(flooder), 16)

    def test_challenges_do_not_ask_the_database(self) -> None:
        pool = self.pool("one", **self.ADAPTIVE, WORKERS="1")
        pool.request("/pow/challenge")  # learns the keys of the day
        before = self.statements()
        for _ in range(500):
            self.assertEqual(pool.request("/pow/challenge").status, 200)
        self.assertLess(self.statements() - before, 250, "what the janitor does every second")


if __name__ == "__main__":
    require("psql")
    main()
