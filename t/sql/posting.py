# SPDX-License-Identifier: MIT
"""One token pays for one message, whatever the timing; a refused post burns nothing."""

from case import DatabaseCase
from database import Tier, post
from testing import main, require

HOUR = 3600 * 1_000_000
CLIENTS = 64


def network(number: int, burst: int = 5) -> Tier:
    return Tier(number.to_bytes(16, "big"), HOUR, burst)


class Posting(DatabaseCase):
    def number(self, what: str) -> int:
        return int(self.db.sql(f"select {what}"))

    def messages(self) -> int:
        return self.number("count(*) from board.message")

    def charges(self) -> int:
        return self.number(f"coalesce(sum(ceil((tat - board.clock_us()) / {HOUR}.0)), 0) from board.rate_limit")

    def test_post_returns_the_listing_as_everybody_sees_it(self) -> None:
        answer = self.app.call(post('a "quoted" \\ text\nof two lines'))
        self.assertEqual((answer.status, answer.code), (201, None))
        self.assertEqual(set(answer.json), {"id", "body", "created_at"})
        self.assertEqual(answer.json["body"], 'a "quoted" \\ text\nof two lines')
        self.assertRegex(answer.json["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")

    def test_b27_retry_gets_the_same_listing_and_is_not_charged(self) -> None:
        first = self.app.call(post("once", b"token", [network(1)]))
        again = self.app.call(post("once", b"token", [network(1)]))
        self.assertEqual((first.status, again.status), (201, 200))
        self.assertEqual(first.json, again.json)
        self.assertEqual((self.messages(), self.charges(), again.quota_remaining), (1, 1, None))

    def test_retry_is_answered_though_the_budget_is_used_up(self) -> None:
        poor = network(1, burst=1)
        self.app.call(post("once", b"token", [poor]))
        self.assertEqual(self.app.call(post("other", b"another", [poor])).status, 429)
        self.assertEqual(self.app.call(post("once", b"token", [poor])).status, 200)

    def test_retry_after_the_message_was_hidden_gets_its_listing(self) -> None:
        first = self.app.call(post("once", b"token"))
        self.db.sql(f"select board.hide(array[{first.json['id']}])")
        again = self.app.call(post("once", b"token"))
        self.assertEqual((again.status, again.json), (200, first.json))

    def test_b12_token_with_other_text_is_409(self) -> None:
        self.app.call(post("one text", b"token"))
        answer = self.app.call(post("other text", b"token"))
        self.assertEqual((answer.status, answer.code, answer.body), (409, "POW_SPENT", None))
        self.assertEqual(self.messages(), 1)

    def test_expired_token_is_403_and_charges_nothing(self) -> None:
        answer = self.app.call(post("late", b"token", [network(1)], expires_ms=1000))
        self.assertEqual((answer.status, answer.code), (403, "POW_EXPIRED"))
        self.assertEqual((self.messages(), self.charges()), (0, 0))

    def test_without_a_token_equal_texts_are_two_messages(self) -> None:
        answers = [self.app.call(post("twice")) for _ in range(2)]
        self.assertEqual([a.status for a in answers], [201, 201])
        self.assertEqual(self.number("count(*) from board.spent"), 0)

    def test_b17_refused_post_leaves_no_spent_row(self) -> None:
        poor = network(1, burst=1)
        self.app.call(post("first", b"token 1", [poor]))
        refused = self.app.call(post("second", b"token 2", [poor]))
        self.assertEqual((refused.status, refused.code), (429, "RATE_LIMITED"))
        self.assertGreater(refused.retry_after_ms, 0)
        self.assertEqual(self.number("count(*) from board.spent"), 1)

    def test_b17_posts_that_lose_the_budget_at_once_leave_no_spent_row(self) -> None:
        charged = [network(7, burst=10)]
        answers = self.race(*[post(f"text {n}", b"token %d" % n, charged) for n in range(CLIENTS)])
        self.assertEqual(sorted(a.status for a in answers), [201] * 10 + [429] * (CLIENTS - 10))
        self.assertEqual((self.messages(), self.number("count(*) from board.spent")), (10, 10))

    def test_sixty_four_clients_with_one_token_make_one_message(self) -> None:
        for number in range(10):
            self.setUp()
            answers = self.race(*[post("the same", b"token %d" % number, [network(1, burst=64)])] * CLIENTS)
            self.assertEqual(sorted(a.status for a in answers), [200] * (CLIENTS - 1) + [201])
            self.assertEqual(len({a.body for a in answers}), 1)
            self.assertEqual((self.messages(), self.charges()), (1, 1))

    def test_one_token_with_two_texts_at_once_pays_for_one(self) -> None:
        for number in range(10):
            self.setUp()
            token = b"token %d" % number
            answers = self.race(*[post(f"text {n % 2}", token) for n in range(CLIENTS)])
            winner = next(a for a in answers if a.status == 201)
            self.assertEqual(sorted(a.status for a in answers), [200] * 31 + [201] + [409] * 32)
            self.assertEqual({a.body for a in answers if a.status == 200}, {winner.body})
            self.assertEqual(self.messages(), 1)

    def test_one_token_over_a_budget_of_nothing_left_makes_none(self) -> None:
        poor = network(1, burst=1)
        self.app.call(post("first", None, [poor]))
        answers = self.race(*[post("the same", b"token", [poor])] * CLIENTS)
        self.assertEqual({a.status for a in answers}, {429})
        self.assertEqual((self.messages(), self.number("count(*) from board.spent")), (1, 0))

    def test_two_hundred_posts_against_a_budget_of_fifteen(self) -> None:
        charged = [network(9, burst=15)]
        statements = [post(f"text {n}", b"token %d" % n, charged) for n in range(200)]
        answers = []
        for start in range(0, 200, 50):
            answers += self.race(*statements[start : start + 50])
        self.assertEqual(sum(a.status == 201 for a in answers), 15)
        self.assertEqual((self.messages(), self.charges()), (15, 15))

    def test_b31_answers_hold_nothing_but_the_listing(self) -> None:
        self.app.call(post("seen", b"token", [network(1)]))
        for statement in ("search_listings({}, null, 30, null, null, true)", "get_listing({}, 1)"):
            body = self.app.run("select body from api." + statement.format(
                "array[]::bytea[], array[]::bigint[], array[]::integer[]"))
            self.assertNotIn("network", body)


if __name__ == "__main__":
    require("psql", "setpriv")
    main()
