# SPDX-License-Identifier: MIT
"""The program under test as its users run it: `setup-database`, `migrate`, `serve`."""

import base64
import os
import signal
import socket
from pathlib import Path
from typing import Any, Mapping

import fastcgi
from cluster import Cluster
from process import Process, run

# Inherited by the program in tests; every setting of its own is given explicitly.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
# systemd's hand-over, by hand: the listener comes as stdin and must become descriptor 3.
HAND_OVER = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&0 </dev/null'


# For tests of anything but deadlines: a machine may stand still for seconds, and no answer is refused for it.
PATIENT = {"READ_DEADLINE_MS": "30000", "POST_DEADLINE_MS": "30000", "QUEUE_MAX_MS": "30000"}


def random_secret() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


class Pool:
    """One `initialsdb serve` on a cluster. Several may share a cluster: give each a name.

    `env` adds settings; `base` replaces what is inherited. `listener` is a bound Unix socket to hand over as
    systemd would; without one the pool binds its own.
    """

    def __init__(
        self,
        binary: str | Path,
        cluster: Cluster,
        env: Mapping[str, str] | None = None,
        name: str = "pool",
        base: Mapping[str, str] | None = None,
        listener: socket.socket | None = None,
    ) -> None:
        self.binary, self.cluster, self.name, self.listener = str(binary), cluster, name, listener
        self.extra = dict(env or {})
        self.base = dict(inherited() if base is None else base)
        self.process = Process(name, [], cluster.state / "log" / f"{name}.log")
        self.secrets = {"POW_SECRET_KEY": random_secret(), "SERVER_SALT": random_secret()}

    def __enter__(self) -> "Pool":
        self.prepare()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def socket(self) -> Path:
        """Where the pool answers."""
        if self.listener:
            return Path(self.listener.getsockname())
        return self.cluster.run_dir / f"{self.name}.sock"

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of the program."""
        return (
            self.base
            | {
                "DATABASE_URL": self.cluster.url("initialsdb", "initialsdb"),
                "MIGRATE_DATABASE_URL": self.cluster.url("initialsdb", "initialsdb_owner"),
                "ADMIN_DATABASE_URL": self.cluster.url(),
                "SOCKET_PATH": str(self.socket),
            }
            | ({} if self._secrets_given() else self.secrets)
            | self.extra
        )

    def _secrets_given(self) -> bool:
        return any(name.startswith(("POW_SECRET", "SERVER_SALT")) for name in self.base | self.extra)

    def command(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Runs another subcommand with the pool's settings and returns what it printed."""
        return run([self.binary, *arguments], env=self.env | dict(env or {}))

    def prepare(self) -> None:
        """Roles, database, schema: what an installation does once, and again after an upgrade."""
        self.command("setup-database")
        self.command("migrate")

    def start(self, ready: bool = True) -> None:
        """Starts `serve` and waits until its workers accept, unless told not to wait."""
        argv, stdin = [self.binary, "serve"], None
        if self.listener:
            argv, stdin = ["sh", "-c", HAND_OVER, "sh", *argv], self.listener.fileno()
        self.process.argv = argv
        if stdin is None:
            self.process.start(self.env)
        else:
            self.process.start(self.env, stdin=stdin)
        if ready:
            self.wait_ready()

    def wait_ready(self) -> None:
        self.process.wait_for(lambda: "event=ready" in self.process.output(), "event=ready")

    def stop(self) -> int | None:
        """SIGTERM, as systemd would; returns the exit status."""
        return self.process.stop(signal.SIGTERM)

    def log(self) -> str:
        return self.process.output()

    def request(self, uri: str, method: str = "GET", **options: Any) -> fastcgi.Response:
        """One request straight to the pool; options as in fastcgi.request."""
        return fastcgi.request(self.socket, uri, method, **options)
