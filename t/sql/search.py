# SPDX-License-Identifier: MIT
"""Search finds what the table of cases says, among the newest messages and far below them alike."""

import json
import subprocess
import sys

from case import DatabaseCase
from database import call, literal
from testing import SOURCE, main, require

sys.path.insert(0, str(SOURCE / "t" / "bench"))

from messages import messages

CASES = [
    (topic, text, q, found)
    for topic, cases in json.loads((SOURCE / "t" / "search_cases.json").read_text()).items()
    for text, q, found in cases
]


class SearchCase(DatabaseCase):
    def fill(self, bodies: list[str], above: int = 0) -> None:
        """The bodies with ids from 1, then as many messages above them that nobody looks for."""
        self.db.script(
            f"insert into board.message (body) select unnest({literal(bodies)});",
            f"insert into board.message (body) select 'ground' from generate_series(1, {above});",
        )
        self.settle()

    def settle(self) -> None:
        while self.call("janitor", charged=None).retry_after_ms < 1000:
            pass

    def ids(self, q: str, limit: int = 100, before: int | None = None) -> list[int]:
        """All pages of a search."""
        ids: list[int] = []
        while True:
            page = self.app.call(call("search_listings", q, limit, before, None, True, charged=[]))
            ids += [item["id"] for item in page.json]
            before = page.next_id
            if before is None:
                return ids


class Cases(SearchCase):
    def disagreements(self, above: int = 0) -> list[str]:
        """Every case in which search says otherwise, with so many messages above those of the cases."""
        wrong = []
        bodies = sorted({text for _, text, _, _ in CASES})
        self.fill(bodies, above)
        found_by = {q: set(self.ids(q)) for q in {q for _, _, q, _ in CASES}}
        for topic, text, q, found in CASES:
            if (bodies.index(text) + 1 in found_by[q]) != found:
                wrong.append(f"{topic}: {q!r} {'misses' if found else 'finds'} {text!r}")
        return wrong

    def test_there_are_cases_enough(self) -> None:
        self.assertGreaterEqual(len(CASES), 150)

    def test_b43_b44_cases_one_message_at_a_time(self) -> None:
        asked = ", ".join(f"({n}, {literal(text)}, {literal(q)})" for n, (_, text, q, _) in enumerate(CASES))
        rows = self.db.sql(f"select n, board.matches(body, q) from (values {asked}) as c (n, body, q) order by n")
        said = [row.endswith("|t") for row in rows.splitlines()]
        wrong = [case for case, matches in zip(CASES, said, strict=True) if case[3] != matches]
        self.assertEqual(wrong, [])

    def test_cases_among_the_newest_messages(self) -> None:
        self.assertEqual(self.disagreements(), [])

    def test_cases_far_below_the_newest_messages(self) -> None:
        self.assertEqual(self.disagreements(above=3000), [])


ASKED = [
    "be", "dido", "b", "tr", "zq", "zq1", "evenly oddly", "evenly or oddly", "bygone", "bygone -be", "fading moderated",
    '"be di"', '-"be di" moderated', "be -di trapre", "moderated", "不", "丁丂", "nothing like it", "evenly sha",
]


# Others post, hide and bring back, all but the messages that are looked for; the janitor learns.
BUSY = """
\\set n random(1, 6000)
select api.create_listing('{}', '{}', '{}', null, null, null, 'busy ' || :n);
select board.hide(array(select id from board.message where id = :n * 200 and not terms @@ 'evenly'));
select board.unhide(array(select id from board.hidden limit 1));
select api.janitor();
"""


