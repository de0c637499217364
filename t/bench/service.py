# SPDX-License-Identifier: MIT
"""What the whole service does through Caddy, against the two ceilings that it cannot break.

H is the same Caddy with a worker that says hello, P is pgbench with the very statement of the route. All share
the same processors, so the bound of a route that asks the database is 1 / (1/H + 1/P). Each round measures H,
P and the route one after another; ratios are medians over rounds, so that what else the machine does hits all
three. `make bench-service`; ROUNDS and SECS change its length. Writes t/bench/service-results.md.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, NamedTuple

for room in ("lib", "caddy"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / room))

import inside
import testing
from caddy import Caddy
from pool import Pool
from process import Process
from stack import Board

ROUNDS, SECS = int(os.environ.get("ROUNDS", "3")), float(os.environ.get("SECS", "4"))
CLIENTS, WORKERS, MESSAGES = (1, 16, 256), 16, 5000
OPEN = {"IP_RATE_ENABLE": "false", "WORKERS": str(WORKERS)}
RESULTS = Path(__file__).resolve().parent / "service-results.md"
CAVEAT = (
    " **At such a load the ratios and rates scatter by a factor of two in both directions (a ratio above 1 is noise, "
    "but for searches, whose pages the pool shares); only the processor times are worth comparing. To be repeated on a machine of its own.**"
)
SCRIPT = """
local number = 0
if "%(method)s" == "POST" then
  request = function()
    number = number + 1
    return wrk.format("POST", "%(path)s", {["Content-Type"] = "application/json"}, '{"text":"message ' .. number .. '"}')
  end
