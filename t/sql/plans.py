# SPDX-License-Identifier: MIT
"""No class of queries reads more than so many buffers, on 200 thousand messages.

Buffers are counted because times are not stable; the search's budget is lifted meanwhile, so that what it
would cut off is counted too.
"""

import json
import sys

from case import DatabaseCase
from database import literal
from testing import SOURCE, main, require

sys.path.insert(0, str(SOURCE / "t" / "bench"))

from fill import fill
from queries import CLASSES, hostile, queries

SIZE = 200_000
MOST = 1250


class Plans(DatabaseCase):
    settings = {"shared_buffers": "512MB", "max_wal_size": "4GB"}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        fill(cls.db, SIZE)
        cls.asker = cls.db.session("postgres")
        cls.budget = int(cls.db.sql("select board.search_budget()"))

    def setUp(self) -> None:
        """The messages stay."""
        self.set_budget(10**9)

    def set_budget(self, budget: int) -> None:
        self.db.sql(f"create or replace function board.search_budget() returns integer language sql immutable as $$ select {budget} $$")

    def buffers(self, q: str, before: int | None = None) -> int:
        search = f"api.search_listings('{{}}', '{{}}', '{{}}', {literal(q)}, 30, {literal(before)}, null, true)"
        plan = self.asker.run(f"explain (analyze, buffers, timing off, format json) select * from {search}")
        top = json.loads(plan)[0]["Plan"]
        return top["Shared Hit Blocks"] + top["Shared Read Blocks"]

    def test_b45_no_class_reads_more_than_its_share(self) -> None:
        self.buffers("warm or up")  # catalogs, cached plans
        worst = {}
        for name in CLASSES.keys() - {"hostile"}:
            for q in queries(name, 8):
                worst[name] = max(worst.get(name, 0), self.buffers(q))
        print("# buffers:", ", ".join(f"{name} {number}" for name, number in worst.items()))
        self.assertEqual({}, {n: b for n, b in worst.items() if b > MOST})

    def test_page_in_the_middle_reads_no_more_than_the_first(self) -> None:
        for q in ("", "be", "evenly", "b"):
            self.assertLessEqual(self.buffers(q, SIZE // 2), MOST, q)

    def test_budget_ends_what_is_made_to_cost_much(self) -> None:
        self.set_budget(self.budget)
        self.assertEqual({}, {q: number for q in hostile() if (number := self.buffers(q)) > 2 * MOST})

    def test_budget_ends_a_search_that_would_take_long(self) -> None:
        self.set_budget(0)
        page = self.call("search_listings", "evenly oddly", 30, None, None, True)
        self.assertEqual(page.json, [])
        self.assertIsNotNone(page.next_id)


if __name__ == "__main__":
    require("psql", "setpriv")
    main()
