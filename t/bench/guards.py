# SPDX-License-Identifier: MIT
"""What deciding costs: the pool against pgbench with the same SQL, refusals beside acceptances, posts through Caddy.

Paired rounds in one run, medians and ratios. `make bench-guards`; ROUNDS and SECS change its length.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from pool import Pool
from stack import Board

RESULTS = Path(__file__).resolve().parent / "guards-results.md"
ROUNDS, SECS, CLIENTS = int(os.environ.get("ROUNDS", "5")), os.environ.get("SECS", "3"), "8"
JUNK = int(os.environ.get("JUNK", "1000000"))
BUDGETS = {"POST_RATE_MAX_REQUESTS": "100000", "POST_RATE_WINDOW_MS": "3600000", "READ_RATE_MAX_REQUESTS": "100000"}
TIGHT = {"POST_RATE_MAX_REQUESTS": "1", "POST_RATE_WINDOW_MS": "86400000", "READ_RATE_MAX_REQUESTS": "1",
         "READ_RATE_WINDOW_MS": "86400000"}
FREE = {"POW_ENABLE": "false", "WORKERS": CLIENTS}
TERMS = {"accepted": ("{36000}", "{100000}"), "refused": ("{86400000000}", "{1}")}
LUA = """
local number = 0
request = function()
  number = number + 1
  return wrk.format("POST", "/api/listings/create", {["Content-Type"] = "application/json"}, '{"text":"message ' .. number .. '"}')
end
"""


def sql(what: str, outcome: str) -> str:
    """The statement of a worker, for a network among many, or for the same one again and again."""
    emission, burst = TERMS[outcome]
    networks = "100000" if outcome == "accepted" else "1"
    charge = f"array[decode(md5(:network::text), 'hex')], '{emission}', '{burst}'"
    call = {
        "post": f"api.create_listing({charge}, null, null, sha256('x'), 'message ' || :number)",
        "count": f"api.count_listings({charge})",
    }[what]
    return f"\\set network random(1, {networks})\n\\set number random(1, 1000000000)\nselect * from {call};\n"


class Bench:
    def __init__(self, board: Board, load: str) -> None:
        self.board, self.load = board, load

    def pgbench(self, what: str, outcome: str) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(sql(what, outcome))
            script.flush()
            cluster = self.board.cluster
            argv = ["pgbench", "-n", "-M", "prepared", "-c", CLIENTS, "-T", SECS, "-f", script.name, "-U", "initialsdb",
                    "-h", str(cluster.run_dir), "-p", "5432", "initialsdb"]
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])

    def pool(self, socket: Path, what: str, outcome: str) -> float:
        method, path, body = {
            "post": ("POST", "/api/listings/create", '{"text":"message %"}'),
            "count": ("GET", "/api/listings/count", ""),
        }[what]
        networks = "10000" if outcome == "accepted" else "1"
        argv = [self.load, str(socket), CLIENTS, SECS, method, path, body, networks]
        result = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
        wanted = {"accepted": {"200", "201"}, "refused": {"429"}}[outcome]
        right = sum(count for status, count in result["statuses"].items() if status in wanted)
        assert right > 0.98 * sum(result["statuses"].values()), result
        return result["per_second"]

    def caddy(self) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(LUA)
            script.flush()
            argv = ["wrk", "-t", "2", "-c", CLIENTS, "-d", f"{SECS}s", "-s", script.name, self.board.url]
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert "Non-2xx" not in done.stdout, done.stdout
        return float(next(line for line in done.stdout.splitlines() if line.startswith("Requests/sec")).split()[1])


def resident(pool: Pool) -> int:
    """Bytes of all processes of the pool, shared ones divided."""
    master = pool.process.child.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in [str(master), *children]]
    return sum(int(re.search(r"^Pss: +(\d+)", rollup, re.M)[1]) * 1024 for rollup in rollups)


def junk(board: Board, load: str) -> str:
    """Forged proofs until there were a million; they may leave no row and no memory."""
    pool = board.branch("junk", {"POW_ENABLE": "true", "WORKERS": CLIENTS, "LOG_SAMPLE": "1000000"}).pool
    argv = [load, str(pool.socket), CLIENTS, "5", "POST", "/api/listings/create", '{"text":"junk %"}', "10000"]
    refused, sizes, rates = 0, [], []
    while refused < JUNK:
        result = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
        assert set(result["statuses"]) == {"403"}, result
        refused += result["statuses"]["403"]
        sizes.append(resident(pool))
        rates.append(result["per_second"])
    rows = board.cluster.psql("select count(*) from board.spent")
    return (f"{refused:,} forged proofs, {median(rates)} a second, left {rows} rows; the whole pool had "
            f"{sizes[0] / 2**20:.1f} MiB after the first five seconds and {sizes[-1] / 2**20:.1f} MiB after the last.\n")


def median(numbers: list[float]) -> str:
    return f"{statistics.median(numbers):,.0f}"


def ratio(above: list[float], below: list[float]) -> str:
    return f"{statistics.median(a / b for a, b in zip(above, below)):.2f}"


def measure(bench: Bench, sockets: dict[str, Path]) -> str:
    text = "| decision | pool /s | pgbench, same SQL /s | pool : pgbench |\n|---|---|---|---|\n"
    pool: dict[tuple[str, str], list[float]] = {}
    for what in ("post", "count"):
        for outcome, socket in sockets.items():
            rounds = [(bench.pool(socket, what, outcome), bench.pgbench(what, outcome)) for _ in range(ROUNDS)]
            mine, base = [r[0] for r in rounds], [r[1] for r in rounds]
            pool[what, outcome] = mine
            text += f"| {what} {outcome} | {median(mine)} | {median(base)} | {ratio(mine, base)} |\n"
    for what in ("post", "count"):
        times = ratio(pool[what, "refused"], pool[what, "accepted"])
        text += f"\nRefusing a {what} goes {times} times as fast as accepting one.\n"
    return text


def main() -> None:
    testing.require("pgbench", "wrk", "caddy")
    load = os.environ.get("FCGILOAD") or str(testing.BUILD / "t" / "bench" / "fcgiload")
    text = (f"## Guards\n\nMade by `make bench-guards`: {ROUNDS} paired rounds of {SECS} s, medians; {CLIENTS} clients and workers on "
            f"{os.cpu_count()} processors shared with the clients and Postgres (fsync on); load average {os.getloadavg()[0]:.1f} at the start. "
            "The pool is asked over FastCGI without Caddy, a connection for each request; pgbench keeps its connections.\n\n")
    with Board(env=FREE | BUDGETS, durable=True) as board:
        tight = board.branch("tight", FREE | TIGHT)
        bench = Bench(board, load)
        text += measure(bench, {"accepted": board.pool.socket, "refused": tight.pool.socket})
        text += f"\nPosts through Caddy: {median([bench.caddy() for _ in range(ROUNDS)])} a second.\n\n"
        text += junk(board, load)
    text += ("\n![What a post costs honest and flooding networks in an hour with half an hour of flood, at four settings](price.svg)\n\n"
             "The picture is made by `make bench-price`, a simulation with the program's own prices.\n")
    RESULTS.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
