# SPDX-License-Identifier: MIT
"""What every Python test needs: the skip rule, waiting on conditions, an address of its own, and a runner.

A test that cannot run says why and exits 77, which automake counts as skipped; when CI=true a test
that was left out is a failure, so it exits 1 there.
"""

import math
import os
import shutil
import signal
import socket
import sys
import time
import unittest
from pathlib import Path
from typing import Any, Callable, NoReturn

SKIPPED = 77
# Where Debian keeps daemons such as pgbouncer, and an ordinary user's PATH does not lead.
os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
# What the user says of his own servers, as PGOPTIONS, is not meant for ours.
for setting in [name for name in os.environ if name.startswith("PG")]:
    del os.environ[setting]
SOURCE = Path(os.environ.get("top_srcdir") or Path(__file__).resolve().parents[2]).resolve()
BUILD = Path(os.environ.get("top_builddir") or SOURCE).resolve()


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def cannot_run(reason: str) -> NoReturn:
    """Ends the test script because something it needs is not there."""
    verdict = "FAIL: CI=true and this test cannot run" if in_ci() else "SKIP"
    print(f"{verdict}: {reason}", flush=True)
    sys.exit(1 if in_ci() else SKIPPED)


def require(*programs: str) -> None:
    """Skips the whole script unless every program is on PATH."""
    for program in programs:
        if not shutil.which(program):
            cannot_run(f"{program} is not installed (./bootstrap installs what is missing)")


def initialsdb() -> Path:
    """The binary under test: $INITIALSDB, else the one in the build directory."""
    binary = Path(os.environ.get("INITIALSDB") or BUILD / "initialsdb").resolve()
    if not os.access(binary, os.X_OK):
        sys.exit(f"{binary}: not built (run make)")
    return binary


def wait_until(condition: Callable[[], Any], what: str, timeout_secs: float = 60) -> Any:
    """Polls until the condition is true and returns its value; fails loudly at the deadline."""
    deadline = time.monotonic() + timeout_secs
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_secs} s in vain for {what}")
        time.sleep(0.02)


def least(measure: Callable[[], float], enough: float, tries: int = 5) -> float:
    """The least of some measurements; no more are made than it takes to find one below `enough`.

    A machine that does other things is late now and then; a program that is late is so every time.
    """
    best = math.inf
    for _ in range(tries):
        best = min(best, measure())
        if best < enough:
            break
    return best


def clear_of_midnight(secs: float = 30) -> None:
    """Waits for the next day, in the board's count, if it begins so soon: the keys of networks change
    then, and what a test does with them shall fall into one day."""
    day_secs = 86400
    if time.time() % day_secs > day_secs - secs:
        wait_until(lambda: time.time() % day_secs < day_secs / 2, "midnight", secs + 60)


def own_address() -> str:
    """A loopback address of this process alone: a port that is free there stays free."""
    number = os.getpid() + (64 << 16)  # which has 22 bits
    return f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def free_port(address: str) -> int:
    """A TCP port that nobody has, on an address that should be our own."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def tail(path: Path, lines: int = 40) -> str:
    """The last lines of a log, for failure messages."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"


class Result(unittest.TextTestResult):
    """One line a test, `ok - name` or `not ok - name`, with the seconds it took."""

    def startTest(self, test: unittest.TestCase) -> None:
        unittest.TestResult.startTest(self, test)
        self.began = time.monotonic()

    def line(self, verdict: str, test: unittest.TestCase, note: str = "") -> None:
        name = getattr(test, "_testMethodName", str(test))
        seconds = time.monotonic() - getattr(self, "began", time.monotonic())
        self.stream.writeln(f"{verdict} - {name} ({seconds:.2f} s){note}")
        self.stream.flush()

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.line("ok", test)

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        unittest.TestResult.addFailure(self, test, err)
        self.line("not ok", test)

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        unittest.TestResult.addError(self, test, err)
        self.line("not ok", test)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """A single test left out: allowed at a desk, a failure in CI."""
        unittest.TestResult.addSkip(self, test, reason)
        self.line("not ok" if in_ci() else "ok", test, f" # SKIP {reason}")

    def wasSuccessful(self) -> bool:
        return super().wasSuccessful() and not (in_ci() and self.skipped)


def interrupt(*_: object) -> None:
    """Unwinds, so that everything is stopped in order; whoever cannot is ended by SIGALRM."""
    signal.alarm(30)
    raise KeyboardInterrupt


def main() -> NoReturn:
    """Runs the calling script's test cases; arguments choose some, as `Class.test_name` or `-k word`."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupt)
    runner = unittest.TextTestRunner(stream=sys.stdout, resultclass=Result, verbosity=1)
    unittest.main(testRunner=runner)
    raise AssertionError("unittest.main returned")
