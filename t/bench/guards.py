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


def junk(board: Board, load: str) -> None:
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
    print(f"\n{refused:,} forged proofs, {median(rates)} a second: {rows} rows; "
          f"{sizes[0] / 2**20:.1f} MiB after the first five seconds, {sizes[-1] / 2**20:.1f} MiB after the last.")


def median(numbers: list[float]) -> str:
    return f"{statistics.median(numbers):,.0f}"


def ratio(above: list[float], below: list[float]) -> str:
    return f"{statistics.median(a / b for a, b in zip(above, below)):.2f}"


def main() -> None:
    testing.require("pgbench", "wrk", "caddy")
    load = os.environ.get("FCGILOAD") or str(testing.BUILD / "t" / "bench" / "fcgiload")
    with Board(env=FREE | BUDGETS, durable=True) as board:
        tight = board.branch("tight", FREE | TIGHT)
        bench = Bench(board, load)
        sockets = {"accepted": board.pool.socket, "refused": tight.pool.socket}
        print(f"{ROUNDS} paired rounds of {SECS} s, {CLIENTS} clients and workers, fsync on, load average {os.getloadavg()[0]:.1f}\n")
        print("| decision | pool /s | pgbench, same SQL /s | pool : pgbench |\n|---|---|---|---|")
        pool: dict[tuple[str, str], list[float]] = {}
        for what in ("post", "count"):
            for outcome, socket in sockets.items():
                rounds = [(bench.pool(socket, what, outcome), bench.pgbench(what, outcome)) for _ in range(ROUNDS)]
                pool[what, outcome], base = [r[0] for r in rounds], [r[1] for r in rounds]
                print(f"| {what} {outcome} | {median(pool[what, outcome])} | {median(base)} | {ratio(pool[what, outcome], base)} |", flush=True)
        for what in ("post", "count"):
            print(f"\nA refused {what} takes place {ratio(pool[what, 'refused'], pool[what, 'accepted'])} times as often as an accepted one.")
        through = [bench.caddy() for _ in range(ROUNDS)]
        print(f"\nPosts through Caddy: {median(through)} /s.")
        junk(board, load)


if __name__ == "__main__":
    main()
