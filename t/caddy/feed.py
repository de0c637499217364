# SPDX-License-Identifier: MIT
"""The feed, whatever was posted and asked for, is a valid one: xmllint holds it to atom.rng."""

import subprocess
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from case import BoardCase, main
from testing import require

SCHEMA = Path(__file__).with_name("atom.rng")
ATOM = "{http://www.w3.org/2005/Atom}"
TEXTS = [
    "plain",
    "<b>bold</b> & \"quoted\" & 'single' ]]> <![CDATA[ <!-- -- --> <?xml?> &amp; &#0;",
    "two\nlines\n\nand more",
    "\N{GRINNING FACE} \N{KISSING FACE WITH CLOSED EYES}\u200d\U0001f525 e\u0301 \u05e9\u05dc\u05d5\u05dd \u0e44\u0e17\u0e22",
    "noncharacters \uffff \ufffe \ufdd0 \U0001ffff in here",
    "x" * 255,
]


class Feed(BoardCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for text in TEXTS:
            cls.visitor.post(text)

    def feed(self, query: str = "") -> bytes:
        answer = self.visitor.get(f"/api/listings/feed{query}")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/atom+xml; charset=utf-8"))
        return answer.body

    def faults(self, feed: bytes) -> str:
        """What xmllint has to say; nothing is what it should."""
        argv = ["xmllint", "--nonet", "--noout", "--relaxng", str(SCHEMA), "-"]
        done = subprocess.run(argv, input=feed, capture_output=True, check=False)
        return done.stderr.decode() if done.returncode else ""

    def test_newest_are_a_valid_feed(self) -> None:
        feed = self.feed()
        self.assertEqual("", self.faults(feed))
        self.assertEqual(len(TEXTS), len(ElementTree.fromstring(feed).findall(f"{ATOM}entry")))

    def test_search_is_a_valid_feed_whatever_is_asked_for(self) -> None:
        for q in ("plain", "nothing at all", "<>&\"'", "]]>", "\U0001f600", "\uffff", "a b+c%d#e?f=g&h", '"two lines"'):
            self.assertEqual("", self.faults(self.feed(f"?q={quote(q)}")), q)

    def test_each_page_is_a_valid_feed(self) -> None:
        query, seen = "?limit=2", 0
        while query:
            feed = self.feed(query)
            self.assertEqual("", self.faults(feed))
            root = ElementTree.fromstring(feed)
            seen += len(root.findall(f"{ATOM}entry"))
            following = [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "next"]
            query = f"?{following[0].partition('?')[2]}&limit=2" if following else ""
        self.assertEqual(len(TEXTS), seen)

    def test_validator_sees_what_is_wrong(self) -> None:
        feed = self.feed("?limit=1").decode()
        for right, wrong in (
            ("<id>", "<uid>"), ("</title>", "</title><title>twice</title>"), ("<author><name>anyone</name></author>", ""),
            ('href="', 'link="'), ('type="text"', 'type="prose"'), ("<updated>2", "<updated>on 2"), ("</feed>", "<entry/></feed>"),
            ("://", ":// "), ("?xml version", "?xml  wersion"),
        ):
            self.assertIn(right, feed)
            self.assertNotEqual("", self.faults(feed.replace(right, wrong, 1).encode()), wrong)


if __name__ == "__main__":
    require("xmllint")
    main()
