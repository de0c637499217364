# SPDX-License-Identifier: MIT
"""Searches through Caddy and the pool, while others post; and what the newest page and the count could do at most."""

import tempfile
import threading
from contextlib import contextmanager
from typing import Iterator
from urllib.parse import quote

import service
from database import Database
from queries import queries
from stack import Board

SEARCH = "/api/listings/search"
POSTS_A_SECOND = 10
SCRIPT = """
local uris = {}
for line in io.lines("%s") do uris[#uris + 1] = line end
local started = 0
setup = function(thread) thread:set("seed", started) started = started + 1 end
init = function() math.randomseed(seed + 1) end
request = function() return wrk.format("GET", uris[math.random(#uris)]) end
"""
ROUTES = (
    service.Route("newest", "GET", SEARCH, f"api.search_listings({service.NONE}, '', 30, null, array[]::text[], true)"),
    service.Route("count", "GET", "/api/listings/count", f"api.count_listings({service.NONE})"),
)


@contextmanager
def somebody_posting(board: Board) -> Iterator[None]:
    """New messages at a slow rate, so that nobody lives on pages that have been found before."""
    ended = threading.Event()
    db = Database(board.cluster)
    session = db.session("postgres")

    def post() -> None:
        while not ended.wait(1 / POSTS_A_SECOND):
            session.run("insert into board.message (body) values ('somebody posts')")

    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        db.close()


def searches(board: Board, name: str, clients: int, secs: float) -> dict[str, float]:
    """Queries of a class at random."""
    with tempfile.NamedTemporaryFile("w") as uris:
        uris.writelines(f"{SEARCH}?q={quote(q)}\n" for q in queries(name, 200))
        uris.flush()
        load = service.run_wrk(board.url, SCRIPT % uris.name, clients, secs)
    return {"p50": round(load.p50_ms, 2), "p99": round(load.p99_ms, 2), "per_second": round(load.per_second)}


def routes(board: Board) -> dict[str, dict[str, float]]:
    """The newest page and the count against their bound."""
    found = {}
    with service.hello_worker(board) as hello:
        bench = service.Service(board, board, hello)
        for route in ROUTES:
            ratio, load, _ = bench.median(route, 16)
            found[route.name] = {"per_second": round(load.per_second), "ratio": round(ratio, 2), "p99": round(load.p99_ms, 2)}
    return found
