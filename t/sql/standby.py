# SPDX-License-Identifier: MIT
"""A streaming standby serves what can be read, uncharged, and says READ_ONLY to a post."""

from case import DatabaseCase
from database import Cluster, Database, Tier, call, post, Scratch
from process import run
from testing import main, require, wait_until

POOR = Tier(bytes(16), 3600 * 1_000_000, 1)


class Standby(DatabaseCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        cls.copy = Cluster(directory.path, durable=False, max_connections="120")
        cls.copy.runner.own(cls.copy.data)
        argv = [str(cls.cluster.programs / "pg_basebackup"), "-R", "-c", "fast", "-X", "stream"]
        argv += ["-D", str(cls.copy.data), "-d", cls.cluster.url()]
        run(argv, become=cls.copy.runner.setpriv(cls.copy.data))
        cls.copy.start()
        cls.addClassCleanup(cls.copy.stop)
        cls.standby = Database(cls.copy)
        cls.addClassCleanup(cls.standby.close)
        cls.reader = cls.standby.session()

    def setUp(self) -> None:
        super().setUp()
        for n in range(3):
            self.app.run(post(f"message {n}", b"token %d" % n))
        self.catch_up()

    def catch_up(self) -> None:
        there = self.db.sql("select pg_current_wal_flush_lsn()")
        wait_until(lambda: self.standby.sql(f"select pg_last_wal_replay_lsn() >= '{there}'") == "t", "replay")

    def ask(self, function: str, *arguments, charged=(POOR,)):
        return self.reader.call(call(function, *arguments, charged=charged))

    def test_ready_says_that_it_is_no_primary(self) -> None:
        self.assertIs(self.ask("ready", charged=None).json["primary"], False)
        self.assertIs(self.call("ready", charged=None).json["primary"], True)

    def test_reads_are_served_and_not_charged(self) -> None:
        for _ in range(3):
            page = self.ask("search_listings", None, 2, None, None, True)
            self.assertEqual((page.status, len(page.json), page.quota_remaining), (200, 2, None))
        self.assertEqual(len(self.ask("search_listings", "message", 5, None, None, True).json), 3)
        self.assertEqual(self.ask("count_listings").json, {"count": 3})
        newest = page.json[0]["id"]
        self.assertEqual(self.ask("get_listing", newest).status, 200)
        self.db.sql(f"select board.hide(array[{newest}])")
        self.catch_up()
        self.assertEqual(self.ask("get_listing", newest).status, 410)

    def test_post_is_refused_as_read_only(self) -> None:
        answer = self.reader.call(post("no", b"token", [POOR]))
        self.assertEqual((answer.status, answer.code), (503, "READ_ONLY"))
        self.assertGreater(answer.retry_after_ms, 0)

    def test_janitor_stands_aside(self) -> None:
        self.assertEqual(self.ask("janitor", charged=None).json, {"elected": False})

    def test_primary_under_maintenance_behaves_alike(self) -> None:
        session = self.db.session()
        session.run("set default_transaction_read_only = on")
        self.assertEqual(session.call(post("no", b"token", [POOR])).code, "READ_ONLY")
        self.assertEqual(session.call(call("count_listings", charged=[POOR])).json, {"count": 3})


if __name__ == "__main__":
    require("psql", "setpriv")
    main()
