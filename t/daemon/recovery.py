# SPDX-License-Identifier: MIT
"""Point-in-time recovery as README has it: the board of any moment comes back, and goes on."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from case import EASY
from pool import Pool
from poster import Poster
from process import run
from stack import Cluster, Scratch
from testing import initialsdb


def setting(name: str) -> str:
    """What README says that `name` should be."""
    return re.search(rf"\b{name} = '?([^'\"]+)", (testing.SOURCE / "README.md").read_text())[1]


def poster(pool: Pool) -> Poster:
    return Poster(lambda method, path, body, headers: pool.request(path, method, body=body, headers=headers, remote_addr="192.0.2.1"))


class Recovery(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        scratch = Scratch()
        cls.addClassCleanup(scratch.remove)
        cls.path, cls.archive = scratch.path, scratch.path / "archive"
        cls.archive.mkdir()
        command = setting("archive_command").replace("/var/lib/postgresql/archive", str(cls.archive))
        cls.cluster = Cluster(scratch.path / "first", durable=False, archive_mode=setting("archive_mode"), archive_command=command)
        cls.cluster.runner.own(cls.archive)
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)

    def copy_of_the_files(self) -> Cluster:
        """The base backup, as a cluster that has not been started."""
        copy = Cluster(self.path / "second", durable=False)
        copy.runner.own(copy.data)
        argv = [str(self.cluster.programs / "pg_basebackup"), "-c", "fast", "-D", str(copy.data), "-d", self.cluster.url()]
        run(argv, become=copy.runner.setpriv(copy.data))
        return copy

    def recover(self, copy: Cluster, moment: str) -> None:
        run(["touch", str(copy.data / "recovery.signal")], become=copy.runner.setpriv(copy.data))
        copy.settings = {
            "restore_command": setting("restore_command").replace("/var/lib/postgresql/archive", str(self.archive)),
            "recovery_target_time": moment,
            "recovery_target_action": setting("recovery_target_action"),
        }
        copy.start()
        self.addCleanup(copy.stop)
        testing.wait_until(lambda: copy.psql("select pg_is_in_recovery()", "postgres") == "f", "the end of the recovery")

    def test_board_of_a_moment_comes_back_whole_and_goes_on(self) -> None:
        with Pool(initialsdb(), self.cluster, EASY) as pool:
            visitor = poster(pool)
            kept = visitor.proof()
            self.assertEqual(201, visitor.post("before the copy").status)
            copy = self.copy_of_the_files()
            self.assertEqual(201, visitor.post("before the mistake", kept).status)
            moment = self.cluster.psql("select clock_timestamp()")
            self.cluster.psql("delete from board.message")
            self.assertEqual(201, visitor.post("after the mistake").status)
        self.cluster.stop()  # sends the last of its log to the archive
        self.recover(copy, moment)
        with Pool(initialsdb(), copy, EASY | pool.secrets) as again:
            found = again.request("/api/listings/search").json()["items"]
            self.assertEqual(["before the mistake", "before the copy"], [item["body"] for item in found])
            self.assertEqual({"count": 2}, again.request("/api/listings/count").json())
            visitor = poster(again)
            replayed = visitor.post("before the mistake", kept)
            self.assertEqual((200, found[0]["id"]), (replayed.status, replayed.json()["id"]))
            self.assertEqual(201, visitor.post("goes on").status)


if __name__ == "__main__":
    testing.main()
