# SPDX-License-Identifier: MIT
"""Fills a board's database with the messages of the benchmarks, as fast as Postgres takes them."""

import subprocess
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1] / "sql")]

from database import OWNER, Database, cli
from messages import messages


def fill(db: Database, size: int) -> None:
    """Loads the messages, builds the index after them, learns their words, hides as a moderator would."""
    db.script(cli("import_begin"))
    argv = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", db.cluster.url(db.name, OWNER)]
    copy = subprocess.Popen([*argv, "-c", "copy board.message (body) from stdin"], stdin=subprocess.PIPE, text=True)
    copy.stdin.writelines(body + "\n" for body in messages(size))
    copy.stdin.close()
    if copy.wait():
        raise RuntimeError("the messages were not loaded")
    db.script(cli("import_index"))
    db.sql(cli("import_learn"))
    db.sql(f"select board.hide(array(select id from board.message where id > {size} * 0.9 and terms @@ 'moderated'))")
    db.sql("vacuum analyze")
