# SPDX-License-Identifier: MIT
"""The production files: accepted by the Caddy at hand, and served with TLS, redirects and all."""

import http.client
import os
import socket
import ssl
import sys
import types
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from caddy import LOOPBACK, PROGRAM, Caddy, ReservedPort, buffers
from process import run
from responder import Responder
from stack import Scratch

CONFIGS = testing.SOURCE / "caddy"
PAGE = b"<!doctype html><title>page</title>"
SITE = "board.localhost"
# The shipped site with ports and a certificate authority of the test's own.
WRAPPER = """{{
	admin off
	default_bind {address}
	http_port {http}
	https_port {https}
	local_certs
	skip_install_trust
}}
import "{configs}/{buffers}"
import "{configs}/production.caddy"
"""


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


class Files(unittest.TestCase):
    def adapted(self, name: str, **env: str) -> str:
        argv = [PROGRAM, "adapt", "--validate", "--adapter", "caddyfile", "--config", str(CONFIGS / name)]
        with Scratch() as home:
            env |= {"INITIALSDB_SITE": "board.example.org", "XDG_DATA_HOME": str(home), "HOME": str(home)}
            return run(argv, os.environ | env)

    @property
    def name(self) -> str:
        return "Caddyfile-2.6" if buffers() == "buffers-2.6.caddy" else "Caddyfile"

    def test_front_and_hosts_are_accepted(self) -> None:
        front = self.adapted(self.name, INITIALSDB_INSIDE="front.caddy", INITIALSDB_HOSTS="10.0.0.2:8080 10.0.0.3:8080")
        for host in ("10.0.0.2:8080", "10.0.0.3:8080"):
            self.assertIn(f'"dial":"{host}"', front)
        self.assertNotIn("initialsdb.sock", front)
        host = self.adapted("Caddyfile-host", INITIALSDB_BIND="10.0.0.2", INITIALSDB_BUFFERS=buffers())
        self.assertIn('"10.0.0.2:8080"', host)
        self.assertIn("/run/initialsdb/initialsdb.sock", host)

    def test_file_for_this_version_is_accepted(self) -> None:
        adapted = self.adapted(self.name)
        self.assertIn('"www.board.example.org"', adapted)
        self.assertIn("/run/initialsdb/initialsdb.sock", adapted)
        self.assertNotIn("localhost:2019", adapted)

    def test_two_files_differ_in_the_buffers_only(self) -> None:
        lines = [(CONFIGS / name).read_text().splitlines() for name in ("Caddyfile", "Caddyfile-2.6")]
        old, new = ({line for line in text if not line.startswith("#")} for text in lines)
        self.assertEqual(old ^ new, {"import buffers.caddy", "import buffers-2.6.caddy"})


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = Scratch()
        cls.addClassCleanup(directory.remove)
        state = directory.path
        (state / "static").mkdir()
        (state / "static" / "index.html").write_bytes(PAGE)
        pool = types.SimpleNamespace(cluster=types.SimpleNamespace(state=state), socket=state / "app")
        app = Responder(pool.socket)
        cls.addClassCleanup(app.close)
        reserved = ReservedPort()
        cls.addClassCleanup(reserved.close)
        cls.https = reserved.number
        cls.caddy = Caddy(pool, static_dir=state / "static", config=state / "Caddyfile", env={"INITIALSDB_SITE": SITE})
        cls.caddy.reserve()
        ports = {"http": cls.caddy.port, "https": cls.https, "address": LOOPBACK}
        cls.caddy.config.write_text(WRAPPER.format(configs=CONFIGS, buffers=buffers(), **ports))
        cls.addClassCleanup(cls.caddy.stop)
        cls.caddy.start()
        cls.caddy.process.wait_for(lambda: is_listening(cls.https), "answers with TLS")
        root = state / "caddy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        testing.wait_until(root.exists, "the test's own authority")
        cls.tls = ssl.create_default_context(cafile=str(root))
        for host in (SITE, f"www.{SITE}"):
            testing.wait_until(lambda: cls.has_certificate(host), f"the certificate of {host}")

    @classmethod
    def has_certificate(cls, host: str) -> bool:
        try:
            with socket.create_connection((LOOPBACK, cls.https), 60) as plain:
                cls.tls.wrap_socket(plain, server_hostname=host).close()
        except OSError:  # Caddy makes them after it has begun to listen
            return False
        return True

    def get(self, host: str, path: str = "/") -> http.client.HTTPResponse:
        """One request over TLS, the certificate checked for that host."""
        with socket.create_connection((LOOPBACK, self.https), 60) as plain:
            with self.tls.wrap_socket(plain, server_hostname=host) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                response = http.client.HTTPResponse(connection)
                response.begin()
                response.content = response.read()
                return response

    def test_page_and_program_are_served_with_tls(self) -> None:
        page = self.get(SITE)
        self.assertEqual((page.status, page.content), (200, PAGE))
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual(self.get(SITE, "/api/x").status, 200)

    def test_b78_www_leads_to_the_canonical_host(self) -> None:
        answer = self.get(f"www.{SITE}", "/m/1?x=y")
        self.assertEqual((answer.status, answer.headers["Location"]), (301, f"https://{SITE}/m/1?x=y"))

    def test_browsers_are_told_to_stay_with_tls(self) -> None:
        for host in (SITE, f"www.{SITE}"):
            self.assertEqual(self.get(host).headers["Strict-Transport-Security"], "max-age=31536000")

    def test_plain_http_leads_to_tls(self) -> None:
        connection = http.client.HTTPConnection(LOOPBACK, self.caddy.port, timeout=60)
        connection.request("GET", "/m/1", headers={"Host": SITE})
        answer = connection.getresponse()
        connection.close()
        self.assertEqual(answer.status, 308)
        self.assertTrue(answer.headers["Location"].startswith(f"https://{SITE}"))

    def test_log_names_no_visitor(self) -> None:
        self.get(SITE, "/logged")
        testing.wait_until(lambda: "/logged" in self.caddy.process.output(), "the line in the log")
        line = next(line for line in self.caddy.process.output().splitlines() if "/logged" in line)
        self.assertNotIn(LOOPBACK, line)
        self.assertIn("127.0.0.0", line)
        self.assertNotIn("User-Agent", line)


if __name__ == "__main__":
    testing.require(PROGRAM)
    testing.main()
