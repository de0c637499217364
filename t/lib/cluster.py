# SPDX-License-Identifier: MIT
"""A private Postgres: one directory, one Unix socket, no TCP, nobody else's business."""

import atexit
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from process import Died, Process, Unprivileged, run
from scratch import Scratch
from testing import wait_until

START_SECS = 120
# Long enough for the children of a killed postmaster to notice and go.
ORPHANS_SECS = 60


def server_programs() -> Path:
    """The directory of initdb and postgres, which Debian keeps off PATH."""
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    if shutil.which("pg_config"):
        places.append(Path(run(["pg_config", "--bindir"]).strip()))
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    places += sorted(versions, key=lambda place: float(place.parent.name), reverse=True)
    places += [Path("/usr/libexec/postgresql"), Path("/usr/local/pgsql/bin")]
    for place in places:
        if os.access(place / "initdb", os.X_OK) and os.access(place / "postgres", os.X_OK):
            return place
    raise Died("PostgreSQL's initdb and postgres were not found (./bootstrap installs them)")


class Cluster:
    """A Postgres cluster under `state_dir`, made on first start and kept.

    Durable unless told otherwise. The superuser is `postgres`, whoever we are; trust is confined to
    a socket in a directory of mode 0700. That directory is short-lived and below /tmp, because a
    socket's address has room for 107 bytes only; `state_dir/run` is a link to it.
    """

    def __init__(self, state_dir: str | Path, durable: bool = True, **settings: str) -> None:
        self.state = Path(state_dir).resolve()
        self.data, self.link = self.state / "postgres", self.state / "run"
        self.durable, self.settings = durable, settings
        self.runner = Unprivileged()
        self.env: dict[str, str] = {}  # beside what it inherits
        self.run_dir: Path | None = None
        self.lock: int | None = None
        self.process: Process | None = None

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """A conninfo string for libpq."""
        return f"host={self.run_dir} port=5432 dbname={database} user={user}"

    def psql(self, sql: str, database: str = "initialsdb", user: str = "postgres") -> str:
        """Runs SQL and returns unaligned tuples, without the last newline."""
        argv = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(database, user), "-c", sql]
        return run(argv).rstrip("\n")

    def start(self) -> None:
        self._take_lock()
        atexit.register(self.stop)  # an interrupted test runs no tearDown
        try:
            self._make_run_dir()
            self.programs = server_programs()
            self.runner.own(self.data)
            self.become = self.runner.setpriv(self.data)
            if not (self.data / "PG_VERSION").exists():
                self._initdb()
            self._start_server()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """A fast shutdown; the data stays."""
        atexit.unregister(self.stop)
        if self.process:
            self.process.stop(signal.SIGINT)
            self.process = None
        if self.run_dir:
            self.run_scratch.remove()
            self.link.unlink(missing_ok=True)
            self.run_dir = None
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def crash(self) -> None:
        """Ends every process of the server as a power cut would, for tests of recovery; start_again() follows."""
        stop_and_wait(self.process.pid)  # so that it starts nobody meanwhile
        backends = self._backends()
        self.process.kill()
        for pid in backends:  # they have groups of their own, and may answer once more before they notice
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda gone=pid: state_of(gone) in "ZX", f"process {pid} to end")

    def start_again(self) -> None:
        self._start_server()

    def freeze(self) -> None:
        """Stops every process of the server where it is; thaw() lets them go on."""
        stop_and_wait(self.process.pid)  # first, so that it starts nobody while the others are being stopped
        for pid in self._backends():
            stop_and_wait(pid)

    def thaw(self) -> None:
        for pid in (*self._backends(), self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _backends(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def _take_lock(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(self.state / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.lock)
            self.lock = None
            raise Died(f"{self.state} is in use by another run; choose another STATE") from None

    def _make_run_dir(self) -> None:
        self.link.unlink(missing_ok=True)  # left behind by a run that was killed
        self.run_scratch = Scratch("run")
        self.run_dir = self.run_scratch.path
        self.runner.own(self.run_dir)
        self.link.symlink_to(self.run_dir)

    def _initdb(self) -> None:
        # Half a cluster, from a run that was killed in the middle, cannot be used.
        for leftover in self.data.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        options = ["--locale=C.UTF-8", "--encoding=UTF8", "--auth=trust", "--username=postgres"]
        options += ["--no-instructions"] if self.durable else ["--no-instructions", "--no-sync"]
        run([str(self.programs / "initdb"), *options, "-D", str(self.data)], become=self.become)

    def _start_server(self) -> None:
        self._wait_for_orphans()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.run_dir),
            "port": "5432",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "cluster_name": "initialsdb",
        } | self.settings
        if not self.durable:
            # A killed postmaster still loses nothing; only a power cut would.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        argv = [str(self.programs / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        deadline = time.monotonic() + ORPHANS_SECS
        while True:
            self.process = Process("postgres", argv, self.state / "log" / "postgres.log")
            # SIGQUIT: a postmaster that lost us leaves at once; the next start recovers.
            self.process.start(os.environ | self.env, become=self.become, death_signal="QUIT")
            try:
                return self.process.wait_for(self._ready, "ready for connections", START_SECS)
            except Died:
                shared_memory = "pre-existing shared memory block" in self.process.output()
                if not shared_memory or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)  # backends of a killed postmaster are on their way out

    def _ready(self) -> bool:
        try:
            status = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(status) >= 8 and int(status[0]) == self.process.pid and status[7].strip() == "ready"

    def _wait_for_orphans(self) -> None:
        """Deals with postmaster.pid: a server that still runs is waited for, a stale file removed.

        We hold the lock of `state`, so whoever the file names was not started by a run that lives.
        Postgres itself looks only whether such a process exists, and in a container, where numbers
        come back soon, that may be anybody.
        """
        file = self.data / "postmaster.pid"
        deadline = time.monotonic() + ORPHANS_SECS
        while file.exists():
            pid = int(file.read_text().split()[0])
            try:
                ours = os.path.samefile(f"/proc/{pid}/cwd", self.data)
            except OSError:
                ours = False
            if not ours:
                file.unlink(missing_ok=True)
            elif time.monotonic() > deadline:
                raise Died(f"a Postgres (process {pid}) already runs on {self.data}")
            else:
                time.sleep(0.1)


def stop_and_wait(pid: int) -> None:
    """Stops a process, and returns when it has stopped or ended: a signal takes effect a moment later."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: state_of(pid) in "TtZX", f"process {pid} to stop")


def state_of(pid: int) -> str:
    """The letter that ps shows; X when there is no such process any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def psql_main(state_dir: Path, arguments: list[str]) -> int:
    """`make psql`: opens the database of a board that runs."""
    link = state_dir / "run"
    if not link.exists():
        raise Died(f"no board runs on {state_dir}; start it with `make run`")
    url = f"host={link.readlink()} port=5432 dbname=initialsdb user=postgres"
    return subprocess.run(["psql", url, *arguments], check=False).returncode
