# SPDX-License-Identifier: MIT
"""Reload, restart, hand-over and upgrade under a steady stream: no error, nothing lost, nothing twice."""

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from case import EASY, PoolCase

sys.path.append(str(Path(__file__).resolve().parents[1] / "sql"))

import inside
import testing
from caddy import PROGRAM, Caddy
from careful import CarefulPosters
from database import Session
from pool import Pool
from stream import Stream
from testing import BUILD, initialsdb, wait_until
from visitor import Visitor

COUNT, SEARCH = "/api/listings/count", "/api/listings/search?q=message"
NEXT = BUILD / "t" / "next" / "initialsdb-next"


class Upgrading(PoolCase):
    """The steps, and what must hold while they are done."""

    def setUp(self) -> None:
        super().setUp()
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        path = self.cluster.run_dir / "handed.sock"
        path.unlink(missing_ok=True)
        self.listener.bind(str(path))
        self.listener.listen(4096)
        self.file = self.cluster.state / "board.conf"
        self.file.write_text("LOG_LEVEL=info\n")
        self.current = self.successor(initialsdb(), "first")
        self.current.start()

    def successor(self, binary: Path, name: str, like: Pool | None = None) -> Pool:
        """A pool on the socket that systemd would hand over; not started yet."""
        settings = EASY | {"WORKERS": "3", "IP_RATE_ENABLE": "false", "CONFIG_FILE": str(self.file)}
        pool = Pool(binary, self.cluster, settings, name, listener=self.listener)
        if like:
            pool.secrets = like.secrets
        self.addCleanup(pool.stop)
        return pool

    def ask(self, number: int) -> int:
        """A read whose waiting counts, as behind a web server."""
        began = str(int(time.time() * 1000))
        return self.current.request((COUNT, SEARCH)[number % 2], REQUEST_START_MS=began).status

    def poster_of(self, number: int) -> Any:
        """The client who posts that message."""
        return self.poster(self.current, f"10.7.{number // 250 % 250}.{number % 250 + 1}")

    def under_a_stream(self, *steps: object) -> None:
        """Does the steps while clients read and post; then everything must have gone well at once."""
        with CarefulPosters(self.poster_of) as posters, Stream(self.ask) as reads:
            for step in steps:
                seen = reads.count, len(posters.acknowledged)
                wait_until(lambda s=seen: reads.count > s[0] + 50 and len(posters.acknowledged) > s[1] + 10, "traffic")
                step()
            seen = reads.count
            wait_until(lambda: reads.count > seen + 50, "traffic")
        print(f"# reads {dict(reads.outcomes)}, slowest {reads.slowest:.2f} s; posts {dict(posters.outcomes)}")
        self.assertEqual({200}, set(reads.outcomes))
        self.assertEqual({"acknowledged"}, set(posters.outcomes), "each at the first attempt")
        rows = self.sql("select body, count(*), min(id) from board.message group by body").splitlines()
        stored = {row.split("|")[0]: row.split("|")[1:] for row in rows}
        self.assertEqual({text: ["1", str(i)] for text, i in posters.acknowledged.items()}, stored)

    # ---- steps

    def reload(self) -> None:
        before = len(inside.events(self.current, "reloaded"))
        self.current.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(inside.events(self.current, "reloaded")) > before, "the reload")

    def restart(self) -> None:
        self.assertEqual(self.current.stop(), 0)
        self.current.start()

    def hand_over(self, binary: Path | None = None) -> None:
        """The next master starts before the one before it is told to end."""
        old = self.current
        new = self.successor(binary or initialsdb(), f"after-{old.name}", old)
        new.start()
        self.current = new
        self.assertEqual(old.stop(), 0)

    def migrate(self) -> None:
        self.successor(NEXT, "migrator").command("migrate")

    def upgrade(self, *more: object) -> None:
        """A new release with a migration, and what else there is to do, under a stream."""
        if not os.access(NEXT, os.X_OK):
            self.skipTest("t/next/initialsdb-next is not built (run make check)")
        before = self.sql("select number from board.schema_version")
        self.under_a_stream(self.migrate, lambda: self.hand_over(NEXT), *more)
        after = self.sql("select number from board.schema_version")
        self.assertLess(int(before), int(after))
        self.assertEqual(self.current.request("/api/readyz").status, 200)
        self.sql(f"delete from board.migration where number = {after}")
        self.sql(f"update board.schema_version set number = {before}; alter table board.message drop column flavour")


class Upgrade(Upgrading):
    def test_reload(self) -> None:
        self.under_a_stream(self.reload, self.reload, self.reload)

    def test_restart(self) -> None:
        self.under_a_stream(self.restart, self.restart, self.restart)

    def test_hand_over_between_two_masters(self) -> None:
        self.under_a_stream(self.hand_over, self.hand_over, self.hand_over)

    def test_upgrade_with_a_migration(self) -> None:
        self.upgrade(self.reload)

    def test_restart_while_a_slow_request_is_under_way_refuses_nobody(self) -> None:
        stranger = Session(self.cluster.url("initialsdb"))
        self.addCleanup(stranger.close)
        stranger.run("begin; lock table board.message_total")
        with Stream(self.ask, threads=6) as reads:
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%count%'"
            wait_until(lambda: self.sql(waiting) != "0", "somebody to wait")
            self.current.process.send_signal(signal.SIGTERM)
            time.sleep(1.2)
            stranger.run("rollback")
            self.assertEqual(self.current.process.wait(), 0)
            self.current.start()
            seen = reads.count
            wait_until(lambda: reads.count > seen + 20, "traffic")
        self.assertEqual({200}, set(reads.outcomes))


class ThroughCaddy(Upgrading):
    def setUp(self) -> None:
        super().setUp()
        self.caddy = Caddy(self.current)
        self.addCleanup(self.caddy.stop)
        self.caddy.start()

    def ask(self, number: int) -> int:
        return Visitor(self.caddy.port, "127.8.0.1").get((COUNT, SEARCH)[number % 2]).status

    def poster_of(self, number: int) -> Any:
        return Visitor(self.caddy.port, f"127.7.{number // 250 % 250}.{number % 250 + 1}")

    def test_reload_and_restart(self) -> None:
        self.under_a_stream(self.reload, self.restart, self.reload, self.restart)

    def test_upgrade_with_a_migration(self) -> None:
        self.upgrade(self.reload, lambda: self.hand_over(NEXT))


if __name__ == "__main__":
    testing.require("setpriv", "psql", PROGRAM)
    testing.main()
