# SPDX-License-Identifier: MIT
"""Fills a board with the messages of the benchmarks as an operator would: by the program's own import."""

import json
import os
import time

from database import cli
from messages import messages
from stack import Board

SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h", "max_connections": "60"}


def load(board: Board, size: int) -> dict[str, float]:
    """What the loading took, now or in the run that left this directory behind; the cluster must run."""
    note = board.state / "loaded.json"
    if note.exists():
        loaded = json.loads(note.read_text())
        if loaded["size"] != size:
            raise SystemExit(f"{board.state} holds {loaded['size']} messages; choose another STATE")
        board.cluster.psql(cli("import_learn"))  # what the run before has posted
        board.cluster.psql("vacuum analyze")
        return loaded
    file = board.state / "messages.jsonl"
    with file.open("w") as out:
        out.writelines(json.dumps({"body": body}, ensure_ascii=False) + "\n" for body in messages(size))
    began = time.monotonic()
    board.pool.command("import", str(file))
    loaded = {"size": size, "secs": round(time.monotonic() - began, 1), "load": os.getloadavg()[0]}
    file.unlink()
    board.cluster.psql(
        "select board.hide(array(select id from board.message"
        " where id > (select max(id) from board.message) * 0.9 and terms @@ 'moderated'))"
    )
    board.cluster.psql("vacuum analyze")
    note.write_text(json.dumps(loaded))
    return loaded
