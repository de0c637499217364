# SPDX-License-Identifier: MIT
"""What every Python test needs: the skip rule, waiting on conditions, free ports, and a runner.

A test that cannot run says why and exits 77, which automake counts as skipped; when CI=true a test
that was left out is a failure, so it exits 1 there.
"""

import contextlib
import os
import random
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


def free_port() -> int:
    """A TCP port that is free on loopback, and that the kernel gives to nobody who does not ask for it."""
    ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(10000, max(ephemeral, 11000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


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
