# SPDX-License-Identifier: MIT
"""One proof pays for one message, whatever breaks in between; the retry says which."""

import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from case import PoolCase

import fastcgi
from poster import solve
from testing import main, require

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "2400"))
POSTERS = 8
FREE = {"IP_RATE_ENABLE": "false", "POW_TTL_SECONDS": "600"}


class Once(PoolCase):
    def count(self) -> int:
        return int(self.sql("select count(*) from board.message"))

    def test_b12_64_clients_with_one_token_yield_one_message(self) -> None:
        settings = {"WORKERS": "8", "POST_RATE_WINDOW_MS": "36000000"}
        one = self.pool("one", **settings)
        two = self.pool("two", like=one, **settings)
        posters = [self.poster(one), self.poster(two)]
        proof = posters[0].proof()
        answers = self.at_once(64, lambda number: posters[number % 2].post("once", proof))
        self.assertEqual(Counter(a.status for a in answers), {201: 1, 200: 63})
        self.assertEqual(len({a.body for a in answers}), 1)
        self.assertEqual(len({a.headers["Location"] for a in answers}), 1)
        self.assertEqual({a.headers["Idempotent-Replayed"] for a in answers if a.status == 200}, {"true"})
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.poster(one).post("next").headers["RateLimit"].split(";")[1], "r=13", "one charge for 64")

    def test_b12_token_that_paid_buys_no_other_text(self) -> None:
        poster = self.poster(self.pool())
        proof = poster.proof()
        self.assertEqual(poster.post("first", proof).status, 201)
        self.refused(poster.post("second", proof), 409, "POW_SPENT")
        self.assertEqual(poster.post("first", proof).status, 200)
        self.assertEqual(self.count(), 1)

    def test_b12_another_nonce_of_the_same_puzzle_is_not_another_proof(self) -> None:
        poster = self.poster(self.pool())
        puzzle = poster.puzzle()
        self.assertEqual(poster.post("first", solve(puzzle)).status, 201)
        self.refused(poster.post("second", solve(puzzle, start=1000)), 409, "POW_SPENT")

    def test_b17_refused_post_keeps_the_proof(self) -> None:
        poster = self.poster(self.pool(POST_RATE_MAX_REQUESTS="1", POST_RATE_WINDOW_MS="36000000"))
        proof = poster.proof()
        self.refused(poster.post_raw(b"{", proof), 400, "INVALID_JSON")
        self.refused(poster.post("x" * 256, proof), 400, "INVALID_INPUT")
        self.assertEqual(poster.post("fills the budget").status, 201)
        self.refused(poster.post("kept", proof), 429, "RATE_LIMITED")
        self.sql("truncate board.rate_limit")
        self.assertEqual(poster.post("kept", proof).status, 201)

    def test_b27_retry_after_a_lost_answer_says_which_message_it_was(self) -> None:
        pool = self.pool(**FREE)
        poster = self.poster(pool)
        for number in range(30):
            proof, body = poster.proof(), json.dumps({"text": f"lost {number}"}).encode()
            with fastcgi.Connection(pool.socket) as connection:
                headers = {"Content-Type": "application/json", **proof}
                connection.begin(fastcgi.cgi_params("/api/listings/create", "POST", headers, len(body)))
                connection.send(body)
                connection.end()
                time.sleep(random.uniform(0, 0.01))  # hang up before, in or after the commit
            answer = poster.post_raw(body, proof)
            self.assertIn(answer.status, (200, 201))
            self.assertEqual(self.sql(f"select id from board.message where body = 'lost {number}'"), str(answer.json()["id"]))

    def test_chaos_every_post_ends_as_exactly_one_message(self) -> None:
        pools = [self.pool("one", **FREE)]
        pools.append(self.pool("two", like=pools[0], **FREE))
        self.over = threading.Event()
        results: dict[str, int] = {}
        killer = threading.Thread(target=self.kill_children, args=(pools, results))
        killer.start()
        posters = [threading.Thread(target=self.post_stubbornly, args=(pools, n, results)) for n in range(POSTERS)]
        for poster in posters:
            poster.start()
        crashes = 0
        while any(poster.is_alive() for poster in posters):
            time.sleep(0.8)
            if crashes < 2 + ROUNDS // 600:
                self.crash_postgres()
                crashes += 1
        self.over.set()
        killer.join()
        stored = dict(line.split("|") for line in self.sql("select body, id from board.message").splitlines())
        self.assertEqual(len(results), ROUNDS // POSTERS * POSTERS)
        self.assertEqual({text: str(number) for text, number in results.items()}, stored)
        self.assertEqual(self.sql("select count(*) from board.message"), str(len(results)))
        self.assertEqual(self.sql("select count(*) from board.spent"), str(len(results)))
        self.assertEqual(json.loads(pools[0].request("/api/listings/count").body)["count"], len(results))
        print(f"# {len(results)} posts, {self.killed} children killed, Postgres killed {crashes} times, "
              f"{self.tries} tries", file=sys.stderr)

    tries = 0
    killed = 0

    def post_stubbornly(self, pools, number: int, results: dict[str, int]) -> None:
        """Posts this poster's share; whatever happens, sends the same again until there is an answer."""
        for turn in range(ROUNDS // POSTERS):
            text = f"chaos {number}.{turn}"
            proof = None
            while text not in results:
                self.tries += 1
                poster = self.poster(random.choice(pools), f"192.0.2.{number}")
                with contextlib.suppress(OSError, KeyError):
                    proof = proof or poster.proof()
                    answer = poster.post(text, proof)
                    self.assertIn(answer.status, (200, 201, 503), answer.body)
                    if answer.status != 503:
                        results[text] = answer.json()["id"]

    def kill_children(self, pools, results: dict[str, int]) -> None:
        """One now and then, by what was done meanwhile: by the clock a slow machine would get nowhere."""
        due = 0
        while not self.over.wait(0.01):
            if len(results) < due:
                continue
            due = len(results) + random.randrange(1, 60)
            master = random.choice(pools).process.child.pid
            children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
            if children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(random.choice(children)), signal.SIGKILL)
                    self.killed += 1

    def crash_postgres(self) -> None:
        self.cluster.crash()
        self.cluster.start_again()


if __name__ == "__main__":
    require("psql")
    main()
