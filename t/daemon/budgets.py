# SPDX-License-Identifier: MIT
"""Rate budgets over the socket: exact across pools and dying workers, honest, exempt, shadowed."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from case import PoolCase
from testing import main, require, wait_until

COUNT = "/api/listings/count"
HOURS = {"READ_RATE_MAX_REQUESTS": "15", "READ_RATE_WINDOW_MS": "36000000"}


def kill_a_child(pool) -> None:
    """SIGKILL to one of the pool's processes; none when all are just being replaced."""
    master = pool.process.child.pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    if children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(random.choice(children)), signal.SIGKILL)


class Budgets(PoolCase):
    def read(self, pool, remote_addr: str = "192.0.2.1", **variables: str):
        return pool.request(COUNT, remote_addr=remote_addr, **variables)

    def test_200_clients_of_one_network_share_exactly_15(self) -> None:
        pool = self.pool(**HOURS)
        answers = self.at_once(200, lambda _: self.read(pool).status)
        self.assertEqual(Counter(answers), {200: 15, 429: 185})

    def test_b4_two_pools_share_one_budget(self) -> None:
        one = self.pool("one", **HOURS)
        two = self.pool("two", like=one, **HOURS)
        answers = self.at_once(60, lambda number: self.read((one, two)[number % 2]).status)
        self.assertEqual(Counter(answers), {200: 15, 429: 45})

    def test_b4_restart_forgives_nothing(self) -> None:
        pool = self.pool(**HOURS)
        self.at_once(15, lambda _: self.read(pool))
        pool.stop()
        pool.start()
        self.assertEqual(self.read(pool).status, 429)

    def test_killed_workers_neither_add_to_the_budget_nor_take_from_it(self) -> None:
        terms = {"READ_RATE_MAX_REQUESTS": "40", "READ_RATE_WINDOW_MS": "36000000"}
        one = self.pool("one", **terms)
        two = self.pool("two", like=one, **terms)
        lost: list[int] = []

        def read(number: int) -> int:
            if number % 10 == 5:
                kill_a_child((one, two)[number % 4 // 2])
            try:
                return self.read((one, two)[number % 2]).status
            except OSError:
                lost.append(number)
                return 0

        answers = Counter(self.at_once(120, read))
        emission = 36_000_000_000 // 40
        ahead = int(self.sql("select tat - (extract(epoch from clock_timestamp()) * 1e6)::bigint from board.rate_limit"))
        self.assertEqual(round(ahead / emission + 0.01), 40, "charges in the database")
        self.assertLessEqual(answers[200], 40)
        self.assertGreaterEqual(answers[200] + len(lost), 40)
        self.assertEqual(sum(answers.values()), 120)

    def test_hammered_over_time_by_two_pools_admits_the_theory_to_the_unit(self) -> None:
        terms = {"READ_RATE_MAX_REQUESTS": "40", "READ_RATE_WINDOW_MS": "16000"}
        emission = 400_000
        one = self.pool("one", **terms)
        two = self.pool("two", like=one, **terms)
        for _ in range(25):  # so full that it cannot run empty before the hammering
            self.assertEqual(self.read(one).status, 200)
        before = int(self.sql("select tat from board.rate_limit"))
        until = time.monotonic() + 4
        statuses: list[int] = []

        def hammered() -> bool:
            admitted = statuses.count(200)
            return admitted > 20 and statuses.count(429) > admitted and time.monotonic() > until

        def hammer(number: int) -> None:
            while not hammered():
                statuses.append(self.read((one, two)[number % 2]).status)

        self.at_once(8, hammer)
        after = int(self.sql("select tat from board.rate_limit"))
        self.assertEqual((after - before) / emission, statuses.count(200))

    def test_waiting_as_long_as_retry_after_says_succeeds_and_much_less_does_not(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="2", READ_RATE_WINDOW_MS="4000000")
        answer = [self.read(pool) for _ in range(3)][-1]
        wait_secs = int(answer.headers["Retry-After"])
        self.assertEqual(self.refused(answer, 429, "RATE_LIMITED")["retry_after"], wait_secs)
        self.assertLessEqual(wait_secs, 2000)
        self.assertGreater(wait_secs, 1900)
        self.let_pass(wait_secs - 100)
        self.assertEqual(self.read(pool).status, 429)
        self.let_pass(100)
        self.assertEqual(self.read(pool).status, 200)

    def let_pass(self, secs: int) -> None:
        """As if so much time had passed for the budgets."""
        self.sql(f"update board.rate_limit set tat = tat - {secs} * 1000000")

    def test_waiting_is_told_in_whole_seconds_that_are_enough(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="3", READ_RATE_WINDOW_MS="4500")
        while (answer := self.read(pool)).status == 200:
            pass
        time.sleep(int(answer.headers["Retry-After"]))
        self.assertEqual(self.read(pool).status, 200)

    def test_budget_of_more_than_one_request_a_microsecond_is_no_error(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="1000000", READ_RATE_WINDOW_MS="100")
        self.assertEqual(self.read(pool).status, 200)

    def test_headers_tell_the_budget_on_every_charged_answer(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="3", READ_RATE_WINDOW_MS="60000")
        answers = [self.read(pool) for _ in range(4)]
        self.assertEqual({a.headers["RateLimit-Policy"] for a in answers}, {'"read";q=3;w=60'})
        remaining = [a.headers["RateLimit"] for a in answers]
        self.assertEqual([r.split(";")[1] for r in remaining], ["r=2", "r=1", "r=0", "r=0"])
        self.assertEqual(remaining[0], '"read";r=2;t=20')

    def test_b6_reads_do_not_eat_the_budget_of_posts(self) -> None:
        pool = self.pool(**HOURS)
        self.at_once(20, lambda _: self.read(pool))
        self.assertEqual(self.poster(pool).post("still mine").status, 201)

    def test_b9_addresses_of_one_ipv6_network_share_a_budget(self) -> None:
        pool = self.pool(**HOURS)
        answers = self.at_once(40, lambda number: self.read(pool, f"2001:db8:1:1::{number + 1:x}").status)
        self.assertEqual(answers.count(200), 15)
        self.assertEqual(self.read(pool, "2001:db8:1:2::1").status, 200)

    def test_b9_wider_ipv6_tiers_have_wider_budgets(self) -> None:
        pool = self.pool(**HOURS, RATE_IPV6_56_FACTOR="2", RATE_IPV6_48_FACTOR="3")
        same_56 = self.at_once(60, lambda number: self.read(pool, f"2001:db8:1:{number:x}::1").status)
        self.assertEqual(same_56.count(200), 30)
        same_48 = self.at_once(60, lambda number: self.read(pool, f"2001:db8:1:{number + 1:x}00::1").status)
        self.assertEqual(same_48.count(200), 15)
        self.assertEqual(self.read(pool, "2001:db8:2::1").status, 200)

    def test_ipv4_mapped_address_is_the_ipv4_address(self) -> None:
        pool = self.pool(**HOURS)
        self.at_once(15, lambda _: self.read(pool, "192.0.2.7"))
        self.assertEqual(self.read(pool, "::ffff:192.0.2.7").status, 429)

    def test_b10_unknown_address_is_refused(self) -> None:
        pool = self.pool()
        for address in ("", "localhost", "192.0.2.1:80", "[2001:db8::1]", "192.0.2.256", "@", "unix"):
            with self.subTest(address=address):
                self.assertEqual(self.refused(self.read(pool, address), 400, "INVALID_INPUT")["field"], "address")

    def test_b1_b3_no_header_changes_who_a_client_is(self) -> None:
        pool = self.pool(**HOURS)
        names = ["X-Test-IP", "X-Forwarded-For", "X_Forwarded_For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP",
                 "CF-Connecting-IP", "Remote-Addr", "Forwarded-For"]
        for number in range(60):
            header = {name: f"203.0.113.{number}" for name in random.sample(names, 3)}
            pool.request(COUNT, headers=header)
        self.assertEqual(self.read(pool).status, 429)

    def test_client_ip_from_the_web_server_counts(self) -> None:
        pool = self.pool(**HOURS)
        self.at_once(15, lambda _: self.read(pool, CLIENT_IP="203.0.113.1"))
        self.assertEqual(self.read(pool, CLIENT_IP="203.0.113.1").status, 429)
        self.assertEqual(self.read(pool).status, 200)

    def test_b3_right_most_untrusted_hop_is_the_client(self) -> None:
        pool = self.pool(**HOURS, TRUSTED_PROXIES="10.0.0.0/8 2001:db8:cd::/48")
        chain = "198.51.100.99, 203.0.113.5, 2001:db8:cd::1"
        self.at_once(15, lambda _: self.read(pool, "10.1.2.3", FORWARDED_FOR=chain))
        self.assertEqual(self.read(pool, "10.9.9.9", FORWARDED_FOR="1.1.1.1, 203.0.113.5:4711").status, 429)
        self.assertEqual(self.read(pool, "10.1.2.3", FORWARDED_FOR="203.0.113.5, 198.51.100.99").status, 200)
        self.assertEqual(self.read(pool, "192.0.2.1", FORWARDED_FOR="203.0.113.5").status, 200, "not a trusted peer")
        self.refused(self.read(pool, "10.1.2.3", FORWARDED_FOR="203.0.113.5, garbage"), 400, "INVALID_INPUT")

    def test_exempt_networks_are_not_charged(self) -> None:
        pool = self.pool(**HOURS, IP_RATE_EXEMPT="192.0.2.0/28 2001:db8::/32")
        for address in ("192.0.2.15", "2001:db8:ffff::1"):
            answers = self.at_once(30, lambda _: self.read(pool, address))
            self.assertEqual({a.status for a in answers}, {200})
            self.assertIsNone(answers[0].headers["RateLimit"])
        answers = self.at_once(30, lambda _: self.read(pool, "192.0.2.16").status)
        self.assertEqual(answers.count(200), 15)

    def test_shadow_mode_counts_and_logs_but_refuses_nobody(self) -> None:
        pool = self.pool(**HOURS, IP_RATE_SHADOW="true")
        answers = self.at_once(40, lambda _: self.read(pool).status)
        self.assertEqual(answers.count(200), 40)
        wait_until(lambda: pool.log().count("event=rate_limit_shadow") == 25, "25 lines of what would be refused")

    def test_budget_that_began_before_midnight_still_counts(self) -> None:
        pool = self.pool(READ_RATE_MAX_REQUESTS="15", READ_RATE_WINDOW_MS="86400000")
        self.at_once(15, lambda _: self.read(pool))
        pool.stop()
        self.sql("update board.network_key set day = day - 1")  # what was today is yesterday
        pool.start()
        self.assertEqual(self.read(pool).status, 429)
        self.assertEqual(self.sql("select count(*) from board.network_key"), "2")


if __name__ == "__main__":
    require("psql")
    main()
