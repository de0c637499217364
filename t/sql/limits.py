# SPDX-License-Identifier: MIT
"""Rate budgets are exact: GCRA over the burst and over time, tiers, and honest waiting times."""

import subprocess

import database
from case import DatabaseCase
from database import Tier, call
from testing import main, require

SECOND = 1_000_000
HOUR = 3600 * SECOND


def tier(number: int, emission_us: int = HOUR, burst: int = 5) -> Tier:
    return Tier(number.to_bytes(16, "big"), emission_us, burst)


class Limits(DatabaseCase):
    def read(self, *charged: Tier) -> database.Answer:
        return self.call("count_listings", charged=charged)

    def tat(self, charged: Tier) -> int:
        row = self.db.sql(f"select tat from board.rate_limit where network = '\\x{charged.network.hex()}'")
        return int(row)

    def test_budget_counts_down_and_then_refuses(self) -> None:
        answers = [self.read(tier(1, burst=3)) for _ in range(5)]
        self.assertEqual([a.status for a in answers], [200, 200, 200, 429, 429])
        self.assertEqual([a.quota_remaining for a in answers], [2, 1, 0, 0, 0])
        self.assertEqual(answers[3].code, "RATE_LIMITED")

    def test_reset_is_when_the_budget_is_full_again(self) -> None:
        self.read(tier(1, emission_us=10 * SECOND, burst=3))
        answer = self.read(tier(1, emission_us=10 * SECOND, burst=3))
        self.assertLessEqual(answer.quota_reset_ms, 20_000)
        self.assertGreater(answer.quota_reset_ms, 15_000)

    def test_empty_arrays_are_not_charged(self) -> None:
        answer = self.read()
        self.assertEqual((answer.status, answer.quota_remaining), (200, None))
        self.assertEqual(self.db.sql("select count(*) from board.rate_limit"), "0")

    def test_b6_reading_and_posting_have_separate_budgets(self) -> None:
        one = tier(1, burst=1)
        self.assertEqual(self.read(one).status, 200)
        self.assertEqual(self.read(one).status, 429)
        self.assertEqual(self.app.call(database.post("still mine", charged=[one])).status, 201)

    def test_b4_sixty_four_sessions_get_exactly_the_burst(self) -> None:
        for number in range(10):
            charged = tier(number, burst=20)
            answers = self.race(*[call("count_listings", charged=[charged])] * 64)
            statuses = sorted(a.status for a in answers)
            self.assertEqual(statuses, [200] * 20 + [429] * 44)
            left = sorted(a.quota_remaining for a in answers if a.status == 200)
            self.assertEqual(left, list(range(20)))

    def test_waiting_exactly_retry_after_succeeds_and_a_millisecond_less_does_not(self) -> None:
        for number in range(20):
            charged = tier(number, emission_us=40_321 + number, burst=2)
            while (refused := self.read(charged)).status == 200:
                pass
            due = self.tat(charged) - charged.emission_us * (charged.burst - 1)
            wait_ms = due / 1000 - refused.clock_ms  # the answer's clock is cut to a millisecond
            self.assertTrue(wait_ms - 1 <= refused.retry_after_ms < wait_ms + 1)
            self.sleep_until(due - 4000)
            early = self.read(charged)
            if early.status == 200:  # then this machine overslept
                self.assertGreaterEqual(early.clock_ms, due // 1000)
                continue
            self.sleep_until(due)
            self.assertEqual(self.read(charged).status, 200)

    def sleep_until(self, us: int) -> None:
        """Until the database's clock shows this many microseconds since the epoch."""
        self.app.run(f"do $$ begin perform pg_sleep(({us} - extract(epoch from clock_timestamp()) * 1e6) / 1e6); end $$")

    def test_b5_hammered_for_a_while_admits_the_theory_to_the_unit(self) -> None:
        charged = tier(1, emission_us=SECOND, burst=100)  # never full again meanwhile
        before = [self.read(charged).status for _ in range(80)]
        self.assertEqual(set(before), {200})
        start = self.tat(charged) - len(before) * charged.emission_us
        admitted = len(before) + self.hammer(charged, clients=32, secs=3)
        while (refused := self.read(charged)).status == 200:
            admitted += 1
        # Every admission moved the arrival time by one emission: none was lost, none was free.
        self.assertEqual(self.tat(charged) - start, admitted * charged.emission_us)
        # And the refusal that ended it came because the theory allows no further one by then.
        due = start + (admitted - charged.burst + 1) * charged.emission_us
        self.assertAlmostEqual(refused.retry_after_ms, (due / 1000 - refused.clock_ms), delta=1)
        self.assertLessEqual(refused.retry_after_ms * 1000, charged.emission_us)

    def hammer(self, charged: Tier, clients: int, secs: int) -> int:
        """Calls without a pause; returns how many were admitted."""
        self.db.sql("create unlogged table if not exists public.hammered (status smallint)")
        self.db.sql("truncate public.hammered")
        script = f"insert into public.hammered select status from api.count_listings({database.tiers(charged)});"
        argv = ["pgbench", "-n", "-f", "/dev/stdin", "-c", str(clients), "-T", str(secs), "-M", "prepared"]
        argv += ["-h", str(self.cluster.run_dir), "-p", "5432", "-U", "postgres", "initialsdb"]
        subprocess.run(argv, input=script, text=True, check=True, capture_output=True)
        return int(self.db.sql("select count(*) from public.hammered where status = 200"))


class Tiers(DatabaseCase):
    """/64, /56 and /48 of one address, narrowest first."""

    narrow, middle, wide = tier(64, burst=4), tier(56, burst=6), tier(48, burst=8)

    def read(self, *charged: Tier) -> database.Answer:
        return self.call("count_listings", charged=charged)

    def charges(self) -> dict[str, int]:
        """How many requests each network has been charged, from its arrival time (emission: an hour)."""
        rows = self.db.sql(f"""select encode(network, 'hex'), ceil((tat - board.clock_us()) / {HOUR}.0)
                               from board.rate_limit""")
        return {network: int(number) for network, number in (row.split("|") for row in rows.splitlines())}

    def spent(self, charged: Tier) -> int:
        return self.charges().get(charged.network.hex(), 0)

    def test_every_tier_is_charged(self) -> None:
        self.read(self.narrow, self.middle, self.wide)
        self.assertEqual([self.spent(t) for t in (self.narrow, self.middle, self.wide)], [1, 1, 1])

    def test_quota_is_the_tightest_tiers(self) -> None:
        self.read(tier(7, burst=6), self.middle)
        self.assertEqual(self.read(self.narrow, self.middle, self.wide).quota_remaining, 3)
        self.read(tier(8, burst=6), self.middle)
        self.assertEqual(self.read(self.narrow, self.middle, self.wide).quota_remaining, 2)
        self.read(tier(9, burst=6), self.middle)
        self.assertEqual(self.read(tier(10), self.middle, self.wide).quota_remaining, 0)

    def test_refusing_wide_tier_leaves_narrow_ones_untouched(self) -> None:
        for number in range(8):
            self.assertEqual(self.read(tier(number), self.wide).status, 200)
        refused = self.read(self.narrow, self.middle, self.wide)
        self.assertEqual((refused.status, refused.quota_remaining), (429, 0))
        self.assertEqual((self.spent(self.narrow), self.spent(self.middle), self.spent(self.wide)), (0, 0, 8))

    def test_retry_after_is_the_slowest_tiers(self) -> None:
        quick = tier(1, emission_us=SECOND, burst=1)
        slow = tier(2, emission_us=100 * SECOND, burst=1)
        self.read(quick, slow)
        self.assertGreater(self.read(quick, slow).retry_after_ms, 95_000)

    def test_give_back_is_exact_when_many_lose_the_wide_tier_at_once(self) -> None:
        for _ in range(10):
            self.setUp()
            wide = tier(999, burst=16)
            networks = [tier(number % 16, burst=3) for number in range(64)]
            answers = self.race(*[call("count_listings", charged=[n, wide]) for n in networks])
            admitted = [n for n, a in zip(networks, answers) if a.status == 200]
            charges = self.charges()
            self.assertEqual((len(admitted), charges[wide.network.hex()]), (16, 16))
            for network in set(networks):
                self.assertEqual(charges.get(network.network.hex(), 0), admitted.count(network))

    def test_sixty_four_sessions_over_three_tiers_do_not_deadlock(self) -> None:
        networks = [tier(n % 8, burst=50) for n in range(64)]
        middles = [tier(100 + n % 4, burst=50) for n in range(64)]
        for _ in range(5):
            self.race(*[call("count_listings", charged=[n, m, self.wide]) for n, m in zip(networks, middles)])
        self.assertEqual(self.spent(self.wide), 8)


if __name__ == "__main__":
    require("psql", "pgbench", "setpriv")
    main()
