# SPDX-License-Identifier: MIT
"""`initialsdb post` and `initialsdb solve`: from a shell onto the board, exactly once, with clear words and statuses."""

import hashlib
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Callable

from case import BoardCase, main

import testing
from proof import leading_zero_bits

MISUSED, REFUSED, UNAVAILABLE, TRY_LATER = 64, 65, 69, 75


class Relay(ThreadingHTTPServer):
    """Passes requests on to the board; `meddle` may keep a post from it, or its answer from the poster."""

    def __init__(self, port: int, meddle: Callable[[int, Callable[[], tuple[int, bytes]]], tuple[int, bytes] | None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.port, self.meddle, self.posts, self.tokens = port, meddle, 0, set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Relay

    def log_message(self, *_: object) -> None:
        pass

    def forward(self, body: bytes = b"") -> tuple[int, bytes]:
        board = http.client.HTTPConnection("127.0.0.1", self.server.port)
        names = ("Content-Type", "User-Agent", "X-PoW-Challenge", "X-PoW-Token", "X-PoW-Nonce")
        board.request(self.command, self.path, body or None, {name: self.headers[name] for name in names if self.headers[name]})
        answer = board.getresponse()
        return answer.status, answer.read()

    def say(self, answer: tuple[int, bytes] | None) -> None:
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def do_GET(self) -> None:
        self.say(self.forward())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts += 1
        self.server.tokens.add(self.headers["X-PoW-Token"])
        self.say(self.server.meddle(self.server.posts, lambda: self.forward(body)))


class Shell(BoardCase):
    env = {"POST_MAX_CHARS": "20"}

    def post(self, text: str, url: str | None = None, stdin: str = "", **env: str) -> subprocess.CompletedProcess:
        argv = [testing.initialsdb(), "post", url or self.board.url, text]
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")} | env
        return subprocess.run(argv, input=stdin, env=env, capture_output=True, text=True, check=False, timeout=300)

    def through(self, meddle: Callable) -> tuple[Relay, str]:
        relay = Relay(self.board.caddy.port, meddle)
        self.addCleanup(relay.stop)
        return relay, f"http://127.0.0.1:{relay.server_port}"

    def bodies(self) -> list[str]:
        return self.sql("select body from board.message order by id").splitlines()

    def test_post_prints_where_the_message_is(self) -> None:
        done = self.post("from a shell")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        number = self.sql("select max(id) from board.message")
        self.assertEqual(done.stdout, f"{self.board.url}m/{number}\n")
        self.assertEqual(self.bodies()[-1], "from a shell")

    def test_text_comes_from_standard_input_too(self) -> None:
        self.assertEqual(self.post("-", stdin='"quotes" \\ é 🦊\n').returncode, 0)
        self.assertEqual(self.bodies()[-1], '"quotes" \\ é 🦊')

    def test_standard_input_that_cannot_be_read_is_no_text(self) -> None:
        directory = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, directory)
        argv = [testing.initialsdb(), "post", self.board.url, "-"]
        done = subprocess.run(argv, stdin=directory, capture_output=True, text=True, check=False, timeout=300)
        self.assertEqual(done.returncode, MISUSED)
        self.assertIn("cannot be read", done.stderr)

    def test_where_proofs_are_off_there_is_none(self) -> None:
        self.assertEqual(self.post("free", self.branch("free", POW_ENABLE="false").url).returncode, 0)

    def test_what_the_board_refuses_it_explains(self) -> None:
        done = self.post("x" * 21)
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("20", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_limited_post_is_told_how_long_to_wait(self) -> None:
        url = self.branch("tight", POST_RATE_MAX_REQUESTS="1").url
        self.sql("truncate board.rate_limit")
        self.assertEqual(self.post("one", url).returncode, 0)
        done = self.post("two", url)
        self.assertEqual(done.returncode, TRY_LATER)
        self.assertRegex(done.stderr, r"try again in \d+ s")

    def test_message_that_waits_is_told_to(self) -> None:
        self.board.pool.command("hold", "on")
        self.addCleanup(self.board.pool.command, "hold", "off")
        done = self.post("held")
        self.assertEqual(done.returncode, 0)
        self.assertIn("moderator", done.stderr)

    def test_lost_answers_are_asked_for_again_and_nothing_is_doubled(self) -> None:
        relay, url = self.through(lambda n, forward: forward() if n > 2 else (forward(), None)[1])
        done = self.post("once", url)
        self.assertEqual((done.returncode, relay.posts, len(relay.tokens)), (0, 3, 1), done.stderr)
        self.assertEqual(self.bodies().count("once"), 1)

    def test_refused_proof_is_made_anew(self) -> None:
        refusal = 403, json.dumps({"detail": "Too late.", "error": {"code": "POW_EXPIRED"}}).encode()
        relay, url = self.through(lambda n, forward: forward() if n > 2 else refusal)
        self.assertEqual(self.post("again", url).returncode, 0)
        self.assertEqual((relay.posts, len(relay.tokens)), (3, 3))

    def test_words_of_a_board_do_not_drive_the_terminal(self) -> None:
        refusal = 400, json.dumps({"detail": "No.\x1b[2J\u009b2J\nYes."}).encode()
        _, url = self.through(lambda _, forward: refusal)
        self.assertEqual("initialsdb: No. [2J 2J Yes.\n", self.post("hi", url).stderr)

    def test_after_a_lost_answer_no_new_proof_is_spent(self) -> None:
        refusal = 403, json.dumps({"detail": "Too late.", "error": {"code": "POW_EXPIRED"}}).encode()
        relay, url = self.through(lambda n, forward: refusal if n > 1 else (forward(), None)[1])
        done = self.post("perhaps", url)
        self.assertEqual((done.returncode, relay.posts), (REFUSED, 2))
        self.assertIn("may have arrived", done.stderr)
        self.assertEqual(self.bodies().count("perhaps"), 1)

    def test_what_is_no_board_is_called_so(self) -> None:
        self.assertEqual(self.post("hi", "http://127.0.0.1:9").returncode, UNAVAILABLE)
        done = self.post("hi", self.board.url + "nowhere")
        self.assertEqual(done.returncode, UNAVAILABLE)
        self.assertIn("is it a board?", done.stderr)

    def test_certificate_that_nobody_vouches_for_is_not_trusted(self) -> None:
        relay, url = self.through(lambda n, forward: forward())
        with tempfile.TemporaryDirectory() as place:
            key, certificate = Path(place, "key"), Path(place, "certificate")
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                 "-keyout", key, "-out", certificate], check=True, capture_output=True,
            )  # fmt: skip
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
        relay.socket = context.wrap_socket(relay.socket, server_side=True)
        done = self.post("hi", url.replace("http:", "https:"))
        self.assertEqual((done.returncode, relay.posts), (UNAVAILABLE, 0))
        self.assertIn("certificate", done.stderr)

    def test_wrong_arguments_are_named(self) -> None:
        for url, text in (("file:///etc/passwd", "x"), ("-o", "x"), (self.board.url, "\udcff")):
            with self.subTest(url):
                self.assertEqual(self.post(text, url).returncode, MISUSED)
        self.assertEqual(self.post("-", stdin="x" * 70000).returncode, MISUSED)

    def test_without_curl_it_says_so(self) -> None:
        done = self.post("hi", PATH="/nowhere")
        self.assertEqual(done.returncode, UNAVAILABLE)
        self.assertIn("curl", done.stderr)

    def test_configuration_of_curl_does_not_meddle(self) -> None:
        with tempfile.TemporaryDirectory() as home:
            Path(home, ".curlrc").write_text('output = "elsewhere"\nuser-agent = "somebody"\n')
            self.assertEqual(self.post("no curlrc", HOME=home).returncode, 0)


