# SPDX-License-Identifier: MIT
"""What may be posted, through the whole program: the table shared with the page, and the board's own rules."""

import json

from case import PoolCase
from testing import SOURCE, main, require

CASES = json.loads((SOURCE / "t" / "text_cases.json").read_text())
OPEN = {"POW_ENABLE": "false", "IP_RATE_ENABLE": "false"}


class Texts(PoolCase):
    def test_b28_b39_every_text_of_the_table_is_judged_as_it_says(self) -> None:
        poster = self.poster(self.pool(**OPEN))
        for case in CASES:
            literal = case.get("json") or json.dumps(case["text"])
            for form in {literal, json.dumps(json.loads(literal), ensure_ascii=False)}:
                with self.subTest(case["name"]):
                    body = f'{{"text":{form}}}'.encode("utf-8", "surrogatepass")
                    answer = poster.post_raw(body, {})
                    self.assertEqual(answer.status, 201 if case["accepted"] else 400, answer.body)
                    if case["accepted"]:
                        self.assertEqual(answer.json()["body"], case["normalized"])
                        self.assertEqual(len(answer.json()["body"]), case["chars"])

    def test_b30_bytes_that_are_not_utf8_are_refused(self) -> None:
        pool = self.pool(**OPEN)
        bad = [b"\xff", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"abc\xe2\x82"]
        for raw in bad:
            with self.subTest(raw):
                self.refused(self.poster(pool).post_raw(b'{"text":"' + raw + b'"}', {}), 400, "INVALID_JSON")
                escaped = "".join(f"%{byte:02x}" for byte in raw)
                answer = pool.request(f"/api/listings/search?q={escaped}")
                self.assertEqual(self.refused(answer, 400, "INVALID_INPUT")["field"], "q")
        self.refused(pool.request("/api/listings/search?q=a%00b"), 400, "INVALID_INPUT")

    def test_b36_bodies_that_are_not_the_object_asked_for(self) -> None:
        poster = self.poster(self.pool(**OPEN))
        for body in (b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"Text":"a"}', b'{"text":1}', b'{"text":null}', b'{"text":["a"]}',
                     b'{"text":"a","text":"b"}', b'{"text":"a","more":1}', b'{"text":"a"} x', b'{"text":"a"}{"text":"b"}',
                     b"{'text':'a'}", b'{"text":"a\nb"}', b'{"text":"a"\x00}', b'{"text":{"text":{"text":{"text":{"text":"a"}}}}}',
                     b'{"text":"\\x"}', b'{"text":"a",}', b'\xff\xfe{"text":"a"}'):
            with self.subTest(body):
                self.refused(poster.post_raw(body, {}), 400, "INVALID_JSON")

    def test_b36_media_type_is_exactly_json(self) -> None:
        poster = self.poster(self.pool(**OPEN))
        for kind, status in (("application/json", 201), ("Application/JSON; charset=utf-8", 201), ("application/json ;x=y", 201),
                             ("application/jsonfoo", 415), ("text/plain", 415), ("", 415), ("application/x-www-form-urlencoded", 415)):
            with self.subTest(kind):
                self.assertEqual(poster.post("a", {}, **{"Content-Type": kind}).status, status)

    def test_b36_posts_from_other_sites_are_refused(self) -> None:
        poster = self.poster(self.pool(**OPEN))
        for headers, status in (({"Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
                                ({"Origin": "http://localhost:81"}, 403), ({"Origin": "http://localhost"}, 201),
                                ({"Origin": "https://LOCALHOST", "Sec-Fetch-Site": "same-origin"}, 201), ({}, 201)):
            with self.subTest(headers):
                answer = poster.post("a", {}, **headers)
                self.assertEqual(answer.status, status)
                if status == 403:
                    self.refused(answer, 403, "CROSS_SITE")

    def test_b24_large_bodies_are_refused_however_announced(self) -> None:
        pool = self.pool(**OPEN)
        body = b'{"text":"' + b"x" * 5000 + b'"}'
        for announced in ({}, {"CONTENT_LENGTH": "-1"}, {"CONTENT_LENGTH": ""}):
            with self.subTest(announced):
                answer = pool.request("/api/listings/create", "POST", body=[body[:100], body[100:]],
                                      headers={"Content-Type": "application/json"}, **announced)
                self.refused(answer, 413, "BODY_TOO_LARGE")
        answer = pool.request("/api/listings/create", "POST", body=b'{"text":"short"}',
                              headers={"Content-Type": "application/json"}, CONTENT_LENGTH="99")
        self.refused(answer, 400, "INVALID_JSON")

    def test_b28_length_is_a_setting_of_the_server(self) -> None:
        poster = self.poster(self.pool(**OPEN, POST_MAX_CHARS="10"))
        self.assertEqual(poster.post("a" * 10, {}).status, 201)
        self.assertEqual(self.refused(poster.post("a" * 11, {}), 400, "INVALID_INPUT")["field"], "text")

    def test_b26_links_beyond_the_limit_are_refused(self) -> None:
        poster = self.poster(self.pool(**OPEN, POST_MAX_LINKS="1"))
        self.assertEqual(poster.post("see https://www.example.org and mail a@b.example", {}).status, 201)
        self.refused(poster.post("HTTP://a.example WWW.b.example", {}), 422, "TEXT_REFUSED")
        none = self.poster(self.pool("none", **OPEN, POST_MAX_LINKS="0"))
        self.refused(none.post("https://a.example", {}), 422, "TEXT_REFUSED")

    def test_b26_same_text_of_one_network_is_refused_for_a_while(self) -> None:
        pool = self.pool(IP_RATE_ENABLE="false", POST_DUPLICATE_SECS="3600")
        one, two = self.poster(pool), self.poster(pool, "192.0.2.2")
        first = one.post("again").json()["id"]
        proof = one.proof()
        self.assertEqual(self.refused(one.post("again ", proof), 409, "DUPLICATE")["id"], first)
        self.assertEqual(two.post("again").status, 201)
        self.assertEqual(one.post("something else", proof).status, 201, "the proof was not spent")
        self.sql("update board.recent_text set expires_ms = 0")
        self.assertEqual(one.post("again").status, 201)

    def test_b26_same_text_of_anybody_is_refused_for_a_while(self) -> None:
        pool = self.pool(IP_RATE_ENABLE="false", POST_DUPLICATE_SECS="3600", POST_DUPLICATE_SCOPE="board")
        posters = [self.poster(pool, f"192.0.2.{n}") for n in range(16)]
        answers = self.at_once(16, lambda n: posters[n].post("the same"))
        self.assertEqual(sorted(a.status for a in answers), [201] + [409] * 15)
        first = next(a for a in answers if a.status == 201).json()["id"]
        self.assertEqual({a.json()["error"]["id"] for a in answers if a.status == 409}, {first})

    def test_b26_duplicate_that_is_refused_for_the_rate_may_come_later(self) -> None:
        pool = self.pool(POST_DUPLICATE_SECS="60", POST_RATE_MAX_REQUESTS="1", POST_RATE_WINDOW_MS="86400000")
        poster = self.poster(pool)
        self.assertEqual(poster.post("one").status, 201)
        self.refused(poster.post("two"), 429, "RATE_LIMITED")
        self.assertEqual(self.sql("select count(*) from board.recent_text"), "1")


if __name__ == "__main__":
    require("psql")
    main()
