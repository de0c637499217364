# SPDX-License-Identifier: MIT
"""The whole board for a test or for `make run`: Postgres, the pool, Caddy.

    with Board(env={"POW_DIFFICULTY": "4"}) as board:
        board.pool.request("/api/healthz")      # FastCGI, no Caddy
        urllib.request.urlopen(board.url)       # through Caddy
        board.cluster.psql("select 1")          # the database
"""

from pathlib import Path
from typing import Any, Mapping

from caddy import Caddy
from cluster import Cluster
from pool import Pool
from process import Died
from scratch import Scratch
from testing import BUILD, SOURCE, initialsdb

__all__ = ["Board", "Caddy", "Cluster", "Died", "Pool", "Scratch"]


def page(state: Path) -> Path:
    """The page in the tree; of a build elsewhere, what make has built with links to the rest."""
    if BUILD == SOURCE:
        return SOURCE / "static"
    static = state / "static"
    static.mkdir(parents=True, exist_ok=True)
    for path in (*(SOURCE / "static").iterdir(), *(BUILD / "static").glob("*.wasm")):
        (static / path.name).unlink(missing_ok=True)
        (static / path.name).symlink_to(path)
    return static


class Board:
    """Cluster, Pool and Caddy in one; without `state_dir` in a directory that vanishes afterwards."""

    def __init__(
        self,
        state_dir: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        durable: bool = False,
        binary: str | Path | None = None,
        port: int = 0,
        static_dir: str | Path | None = None,
        base: Mapping[str, str] | None = None,
        caddy: Mapping[str, Any] | None = None,
    ) -> None:
        self.scratch = None if state_dir else Scratch()
        self.state = Path(state_dir) if state_dir else self.scratch.path
        self.cluster = Cluster(self.state, durable=durable)
        self.pool = Pool(binary or initialsdb(), self.cluster, env, base=base)
        self.caddy = Caddy(self.pool, port, static_dir or page(self.state), **(caddy or {}))

    def __enter__(self) -> "Board":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self.caddy.url

    def branch(self, name: str, env: Mapping[str, str] | None = None) -> "Branch":
        """Another pool with a Caddy of its own, on this board's database and with its secrets."""
        branch = Branch(self, name, env)
        branch.start()
        return branch

    def start(self) -> None:
        try:
            self.cluster.start()
            self.pool.prepare()
            self.pool.start()
            self.caddy.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """In reverse, each whether or not the one before it ended well."""
        self.caddy.stop()
        self.pool.stop()
        self.cluster.stop()
        if self.scratch:
            self.scratch.remove()


class Branch:
    """What Board.branch makes. Stop it before the board."""

    def __init__(self, board: Board, name: str, env: Mapping[str, str] | None) -> None:
        settings = board.pool.extra | dict(env or {})
        self.pool = Pool(board.pool.binary, board.cluster, settings, name=name, base=board.pool.base)
        self.pool.secrets = board.pool.secrets
        self.caddy = Caddy(self.pool, static_dir=board.caddy.static_dir)

    @property
    def url(self) -> str:
        return self.caddy.url

    def start(self) -> None:
        try:
            self.pool.start()
            self.caddy.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.caddy.stop()
        self.pool.stop()
