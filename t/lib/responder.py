# SPDX-License-Identifier: MIT
"""A FastCGI application in a few lines, for tests of what Caddy does with and around one."""

import contextlib
import json
import socketserver
import struct
import threading
from pathlib import Path
from typing import Callable

from fastcgi import END_REQUEST, PARAMS, STDIN, STDOUT

# Takes the CGI parameters and the body, returns the CGI response; None hangs up without one.
Application = Callable[[dict[str, str], bytes], bytes | None]


def answer(status: int, body: object, **headers: str) -> bytes:
    """A CGI response with a JSON body."""
    text = json.dumps(body).encode()
    lines = [f"Status: {status}", "Content-Type: application/json", f"Content-Length: {len(text)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


def echo(params: dict[str, str], body: bytes) -> bytes:
    """Tells what arrived."""
    return answer(200, {"params": params, "length": len(body)})


def pairs(data: bytes) -> dict[str, str]:
    """The inverse of fastcgi.name_value, for a whole stream."""
    found, at = {}, 0
    while at < len(data):
        lengths = []
        for _ in range(2):
            wide = data[at] >> 7
            size = struct.unpack_from("!I", data, at)[0] & 0x7FFFFFFF if wide else data[at]
            lengths.append(size)
            at += 4 if wide else 1
        name, value = data[at : at + lengths[0]], data[at + lengths[0] : at + sum(lengths)]
        found[name.decode("latin-1")] = value.decode("utf-8", "replace")
        at += sum(lengths)
    return found


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        streams, ended = {PARAMS: b"", STDIN: b""}, False
        while not ended:
            head = self.rfile.read(8)
            if len(head) < 8:
                return
            _, kind, _, length, padding = struct.unpack("!BBHHBx", head)
            content = self.rfile.read(length + padding)[:length]
            if kind in streams:
                streams[kind] += content
                ended = kind == STDIN and not length
        output = self.server.application(pairs(streams[PARAMS]), streams[STDIN])
        if output is not None:
            with contextlib.suppress(BrokenPipeError):  # Caddy has given up waiting
                self.record(STDOUT, output)
                self.record(STDOUT, b"")
                self.record(END_REQUEST, bytes(8))

    def record(self, kind: int, content: bytes) -> None:
        self.wfile.write(struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content)


class Responder(socketserver.ThreadingUnixStreamServer):
    """Serves `application` on a Unix socket from background threads until closed."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, application: Application = echo) -> None:
        self.application = application
        super().__init__(str(path), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
