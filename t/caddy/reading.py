# SPDX-License-Identifier: MIT
"""The reading half of api.md through a real Caddy: search, count, one message, health, and routes as such."""

from urllib.parse import quote

from case import BoardCase, main

from visitor import CREATE

SEARCH = "/api/listings/search"


class Search(BoardCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.numbers = [cls.visitor.post(f"message number{n} {'even' if n % 2 == 0 else 'odd'}").json()["id"] for n in range(65)]

    def page(self, query: str) -> dict:
        answer = self.visitor.search(query)
        self.assertEqual(answer.status, 200, answer.body)
        self.common_headers(answer)
        return answer.json()

    def walk(self, query: str, limit: int) -> list[int]:
        """The numbers of all messages found, page by page."""
        found, cursor = [], ""
        while True:
            page = self.page(f"q={quote(query)}&limit={limit}&cursor={quote(cursor)}")
            self.assertLessEqual(len(page["items"]), limit)
            found += [item["id"] for item in page["items"]]
            if "next_cursor" not in page:
                return found
            cursor = page["next_cursor"]

    def test_b42_empty_query_lists_the_newest(self) -> None:
        newest = self.numbers[:-31:-1]
        for query in ("", "q=", "q=%20%20", "limit=30"):
            self.assertEqual([item["id"] for item in self.page(query)["items"]], newest, query)

    def test_items_have_id_body_and_time_and_nothing_else(self) -> None:
        for item in self.page("")["items"]:
            self.assertEqual(set(item), {"id", "body", "created_at"})

    def test_pages_neither_skip_nor_repeat(self) -> None:
        for limit in (1, 7, 30, 100):
            self.assertEqual(self.walk("", limit), self.numbers[::-1])
            self.assertEqual(self.walk("even", limit), self.numbers[::-2])

    def test_pages_stay_right_while_messages_are_posted_and_hidden(self) -> None:
        first = self.page("limit=10&q=odd")
        extra = self.posted(self.visitor.post("one more odd message"))
        victim = self.numbers[1]
        self.sql(f"select board.hide(array[{victim}])")
        rest = self.page(f"limit=100&q=odd&cursor={first['next_cursor']}")
        seen = [item["id"] for item in first["items"] + rest["items"]]
        self.sql(f"select board.hide(array[{extra}]), board.unhide(array[{victim}])")
        self.assertEqual(seen, [n for n in self.numbers[::-1] if n % 2 == self.numbers[1] % 2 and n != victim])

    def test_b38_last_full_page_has_no_follower(self) -> None:
        self.assertNotIn("next_cursor", self.page("limit=65"))
        self.assertIn("next_cursor", self.page("limit=64"))

    def test_b38_limit_out_of_range_is_400(self) -> None:
        for limit in ("0", "101", "-1", "1.5", "x", "1x", "9999999999999999999999", "%201"):
            self.refused(self.visitor.search(f"limit={limit}"), 400, "INVALID_INPUT", "limit")

    def test_b38_cursor_belongs_to_its_query(self) -> None:
        cursor = self.page("q=even&limit=5")["next_cursor"]
        self.assertEqual(len(self.page(f"q=even&limit=5&cursor={cursor}")["items"]), 5)
        for query in ("odd", "", "even odd"):
            answer = self.visitor.search(f"q={quote(query)}&cursor={cursor}")
            self.refused(answer, 400, "INVALID_INPUT", "cursor")

    def test_b38_tampered_cursor_is_400(self) -> None:
        cursor = self.page("limit=5")["next_cursor"]
        flipped = ("B" if cursor[0] == "A" else "A") + cursor[1:]
        for bad in (flipped, cursor[:-1], cursor + "A", "x", "%00", "A" * 2000):
            self.refused(self.visitor.search(f"cursor={bad}"), 400, "INVALID_INPUT", "cursor")

    def test_all_words_must_match_in_any_case(self) -> None:
        self.assertEqual(len(self.walk("MESSAGE Number7", 100)), 1)
        self.assertEqual(self.walk("number7 nowhere", 100), [])

    def test_b30_impossible_query_is_400(self) -> None:
        for query in ("%00", "a%00b", "%ff", "%c3", "%ed%a0%80", "x" * 256, quote("é" * 256)):
            self.refused(self.visitor.search(f"q={query}"), 400, "INVALID_INPUT", "q")

    def test_queries_that_mean_nothing_are_answered(self) -> None:
        for query in ("'", '"', "&|!", "-", '"" or', "((", ":*", "\\", "%", "_", "a:b", "';drop table board.message;--", "é" * 255):
            answer = self.visitor.search(f"q={quote(query)}")
            self.assertEqual(answer.status, 200, query)


class One(BoardCase):
    def test_message_knows_its_visible_neighbours(self) -> None:
        a, b, c, d = (self.posted(self.visitor.post(f"neighbour {n}")) for n in range(4))
        self.sql(f"select board.hide(array[{b}])")
        answer = self.visitor.get(f"/api/listings/{c}")
        self.assertEqual(answer.status, 200)
        self.common_headers(answer)
        message = answer.json()
        self.assertEqual(set(message), {"id", "body", "created_at", "newer", "older"})
        self.assertEqual((message["body"], message["newer"], message["older"]), ("neighbour 2", d, a))
        self.assertNotIn("newer", self.visitor.get(f"/api/listings/{d}").json())
        self.assertNotIn("older", self.visitor.get("/api/listings/1").json())

    def test_hidden_message_is_410(self) -> None:
        before, number, after = (self.posted(self.visitor.post(text)) for text in ("before", "a secret", "after"))
        self.sql(f"select board.hide(array[{number}])")
        answer = self.visitor.get(f"/api/listings/{number}")
        self.refused(answer, 410, "HIDDEN")
        self.assertNotIn(b"secret", answer.body)
        self.assertEqual((answer.json()["newer"], answer.json()["older"]), (after, before))

    def test_number_that_does_not_exist_is_404(self) -> None:
        for number in ("99999", "0", "-1", "01", "1x", "9223372036854775807", "9223372036854775808", "1/", "1.0", "%201"):
            self.refused(self.visitor.get(f"/api/listings/{number}"), 404, "NOT_FOUND")

    def test_count_follows_posting_and_hiding(self) -> None:
        before = self.visitor.count()
        number = self.posted(self.visitor.post("counted"))
        self.assertEqual(self.visitor.count(), before + 1)
        self.sql(f"select board.hide(array[{number}])")
        self.assertEqual(self.visitor.count(), before)


class Routes(BoardCase):
    GETS = ("/pow/challenge", SEARCH, "/api/listings/count", "/api/healthz", "/api/readyz")

    def test_health_is_answered(self) -> None:
        self.assertEqual(self.visitor.get("/api/healthz").status, 200)
        ready = self.visitor.get("/api/readyz")
        self.assertEqual((ready.status, ready.json()["primary"]), (200, True))

    def test_metrics_are_not_published(self) -> None:
        self.refused(self.visitor.get("/api/metrics"), 404, "NOT_FOUND")

    def test_b32_unknown_paths_are_json_404(self) -> None:
        paths = ["/api", "/api/", "/api/nope", "/api/listings", "/api/listings/", "/api/listings/search/", "/api//listings/count"]
        for path in [*paths, "/api/listings/x/y", "/pow", "/pow/", "/pow/x", "/API/listings/count", "/api/listings/Count"]:
            self.refused(self.visitor.get(path), 404, "NOT_FOUND")
            self.refused(self.visitor.request("POST", path, b"{}"), 404, "NOT_FOUND")

    def test_path_out_of_the_api_is_404(self) -> None:
        for path in ("/api/../x", "/api/..%2fx", "/api/%2e%2e/x"):
            self.assertEqual(self.visitor.get(path).status, 404)

    def test_b35_wrong_method_is_405_with_allow(self) -> None:
        for path in self.GETS:
            for method in ("POST", "PUT", "DELETE", "PATCH", "NONSENSE"):
                answer = self.visitor.request(method, path, b"")
                self.refused(answer, 405, "METHOD_NOT_ALLOWED")
                self.assertEqual(answer.headers["Allow"], "GET, HEAD, OPTIONS")
        answer = self.visitor.request("PUT", CREATE, b"")
        self.refused(answer, 405, "METHOD_NOT_ALLOWED")
        self.assertIn("POST", answer.headers["Allow"])

    def test_b35_head_is_get_without_a_body(self) -> None:
        for path in self.GETS:
            got, head = self.visitor.get(path), self.visitor.request("HEAD", path)
            self.assertEqual((head.status, head.body), (200, b""))
            self.assertEqual(head.headers["Content-Length"], got.headers["Content-Length"])
            self.assertEqual(head.headers["Content-Type"], got.headers["Content-Type"])

    def test_b35_options_is_204_with_allow(self) -> None:
        for path in (*self.GETS, CREATE):
            answer = self.visitor.request("OPTIONS", path)
            self.assertEqual((answer.status, answer.body), (204, b""))
            self.assertIn("OPTIONS", answer.headers["Allow"])

    def test_b37_api_responses_may_load_nothing(self) -> None:
        policy = self.visitor.get(SEARCH).headers["Content-Security-Policy"]
        self.assertEqual(policy, "default-src 'none'; frame-ancestors 'none'")

    def test_request_ids_differ(self) -> None:
        self.assertEqual(len({self.visitor.get(SEARCH).headers["X-Request-Id"] for _ in range(20)}), 20)

    def test_b32_robots_and_icon_are_files(self) -> None:
        robots = self.visitor.get("/robots.txt")
        self.assertEqual((robots.status, robots.headers.get_content_type()), (200, "text/plain"))
        self.assertIn(b"User-agent", robots.body)
        self.assertEqual(self.visitor.get("/favicon.svg").headers.get_content_type(), "image/svg+xml")

    def test_page_and_its_files_are_served(self) -> None:
        answer = self.visitor.get("/m/1")
        self.assertEqual((answer.status, answer.headers.get_content_type()), (200, "text/html"))
        self.assertEqual(self.visitor.get("/app.js").headers.get_content_type(), "text/javascript")
        self.assertEqual(self.visitor.get("/style.css").headers.get_content_type(), "text/css")


if __name__ == "__main__":
    main()