class Solve(BoardCase):
    def test_every_kernel_finds_the_same_proofs(self) -> None:
        solve = lambda *words: subprocess.run([testing.initialsdb(), "solve", *words], capture_output=True, text=True, check=False)
        puzzle = ["AAECAwQFBgcICQoLDA0ODw", "12", "8"]
        wrong = solve("--kernel", "abacus", *puzzle)
        self.assertEqual(wrong.returncode, MISUSED)
        kernels = wrong.stderr.split("kernels:")[1].split()
        self.assertIn("portable", kernels)
        answers = {solve("--kernel", kernel, *puzzle).stdout for kernel in kernels} | {solve(*puzzle).stdout}
        self.assertEqual(len(answers), 1)
        nonces = answers.pop().strip().split(",")
        self.assertEqual(len(set(nonces)), 8)
        for nonce in nonces:
            self.assertGreaterEqual(leading_zero_bits(hashlib.sha256(bytes(range(16)) + nonce.encode()).digest()), 12)

    def test_answer_that_cannot_be_written_is_a_failure(self) -> None:
        with open("/dev/full", "wb") as full:
            argv = [testing.initialsdb(), "solve", "AAECAwQFBgcICQoLDA0ODw", "1", "1"]
            done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)

    def test_what_is_no_puzzle_is_refused(self) -> None:
        for words in (["AAECAwQFBgcICQoLDA0O", "1", "1"], ["AAECAwQFBgcICQoLDA0ODw", "65", "1"], ["AAECAwQFBgcICQoLDA0ODw", "1", "256"], []):
            done = subprocess.run([testing.initialsdb(), "solve", *words], capture_output=True, check=False)
            self.assertEqual(done.returncode, MISUSED, words)


if __name__ == "__main__":
    testing.require("curl", "openssl")
    main()
