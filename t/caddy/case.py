# SPDX-License-Identifier: MIT
"""A test case with a board of its own behind a real Caddy, made once a class."""

import itertools
import sys
import unittest
from pathlib import Path
from typing import Mapping

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from pool import PATIENT
from stack import Board, Branch
from visitor import Visitor
from web import Answer

# Proofs that cost nothing to solve, budgets that do not get in the way.
EASY = PATIENT | {
    "WORKERS": "4",
    "POW_DIFFICULTY": "4",
    "POW_ROUNDS": "2",
    "POW_ADAPTIVE": "false",
    "READ_RATE_MAX_REQUESTS": "100000",
    "POST_RATE_MAX_REQUESTS": "100000",
}


class BoardCase(unittest.TestCase):
    env: Mapping[str, str] = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        cls.board = Board(env=EASY | dict(cls.env))
        cls.addClassCleanup(cls.board.stop)
        cls.board.start()
        cls.addresses = (f"127.0.{i}.{j}" for i, j in itertools.product(range(1, 255), range(1, 255)))
        cls.visitor = cls.newcomer()

    @classmethod
    def newcomer(cls, branch: Board | Branch | None = None, agent: str = "test") -> Visitor:
        """A visitor from a network that has not been seen before."""
        return Visitor((branch or cls.board).caddy.port, next(cls.addresses), agent)

    def setUp(self) -> None:
        testing.clear_of_midnight()

    def branch(self, name: str, **env: str) -> Branch:
        """Another pool on this board's database, for the time of one test."""
        branch = self.board.branch(name, env)
        self.addCleanup(branch.stop)
        return branch

    def sql(self, statement: str) -> str:
        return self.board.cluster.psql(statement)

    def refused(self, answer: Answer, status: int, code: str, field: str | None = None) -> dict:
        """Asserts a refusal in the form of api.md and returns its body."""
        self.assertEqual((answer.status, answer.code), (status, code), answer.body)
        body = answer.json()
        self.assertEqual((body["status"], body["detail"]), (status, body["error"]["message"]))
        self.assertTrue(body["title"])
        self.assertEqual(body["error"].get("field"), field)
        self.assertEqual("retry_after" in body["error"], answer.headers["Retry-After"] is not None)
        self.common_headers(answer)
        return body

    def common_headers(self, answer: Answer) -> None:
        """What every response of the API carries."""
        self.assertTrue(answer.headers["X-Request-Id"])
        may_be_kept = answer.headers["ETag"] is not None
        self.assertEqual(answer.headers["Cache-Control"], "no-cache" if may_be_kept else "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertIsNotNone(answer.headers["Content-Length"])
        self.assertIsNone(answer.headers["Status"])

    def posted(self, answer: Answer, status: int = 201) -> int:
        """Asserts that the post was taken and returns the message's number."""
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()["id"]


def main() -> None:
    testing.require("caddy", "psql", "setpriv")
    testing.main()
