# SPDX-License-Identifier: MIT
"""Child processes that cannot outlive us.

Every child gets a parent-death signal (prctl(2), through setpriv), so that even `kill -9` of a test
takes its servers along; every child has its own session, so that Ctrl-C in a terminal reaches us
alone and we stop things in order. Start children from the main thread: Linux sends the signal when
the *thread* that forked ends.
"""

import os
import pwd
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import IO, Mapping, Sequence

from testing import tail, wait_until

# What an unprivileged server needs to reach data below a directory such as /root.
TRAVERSE = "+dac_read_search,+dac_override"


class Died(Exception):
    """A process ended, or refused to start, when it should have been running."""


class Unprivileged:
    """The user who runs Postgres: ourselves, or when we are root somebody who is not."""

    def __init__(self) -> None:
        self.user = pwd.getpwuid(os.geteuid()) if os.geteuid() else self._somebody()

    @staticmethod
    def _somebody() -> pwd.struct_passwd:
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise Died("Postgres refuses to run as root, and there is no user postgres or nobody")

    def own(self, directory: Path) -> None:
        """Makes the directory, private to this user."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(directory, self.user.pw_uid, self.user.pw_gid)
        directory.chmod(0o700)

    def setpriv(self, directory: Path) -> list[str]:
        """setpriv's arguments to become this user, still able to work in `directory`."""
        if os.geteuid():
            return []
        drop = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        probe = subprocess.run(["setpriv", *drop, "--", "test", "-w", str(directory)], check=False)
        if probe.returncode:
            drop += [f"--inh-caps={TRAVERSE}", f"--ambient-caps={TRAVERSE}"]
        return drop


class Process:
    """A server in its own session, its output appended to a log file."""

    def __init__(self, name: str, argv: Sequence[str], log: Path) -> None:
        self.name, self.argv, self.log = name, list(argv), log
        self.child: subprocess.Popen[bytes] | None = None

    def start(
        self,
        env: Mapping[str, str] | None = None,
        become: Sequence[str] = (),
        death_signal: str = "TERM",
        stdin: IO[bytes] | int = subprocess.DEVNULL,
    ) -> None:
        assert threading.current_thread() is threading.main_thread(), "see the module's comment"
        leash = ["setpriv", f"--pdeathsig={death_signal}", *become, "--"]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as output:
            self.log_start = output.tell()
            self.child = subprocess.Popen(
                [*leash, *self.argv],
                stdin=stdin,
                stdout=output,
                stderr=output,
                env=dict(env) if env is not None else None,
                cwd="/",
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self.child, f"{self.name} was not started"
        return self.child.pid

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def output(self) -> str:
        """What this start of the process has written so far."""
        with open(self.log, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def wait_for(self, condition, what: str, timeout_secs: float = 60) -> None:
        """Waits for the condition, or for the process to end first, which is an error."""

        def met() -> bool:
            if condition():
                return True
            if not self.alive():
                raise Died(f"{self.name} ended with {self.child.returncode}:\n{tail(self.log)}")
            return False

        wait_until(met, f"{self.name}: {what} (log: {self.log})", timeout_secs)

    def send_signal(self, number: int) -> None:
        if self.alive():
            self.child.send_signal(number)

    def wait(self, timeout_secs: float = 60) -> int:
        """Waits for the end and returns the exit status, negative for a signal."""
        return self.child.wait(timeout_secs)

    def stop(self, number: int = signal.SIGTERM, timeout_secs: float = 60) -> int | None:
        """Ends the process and whatever is left of its session; None when it never ran."""
        if self.child is None:
            return None
        self.send_signal(number)
        try:
            return self.wait(timeout_secs)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL for the whole process group, the shortest way out."""
        if self.child is not None:
            try:
                os.killpg(self.child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            self.child.wait()


def run(argv: Sequence[str], env: Mapping[str, str] | None = None, become: Sequence[str] = ()) -> str:
    """Runs a command to its end and returns its standard output; Died, with all it said, when it fails."""
    done = subprocess.run(
        ["setpriv", "--pdeathsig=KILL", *become, "--", *argv],
        env=dict(env) if env is not None else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise Died(f"{shutil.which(argv[0]) or argv[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
