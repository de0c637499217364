# SPDX-License-Identifier: MIT
"""Twice the load that a pool can carry: as much good work as before, in bounded time, and the rest told so."""
# Runs alone: what it asserts is how long answers take.

import os
import statistics
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from case import PoolCase

import testing
from pool import Pool
from testing import wait_until

COUNT = "/api/listings/count"
# Waiting, not computing, limits this pool: then the test does not measure what else the machine does.
WORK_SECS, WORKERS = 0.1, 4
SECS = float(os.environ.get("OVERLOAD_SECS", "8"))
QUEUE_MS = 500


class Asked(NamedTuple):
    """What became of a request; `ended` is on the monotonic clock."""

    status: int
    secs: float
    ended: float


class Overload(PoolCase):
    def setUp(self) -> None:
        super().setUp()
        source = self.sql("select pg_get_functiondef('api.count_listings'::regproc)")
        slow = source.replace("begin\n", f"begin\n  perform pg_sleep({WORK_SECS});\n", 1)
        self.assertNotEqual(source, slow)
        self.sql(slow)
        self.addCleanup(self.sql, source)

    def ask(self, pool: Pool) -> Asked:
        began = time.monotonic()
        status = pool.request(COUNT, REQUEST_START_MS=str(int(time.time() * 1000))).status
        ended = time.monotonic()
        return Asked(status, ended - began, ended)

    def peak(self, pool: Pool) -> list[Asked]:
        """Answers when there is always somebody waiting, but never long."""
        end = time.monotonic() + SECS / 2

        def client(_: int) -> list[Asked]:
            asked = []
            while time.monotonic() < end:
                asked.append(self.ask(pool))
            return asked

        return [one for several in self.at_once(2 * WORKERS, client) for one in several]

    def flood(self, pool: Pool, per_second: float) -> list[Asked]:
        """Answers to requests at that rate, whatever becomes of those before. What a pause of the machine has kept
        from being asked is not made up for, but for a moment's."""
        with ThreadPoolExecutor(300) as threads:
            asked: list[Future[Asked]] = []
            due = time.monotonic()
            end = due + SECS
            while due < end:
                asked.append(threads.submit(self.ask, pool))
                due = max(due + 1 / per_second, time.monotonic() - 0.2)
                time.sleep(max(0, due - time.monotonic()))
            return [future.result() for future in asked]

    @staticmethod
    def goodput(answers: list[Asked]) -> float:
        """Good answers a second, in most seconds: in some the machine may have stood still."""
        ends = sorted(one.ended for one in answers if one.status == 200)
        seconds = range(int(ends[-1] - ends[0]))
        return statistics.median(sum(n <= end - ends[0] < n + 1 for end in ends) for n in seconds)

    def test_twice_the_load_costs_no_good_work(self) -> None:
        pool = self.pool(WORKERS=str(WORKERS), IP_RATE_ENABLE="false", QUEUE_MAX_MS=str(QUEUE_MS))
        time.sleep(5)  # a pool that has just started is more patient
        for _ in range(4):  # a machine that stood still all the time is asked once more
            wrong = self.complaints(pool)
            if not wrong:
                break
        self.assertEqual([], wrong)

    def complaints(self, pool: Pool) -> list[str]:
        """What was not as it should be when twice the load came."""
        peak = self.goodput(self.peak(pool))
        answers = self.flood(pool, 2 * peak)
        self.assertLessEqual({one.status for one in answers}, {200, 503})
        good = [one.secs for one in answers if one.status == 200]
        refused = [one.secs for one in answers if one.status == 503]
        goodput = self.goodput(answers)
        print(
            f"# peak {peak:.0f}/s; then {goodput:.0f}/s good ({goodput / peak:.0%}), slowest {max(good):.2f} s; "
            f"{len(refused)} of {len(answers)} refused, slowest {max(refused, default=0):.2f} s"
        )
        wait_until(lambda: self.ask(pool).secs < WORK_SECS + 0.2, "an answer as fast as ever")
        bound = QUEUE_MS / 1000 + WORK_SECS + 0.2  # the last for the test's own threads
        claims = {
            "as much good work as before": goodput > 0.9 * peak,
            "an overload": len(refused) > len(answers) / 4,
            "good answers in time": statistics.median(good) < bound,
            "refusals in time": statistics.median(refused or [0]) < bound,
        }
        return [claim for claim, holds in claims.items() if not holds]


if __name__ == "__main__":
    testing.require("setpriv", "psql")
    testing.main()
