# SPDX-License-Identifier: MIT
"""What Caddy does by itself, with the shipped configuration around a stand-in for the program.

Files and their headers, errors of Caddy's own in the program's form, bodies buffered and capped,
and the parameters by which the program knows a client.
"""

import sys
import threading
import types
import unittest
from pathlib import Path
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from caddy import PROGRAM, Caddy
from responder import Responder, echo
from stack import Scratch
from web import Client, read

PAGE = b"<!doctype html><title>page</title>"


def chunked(length: int) -> bytes:
    """A POST of that many bytes whose length is not announced."""
    head = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % length + b"x" * length + b"\r\n0\r\n\r\n"


class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.remove)
        state = cls.scratch.path
        static = state / "static files"
        (static / "directory").mkdir(parents=True)
        (static / "index.html").write_bytes(PAGE)
        (static / "directory" / "code.js").write_text("plain")
        (static / "directory" / "code.js.gz").write_bytes(b"compressed")
        pool = types.SimpleNamespace(cluster=types.SimpleNamespace(state=state), socket=state / "app")
        cls.app = Responder(pool.socket)
        cls.addClassCleanup(cls.app.close)
        cls.caddy = Caddy(pool, static_dir=static, env={"INITIALSDB_READ_TIMEOUT": "10s"})
        cls.addClassCleanup(cls.caddy.stop)
        cls.caddy.start()
        cls.client = Client(cls.caddy.port, "127.0.0.9")

    def setUp(self) -> None:
        self.app.application = echo

    def problem(self, answer, status: int, code: str) -> None:
        """Asserts an error in the form of api.md."""
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertTrue(answer.headers["X-Request-Id"])
        body = answer.json()
        self.assertEqual((body["status"], body["error"]["code"]), (status, code))
        self.assertEqual(body["detail"], body["error"]["message"])
        if status in (502, 503, 504):
            self.assertEqual(int(answer.headers["Retry-After"]), body["error"]["retry_after"])

    # Files

    def test_page_answers_at_its_two_kinds_of_address(self) -> None:
        for path in ("/", "/?q=shoes", "/m/1", "/m/1234567890", "/m/1?x"):
            answer = self.client.get(path)
            self.assertEqual((answer.status, answer.body), (200, PAGE), path)
            self.assertEqual(answer.headers["Cache-Control"], "no-cache")

    def test_b32_unknown_addresses_are_404_and_not_the_page(self) -> None:
        for path in ("/nope", "/assets/old-1a2b.js", "/m/", "/m/0", "/m/x", "/m/1/", "/healthz", "/api/../x", "/apix"):
            answer = self.client.get(path)
            self.assertEqual(answer.status, 404, path)
            self.assertEqual(answer.headers.get_content_type(), "text/plain")

    def test_b33_directories_are_not_listed(self) -> None:
        for path in ("/directory", "/directory/"):
            answer = self.client.get(path)
            self.assertEqual(answer.status, 404, path)
            self.assertNotIn(b"code.js", answer.body)

    def test_b35_other_methods_on_files_are_405_with_allow(self) -> None:
        for method in ("POST", "PUT", "DELETE"):
            answer = self.client.request(method, "/")
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"), method)

    def test_b37_page_has_strict_headers(self) -> None:
        for path in ("/", "/nope"):
            headers = self.client.get(path).headers
            policy = headers["Content-Security-Policy"]
            for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
                self.assertIn(part, policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "same-origin")
            self.assertIsNone(headers["Server"])

    def test_precompressed_file_is_served_as_it_lies_there(self) -> None:
        answer = self.client.get("/directory/code.js", {"Accept-Encoding": "gzip"})
        self.assertEqual((answer.headers["Content-Encoding"], answer.body), ("gzip", b"compressed"))
        self.assertEqual(answer.headers.get_content_type(), "text/javascript")
        self.assertEqual(self.client.get("/directory/code.js").body, b"plain")

    def test_unchanged_file_is_304(self) -> None:
        tag = self.client.get("/").headers["ETag"]
        self.assertEqual(self.client.get("/", {"If-None-Match": tag}).status, 304)

    def test_b34_files_are_closed_after_they_are_served(self) -> None:
        handles = Path(f"/proc/{self.caddy.process.pid}/fd")
        before = len(list(handles.iterdir()))
        for _ in range(300):
            self.assertEqual(self.client.get("/directory/code.js").status, 200)
        testing.wait_until(lambda: len(list(handles.iterdir())) < before + 20, "connections to be closed")

    def test_paths_do_not_leave_the_directory(self) -> None:
        for path in ("/../app", "/directory/../../app", "/%2e%2e/app", "/..%2fapp", "/directory%2f..%2f..%2fapp"):
            self.assertEqual(self.client.get(path).status, 404, path)

    # The program behind

    def test_program_gets_every_path_below_api_and_pow(self) -> None:
        for path in ("/api", "/api/", "/api/x/y", "/pow", "/pow/challenge", "/api//x", "/api/a%2e%2eb"):
            params = self.client.get(path).json()["params"]
            self.assertEqual((params["PATH_INFO"], params["SCRIPT_NAME"]), (unquote(path), ""))

    def test_b1_b3_headers_cannot_change_who_a_client_is(self) -> None:
        names = ("X-Test-IP", "X_Forwarded_For", "X-Real-IP", "Client-IP", "Forwarded", "Forwarded-For", "Remote-Addr")
        forged = {name: "9.9.9.9" for name in names} | {"X-Forwarded-For": "8.8.8.8"}
        for _ in range(20):  # once, the order of a hash table decided
            params = self.client.get("/api/x", forged).json()["params"]
            self.assertEqual((params["REMOTE_ADDR"], params["FORWARDED_FOR"]), ("127.0.0.9", "8.8.8.8"))
            believed = [name for name, value in params.items() if value == "9.9.9.9" and not name.startswith("HTTP_")]
            self.assertEqual(believed, [])

    def test_cgi_status_line_does_not_leak(self) -> None:
        answer = self.client.get("/api/x")
        self.assertIsNone(answer.headers["Status"])
        self.assertIsNone(answer.headers["Server"])
        self.assertIsNone(answer.headers["Via"])
        self.assertEqual(answer.headers["Content-Security-Policy"], "default-src 'none'; frame-ancestors 'none'")

    def test_bodies_arrive_whole_however_announced(self) -> None:
        self.assertEqual(self.client.request("POST", "/api/x", b"x" * 60000).json()["length"], 60000)
        self.assertEqual(self.client.raw(chunked(60000)).json()["length"], 60000)

    def test_slow_bodies_do_not_reach_the_program(self) -> None:
        arrived = []
        self.app.application = lambda params, body: arrived.append(len(body)) or echo(params, body)
        head = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n"
        slow_ones = [self.client.connect() for _ in range(20)]
        for connection in slow_ones:
            connection.sendall(head + b"x" * 49999)
        self.assertEqual(self.client.get("/api/x").status, 200)
        self.assertEqual(arrived, [0], "only the request without a body has arrived")
        for connection in slow_ones:
            connection.sendall(b"x")
            self.assertEqual(read(connection).status, 200)
            connection.close()

    # Errors of Caddy's own

    def test_b24_announced_length_over_the_cap_is_413(self) -> None:
        for length in (65000, 100000, 10_000_000):
            head = f"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            # Go reads up to 256 kB of a refused body before it answers.
            body = b"x" * (length if length < 256_000 else 0)
            self.problem(self.client.raw(head.encode() + body), 413, "BODY_TOO_LARGE")

    def test_b24_chunked_body_over_the_cap_is_413(self) -> None:
        self.problem(self.client.raw(chunked(64001)), 413, "BODY_TOO_LARGE")
        self.problem(self.client.raw(chunked(500_000)), 413, "BODY_TOO_LARGE")

    def test_program_that_hangs_up_is_502(self) -> None:
        self.app.application = lambda params, body: None
        for method in ("GET", "POST"):
            self.problem(self.client.request(method, "/api/x"), 502, "UNAVAILABLE")

    def test_b41_program_that_does_not_answer_is_504(self) -> None:
        asked_to_end = threading.Event()
        self.addCleanup(asked_to_end.set)
        self.app.application = lambda params, body: asked_to_end.wait() and None
        self.problem(self.client.get("/api/x"), 504, "UNAVAILABLE")

    def test_b41_program_that_is_not_there_is_502(self) -> None:
        away = self.app.server_address + ".away"
        Path(self.app.server_address).rename(away)
        try:
            for method in ("GET", "POST"):
                self.problem(self.client.request(method, "/pow/challenge"), 502, "UNAVAILABLE")
        finally:
            Path(away).rename(self.app.server_address)

    def test_too_large_header_is_431(self) -> None:
        self.assertEqual(self.client.get("/api/x", {"X-Large": "x" * 100_000}).status, 431)


if __name__ == "__main__":
    testing.require(PROGRAM)
    testing.main()