end
"""
DONE = """
done = function(summary, latency)
  io.write(string.format('JSON {"requests":%d,"us":%d,"bad":%d,"p50":%f,"p99":%f,"p999":%f}\\n', summary.requests,
    summary.duration, summary.errors.status + summary.errors.timeout + summary.errors.read + summary.errors.connect,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"""


class Route(NamedTuple):
    name: str
    method: str
    path: str
    sql: str  # of the worker; empty for a route without the database


class Load(NamedTuple):
    per_second: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    requests: int


NONE = "'{}', '{}', '{}'"
ROUTES = (
    Route("challenge", "GET", "/pow/challenge", ""),
    Route("health", "GET", "/api/healthz", ""),
    Route("count", "GET", "/api/listings/count", f"api.count_listings({NONE})"),
    Route("get", "GET", "/api/listings/17", f"api.get_listing({NONE}, 17)"),
    Route("search", "GET", "/api/listings/search?q=board", f"api.search_listings({NONE}, 'board', 30, null, '{{}}', true)"),
    Route("create", "POST", "/api/listings/create", f"api.create_listing({NONE}, null, null, sha256('x'), 'message ' || :n)"),
)


def run_wrk(url: str, script_text: str, clients: int, secs: float = SECS) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(script_text + DONE)
        script.flush()
        argv = ["wrk", "-t", str(min(2, clients)), "-c", str(clients), "-d", f"{secs:.0f}s", "--timeout", "10s"]
        done = subprocess.run([*argv, "-s", script.name, url], capture_output=True, text=True, check=True)
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("JSON"))[5:])
    assert found["bad"] <= found["requests"] * 0.001, done.stdout
    times = [found[name] / 1000 for name in ("p50", "p99", "p999")]
    return Load(found["requests"] / found["us"] * 1e6, *times, found["requests"])


def wrk(url: str, route: Route, clients: int) -> Load:
    return run_wrk(url, SCRIPT % {"method": route.method, "path": route.path}, clients)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(member for child in children for member in family(int(child)))]


def cpu_secs(pid: int) -> float:
    """Processor time of the family, and of its dead."""
    ticks = 0
    for member in family(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(map(int, fields[11:15] if member == pid else fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Service:
    def __init__(self, board: Board, free: Board, hello: Caddy) -> None:
        self.board, self.free, self.hello = board, free, hello

    def side(self, route: Route) -> Board:
        return self.free if route.method == "POST" else self.board

    def pgbench(self, route: Route, clients: int) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(f"\\set n random(1, 1000000000)\nselect * from {route.sql};\n")
            script.flush()
            argv = ["pgbench", "-n", "-M", "prepared", "-c", str(min(clients, WORKERS)), "-T", f"{SECS:.0f}"]
            argv += ["-f", script.name, "-U", "initialsdb", "-h", str(self.board.cluster.run_dir), "-p", "5432", "initialsdb"]
            done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return float(next(line for line in done.stdout.splitlines() if line.startswith("tps")).split()[2])

    def cpu(self, route: Route) -> dict[str, float]:
        side = self.side(route)
        pids = {"worker": side.pool.process.pid, "Caddy": side.caddy.process.pid, "Postgres": self.board.cluster.process.pid}
        return {name: cpu_secs(pid) for name, pid in pids.items()}

    def round(self, route: Route, clients: int) -> tuple[float, Load, dict[str, float]]:
        """The ratio to the bound, the load, and microseconds of processor a request by program."""
        ceiling = wrk(self.hello.url.rstrip("/") + ROUTES[1].path, ROUTES[1], clients).per_second
        if route.sql:
            ceiling = 1 / (1 / ceiling + 1 / self.pgbench(route, clients))
        before = self.cpu(route)
        load = wrk(self.side(route).url.rstrip("/") + route.path, route, clients)
        used = {name: (secs - before[name]) / load.requests * 1e6 for name, secs in self.cpu(route).items()}
        return load.per_second / ceiling, load, used

    def median(self, route: Route, clients: int) -> tuple[float, Load, dict[str, float]]:
        rounds = [self.round(route, clients) for _ in range(ROUNDS)]
        ratio = statistics.median(ratio for ratio, _, _ in rounds)
        _, load, used = sorted(rounds, key=lambda found: found[1].per_second)[ROUNDS // 2]
        return ratio, load, used

    def row(self, route: Route, clients: int) -> str:
        ratio, load, used = self.median(route, clients)
        share = used["worker"] / max(sum(used.values()), 1e-9)
        return (
            f"| {route.name} | {clients} | {load.per_second:,.0f} | {ratio:.2f} | {load.p50_ms:.1f} / {load.p99_ms:.1f} / "
            f"{load.p999_ms:.1f} | {used['worker']:.0f} / {used['Caddy']:.0f} / {used['Postgres']:.0f} | {share:.0%} |"
        )


def fill(board: Board) -> None:
    """Messages to find, through the program's own import."""
    file = board.state / "messages.txt"
    file.write_text("\n\n".join(f"message {n} on the board about {n % 97}" for n in range(MESSAGES)) + "\n")
    board.pool.command("import", str(file))
    board.cluster.psql("vacuum analyze")


def head() -> str:
    busy = os.getloadavg()[0] > os.cpu_count()
    caveat = CAVEAT if busy else ""
    return (
        "## The whole service\n\n"
        f"Made by `make bench-service`: {ROUNDS} rounds of {SECS:.0f} s, medians; {os.cpu_count()} processors ({platform.machine()}) "
        f"shared by client, Caddy, {WORKERS} workers and Postgres (fsync on), and with whatever else the machine did: load average "
        f"{os.getloadavg()[0]:.1f} at the start. {MESSAGES} messages; limits off, so that every request does its work. *Ratio*: to "
        "the same Caddy with a worker that says hello, for routes with the database to 1/(1/H + 1/P) with P from pgbench and the "
        f"same statement. Latency in ms, processor time in microseconds a request.{caveat}\n\n"
        "| route | clients | requests/s | ratio | p50 / p99 / p99.9 | worker / Caddy / Postgres | worker's share |\n"
        "|---|---|---|---|---|---|---|\n"
    )


@contextmanager
def hello_worker(board: Board) -> Iterator[Caddy]:
    """A Caddy like the board's with a worker that only says hello."""
    lazy = Pool(board.pool.binary, board.cluster, name="hello")
    program = os.environ.get("HELLO") or str(testing.BUILD / "t" / "bench" / "hello")
    worker = Process("hello", [program, str(lazy.socket), str(WORKERS)], board.state / "log" / "hello.log")
    worker.start()
    worker.wait_for(lazy.socket.exists, "its socket")
    with Caddy(lazy) as hello:
        yield hello
    worker.stop()


def main() -> None:
    testing.require("pgbench", "wrk", "caddy")
    with Board(env=OPEN, durable=True) as board:
        fill(board)
        free = board.branch("free", OPEN | {"POW_ENABLE": "false"})
        with hello_worker(board) as hello:
            service, text = Service(board, free, hello), head()
            print(text, end="")
            for route in ROUTES:
                for clients in CLIENTS:
                    row = service.row(route, clients)
                    print(row, flush=True)
                    text += row + "\n"
            memory = [inside.pss_kb(pid) for pid in inside.children(board.pool)]
            text += f"\nMemory afterwards: {sum(memory) / len(memory):.0f} kB proportional a process, {sum(memory):,} kB for {len(memory)}.\n"
    RESULTS.write_text(text)


if __name__ == "__main__":
    main()
