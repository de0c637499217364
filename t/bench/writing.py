# SPDX-License-Identifier: MIT
"""What posting costs on a board of some size: against an empty one, and while others search."""

import statistics
from concurrent.futures import ThreadPoolExecutor

from classes import ask_at_random, percentile, pgbench
from database import Database, literal
from messages import messages

ROUNDS, SECS, CLIENTS = 3, 4, 8
SEARCHERS, POSTERS, RATE, LONG_SECS = 2, 8, 200, 12
TEXTS = 1000
POST = f"""\\set n random(1, {TEXTS})
select api.create_listing('{{}}', '{{}}', '{{}}', null, null, sha256('x'), (select body from public.text where n = :n));
"""


def with_texts(db: Database) -> None:
    """Texts to post, as those that are there."""
    db.sql("create table if not exists public.text (n integer primary key, body text)")
    db.sql(f"insert into public.text select n, body from unnest({literal(list(messages(TEXTS)))})"
           " with ordinality as t (body, n) on conflict do nothing")


def rate(db: Database) -> float:
    return len(pgbench(db, POST, "-c", str(CLIENTS), "-T", str(SECS))) / SECS


def against_empty(db: Database) -> dict[str, float]:
    """Posts a second here and on an empty board of the same cluster, by turns; medians."""
    empty = Database(db.cluster, "empty")
    db.sql("drop database if exists empty")
    empty.install()
    for board in (db, empty):
        with_texts(board)
    pairs = []
    for _ in range(ROUNDS):
        empty.sql("truncate board.message")
        pairs.append((rate(db), rate(empty)))
    empty.close()
    return {
        "per_second": round(statistics.median(here for here, _ in pairs)),
        "empty": round(statistics.median(there for _, there in pairs)),
        "ratio": round(statistics.median(here / there for here, there in pairs), 2),
    }


def while_searching(db: Database) -> dict[str, float]:
    """Posts at a steady rate while two clients, one for each processor of a small server, search without a pause; the
    median of the rounds, and the slowest post of all."""
    script = ask_at_random(db, "Zipf mix")
    rounds = []
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(1) as threads:
            searching = threads.submit(pgbench, db, script, "-c", str(SEARCHERS), "-T", str(LONG_SECS + 2))
            posts = pgbench(db, POST, "-c", str(POSTERS), "-R", str(RATE), "-T", str(LONG_SECS))
            rounds.append((posts, len(searching.result()) / (LONG_SECS + 2)))
    return {
        "posts": sum(len(posts) for posts, _ in rounds),
        "searches_per_second": round(statistics.median(searches for _, searches in rounds)),
        "p50": round(statistics.median(statistics.median(posts) for posts, _ in rounds), 1),
        "p999": round(statistics.median(percentile(posts, 0.999) for posts, _ in rounds), 1),
        "slowest": round(max(max(posts) for posts, _ in rounds), 1),
    }
