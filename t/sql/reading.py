# SPDX-License-Identifier: MIT
"""Pages, neighbours and the count are right, also while others post and hide."""

import json
import subprocess

from case import DatabaseCase
from testing import main, require

BUSY = """
\\set id random(1, 400)
select api.create_listing('{}', '{}', '{}', null, null, null, 'busy ' || :id);
select board.hide(array[:id]);
select board.unhide(array[:id + 37]);
select api.janitor();
"""


class Reading(DatabaseCase):
    def fill(self, number: int) -> None:
        """Messages 1 to number, `even` or `odd` in their text."""
        self.db.sql(f"""alter sequence board.message_id_seq restart 1;
            insert into board.message (body)
            select case when n % 2 = 0 then 'even ' else 'odd ' end || n from generate_series(1, {number}) as n""")

    def search(self, q: str | None = None, limit: int = 30, before: int | None = None):
        return self.call("search_listings", q, limit, before, None, True)

    def walk(self, q: str | None, limit: int) -> tuple[list[int], list[int]]:
        """Every id on the way to the end, and the sizes of the pages."""
        ids, sizes, before = [], [], None
        while True:
            page = self.search(q, limit, before)
            ids += [item["id"] for item in page.json]
            sizes.append(len(page.json))
            before = page.next_id
            if before is None:
                return ids, sizes

    def test_empty_board_is_an_empty_array_and_no_cursor(self) -> None:
        page = self.search()
        self.assertEqual((page.status, page.body, page.next_id), (200, "[]", None))

    def test_b42_empty_query_lists_the_newest_first(self) -> None:
        self.fill(5)
        for q in (None, "", "  "):
            self.assertEqual([item["id"] for item in self.search(q, 3).json], [5, 4, 3])

    def test_items_hold_id_body_created_at(self) -> None:
        self.fill(1)
        self.assertEqual(set(self.search().json[0]), {"id", "body", "created_at"})

    def test_b38_full_last_page_has_no_empty_follower(self) -> None:
        self.fill(60)
        self.assertEqual(self.walk(None, 30), (list(range(60, 0, -1)), [30, 30]))
        self.assertEqual(self.walk("even", 10), (list(range(60, 0, -2)), [10, 10, 10]))

    def test_page_sizes_up_to_the_last(self) -> None:
        self.fill(61)
        self.assertEqual(self.walk(None, 30)[1], [30, 30, 1])
        self.assertEqual(self.walk("odd", 1), (list(range(61, 0, -2)), [1] * 31))

    def test_hidden_messages_are_on_no_page(self) -> None:
        self.fill(10)
        self.db.sql("select board.hide(array[10, 5, 1])")
        self.assertEqual(self.walk(None, 3)[0], [9, 8, 7, 6, 4, 3, 2])
        self.assertEqual(self.walk("odd", 3)[0], [9, 7, 3])
        self.db.sql("select board.unhide(array[5])")
        self.assertEqual(self.walk("odd", 3)[0], [9, 7, 5, 3])

    def test_get_knows_its_visible_neighbours(self) -> None:
        self.fill(5)
        self.db.sql("select board.hide(array[4])")
        listing = self.call("get_listing", 3).json
        self.assertEqual((listing["newer"], listing["older"], listing["body"]), (5, 2, "odd 3"))

    def test_neighbours_are_absent_at_the_ends(self) -> None:
        self.fill(1)
        self.assertEqual(set(self.call("get_listing", 1).json), {"id", "body", "created_at"})

    def test_get_tells_hidden_from_unknown(self) -> None:
        self.fill(2)
        self.db.sql("select board.hide(array[1])")
        hidden, unknown = self.call("get_listing", 1), self.call("get_listing", 99)
        self.assertEqual((hidden.status, hidden.code, hidden.body), (410, "HIDDEN", '{"newer":2}'))
        self.assertEqual((unknown.status, unknown.code), (404, "NOT_FOUND"))

    def test_b46_count_is_exact_before_and_after_folding(self) -> None:
        self.fill(7)
        self.db.sql("select board.hide(array[1, 2, 99])")
        self.assertEqual(self.call("count_listings").json, {"count": 5})
        folded = self.call("janitor", charged=None)
        self.assertEqual(folded.json["folded"], 2)
        self.assertEqual(self.call("count_listings").json, {"count": 5})
        self.assertEqual(self.db.sql("select count(*) from board.message_change"), "0")

    def test_rolled_back_post_is_not_counted(self) -> None:
        self.app.run("begin")
        self.app.run("select api.create_listing('{}', '{}', '{}', null, null, null, 'never')")
        self.app.run("rollback")
        self.assertEqual(self.call("count_listings").json, {"count": 0})

    def busy(self, secs: int) -> subprocess.Popen[bytes]:
        """Sixteen clients that post, hide, unhide and keep house."""
        argv = ["pgbench", "-n", "-f", "/dev/stdin", "-c", "16", "-T", str(secs)]
        argv += ["-h", str(self.cluster.run_dir), "-p", "5432", "-U", "postgres", "initialsdb"]
        process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        process.stdin.write(BUSY.encode())
        process.stdin.close()
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        errors = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(), 0, errors)

    def test_count_is_exact_at_every_moment_while_others_post_and_hide(self) -> None:
        self.fill(400)
        both = """select a.body, (select count(*) from board.message)
                  from api.count_listings('{}', '{}', '{}') as a"""
        observer, looks = self.db.session("postgres"), 0
        while looks < 20:
            process = self.busy(secs=3)
            while process.poll() is None:
                observer.run("begin isolation level repeatable read")
                body, number = observer.run(both).split("|")
                observer.run("commit")
                self.assertEqual(json.loads(body)["count"], int(number))
                looks += 1
            self.finish(process)

    def test_pages_neither_skip_nor_repeat_while_others_post_and_hide(self) -> None:
        self.fill(400)
        self.db.sql("""insert into board.message (id, body)
                       select 10000 + n, 'lasting ' || n from generate_series(1, 300) as n;
                       alter sequence board.message_id_seq restart 20000""")
        process = self.busy(secs=3)
        while process.poll() is None:
            for q in (None, "lasting"):
                ids, _ = self.walk(q, 50)
                self.assertEqual(ids, sorted(set(ids), reverse=True))
                lasting = [n for n in ids if 10000 < n <= 10300]
                self.assertEqual(lasting, list(range(10300, 10000, -1)))
        self.finish(process)


if __name__ == "__main__":
    require("psql", "pgbench", "setpriv")
    main()
