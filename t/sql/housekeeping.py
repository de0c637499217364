# SPDX-License-Identifier: MIT
"""The janitor forgets what has run out and nothing else; import and export keep their word."""

import os
import subprocess

from case import DatabaseCase
from database import Tier, call, cli, literal, post
from testing import main, require

HOUR = 3600 * 1_000_000
# A million and a day in make bench-networks.
NETWORKS, HOURS = int(os.environ.get("NETWORKS", "20000")), int(os.environ.get("HOURS", "8"))


class Janitor(DatabaseCase):
    # What it would do, these tests do themselves.
    settings = DatabaseCase.settings | {"autovacuum": "off"}

    def clean(self, rounds: int = 1) -> list[dict]:
        return [self.call("janitor", charged=None).json for _ in range(rounds)]

    def count(self, table: str) -> int:
        return int(self.db.sql(f"select count(*) from board.{table}"))

    def test_idle_networks_are_forgotten_and_busy_ones_kept(self) -> None:
        self.call("count_listings", charged=[Tier(b"idle", 1, 1)])
        self.call("count_listings", charged=[Tier(b"busy", HOUR, 5)])
        self.assertEqual(self.clean()[0]["networks"], 1)
        self.assertEqual(self.db.sql("select encode(network, 'escape') from board.rate_limit"), "busy")

    def test_proofs_are_kept_a_minute_beyond_their_time(self) -> None:
        now = int(self.db.sql("select board.clock_ms()"))
        self.app.run(post("old", b"old", expires_ms=now + 1000))
        self.app.run(post("new", b"new", expires_ms=now + 1000))
        self.db.sql(f"update board.spent set expires_ms = {now} - 60001 where token = sha256('old')")
        self.assertEqual(self.clean()[0]["proofs"], 1)
        self.assertEqual(self.app.call(post("new", b"new")).status, 200)

    def test_b7_table_of_any_size_is_swept_in_batches(self) -> None:
        self.db.sql("""insert into board.rate_limit (network, policy, tat)
            select sha256(n::text::bytea), 'r', case when n % 10 = 0 then 9e18 else 0 end
            from generate_series(1, 50000) as n""")
        answers = []
        while self.count("rate_limit") > 5000:
            answers += self.clean()
            self.assertLess(len(answers), 100)
        self.assertLess(max(a["networks"] for a in answers), 10000)
        self.assertEqual(self.db.sql("select count(*) from board.rate_limit where tat = 0"), "0")

    def test_table_of_networks_settles_at_a_size(self) -> None:
        sizes = []
        for hour in range(HOURS):
            for part in range(4):  # strangers come all the time; the janitor goes round and round
                self.db.sql(f"""insert into board.rate_limit (network, policy, tat)
                    select sha256('{hour}.{part}.{{}}'::bytea || n::text::bytea), 'r', board.clock_us()
                    from generate_series(1, {NETWORKS // 4}) as n""")
                blocks = int(self.db.sql("select board.blocks('board.rate_limit')"))
                self.clean(blocks // 32 + 2)
                self.db.sql("vacuum board.rate_limit")  # autovacuum's work, without waiting for it
            sizes.append(int(self.db.sql("select pg_total_relation_size('board.rate_limit')")))
        self.assertEqual(self.count("rate_limit"), 0)
        self.assertLessEqual(sizes[-1], 1.1 * max(sizes[:3]), sizes)

    def test_large_tables_ask_for_a_quicker_janitor(self) -> None:
        self.assertEqual(self.call("janitor", charged=None).retry_after_ms, 1000)
        self.db.sql("""insert into board.rate_limit (network, policy, tat)
            select sha256(n::text::bytea), 'r', 9e18 from generate_series(1, 400000) as n""")
        self.assertLess(self.call("janitor", charged=None).retry_after_ms, 600)

    def test_row_that_somebody_holds_is_left_for_later(self) -> None:
        self.call("count_listings", charged=[Tier(b"held", 1, 1)])
        holder = self.db.session("postgres")
        holder.run("begin")
        holder.run("select from board.rate_limit for update")
        self.assertEqual(self.clean()[0]["networks"], 0)
        holder.run("rollback")
        self.assertEqual(self.clean()[0]["networks"], 1)

    def test_only_one_janitor_works_at_a_time(self) -> None:
        first = self.db.session()
        first.run("begin")
        self.assertTrue(first.call(call("janitor", charged=None)).json["elected"])
        self.assertEqual(self.clean()[0], {"elected": False})
        first.run("commit")
        self.assertTrue(self.clean()[0]["elected"])

    def test_limits_stay_exact_while_the_janitor_sweeps(self) -> None:
        charged = Tier(b"swept", 10_000, 20)
        script = """select api.janitor();"""
        argv = ["pgbench", "-n", "-f", "/dev/stdin", "-c", "2", "-T", "600", "-U", "postgres"]
        argv += ["-h", str(self.cluster.run_dir), "-p", "5432", "initialsdb"]
        janitors = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(janitors.wait)
        self.addCleanup(janitors.terminate)
        janitors.stdin.write(script.encode())
        janitors.stdin.close()
        for _ in range(6):
            answers = self.race(*[call("count_listings", charged=[charged])] * 32)
            clocks = sorted(a.clock_ms for a in answers)
            admitted = sum(a.status == 200 for a in answers)
            self.assertLessEqual(admitted, 20 + (clocks[-1] - clocks[0]) // 10 + 1)
            self.app.run("do $$ begin perform pg_sleep(0.2); end $$")  # the budget fills, the row may go
        self.assertIsNone(janitors.poll(), "the janitors were at work all the time")


class Transfer(DatabaseCase):
    def load(self, bodies: list[str], times: list[str | None], done: int, source: str = "file") -> int:
        statement = cli("import_batch").replace("$1", literal(bodies)).replace("$3", literal(source))
        return int(self.db.sql(statement.replace("$2", literal(times)).replace("$4", str(done)).replace("$5", "''")))

    def test_import_keeps_order_and_times(self) -> None:
        self.assertEqual(self.load(["c", "a", "b"], ["2001-02-03T04:05:06Z", None, "1999-01-01T00:00:00Z"], 3), 3)
        rows = self.db.sql("select body, created_at < now() - interval '1 year' from board.message order by id")
        self.assertEqual(rows.split(), ["c|t", "a|f", "b|t"])

    def test_batch_that_was_done_before_inserts_nothing(self) -> None:
        self.load(["a", "b"], [None, None], 2)
        self.assertEqual(self.load(["a", "b"], [None, None], 2), 0)
        self.assertEqual(self.load(["c"], [None], 3), 1)
        progress = self.db.sql(cli("import_progress").replace("$1", "'file'"))
        self.assertEqual((progress, self.call("count_listings").json), ("3|", {"count": 3}))

    def test_sources_are_kept_apart(self) -> None:
        self.load(["a"], [None], 1, "one")
        self.assertEqual(self.load(["a"], [None], 1, "two"), 1)

    def test_export_pages_visible_messages_oldest_first(self) -> None:
        self.load(["a", "b", "c", "d"], ["2001-02-03T04:05:06Z"] * 4, 4)
        self.db.sql("select board.hide(array[(select min(id) + 1 from board.message)])")
        page = cli("export_page").replace("$1::bigint", "0").replace("$2::integer", "2")
        rows = [row.split("|") for row in self.db.sql(page).splitlines()]
        self.assertEqual([row[1:] for row in rows], [[b, "2001-02-03T04:05:06.000000Z"] for b in "ac"])
        following = page.replace("> 0", f"> {rows[-1][0]}")
        self.assertEqual([row.split("|")[1] for row in self.db.sql(following).splitlines()], ["d"])


if __name__ == "__main__":
    require("psql", "pgbench", "setpriv")
    main()
