# SPDX-License-Identifier: MIT
"""FastCGI as the pool speaks it: bodies in pieces, lies about lengths, callers that stall or leave, odd addresses."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from case import PoolCase

import testing
from fastcgi import Connection, Response, cgi_params, request
from pool import Pool

CREATE, COUNT = "/api/listings/create", "/api/listings/count"
JSON = {"Content-Type": "application/json"}


class Protocol(PoolCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.free = Pool(testing.initialsdb(), cls.cluster, {"POW_ENABLE": "false", "WORKERS": "2"}, "free")
        cls.addClassCleanup(cls.free.stop)
        cls.free.start()

    def post(self, body: bytes | list[bytes], length: str | None = None) -> Response:
        extra = {} if length is None else {"CONTENT_LENGTH": length}
        return request(self.free.socket, CREATE, "POST", body, JSON, **extra)

    def alive(self) -> None:
        self.assertEqual(self.free.request("/api/healthz").status, 200)

    def test_body_may_come_in_any_pieces(self) -> None:
        body = json.dumps({"text": "in pieces"}).encode()
        for size in (1, 2, 7, len(body)):
            pieces = [body[i : i + size] for i in range(0, len(body), size)]
            self.assertEqual(self.post(pieces).status, 201)

    def test_body_of_unannounced_length_is_read_to_its_end(self) -> None:
        body = b'{"text":"how long am I?"}'
        for length in ("-1", ""):
            self.assertEqual(self.post(body, length).status, 201, length)

    def test_announced_length_that_is_wrong_is_400(self) -> None:
        body = b'{"text":"short"}'
        for length in (str(len(body) + 1), str(len(body) - 1), "0"):
            answer = self.post(body, length)
            self.assertEqual((answer.status, answer.json()["error"]["code"]), (400, "INVALID_JSON"), length)

    def test_b24_body_over_the_limit_is_413_whatever_was_announced(self) -> None:
        body = b'{"text":"' + b"x" * 5000 + b'"}'
        for length in (None, "-1", "", "16"):
            self.assertIn(self.post(body, length).status, (400, 413), length)
        self.assertEqual(self.post(body).status, 413)
        self.assertEqual(self.post([b"x" * 60000] * 20, "-1").status, 413)

    def test_response_is_complete_cgi(self) -> None:
        answer = self.free.request(COUNT)
        self.assertEqual(len(answer.body), int(answer.headers["Content-Length"]))
        self.assertEqual((answer.app_status, answer.stderr), (0, b""))

    def test_callers_who_leave_in_the_middle_do_no_harm(self) -> None:
        for _ in range(20):
            with Connection(self.free.socket):
                pass
            with Connection(self.free.socket) as connection:
                connection.begin(cgi_params(CREATE, "POST", JSON, 1000))
                connection.send(b'{"text":"half')
            with Connection(self.free.socket) as connection:
                connection.begin(cgi_params(COUNT))
                connection.end()
        self.alive()
        self.assertEqual(self.sql("select count(*) from board.message"), "0")
        self.assertNotIn("child_died", self.free.log())

    def test_garbage_instead_of_a_request_does_no_harm(self) -> None:
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 64, b"\xff" * 4096, b"\x01\x01\x00\x01\xff\xff\x00\x00"):
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(self.free.socket))
                caller.sendall(garbage)
        self.alive()
        self.assertNotIn("child_died", self.free.log())

    def test_stalled_callers_hold_the_workers_for_two_seconds_at_most(self) -> None:
        stalled = [Connection(self.free.socket) for _ in range(2)]
        for connection in stalled:
            connection.begin(cgi_params(CREATE, "POST", JSON, 1000))
            connection.send(b"{")
        began = time.monotonic()
        self.alive()
        self.assertLess(time.monotonic() - began, 15)
        for connection in stalled:
            connection.close()

    def test_more_callers_than_workers_are_all_answered(self) -> None:
        with ThreadPoolExecutor(64) as threads:
            answers = list(threads.map(lambda n: self.free.request(COUNT, remote_addr=f"10.1.1.{n}"), range(200)))
        self.assertEqual({answer.status for answer in answers}, {200})

    def test_large_parameters_are_read(self) -> None:
        answer = self.free.request(COUNT, headers={"X-Large": "x" * 60000, "User-Agent": "y" * 5000})
        self.assertEqual(answer.status, 200)

    def test_b10_address_that_is_none_is_refused(self) -> None:
        for address in ("", "unknown", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4, 5.6.7.8"):
            answer = self.free.request(COUNT, remote_addr=address)
            self.assertEqual((answer.status, answer.json()["error"]["code"]), (400, "INVALID_INPUT"), address)

    def test_addresses_of_every_notation_are_known(self) -> None:
        for address in ("192.0.2.1", "::1", "2001:db8::1", "fe80::1%eth0", "::ffff:192.0.2.1"):
            self.assertEqual(self.free.request(COUNT, remote_addr=address).status, 200, address)

    def test_missing_parameters_are_no_crash(self) -> None:
        for name in cgi_params(COUNT):
            params = {key: value for key, value in cgi_params(COUNT).items() if key != name}
            with Connection(self.free.socket) as connection:
                connection.begin(params)
                connection.end()
                self.assertIn(connection.read().status, (200, 400, 404, 405), name)
        self.alive()


if __name__ == "__main__":
    testing.require("psql", "setpriv")
    testing.main()
