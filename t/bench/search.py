# SPDX-License-Identifier: MIT
"""Measures every class of queries on SIZE messages: first and tenth page, alone and among 16 clients.

    make bench-search SIZE=1000000

Adds to t/bench/search-results.json, where other sizes stay; report.py draws them together. The cluster is
private, on a Unix socket, without fsync. Times are the database's own, without the network.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "sql")]

from database import Cluster, Database, Session, literal, Scratch
from fill import fill
from queries import CLASSES, queries

NUMBER, CLIENTS, SECS = 60, 16, 2
TOP = 9223372036854775807
PAGE = """create or replace function public.page(q text, before bigint, out ms float8, out items integer, out next bigint)
language plpgsql as $$
declare v_start timestamptz := clock_timestamp(); v_answer api.answer;
begin
  v_answer := api.search_listings('{}', '{}', '{}', q, 30, before, null, true);
  ms := extract(epoch from clock_timestamp() - v_start) * 1000;
  items := json_array_length(v_answer.body::json);
  next := v_answer.next_id;
end $$"""


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def summary(times: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(times), 2), "p99": round(percentile(times, 0.99), 2)}


def page(session: Session, q: str, before: int) -> tuple[float, int, int | None]:
    ms, items, following = session.run(f"select * from public.page({literal(q)}, {before})").split("|")
    return float(ms), int(items), int(following) if following else None


def buffers(session: Session, q: str) -> int:
    plan = session.run(f"explain (analyze, buffers, timing off, format json) select public.page({literal(q)}, {TOP})")
    top = json.loads(plan)[0]["Plan"]
    return top["Shared Hit Blocks"] + top["Shared Read Blocks"]


def processor_ms(pid: str) -> float:
    """What a process has used of processors so far; 0 where the kernel does not say."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    except FileNotFoundError:
        return 0


def alone(session: Session, name: str) -> dict:
    """First pages, and the tenth where there are so many."""
    pid = session.run("select pg_backend_pid()")
    first, used, tenth, short = [], [], [], 0
    for q in queries(name, NUMBER):
        before: int | None = TOP
        for number in range(1, 11):
            start = processor_ms(pid)
            ms, items, before = page(session, q, before)
            if number == 1:
                used.append(processor_ms(pid) - start)
                first.append(ms)
                short += items < 30 and before is not None
            if before is None:
                break
        else:
            tenth.append(ms)
    most = max(buffers(session, q) for q in queries(name, 8))
    result = {"first": summary(first), "processor": summary(used), "short": round(short / NUMBER, 3), "buffers": most}
    return result | ({"tenth": summary(tenth)} if tenth else {})


def crowd(db: Database, name: str) -> dict:
    """Sixteen clients at once."""
    db.sql("create table if not exists public.asked (n integer primary key, q text)")
    db.sql("truncate public.asked")
    asked = queries(name, 200)
    db.sql(f"insert into public.asked select n, q from unnest({literal(asked)}) with ordinality as a (q, n)")
    script = f"""\\set n random(1, 200)
        select public.page((select q from public.asked where n = :n), {TOP});"""
    with tempfile.TemporaryDirectory() as logs:
        argv = ["pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(SECS), "-f", "/dev/stdin", "-l"]
        argv += ["-h", str(db.cluster.run_dir), "-p", "5432", "-U", "postgres", db.name]
        subprocess.run(argv, input=script, text=True, check=True, capture_output=True, cwd=logs)
        lines = [line.split() for file in Path(logs).iterdir() for line in file.read_text().splitlines()]
    return summary([int(line[2]) / 1000 for line in lines]) | {"per_second": round(len(lines) / SECS)}


def sizes(db: Database) -> dict[str, float]:
    """Bytes a message of each table and index that grows."""
    rows = db.sql("""select relname, round(pg_relation_size(c.oid)::numeric / greatest(1, (select count(*) from board.message)), 1)
        from pg_class as c where relnamespace = 'board'::regnamespace and relkind in ('r', 'i')
        and pg_relation_size(c.oid) > 1000000 order by 2 desc""")
    return {name: float(number) for name, number in (row.split("|") for row in rows.splitlines())}


def measure(size: int) -> dict:
    directory = Scratch()
    settings = {"shared_buffers": "2GB", "max_wal_size": "16GB", "checkpoint_timeout": "1h", "max_connections": "50"}
    with directory as path, Cluster(path, durable=False, **settings) as cluster:
        db = Database(cluster)
        db.install()
        began = time.monotonic()
        fill(db, size)
        loading = time.monotonic() - began
        db.sql(PAGE)
        session = db.session("postgres")
        for name in CLASSES:
            page(session, queries(name, 1)[0], TOP)
        result = {"size": size, "loading_secs": round(loading), "bytes": sizes(db), "load": os.getloadavg()[0], "classes": {}}
        for name in CLASSES:
            result["classes"][name] = alone(session, name) | {"crowd": crowd(db, name)}
            print(name, result["classes"][name], flush=True)
        db.close()
        return result


if __name__ == "__main__":
    number = int(os.environ.get("SIZE") or 100_000)
    result = measure(number)
    file = HERE / "search-results.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(results | {str(number): result}, indent=1) + "\n")