class Exactness(SearchCase):
    """Search against one plain look at every message."""

    def spread(self) -> None:
        """Messages with gaps between their ids, so that a few make many chapters and books."""
        self.db.script(f"""insert into board.message (id, body) select n * 200, body
            from unnest({literal(list(messages(6000)))}) with ordinality as m (body, n);
            select setval('board.message_id_seq', 1200000)""")
        self.db.sql("do $$ begin while board.settle(100000) > 0 loop null; end loop; end $$")

    def plain(self, q: str) -> list[int]:
        rows = self.db.sql(f"""select id from board.message
            where board.satisfies(terms, body, board.query({literal(q)})) order by id desc""")
        return [int(row) for row in rows.split()]

    def test_paging_to_the_end_gives_what_one_plain_query_gives(self) -> None:
        self.spread()
        self.db.sql("select board.hide(array(select id from board.message where id > 1000000 and body ~ 'moderated'))")
        for q in ASKED:
            with self.subTest(q=q):
                self.assertEqual(self.ids(q), self.plain(q))

    def test_janitor_learns_how_many_messages_of_each_book_have_a_word(self) -> None:
        self.spread()
        rows = self.db.sql("""select key, e, (select count(*) from board.message
              where id >> 18 = book - 1 and board.keys(terms) @@ board.quoted(key)::tsquery)
            from board.message_state, unnest(array['be', 'bygone', '^be', 'never']) as key,
              unnest(board.expected(array[key], counted)) with ordinality as x (e, book)""")
        said = [line.split("|") for line in rows.splitlines()]
        self.assertEqual(len(said), 4 * 4, "four books are full")
        for key, expected, number in said:
            with self.subTest(key=key, number=number):
                if int(number) > 128:
                    self.assertAlmostEqual(float(expected) / int(number), 1, delta=0.4)
                else:
                    self.assertLess(float(expected), 128)

    def test_what_is_believed_of_words_never_changes_what_is_found(self) -> None:
        self.spread()
        lies = (
            "truncate board.density",
            "update board.density set books = array_fill(262144, array[4]), volumes = array_fill(2097152, array[1])",
            "update board.density set books = array_fill(0, array[4]), volumes = array_fill(0, array[1])",
            "update board.message_state set counted = 0",
        )
        expected = {q: self.plain(q) for q in ASKED}
        for lie in lies:
            self.db.sql("update board.message_state set counted = 0; do $$ begin while board.settle(1) > 0 loop null; end loop; end $$")
            self.db.sql(lie)
            for q in ASKED:
                with self.subTest(lie=lie, q=q):
                    self.assertEqual(self.ids(q), expected[q])

    def test_index_pages_neither_skip_nor_repeat_while_others_post_and_hide(self) -> None:
        self.spread()
        expected = self.plain("evenly")
        argv = ["pgbench", "-n", "-f", "/dev/stdin", "-c", "4", "-T", "4", "-U", "postgres"]
        argv += ["-h", str(self.cluster.run_dir), "-p", "5432", "initialsdb"]
        busy = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        busy.stdin.write(BUSY)
        busy.stdin.close()
        while busy.poll() is None:
            self.assertEqual(self.ids("evenly", limit=3), expected)
        errors = busy.stderr.read()
        busy.stderr.close()
        self.assertEqual(busy.returncode, 0, errors)

    def test_hidden_and_brought_back_messages_are_found_again(self) -> None:
        self.spread()
        self.db.sql("select board.hide(array(select id from board.message where id % 1000 = 0))")
        self.assertEqual(self.ids("bygone"), self.plain("bygone"))
        self.db.sql("select board.unhide(array(select id from board.hidden))")
        for q in ("bygone", "zq", "zq1"):
            self.assertEqual(self.ids(q), self.plain(q))

    def test_words_that_are_scarce_above_and_too_many_below_are_all_found(self) -> None:
        """The newest say that there is little to find, but below them is more than the index is asked for at once."""
        self.db.script(
            "insert into board.message (body) select 'hither thither ' || n from generate_series(1, 9000) as n;",
            "insert into board.message (body) select 'ground' from generate_series(1, 12000);",
        )
        self.settle()
        for q in ("hither thither", '"hither thither"', "hither -thither"):
            self.assertEqual(self.ids(q), self.plain(q))

    def test_new_words_are_found_before_they_are_learned(self) -> None:
        self.spread()
        self.db.sql("""insert into board.message (body) select 'untaught ' || n from generate_series(1, 2500) as n;
                       insert into board.message (body) select 'ground' from generate_series(1, 2500)""")
        for q in ("unta", "untaught", "u", "un", '"untaught 1"'):
            self.assertEqual(self.ids(q), self.plain(q))

    def test_words_of_approved_messages_were_learned_while_they_waited(self) -> None:
        self.spread()
        waiting = self.db.sql("insert into board.held (id, body) select nextval('board.message_id_seq'), 'approvable' returning id")
        self.db.sql("insert into board.message (body) select 'ground' from generate_series(1, 3000)")
        self.settle()
        self.db.sql(f"select board.approve(array[{waiting}])")
        self.assertEqual(self.ids("approva"), [int(waiting)])

    def test_words_of_posts_that_commit_late_are_learned(self) -> None:
        self.spread()
        late, early = self.db.session("postgres"), self.db.session("postgres")
        late.run("begin")
        late.run("insert into board.message (body) values ('latecomer')")
        early.run("insert into board.message (body) select 'ground' from generate_series(1, 3000)")
        self.settle()
        late.run("commit")
        self.settle()
        self.assertEqual(len(self.ids("latecom")), 1)
        self.assertEqual(self.db.sql("select awaited = settled from board.message_state"), "t")


if __name__ == "__main__":
    require("psql", "pgbench", "setpriv")
    main()
