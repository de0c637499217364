# SPDX-License-Identifier: MIT
"""The database never holds an address, and forgets whose messages were whose."""

import subprocess

from case import PoolCase
from testing import main, require, wait_until

ADDRESSES = {"192.0.2.177": ["192.0.2.177", "c00002b1"], "2001:db8:77:88:99:aa:bb:cc": ["2001:db8:77:88", "20010db800770088"]}
DAY = "floor(extract(epoch from clock_timestamp()) / 86400)::integer"


class Privacy(PoolCase):
    def test_b25_no_address_in_the_database_or_the_log(self) -> None:
        pool = self.pool(POST_DUPLICATE_SECS="60", READ_RATE_MAX_REQUESTS="2", LOG_LEVEL="debug")
        for address in ADDRESSES:
            poster = self.poster(pool, address)
            self.assertEqual(poster.post(f"from {len(address)}").status, 201)
            for _ in range(4):
                pool.request("/api/listings/search?q=from", remote_addr=address)
            pool.request("/pow/challenge", remote_addr=address)
            poster.post("x" * 300)
            pool.request("/api/listings/count", remote_addr=address + "%garbage!")
        dump = subprocess.run(["pg_dump", "-d", self.cluster.url("initialsdb")], capture_output=True, text=True, check=True).stdout
        self.assertIn("from 11", dump)
        for traces in ADDRESSES.values():
            for trace in traces:
                self.assertNotIn(trace, dump.lower())
                self.assertNotIn(trace, pool.log().lower())
        self.assertNotIn("from 11", pool.log(), "texts are not logged either")

    def test_operator_who_asks_sees_addresses_in_the_log_only(self) -> None:
        pool = self.pool(LOG_ADDRESSES="true")
        self.assertEqual(self.poster(pool, "192.0.2.177").post("text").status, 201)
        wait_until(lambda: "client=192.0.2.177\n" in pool.log(), "the address in the log")
        self.assertNotIn("192.0.2.177", self.sql("select string_agg(m::text, '') from board.message as m"))

    def networks(self) -> list[str]:
        return self.sql("select encode(network, 'hex') from board.message order by id").splitlines()

    def test_messages_of_one_network_are_linked_on_the_same_day_only(self) -> None:
        pool = self.pool()
        one, two = self.poster(pool), self.poster(pool, "192.0.2.2")
        for poster in (one, two, one):
            poster.post("text")
        first, second, third = self.networks()
        self.assertEqual(first, third)
        self.assertNotEqual(first, second)
        pool.stop()
        self.sql("update board.network_key set day = day - 1")
        pool.start()
        self.poster(pool).post("the next day")
        self.assertNotIn(self.networks()[-1], (first, second))

    def test_two_boards_never_share_a_digest(self) -> None:
        self.poster(self.pool("one")).post("text")
        self.poster(self.pool("two")).post("another salt")
        first, second = self.networks()
        self.assertNotEqual(first, second)

    def test_keys_are_forgotten_after_key_days(self) -> None:
        self.sql(f"insert into board.network_key select {DAY} - n, sha256(n::text::bytea) from generate_series(0, 9) as n")
        self.pool(KEY_DAYS="3")
        days = f"select string_agg(({DAY} - day)::text, ' ' order by day desc) from board.network_key"
        wait_until(lambda: self.sql(days) == "0 1 2 3", "older keys to be forgotten")


if __name__ == "__main__":
    require("psql", "pg_dump")
    main()
