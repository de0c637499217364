# SPDX-License-Identifier: MIT
"""`make run-debug`: sanitizers, one worker, every line of the log, and a clock that can be moved."""

import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from stack import Scratch
from visitor import Visitor

DAY = 86400
ONE_A_DAY = {"POW_DIFFICULTY": "1", "POW_ADAPTIVE": "false", "POST_RATE_MAX_REQUESTS": "1", "POST_RATE_WINDOW_MS": str(DAY * 1000)}


class RunDebug(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        scratch = Scratch()
        cls.addClassCleanup(scratch.remove)
        cls.state = scratch.path / "state"
        # It calls make, which is no part of the one that runs the tests.
        env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        env |= ONE_A_DAY | {"STATE": str(cls.state), "PORT": "0", "CLOCK": f"+{DAY}"}
        argv = ["sh", str(testing.SOURCE / "t/run-debug")]
        cls.process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for undo in (cls.process.stdout.close, cls.process.wait, cls.process.terminate):
            cls.addClassCleanup(undo)
        said = []
        for line in cls.process.stdout:
            said.append(line)
            if ready := re.match(r"ready: .*:(\d+)/$", line):
                cls.port = int(ready[1])
                return
        raise AssertionError("no ready line in:\n" + "".join(said))

    def move_clock(self, seconds: int) -> None:
        """As a developer would with echo."""
        (self.state / "clock").write_text(f"{seconds}\n")
        testing.wait_until(lambda: abs(self.ahead() - seconds) < DAY / 2, "the clock to be moved")

    def ahead(self) -> float:
        """Seconds by which the database's clock is before that of this host."""
        argv = [sys.executable, str(testing.SOURCE / "t/run"), "psql", "-XqAtc", "select extract(epoch from clock_timestamp())"]
        env = os.environ | {"STATE": str(self.state)}
        return float(subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout) - time.time()

    def test_one_worker_with_sanitizers_tells_everything(self) -> None:
        log = (self.state / "log/pool.log").read_text()
        self.assertIn("level=debug", log)
        (worker,) = re.findall(r"event=child_started kind=worker pid=(\d+)", log)
        self.assertIn("libasan", Path(f"/proc/{worker}/maps").read_text())

    def test_the_whole_board_goes_by_a_clock_that_is_moved(self) -> None:
        testing.clear_of_midnight()
        visitor = Visitor(self.port)
        self.assertGreater(self.ahead(), DAY / 2)
        first = visitor.post("today")
        self.assertEqual(201, first.status, first.body)
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + DAY))
        self.assertEqual(tomorrow, first.json()["created_at"][:10])
        self.assertEqual(429, visitor.post("today, too").status)
        old = visitor.proof()
        self.move_clock(2 * DAY)
        visitor.count()  # by its answer the pool learns what time it is
        self.assertEqual((403, "POW_EXPIRED"), ((late := visitor.post("late", old)).status, late.code))
        self.assertEqual(201, visitor.post("tomorrow").status)


class OtherBoards(unittest.TestCase):
    def test_make_run_refuses_to_move_the_clock(self) -> None:
        with Scratch() as directory:
            env = os.environ | {"STATE": str(directory / "state"), "PORT": "0", "CLOCK": "+3600"}
            argv = [sys.executable, str(testing.SOURCE / "t/run")]
            done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("make run-debug", done.stderr)


if __name__ == "__main__":
    testing.require("caddy", "psql", "setpriv", "cc")
    testing.main()
