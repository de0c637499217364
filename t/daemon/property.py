# SPDX-License-Identifier: MIT
"""Whatever a client sends, the pool's answer is one that static/openapi.json describes: never a 500, never
a worker lost. Random requests from one seed; COUNT= and SEED= in the environment."""

import os
import random
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from case import PoolCase
from openapi import Document
from random_requests import ADDRESSES, ODD_TEXTS, Generator, Request, seed

COUNT = int(os.environ.get("COUNT") or 3000)
TOO_BAD = {500, 502, 503, 504}
# Variables that only the web server sets, and lies about them that the program must survive.
LIES = {
    "CONTENT_LENGTH": ("", "-1", "0", "7", "4097", "99999999999999999999", "x"),
    "REMOTE_ADDR": (*ADDRESSES, "", "@", "unknown", "1.2.3.4:5", "1.2.3.4, 5.6.7.8"),
    "CLIENT_IP": (*ADDRESSES, "", "x"),
    "FORWARDED_FOR": ("198.51.100.7", "unknown", ",", "10.0.0.1, 10.0.0.2"),
    "REQUEST_START_MS": ("", "0", "1", "x", "9223372036854775807", "99999999999999999999"),
    "HTTP_HOST": ("", "other", "localhost:8080"),
    "HTTP_USER_AGENT": ("", "x" * 4000, "a\nb"),
}


class Property(PoolCase):
    def setUp(self) -> None:
        super().setUp()
        self.rng = random.Random(seed())
        self.document = Document()
        self.tally: dict[int, int] = {}

    def variables(self) -> dict[str, str]:
        """A few lies; mostly none."""
        names = self.rng.sample(sorted(LIES), self.rng.choice((0, 0, 0, 1, 2)))
        return {name: self.rng.choice(LIES[name]) for name in names}

    def send(self, pool: Any, request: Request, variables: dict[str, str]) -> Any:
        headers = {name: value.replace("\0", "") for name, value in request.headers.items()}
        path = request.decoded_path.replace("\0", "")
        return pool.request(
            request.uri, request.method, body=request.body, headers=headers, **{"PATH_INFO": path} | variables
        )

    def check(self, number: int, request: Request, variables: dict[str, str], answer: Any) -> None:
        path = request.decoded_path.replace("\0", "")
        faults = list(self.document.response_faults(request.method, path, answer))
        if answer.status in TOO_BAD or faults:
            self.fail(f"request {number}: {request}\n{variables}\n{faults}\n{answer.stdout!r:.600}")
        self.tally[answer.status] = self.tally.get(answer.status, 0) + 1

    def test_every_answer_is_one_that_is_described(self) -> None:
        pool = self.pool(POST_RATE_MAX_REQUESTS="400", READ_RATE_MAX_REQUESTS="2000", POST_MAX_LINKS="2")
        generator = Generator(self.rng, self.document, self.poster(pool).proof)
        for text in ODD_TEXTS:
            self.poster(pool, "203.0.113.9").post(text)
        for number in range(COUNT):
            request, variables = generator.request(), self.variables()
            answer = self.send(pool, request, variables)
            self.check(number, request, variables, answer)
            generator.learn(request, answer)
        print(f"answers: {dict(sorted(self.tally.items()))}")
        self.assertLessEqual({200, 201, 204, 400, 403, 404, 405, 409}, set(self.tally))
        self.nothing_broke(pool)

    def nothing_broke(self, pool: Any) -> None:
        """The log tells of no worker that died and of no statement that failed."""
        lines = [line for line in pool.log().splitlines() if "level=error" in line or "event=child_died" in line]
        self.assertEqual([], lines)
        self.assertEqual("ok", pool.request("/api/healthz").json()["status"])


if __name__ == "__main__":
    testing.require("psql", "setpriv")
    testing.main()
