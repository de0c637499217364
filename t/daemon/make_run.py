# SPDX-License-Identifier: MIT
"""`make run` keeps its promises: one command serves, one signal ends everything, the data stays."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from caddy import ReservedPort
from stack import Scratch

RUN = testing.SOURCE / "t" / "run"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def processes_of(state: Path) -> list[int]:
    """All processes that were started with this STATE, or that work below it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inherited = f"STATE={state}".encode() in (entry / "environ").read_bytes().split(b"\0")
            inside = (entry / "cwd").readlink().is_relative_to(state)
        except OSError:
            continue
        if inherited or inside:
            found.append(int(entry.name))
    return found


class Run:
    """One `t/run` and its output; port 0 takes a free one."""

    def __init__(self, state: Path, port: int, **env: str) -> None:
        self.state = state
        settings = os.environ | {"STATE": str(state), "PORT": str(port)} | env
        self.process = subprocess.Popen(
            [sys.executable, str(RUN)], env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def ready(self) -> "Run":
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("ready: "):
                self.url = line.split()[1]
                return self
        raise AssertionError("no ready line in:\n" + "".join(lines))

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        return self.outcome()

    def outcome(self) -> tuple[int, str]:
        """Exit status and the rest of what was said."""
        output, _ = self.process.communicate(timeout=120)
        return self.process.returncode, output

    def get(self, path: str) -> dict:
        with DIRECT.open(self.url + path, timeout=60) as answer:
            return json.load(answer)


class MakeRun(unittest.TestCase):
    def setUp(self) -> None:
        self.scratch = Scratch()
        self.addCleanup(self.scratch.remove)
        self.state = self.scratch.path / "state"

    def run_board(self, state: Path | None = None, port: int = 0, **env: str) -> Run:
        run = Run(state or self.state, port, **env)
        self.addCleanup(run.process.stdout.close)
        self.addCleanup(run.process.wait)
        self.addCleanup(run.process.kill)
        return run

    def psql(self, sql: str) -> str:
        env = os.environ | {"STATE": str(self.state)}
        argv = [sys.executable, str(RUN), "psql", "-XqAtc", sql]
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout.strip()

    def assert_gone(self) -> None:
        testing.wait_until(lambda: not processes_of(self.state), "every process of the board to end")

    def test_serves_stops_on_sigterm_and_keeps_data(self) -> None:
        run = self.run_board().ready()
        self.assertEqual(run.get("api/listings/count"), {"count": 0})
        self.psql("create table kept as select 1 as n")
        self.assertGreater(len(processes_of(self.state)), 3)
        self.assertEqual(run.end()[0], 0)
        self.assert_gone()
        run = self.run_board().ready()
        self.assertEqual(self.psql("select n from kept"), "1")
        self.assertEqual(run.end(signal.SIGINT)[0], 0)
        self.assert_gone()

    def test_second_run_on_one_state_is_refused(self) -> None:
        first = self.run_board().ready()
        status, output = self.run_board().outcome()
        self.assertEqual(status, 1)
        self.assertIn("in use by another run", output)
        self.assertEqual(first.get("api/listings/count"), {"count": 0})

    def test_second_run_on_one_port_is_refused(self) -> None:
        with ReservedPort() as reserved:
            status, output = self.run_board(port=reserved.number).outcome()
        self.assertEqual(status, 1)
        self.assertIn("PORT=", output)
        self.assertFalse(self.state.exists(), "nothing was begun")

    def test_two_runs_live_side_by_side(self) -> None:
        runs = [self.run_board(self.scratch.path / name) for name in ("one", "two")]
        for run in runs:
            self.assertEqual(run.ready().get("api/listings/count"), {"count": 0})

    def test_settings_reach_the_program(self) -> None:
        run = self.run_board(POW_DIFFICULTY="3", POW_ROUNDS="2").ready()
        challenge = run.get("pow/challenge")
        self.assertEqual((challenge["difficulty"], challenge["rounds"]), (3, 2))

    def test_edited_page_shows_on_reload(self) -> None:
        page = self.scratch.path / "static"
        shutil.copytree(testing.SOURCE / "static", page)
        run = self.run_board(INITIALSDB_STATIC=str(page)).ready()
        with DIRECT.open(run.url + "style.css", timeout=60) as before:
            self.assertEqual("no-cache", before.headers["Cache-Control"])
        (page / "style.css").write_text("body { color: red }\n")
        again = urllib.request.Request(run.url + "style.css", headers={"If-None-Match": before.headers["ETag"]})
        with DIRECT.open(again, timeout=60) as after:
            self.assertEqual(b"body { color: red }\n", after.read())

    def test_secrets_are_made_once_and_private(self) -> None:
        self.run_board().ready().end()
        files = sorted((self.state / "secrets").iterdir())
        before = [file.read_bytes() for file in files]
        self.assertEqual([file.name for file in files], ["pow_secret_key", "server_salt"])
        self.assertEqual({stat.S_IMODE(file.stat().st_mode) for file in files}, {0o600})
        self.run_board().ready().end()
        self.assertEqual([file.read_bytes() for file in files], before)

    def test_killed_run_leaves_no_process_and_can_be_started_again(self) -> None:
        run = self.run_board().ready()
        run.end(signal.SIGKILL)
        self.assert_gone()
        self.run_board().ready()

    def test_refused_setting_ends_the_run_with_the_reason(self) -> None:
        status, output = self.run_board(POW_TTL_SECONDS="never").outcome()
        self.assertEqual(status, 1)
        self.assertIn("POW_TTL_SECONDS", output)
        self.assert_gone()


if __name__ == "__main__":
    testing.require("caddy", "psql", "setpriv")
    testing.main()
