# SPDX-License-Identifier: MIT
"""Whether a pool's memory stays flat over a million requests. `make bench-memory`; REQUESTS changes their number."""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import inside
import testing
from cluster import Cluster
from pool import Pool
from scratch import Scratch

REQUESTS, WORKERS = int(os.environ.get("REQUESTS", "1000000")), 16
SETTINGS = {"WORKERS": str(WORKERS), "LOG_LEVEL": "info", "LOG_SAMPLE": "1000000", "POW_ENABLE": "false"}
RESULTS = Path(__file__).resolve().parent / "memory-results.md"
HEAD = (
    f"## Memory\n\nMade by `make bench-memory`: {WORKERS} workers and the janitor; counts, searches, challenges, posts and broken "
    "posts by turns. Proportional set size (PSS): private pages, and of shared ones each process's part.\n\n"
    "| requests | processes | PSS of all, kB | largest, kB |\n|---|---|---|---|\n"
)
WAYS = (
    ("GET", "/api/listings/count", ""),
    ("GET", "/api/listings/search?q=message", ""),
    ("GET", "/pow/challenge", ""),
    ("POST", "/api/listings/create", '{"text":"message %"}'),
    ("POST", "/api/listings/create", '{"text":'),
)


def load(pool: Pool, way: tuple[str, str, str]) -> int:
    """Some seconds of requests, from many networks, so that some are refused and most are not."""
    program = os.environ.get("FCGILOAD") or str(testing.BUILD / "t" / "bench" / "fcgiload")
    argv = [program, str(pool.socket), "16", "5", *way, "2000"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return sum(json.loads(done.stdout)["statuses"].values())


def main() -> None:
    with Scratch() as directory, Cluster(directory, durable=False) as cluster:
        with Pool(testing.initialsdb(), cluster, SETTINGS) as pool:
            total, turn, text = 0, 0, HEAD
            print(text, end="")
            while total < REQUESTS:
                total += load(pool, WAYS[turn % len(WAYS)])
                turn += 1
                if turn % len(WAYS) == 0 or total >= REQUESTS:
                    sizes = [inside.pss_kb(pid) for pid in inside.children(pool)]
                    row = f"| {total:,} | {len(sizes)} | {sum(sizes):,} | {max(sizes):,} |"
                    print(row, flush=True)
                    text += row + "\n"
            RESULTS.write_text(text)
            assert not inside.events(pool, "child_died"), "a worker ended on the way"


if __name__ == "__main__":
    main()
