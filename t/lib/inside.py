# SPDX-License-Identifier: MIT
"""What a pool looks like from outside: its processes, their descriptors and their memory."""

import os
import re
from pathlib import Path

from cluster import state_of
from pool import Pool


def children(pool: Pool) -> list[int]:
    """The processes whose parent is the pool's master, zombies included."""
    task = Path(f"/proc/{pool.process.pid}/task/{pool.process.pid}/children")
    return [int(pid) for pid in task.read_text().split()]


def alive(pid: int) -> bool:
    return state_of(pid) not in "ZX"


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def pss_kb(pid: int) -> int:
    """Proportional set size: private memory, and of the shared its share."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1])


def events(pool: Pool, name: str) -> list[dict[str, str]]:
    """The pairs of each log line of that event."""
    lines = [line for line in pool.log().splitlines() if f"event={name} " in line]
    return [dict(re.findall(r'(\w+)=("[^"]*"|\S*)', line)) for line in lines]


def started(pool: Pool, kind: str = "worker") -> list[int]:
    """The processes of that kind that live, oldest first; needs LOG_LEVEL=debug."""
    pids = [int(event["pid"]) for event in events(pool, "child_started") if event["kind"] == kind]
    return [pid for pid in pids if alive(pid)]
