# SPDX-License-Identifier: MIT
"""A test case with a private Postgres, made once a class, and pools on it."""

import sys
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from pool import PATIENT, Pool
from poster import Poster
from stack import Cluster, Scratch
from standby import standby_of
from testing import initialsdb

EASY = PATIENT | {"POW_DIFFICULTY": "1", "POW_ROUNDS": "2", "POW_ADAPTIVE": "false"}


class PoolCase(unittest.TestCase):
    """Each class has a cluster with the schema in place; each test starts the pools it needs."""

    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.cluster = Cluster(directory.path, durable=False)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        Pool(initialsdb(), cls.cluster).prepare()

    @classmethod
    def start_standby(cls) -> Cluster:
        """A streaming standby of the class's cluster, which ends with the class."""
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        standby = standby_of(cls.cluster, directory.path)
        cls.addClassCleanup(standby.stop)
        return standby

    def setUp(self) -> None:
        testing.clear_of_midnight()
        self.sql(
            "truncate board.spent, board.rate_limit, board.recent_text, board.network_key, board.message,"
            " board.hidden, board.message_change; update board.message_total set total = 0"
        )

    def sql(self, statement: str) -> str:
        """Runs SQL as the superuser."""
        return self.cluster.psql(statement)

    def pool(self, name: str = "pool", like: Pool | None = None, **settings: str) -> Pool:
        """A running pool, stopped at the test's end; with the secrets of another if given."""
        pool = Pool(initialsdb(), self.cluster, EASY | {"WORKERS": "4"} | settings, name)
        if like:
            pool.secrets = like.secrets
        pool.start()
        self.addCleanup(pool.stop)
        return pool

    def poster(self, pool: Pool, remote_addr: str = "192.0.2.1", **variables: str) -> Poster:
        def ask(method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
            return pool.request(path, method, body=body, headers=headers, remote_addr=remote_addr, **variables)

        return Poster(ask)

    def at_once(self, number: int, action: Callable[[int], Any]) -> list[Any]:
        """Calls action(0) .. action(number - 1) in as many threads."""
        with ThreadPoolExecutor(number) as threads:
            return list(threads.map(action, range(number)))

    def refused(self, answer: Any, status: int, code: str) -> dict[str, Any]:
        """Asserts a problem with this code and returns its `error` member."""
        self.assertEqual((answer.status, answer.json()["error"]["code"]), (status, code))
        return answer.json()["error"]
