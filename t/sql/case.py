# SPDX-License-Identifier: MIT
"""A test case with a board's database of its own, made once a class."""

import unittest

from database import Answer, Cluster, Database, Session, answer, call, Scratch


class DatabaseCase(unittest.TestCase):
    settings = {"max_connections": "120"}

    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.cluster = Cluster(directory.path, durable=False, **cls.settings)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.db = Database(cls.cluster)
        cls.addClassCleanup(cls.db.close)
        cls.db.install()
        cls.app = cls.db.session()

    def setUp(self) -> None:
        self.db.sql(
            "truncate board.spent, board.rate_limit, board.message, board.hidden, board.message_change,"
            " board.import, board.vocabulary, board.density restart identity;"
            "update board.message_total set total = 0;"
            "update board.message_state set settled = 0, counted = 0, awaited = 0, awaited_from = '{}'"
        )

    def call(self, function: str, *arguments, **options) -> Answer:
        return self.app.call(call(function, *arguments, **options))

    def sessions(self, number: int) -> list[Session]:
        """As many sessions of the application role, opened once and kept."""
        while len(self.db.sessions) < number + 1:
            self.db.session()
        return self.db.sessions[1 : number + 1]

    def race(self, *statements: str) -> list[Answer]:
        """All the statements at once, each in its own session."""
        return [answer(line) for line in self.db.race(self.sessions(len(statements)), list(statements))]
