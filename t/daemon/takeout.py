# SPDX-License-Identifier: MIT
"""Messages go in and come out whole: import from every format, resumed and refused by line; export and back."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from case import PoolCase
from pool import Pool
from testing import initialsdb

REFUSED = 65  # EX_DATAERR: some records were refused
TIME = "2020-02-29T12:34:56.789012Z"


def record(body: str, **more: str) -> str:
    return json.dumps({"body": body, **more}, ensure_ascii=False)


class Takeout(PoolCase):
    def setUp(self) -> None:
        super().setUp()
        self.sql("truncate board.import")
        self.owner = Pool(initialsdb(), self.cluster)

    def file(self, name: str, content: str | bytes) -> str:
        path = self.cluster.state / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def run_it(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(initialsdb()), *arguments], env=self.owner.env, input=stdin, capture_output=True, check=False, timeout=300
        )

    def imported(self, *arguments: str, status: int = 0, stdin: bytes = b"") -> str:
        """Imports, and returns what was said on standard error."""
        done = self.run_it("import", *arguments, stdin=stdin)
        self.assertEqual(status, done.returncode, done.stderr)
        return done.stderr.decode()

    def bodies(self) -> list[str]:
        return json.loads(self.sql("select coalesce(json_agg(body order by id), '[]') from board.message"))

    # Formats

    def test_json_lines_go_in_with_their_times(self) -> None:
        lines = [record("first", created_at=TIME), "", record("zweite\nZeile \u9375 \U0001f45f"), record("third", id="9")]
        self.imported(self.file("messages.jsonl", "\n".join(lines)))
        self.assertEqual(["first", "zweite\nZeile \u9375 \U0001f45f", "third"], self.bodies())
        self.assertEqual(TIME, self.sql("select board.rfc3339(created_at) from board.message where body = 'first'"))
        self.assertEqual("t", self.sql("select max(created_at) > now() - interval '1 hour' from board.message"))

    def test_texts_between_percent_lines_go_in(self) -> None:
        self.imported(self.file("fortunes", "A fool\n\t\t-- somebody\n%\n%\n50 % of it\n\nand more\n%\n"))
        self.assertEqual(["A fool\n  -- somebody", "50 % of it\n\nand more"], self.bodies())

    def test_texts_between_blank_lines_go_in(self) -> None:
        self.imported(self.file("plain", "one\ntwo\n\n \n\nthree\r\n"))
        self.assertEqual(["one\ntwo", "three"], self.bodies())

    def test_standard_input_is_a_file_too(self) -> None:
        self.imported(stdin=b"from a pipe\n")
        self.imported("-", stdin=b"and another\n")
        self.assertEqual(["from a pipe", "and another"], self.bodies())

    def test_what_is_special_to_postgres_stays_as_it_is(self) -> None:
        odd = ['{"a","b"}', "null", "NULL", "\\N", "a\\b", "'quoted'", "{", "}", ",", "%s", "$1", "(1,2)"]
        self.imported(self.file("odd.jsonl", "\n".join(map(record, odd))))
        self.assertEqual(odd, self.bodies())

    def test_another_file_that_begins_alike_is_told_apart(self) -> None:
        alike = [record(f"the same {number}") for number in range(200)]  # more than is read to name a file
        self.imported(self.file("one.jsonl", "\n".join([*alike, record("one")])))
        said = self.imported(self.file("two.jsonl", "\n".join([*alike, record("two"), record("three")])), status=1)
        self.assertIn("goes on differently", said)
        self.assertEqual(201, len(self.bodies()))
        self.imported("--again", str(self.cluster.state / "two.jsonl"))
        self.assertEqual(["two", "three"], self.bodies()[-2:])
        self.imported(self.file("one.jsonl", "\n".join([*alike, record("one"), record("longer")])))
        self.assertEqual("longer", self.bodies()[-1])

    def test_import_that_an_older_release_began_goes_on(self) -> None:
        lines = [record(f"line {number}") for number in range(999)]
        self.imported(self.file("old.jsonl", "\n".join(lines)))
        self.sql("update board.import set digest = null")
        self.imported(self.file("old.jsonl", "\n".join([*lines, record("new")])))
        self.assertEqual((1000, "new"), (len(self.bodies()), self.bodies()[-1]))

    # Refusals

    def test_bad_records_are_named_by_line_and_good_ones_go_in(self) -> None:
        lines = [
            record("good"),
            "{",
            record("x" * 256),
            record("a\u0007b"),
            record("bad time", created_at="yesterday"),
            '{"created_at":"' + TIME + '"}',
            '{"body":"\\ud800"}',
            '{"body":"a\\u0000b"}',
            record("y" * 70000),
            record("good too"),
        ]
        said = self.imported(self.file("mixed.jsonl", "\n".join(lines)), status=REFUSED)
        self.assertEqual(["good", "good too"], self.bodies())
        for line in range(2, 10):
            self.assertRegex(said, rf"mixed\.jsonl:{line}: \w")
        self.assertNotRegex(said, r"mixed\.jsonl:(1|10): ")

    def test_bytes_that_are_not_text_are_refused(self) -> None:
        said = self.imported(self.file("latin1", b"good\n\ncaf\xe9\n\n\x00\n\nfine\n"), status=REFUSED)
        self.assertEqual(["good", "fine"], self.bodies())
        self.assertIn("latin1:3: ", said)
        self.assertIn("latin1:5: ", said)

    def test_missing_file_does_not_keep_the_others_out(self) -> None:
        said = self.imported("/nonexistent/file", self.file("there", "here\n"), status=1)
        self.assertIn("/nonexistent/file: No such file", said)
        self.assertEqual(["here"], self.bodies())

    # Again

    def test_importing_again_adds_nothing_and_a_grown_file_only_what_is_new(self) -> None:
        lines = [record(f"message {n} " + "x" * 100) for n in range(100)]
        path = self.file("grows.jsonl", "\n".join(lines[:60]) + "\n")
        self.imported(path)
        self.assertIn("60 records that are in already", self.imported(path))
        self.assertEqual(60, len(self.bodies()))
        self.file("grows.jsonl", "\n".join(lines) + "\n")
        self.imported(path)
        self.assertEqual([json.loads(line)["body"] for line in lines], self.bodies())

    def test_again_starts_from_the_beginning(self) -> None:
        path = self.file("twice", "one\n\ntwo\n")
        self.imported(path)
        self.imported("--again", path)
        self.assertEqual(["one", "two", "one", "two"], self.bodies())

    def test_killed_import_goes_on_without_losing_or_doubling(self) -> None:
        lines = [record(f"message {n}") for n in range(4500)]
        path = self.file("large.jsonl", "\n".join(lines) + "\n")
        child = subprocess.Popen(
            [str(initialsdb()), "import", "-"], env=self.owner.env, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with child:
            child.stdin.write(("\n".join(lines[:3200]) + "\n").encode())
            child.stdin.flush()
            testing.wait_until(lambda: len(self.bodies()) >= 2000, "two batches to be in")
            child.kill()
        self.assertLess(len(self.bodies()), 4500)
        self.assertRegex(self.imported(path), r"going on behind [23]000 records")
        self.assertEqual([f"message {n}" for n in range(4500)], self.bodies())

    # Out and in again

    def test_export_is_what_import_reads(self) -> None:
        odd = ["plain", 'quotes " and \\', "lines\nand\n\nlines", "<b>&amp;", "\u9375 \U0001f45f e\u0301", "% %% %s", "{}"]
        self.imported(self.file("in.jsonl", "\n".join(record(text, created_at=TIME) for text in odd)))
        before = self.run_it("export")
        self.assertEqual(0, before.returncode, before.stderr)
        self.sql("truncate board.message, board.message_change; update board.message_total set total = 0")
        self.imported(self.file("out.jsonl", before.stdout))
        self.assertEqual(odd, self.bodies())
        after = self.run_it("export").stdout
        strip = lambda lines: [{**json.loads(line), "id": 0} for line in lines.splitlines()]
        self.assertEqual(strip(before.stdout), strip(after))

    def test_export_of_more_than_a_page_is_whole_and_in_order(self) -> None:
        self.imported(self.file("many.jsonl", "\n".join(record(f"message {n}") for n in range(2500))))
        out = [json.loads(line) for line in self.run_it("export").stdout.splitlines()]
        self.assertEqual([f"message {n}" for n in range(2500)], [row["body"] for row in out])
        self.assertEqual(sorted(row["id"] for row in out), [row["id"] for row in out])

    def test_export_to_a_full_disk_fails(self) -> None:
        self.imported(self.file("one", "a message\n"))
        with open("/dev/full", "wb") as full:
            done = subprocess.run([str(initialsdb()), "export"], env=self.owner.env, stdout=full, check=False)
        self.assertEqual(1, done.returncode)

    def test_imported_messages_are_counted_and_found(self) -> None:
        self.imported(self.file("messages", "baby shoes\n\nwarm socks\n"))
        pool = self.pool()
        self.assertEqual({"count": 2}, pool.request("/api/listings/count").json())
        found = pool.request("/api/listings/search?q=shoes").json()["items"]
        self.assertEqual(["baby shoes"], [item["body"] for item in found])


if __name__ == "__main__":
    testing.require("psql", "setpriv")
    testing.main()
