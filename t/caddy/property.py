# SPDX-License-Identifier: MIT
"""Whatever a client sends, what comes out of Caddy is described in static/openapi.json: never a 500 or 502.

Random requests from one seed; COUNT= and SEED= in the environment."""

import os
import random
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from case import BoardCase, main
from openapi import Document
from random_requests import Generator, Request, seed
from web import Answer

COUNT = int(os.environ.get("COUNT") or 2000)
TOO_BAD = {500, 502, 503, 504}
# Caddy cleans or refuses these before it decides whose the path is; t/caddy/gateway.py knows what comes of them.
UNCLEAN = re.compile(r"//|/\.|%(?![0-9A-Fa-f]{2})|\x00")


def is_ours(request: Request) -> bool:
    """Whether the request reaches the program as it is. Caddy turns the method "get" into POST."""
    path = request.decoded_path
    return request.method.isupper() and bool(re.match(r"/(api|pow)(/|$)", path)) and not UNCLEAN.search(path) and not UNCLEAN.search(request.path)


def sendable(request: Request) -> dict[str, str]:
    """Headers that HTTP can carry: Go refuses the others before Caddy sees them."""
    return {name: re.sub(r"[^\x20-\x7e]", "?", value).strip() for name, value in request.headers.items()}


class Property(BoardCase):
    env = {"POST_RATE_MAX_REQUESTS": "40", "READ_RATE_MAX_REQUESTS": "150", "POST_MAX_LINKS": "2"}
    env = env | {"POST_RATE_WINDOW_MS": "3600000", "READ_RATE_WINDOW_MS": "3600000"}

    def send(self, request: Request) -> Answer:
        return self.visitor.request(request.method, request.uri, request.body or None, sendable(request))

    def test_every_answer_is_one_that_is_described(self) -> None:
        document, tally = Document(), {}
        visitors = [self.newcomer() for _ in range(2)]
        generator = Generator(random.Random(seed()), document, lambda: self.visitor.proof())
        for number in range(COUNT):
            self.visitor = visitors[number * len(visitors) // COUNT]
            request = generator.request()
            if not is_ours(request):
                continue
            answer = self.send(request)
            faults = list(document.response_faults(request.method, request.decoded_path, answer))
            if answer.status in TOO_BAD or faults:
                self.fail(f"request {number}: {request}\n{faults}\n{answer.status} {answer.headers}\n{answer.body!r:.600}")
            tally[answer.status] = tally.get(answer.status, 0) + 1
            generator.learn(request, answer)
        print(f"answers: {dict(sorted(tally.items()))}")
        self.assertLessEqual({200, 201, 204, 400, 403, 404, 405, 429}, set(tally))


if __name__ == "__main__":
    main()
