# SPDX-License-Identifier: MIT
"""A database that answers, but wrongly: what fails is logged, told apart, and never lets a post through unseen."""

import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from case import PoolCase
from pool import Pool
from testing import initialsdb

COUNT = "/api/listings/count"
SIGNATURE = "p_networks bytea[], p_emission_us bigint[], p_burst integer[]"


class BrokenDatabase(PoolCase):
    def tearDown(self) -> None:
        Pool(initialsdb(), self.cluster).command("migrate")  # puts every function back

    def function(self, name: str, body: str, arguments: str = SIGNATURE) -> None:
        """Puts another function of schema api in place of the right one."""
        self.sql(
            f"create or replace function api.{name}({arguments}) returns api.answer"
            f" language plpgsql volatile security definer as $$ begin {body}; end $$"
        )

    def raising(self, state: str) -> Any:
        """The answer to a count whose function fails with this SQLSTATE."""
        self.function("count_listings", f"raise exception 'made to fail' using errcode = '{state}'")
        self.running = self.pool(f"pool-{state}")
        return self.running.request(COUNT)

    def test_b40_defect_is_500_and_logged_with_its_state(self) -> None:
        self.refused(self.raising("22012"), 500, "INTERNAL_ERROR")
        self.assertIn('event=database_error sqlstate=22012 message="made to fail"', self.running.log())

    def test_b41_states_that_pass_are_503(self) -> None:
        for state in ("57014", "40001", "40P01", "53300", "57P01", "08006"):
            answer = self.raising(state)
            error = self.refused(answer, 503, "UNAVAILABLE")
            self.assertEqual(str(error["retry_after"]), answer.headers["Retry-After"], state)
            self.running.stop()

    def test_answer_of_an_unknown_code_is_our_own_error(self) -> None:
        self.function("count_listings", "return (418, 'TEAPOT', null, 0, null, null, null, board.clock_ms())::api.answer")
        self.refused(self.pool().request(COUNT), 500, "INTERNAL_ERROR")

    def test_posts_fail_closed_while_networks_cannot_be_known(self) -> None:
        for name, body in (("broken", "raise exception 'no keys'"), ("garbage", "return (200, null, 'x', 0, null, null, null, board.clock_ms())::api.answer")):
            self.function("network_keys", body, "p_days integer")
            pool = self.pool(name)
            self.refused(self.poster(pool).post("unseen"), 503, "UNAVAILABLE")
            self.assertEqual("0", self.sql("select count(*) from board.message"))
            self.assertEqual(200, pool.request(COUNT).status)
            pool.stop()

    def test_posts_are_taken_again_when_networks_are_known(self) -> None:
        self.function("network_keys", "raise exception 'no keys'", "p_days integer")
        pool = self.pool()
        poster = self.poster(pool)
        proof = poster.proof()
        self.assertEqual(503, poster.post("patient", proof).status)
        self.tearDown()
        testing.wait_until(lambda: poster.post("patient", proof).status == 201, "the post to be taken")

    def test_older_schema_is_not_ready(self) -> None:
        pool = self.pool()
        self.assertEqual(200, pool.request("/api/readyz").status)
        self.sql("update board.schema_version set number = number - 1")
        try:
            error = self.refused(pool.request("/api/readyz"), 503, "UNAVAILABLE")
            self.assertIn("older schema", error["message"])
        finally:
            self.sql("update board.schema_version set number = number + 1")


if __name__ == "__main__":
    testing.require("psql", "setpriv")
    testing.main()
