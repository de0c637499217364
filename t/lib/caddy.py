# SPDX-License-Identifier: MIT
"""A real Caddy in front of a pool."""

import os
import socket
from pathlib import Path
from typing import Mapping

from pool import Pool, inherited
from process import Process, run
from testing import SOURCE

LOOPBACK = "127.0.0.1"
# CADDY=/path/to/another/caddy tries the tests on that one.
PROGRAM = os.environ.get("CADDY") or "caddy"


def version() -> tuple[int, int]:
    """Major and minor of the Caddy at hand; `caddy version` prints v2.7.6 or 2.6.2, and a checksum."""
    major, minor = run([PROGRAM, "version"]).split()[0].lstrip("v").split(".")[:2]
    return int(major), int(minor)


def buffers() -> str:
    """The one file that differs between versions."""
    return "buffers-2.6.caddy" if version() < (2, 7) else "buffers.caddy"


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def loopback_addresses() -> str:
    """127.0.0.1, and ::1 where the machine has it."""
    return f"{LOOPBACK} ::1" if has_ipv6() else LOOPBACK


def bound(family: int, address: str, port: int) -> socket.socket:
    """A socket that has the port, and shares it with whoever says SO_REUSEPORT."""
    holder = socket.socket(family)
    try:
        if port:
            with socket.socket(family) as probe:  # without SO_REUSEPORT: fails when anybody has the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((address, port))
    except OSError:
        holder.close()
        raise
    return holder


class ReservedPort:
    """Binds a port of loopback, by both protocols, without listening on it; OSError when anybody has it.

    Caddy sets SO_REUSEPORT, so that two of them would quietly share one port. Sockets bound like
    these let our own Caddy in and keep the kernel from giving the number to another test.
    """

    def __init__(self, port: int = 0) -> None:
        while True:
            self.holders = [bound(socket.AF_INET, LOOPBACK, port)]
            self.number: int = self.holders[0].getsockname()[1]
            try:
                if has_ipv6():
                    self.holders.append(bound(socket.AF_INET6, "::1", self.number))
                return
            except OSError:
                self.close()
                if port:
                    raise

    def __enter__(self) -> "ReservedPort":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for holder in self.holders:
            holder.close()


class Caddy:
    """Caddy with `config`, on loopback only, serving `static_dir` and forwarding to `pool`.

    `port` 0 takes a free one. `env` reaches the placeholders of the configuration.
    """

    def __init__(
        self,
        pool: Pool,
        port: int = 0,
        static_dir: str | Path = SOURCE / "static",
        config: str | Path = SOURCE / "caddy" / "Caddyfile.dev",
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.pool, self.wanted_port, self.config = pool, port, Path(config)
        self.static_dir, self.extra = Path(static_dir), dict(env or {})
        self.reserved: ReservedPort | None = None
        self.state = pool.cluster.state
        argv = [PROGRAM, "run", "--adapter", "caddyfile", "--config", str(self.config)]
        self.process = Process("caddy", argv, self.state / "log" / "caddy.log")

    def __enter__(self) -> "Caddy":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        assert self.reserved, "no port yet"
        return self.reserved.number

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    @property
    def env(self) -> dict[str, str]:
        return (
            inherited()
            | {
                # One of its libraries writes to HOME whatever XDG says.
                "HOME": str(self.state / "caddy"),
                "XDG_DATA_HOME": str(self.state / "caddy"),
                "XDG_CONFIG_HOME": str(self.state / "caddy"),
                "BIND": os.environ.get("BIND") or loopback_addresses(),
                "PORT": str(self.port),
                "INITIALSDB_SOCKET": str(self.pool.socket),
                "INITIALSDB_STATIC": str(self.static_dir.resolve()),
                "INITIALSDB_BUFFERS": buffers(),
                "INITIALSDB_SCHEME": "http",
            }
            | self.extra
        )

    def reserve(self) -> None:
        """Takes the port, so that nobody else does until start(); OSError when it is taken already."""
        self.reserved = self.reserved or ReservedPort(self.wanted_port)

    def start(self) -> None:
        self.reserve()
        self.process.start(self.env)
        self.process.wait_for(self._accepts, f"answers on port {self.port}")

    def stop(self) -> None:
        self.process.stop()
        if self.reserved:
            self.reserved.close()
            self.reserved = None

    def _accepts(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True
