# SPDX-License-Identifier: MIT
"""Times each class of queries inside the database: alone, among 16 clients, and with nothing in its buffers."""

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from database import Database, Session, literal
from queries import queries

NUMBER, CLIENTS, SECS, COLD = 120, 16, 2, 4
NUMBERS = {"Zipf mix": 400}
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


def page(session: Session, q: str, before: int = TOP) -> tuple[float, int, int | None]:
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
    number = NUMBERS.get(name, NUMBER)
    first, used, tenth, short = [], [], [], 0
    for q in queries(name, number):
        before: int | None = TOP
        for place in range(1, 11):
            start = processor_ms(pid)
            ms, items, before = page(session, q, before)
            if place == 1:
                used.append(processor_ms(pid) - start)
                first.append(ms)
                short += items < 30 and before is not None
            if before is None:
                break
        else:
            tenth.append(ms)
    most = max(buffers(session, q) for q in queries(name, 8))
    result = {"first": summary(first), "processor": summary(used), "short": round(short / number, 3), "buffers": most}
    return result | ({"tenth": summary(tenth)} if tenth else {})


def ask_at_random(db: Database, name: str) -> str:
    """A script for pgbench that asks queries of a class; they are kept in a table."""
    asked = queries(name, 200)
    db.sql("create table if not exists public.asked (name text, n integer, q text, primary key (name, n))")
    db.sql(f"delete from public.asked where name = {literal(name)}")
    db.sql(f"insert into public.asked select {literal(name)}, n, q from unnest({literal(asked)}) with ordinality as a (q, n)")
    return f"""\\set n random(1, 200)
        select public.page((select q from public.asked where name = {literal(name)} and n = :n), {TOP});\n"""


def pgbench(db: Database, script: str, *options: str) -> list[float]:
    """The time of each transaction, in milliseconds."""
    with tempfile.TemporaryDirectory() as logs:
        argv = ["pgbench", "-n", "-M", "prepared", "-j", "2", "-f", "/dev/stdin", "-l", *options]
        argv += ["-h", str(db.cluster.run_dir), "-p", "5432", "-U", "postgres", db.name]
        subprocess.run(argv, input=script, text=True, check=True, capture_output=True, cwd=logs)
        lines = [line.split() for file in Path(logs).iterdir() for line in file.read_text().splitlines()]
    return [int(line[2]) / 1000 for line in lines]


def crowd(db: Database, name: str) -> dict:
    """Sixteen clients at once."""
    times = pgbench(db, ask_at_random(db, name), "-c", str(CLIENTS), "-T", str(SECS))
    return summary(times) | {"per_second": round(len(times) / SECS)}


def cold(db: Database, name: str) -> float:
    """The slowest of a few first pages after a start of Postgres; the kernel still has its files.

    The session has been used before, far from where the queries will look.
    """
    db.close()
    db.cluster.stop()
    db.cluster.start()
    session = db.session("postgres")
    for q in ("absent nowhere", '"absent nowhere"', "nowhere", ""):
        page(session, q, 40_000)
    return round(max(page(session, q)[0] for q in queries(name, COLD)), 2)


def sizes(db: Database) -> dict[str, float]:
    """Bytes a message of each table and index that grows."""
    rows = db.sql("""select relname, round(pg_relation_size(c.oid)::numeric / greatest(1, (select count(*) from board.message)), 1)
        from pg_class as c where relnamespace = 'board'::regnamespace and relkind in ('r', 'i')
        and pg_relation_size(c.oid) > 1000000 order by 2 desc""")
    return {name: float(number) for name, number in (row.split("|") for row in rows.splitlines())}
