# SPDX-License-Identifier: MIT
"""Measures searching and posting on a board of SIZE messages, which `initialsdb import` loads.

    make bench-search SIZE=10000000 STATE=/var/tmp/ten-million

Adds to t/bench/search-results.json, where other sizes stay; report.py draws them together. With STATE the board is
kept, and the next run with it starts at once. Postgres is private, on a Unix socket, with fsync.
"""

import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), *(str(HERE.parent / room) for room in ("sql", "lib", "caddy"))]

import classes
import testing
import through
import writing
from database import Database
from loaded import SETTINGS, load
from queries import CLASSES, queries
from stack import Board

OPEN = {"IP_RATE_ENABLE": "false", "WORKERS": "16"}


def measure_inside(db: Database) -> dict[str, dict]:
    """Each class in the database, in warm buffers."""
    db.sql(classes.PAGE)
    session = db.session("postgres")
    for name in CLASSES:
        classes.page(session, queries(name, 1)[0])
    found = {}
    for name in CLASSES:
        found[name] = classes.alone(session, name) | {"crowd": classes.crowd(db, name)}
        print(name, found[name], flush=True)
    return found


def measure_outside(board: Board, found: dict[str, dict]) -> dict[str, dict]:
    """Each class through Caddy, and the routes that are compared with the origin's."""
    with through.somebody_posting(board):
        for name in CLASSES:
            found[name]["caddy"] = through.searches(board, name, 4, 4)
            print(name, found[name]["caddy"], flush=True)
        mix = through.searches(board, "Zipf mix", 16, 8)
    return through.routes(board) | {"mix": mix}


def measure(board: Board, size: int) -> dict:
    loaded = load(board, size)
    board.pool.start()
    board.caddy.start()
    db = Database(board.cluster)
    result = {"size": size, "loading": loaded, "bytes": classes.sizes(db), "load": os.getloadavg()[0]}
    result["classes"] = measure_inside(db)
    result["routes"] = measure_outside(board, result["classes"])
    result["posts"] = writing.against_empty(db) | {"searching": writing.while_searching(db)}
    print(result["routes"], result["posts"], flush=True)
    board.caddy.stop()
    board.pool.stop()
    for name in CLASSES:
        result["classes"][name]["cold"] = classes.cold(db, name)
        print(name, "cold", result["classes"][name]["cold"], flush=True)
    db.close()
    return result


def main() -> None:
    size = int(os.environ.get("SIZE") or 100_000)
    board = Board(state_dir=os.environ.get("STATE") or None, env=OPEN, durable=True)
    board.cluster.settings = SETTINGS
    try:
        board.cluster.start()
        board.pool.prepare()
        result = measure(board, size)
    finally:
        board.stop()
    file = HERE / "search-results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(results | {str(size): result}, indent=1) + "\n")


if __name__ == "__main__":
    testing.require("pgbench", "wrk", "caddy", "psql")
    main()
