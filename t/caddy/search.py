# SPDX-License-Identifier: MIT
"""The table of search cases, through a real Caddy: the whole way finds what SQL finds."""

import json
from urllib.parse import quote

from case import BoardCase, main

from testing import SOURCE

CASES = [
    (topic, text, q, found)
    for topic, cases in json.loads((SOURCE / "t" / "search_cases.json").read_text()).items()
    for text, q, found in cases
]


class Cases(BoardCase):
    def found(self, q: str) -> set[str]:
        """The bodies of everything that a query finds, page by page."""
        bodies, cursor = set(), ""
        while True:
            answer = self.visitor.search(f"q={quote(q)}&limit=100&cursor={cursor}")
            self.assertEqual(answer.status, 200, (q, answer.body))
            page = answer.json()
            bodies |= {item["body"] for item in page["items"]}
            cursor = page.get("next_cursor", "")
            if not cursor:
                return bodies

    def test_b43_b44_every_case_through_http(self) -> None:
        texts = sorted({text for _, text, _, _ in CASES})
        listed = ", ".join("('" + text.replace("'", "''") + "')" for text in texts)
        self.sql(f"insert into board.message (body) values {listed}")
        found = {q: self.found(q) for q in {q for _, _, q, _ in CASES}}
        wrong = [(topic, text, q) for topic, text, q, expected in CASES if (text in found[q]) != expected]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    main()
