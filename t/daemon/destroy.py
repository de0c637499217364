# SPDX-License-Identifier: MIT
"""make destroy asks before it wipes, and never wipes under a board that runs (B71)."""

import fcntl
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from stack import Scratch


class Destroy(unittest.TestCase):
    def setUp(self) -> None:
        scratch = Scratch()
        self.addCleanup(scratch.remove)
        self.state = scratch.path / "var"
        (self.state / "postgres").mkdir(parents=True)
        (self.state / "lock").touch()

    def destroy(self, **env: str) -> subprocess.CompletedProcess[str]:
        argv = ["sh", str(testing.SOURCE / "t" / "destroy")]
        settings = {"PATH": os.environ["PATH"], "STATE": str(self.state), "top_builddir": "/nowhere"} | env
        return subprocess.run(argv, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def test_b71_without_an_answer_nothing_is_removed(self) -> None:
        for env in ({}, {"YES": "1"}):
            done = self.destroy(**env)
            self.assertEqual((1, "nothing is removed\n"), (done.returncode, done.stdout))
        self.assertTrue((self.state / "postgres").is_dir())

    def test_with_the_answer_all_is_removed(self) -> None:
        self.assertEqual(0, self.destroy(YES="destroy").returncode)
        self.assertFalse(self.state.exists())
        self.assertIn("there is no board", self.destroy(YES="destroy").stdout)

    def test_board_that_runs_is_spared(self) -> None:
        with open(self.state / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("stop it first", self.destroy(YES="destroy").stdout)
        self.assertTrue((self.state / "postgres").is_dir())


if __name__ == "__main__":
    testing.require("flock")
    testing.main()
