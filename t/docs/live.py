# SPDX-License-Identifier: MIT
"""Answers of a running pool are as static/openapi.json describes them, and everything it describes happens."""

import sys
import time
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "daemon"))

import testing
from case import PoolCase
from openapi import Document
from pool import Pool
from poster import Poster

CREATE, SEARCH, COUNT = "/api/listings/create", "/api/listings/search", "/api/listings/count"
FEED = "/api/listings/feed"
# Needs a standby (t/sql/standby.py), a defect, or Caddy (t/caddy).
NOT_HERE = {(503, "READ_ONLY"), (500, "INTERNAL_ERROR"), (502, "UNAVAILABLE"), (504, "UNAVAILABLE")}
GENEROUS = {"READ_RATE_MAX_REQUESTS": "1000000", "POST_RATE_MAX_REQUESTS": "1000000"}


class Live(PoolCase):
    """One story: each step asks and checks the answer; at the end all that is described was seen."""

    maxDiff = None

    def setUp(self) -> None:
        super().setUp()
        self.document = Document()
        self.seen: set[tuple[str, str, int, str]] = set()

    def ask(self, pool: Pool, method: str, uri: str, body: bytes = b"", headers: dict | None = None, **more: str) -> Any:
        """Sends the request and checks the answer against the file."""
        answer = pool.request(uri, method, body=body, headers=headers or {}, **more)
        path = uri.partition("?")[0]
        faults = list(self.document.response_faults(method, path, answer))
        self.assertEqual([], faults, f"{method} {uri} -> {answer.stdout!r:.500}")
        is_problem = answer.headers["Content-Type"] == "application/problem+json" and method != "HEAD"
        code = answer.json()["error"]["code"] if is_problem else ""
        self.seen.add((method, self.document.find(path) or "", answer.status, code))
        return answer

    def poster_of(self, pool: Pool) -> Poster:
        return Poster(lambda method, path, body, headers: self.ask(pool, method, path, body, headers))

    def test_everything_described_happens_as_described(self) -> None:
        pool = self.pool(POST_MAX_LINKS="1", POST_DUPLICATE_SECS="60", **GENEROUS)
        first = self.posts(pool)
        self.refused_posts(pool)
        self.reads(pool, first)
        self.refused_reads(pool)
        self.feed_and_log(pool)
        self.reports(pool, first)
        self.moderation(pool, first)
        self.probes_and_options(pool)
        self.settings()
        self.outage(pool)
        self.everything_was_seen()

    def posts(self, pool: Pool) -> int:
        poster = self.poster_of(pool)
        proof = poster.proof()
        posted = poster.post("first", proof)
        self.assertEqual((201, 200, 409), (posted.status, poster.post("first", proof).status, poster.post("other", proof).status))
        self.assertEqual("DUPLICATE", poster.post("first").json()["error"]["code"])
        for number in range(3):
            poster.post(f"message {number}")
        return posted.json()["id"]

    def refused_posts(self, pool: Pool) -> None:
        poster = self.poster_of(pool)
        for body in (b"", b"{}", b'{"text":1}', b'{"text":"a","text":"b"}', b"\xff", b'{"text":"\\ud800"}'):
            self.assertEqual(400, poster.post_raw(body).status, body)
        for text in ("", " \n", "x" * 256, "a\u0007b", "a\u202eb"):
            self.assertEqual("text", poster.post(text).json()["error"]["field"])
        self.assertEqual(422, poster.post("http://a http://b").status)
        self.assertEqual(413, poster.post("x" * 5000).status)
        self.assertEqual(415, poster.post("x", **{"Content-Type": "text/plain"}).status)
        self.assertEqual(403, poster.post("x", **{"Sec-Fetch-Site": "cross-site"}).status)
        self.assertEqual(403, poster.post("x", {}).status)
        self.assertEqual(403, poster.post("x", poster.proof() | {"X-PoW-Nonce": "x"}).status)
        self.ask(pool, "POST", CREATE, b"{}", {"Content-Type": "application/json"}, remote_addr="unknown")

    def reads(self, pool: Pool, first: int) -> None:
        page = self.ask(pool, "GET", f"{SEARCH}?q=message&limit=2").json()
        self.assertEqual(2, len(page["items"]))
        rest = self.ask(pool, "GET", f"{SEARCH}?q=message&limit=2&cursor={page['next_cursor']}").json()
        self.assertEqual((1, None), (len(rest["items"]), rest.get("next_cursor")))
        self.assertEqual(4, self.ask(pool, "GET", COUNT).json()["count"])
        hidden = self.sql("select max(id) from board.message")
        self.sql(
            f"with gone as (delete from board.message where id = {hidden} returning id, created_at, body)"
            " insert into board.hidden (id, created_at, body) select * from gone"
        )
        for method in ("GET", "HEAD"):
            self.assertEqual(200, self.ask(pool, method, "/pow/challenge").status)
            for uri in (SEARCH, COUNT, f"/api/listings/{first}"):
                answer = self.ask(pool, method, uri)
                self.assertEqual(200, answer.status)
                again = self.ask(pool, method, uri, headers={"If-None-Match": answer.headers["ETag"]})
                self.assertEqual((304, b""), (again.status, again.body))
            self.assertEqual(410, self.ask(pool, method, f"/api/listings/{hidden}").status)
            self.assertEqual(404, self.ask(pool, method, "/api/listings/999999").status)

    def refused_reads(self, pool: Pool) -> None:
        for query in ("q=%FF", "q=" + "x" * 256, "limit=0", "limit=101", "cursor=x", "q=a&q=b"):
            self.assertEqual(400, self.ask(pool, "GET", f"{SEARCH}?{query}").status, query)
        for method in ("GET", "HEAD"):
            for uri in ("/pow/challenge", SEARCH, COUNT, "/api/listings/1"):
                self.assertEqual(400, self.ask(pool, method, uri, remote_addr="unknown").status)
        for uri in ("/api", "/api/x", "/pow", "/api/listings/0", "/api/listings/9223372036854775808"):
            self.assertEqual(404, self.ask(pool, "GET", uri).status)

    def feed_and_log(self, pool: Pool) -> None:
        for method in ("GET", "HEAD"):
            feed = self.ask(pool, method, f"{FEED}?q=message")
            self.assertEqual(200, feed.status)
            known = {"If-None-Match": feed.headers["ETag"]}
            if method == "GET":
                self.assertEqual(304, self.ask(pool, "GET", f"{FEED}?q=message", headers=known).status)
                self.assertEqual(304, self.ask(pool, "HEAD", f"{FEED}?q=message", headers=known).status)
            self.assertEqual(200, self.ask(pool, method, "/api/log").status)
            for uri in (f"{FEED}?limit=x", "/api/log?cursor=x"):
                self.assertEqual(400, self.ask(pool, method, uri).status)

    def reports(self, pool: Pool, first: int) -> None:
        """A report of the message, refused in every way and then accepted."""
        poster = self.poster_of(pool)
        typed = {"Content-Type": "application/json"}
        path = f"/api/listings/{first}/report"
        report = lambda uri=path, body=b"", **headers: self.ask(pool, "POST", uri, body, {**poster.proof(), **headers})
        proof = poster.proof()
        self.assertEqual(202, self.ask(pool, "POST", path, b'{"reason":"a reason"}', typed | proof).status)
        self.assertEqual(409, self.ask(pool, "POST", path, b'{"reason":"another"}', typed | proof).status)
        self.assertEqual(202, report().status)
        self.assertEqual(400, report(body=b"{", **typed).status)
        self.assertEqual(400, report(body=b'{"reason":"a\\u0007"}', **typed).status)
        self.assertEqual(403, self.ask(pool, "POST", path).status)
        self.assertEqual(403, report(**{"X-PoW-Nonce": "x"}).status)
        self.assertEqual(403, report(**{"Sec-Fetch-Site": "cross-site"}).status)
        self.assertEqual(404, report("/api/listings/999999/report").status)
        self.assertEqual(410, report(f"/api/listings/{self.sql('select max(id) from board.hidden')}/report").status)
        self.assertEqual(413, report(body=b"x" * 5000, **typed).status)
        self.assertEqual(415, report(body=b"x", **{"Content-Type": "text/plain"}).status)

    def moderation(self, pool: Pool, first: int) -> None:
        """While new messages wait, and while the network is banned."""
        poster = self.poster_of(pool)
        self.sql("update board.mode set hold = true")
        self.assertEqual(202, poster.post("waits for a moderator").status)
        self.sql("update board.mode set hold = false")
        self.sql("insert into board.ban (digest, label, reason, expires_at) select network, 'a network', 'flooding',"
                 f" clock_timestamp() + interval '1 hour' from board.message where id = {first}")
        self.assertEqual("BANNED", poster.post("banned").json()["error"]["code"])
        answer = self.ask(pool, "POST", f"/api/listings/{first}/report", b"", poster.proof())
        self.assertEqual("BANNED", answer.json()["error"]["code"])
        self.sql("delete from board.ban")

    def probes_and_options(self, pool: Pool) -> None:
        for method in ("GET", "HEAD"):
            for uri in ("/api/healthz", "/api/readyz"):
                self.assertEqual(200, self.ask(pool, method, uri).status)
        for template in self.document.paths:
            path = template.replace("{id}", "1")
            allowed = self.document.methods(template)
            self.assertEqual(sorted(allowed), sorted(self.ask(pool, "OPTIONS", path).headers["Allow"].split(", ")))
            for method in {"GET", "POST", "PUT", "DELETE"} - set(allowed):
                self.assertEqual(405, self.ask(pool, method, path).status)

    def settings(self) -> None:
        """What needs other settings: short-lived puzzles, small budgets, no proofs."""
        brief = self.pool("brief", POW_TTL_SECONDS="5", READ_RATE_MAX_REQUESTS="1", POST_RATE_MAX_REQUESTS="1")
        poster = self.poster_of(brief)
        puzzled, late = time.monotonic(), poster.proof()
        for method in ("GET", "HEAD"):
            for uri in (SEARCH, COUNT, FEED, "/api/log", "/api/listings/1"):
                while self.ask(brief, method, uri).status != 429:
                    pass
        while poster.post(f"a message a second {time.monotonic()}").status != 429:
            pass
        report = f"/api/listings/{self.sql('select max(id) from board.message')}/report"
        self.assertEqual(429, self.ask(brief, "POST", report, b"", poster.proof()).status)
        off = self.pool("off", POW_ENABLE="false")
        self.assertEqual(0, self.ask(off, "GET", "/pow/challenge").json()["rounds"])
        self.assertEqual(201, self.poster_of(off).post("without a proof", {}).status)
        testing.wait_until(lambda: time.monotonic() > puzzled + 5.2, "the puzzle to expire")
        self.assertEqual("POW_EXPIRED", poster.post("late", late).json()["error"]["code"])
        self.assertEqual("POW_EXPIRED", self.ask(brief, "POST", report, b"", late).json()["error"]["code"])

    def outage(self, pool: Pool) -> None:
        poster = self.poster_of(pool)
        proof = poster.proof()
        self.cluster.crash()
        away = lambda ask: testing.wait_until(lambda: ask().status == 503, "the last backend to notice")
        for method in ("GET", "HEAD"):
            for uri in (SEARCH, COUNT, FEED, "/api/log", "/api/listings/1", "/api/readyz"):
                away(lambda: self.ask(pool, method, uri))
            self.assertEqual(200, self.ask(pool, method, "/api/healthz").status)
        away(lambda: poster.post("into the void", proof))
        away(lambda: self.ask(pool, "POST", "/api/listings/1/report", b"", proof))

    def everything_was_seen(self) -> None:
        missing = []
        for method, path, operation in self.document.operations():
            for status, reference in operation["responses"].items():
                for code in self.codes(method, self.document.resolve(reference)):
                    case = (method, path, int(status), code)
                    excused = (int(status), code) in NOT_HERE or int(status) in (500, 502, 504)
                    if case not in self.seen and not excused:
                        missing.append(case)
        self.assertEqual([], missing)

    @staticmethod
    def codes(method: str, response: Any) -> list[str]:
        media = response.get("content", {}).get("application/problem+json")
        if media is None or method == "HEAD":
            return [""]
        return media["schema"]["properties"]["error"]["properties"]["code"]["enum"]


if __name__ == "__main__":
    testing.require("psql", "setpriv")
    testing.main()
