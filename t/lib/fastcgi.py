# SPDX-License-Identifier: MIT
"""A FastCGI client over a Unix socket, for tests that talk to the pool without a web server.

`request()` does the ordinary thing. `Connection` is for the others: bodies in pieces, silence in
mid-body, callers that hang up. Record format: FastCGI specification 1.0, sections 3 and 5.
"""

import json
import socket
import struct
from email.message import Message
from pathlib import Path
from typing import Any, Iterable, Mapping

BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
RESPONDER = 1
MAX_RECORD = 65535


class Response:
    """A parsed CGI response: status (200 when the application named none), headers, body.

    `headers` ignores case, gives None for what is absent, and keeps repeated fields (`get_all`).
    """

    def __init__(self, stdout: bytes, stderr: bytes, app_status: int) -> None:
        self.stdout, self.stderr, self.app_status = stdout, stderr, app_status
        head, separator, self.body = stdout.partition(b"\r\n\r\n")
        if not separator:
            raise ConnectionError(f"no end of headers in {stdout[:200]!r}")
        self.headers = Message()
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            self.headers[name.strip()] = value.strip()
        self.status = int(self.headers.get("Status", "200").split()[0])

    def json(self) -> Any:
        return json.loads(self.body)


def name_value(name: str, value: str) -> bytes:
    """One name-value pair in the FastCGI encoding (section 3.4)."""

    def length(raw: bytes) -> bytes:
        return bytes([len(raw)]) if len(raw) < 128 else struct.pack("!I", len(raw) | 1 << 31)

    raw_name, raw_value = name.encode("latin-1"), value.encode("utf-8", "surrogateescape")
    return length(raw_name) + length(raw_value) + raw_name + raw_value


class Connection:
    """One connection, one request: begin, send any number of pieces, end, then read."""

    def __init__(self, path: str | Path, timeout_secs: float = 60) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        # Python's own limit makes a socket that does not block, for which a full queue is an error.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(timeout_secs), 0))
        self.socket.connect(str(path))
        self.socket.settimeout(timeout_secs)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def record(self, kind: int, content: bytes) -> None:
        self.socket.sendall(struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content)

    def stream(self, kind: int, data: bytes) -> None:
        for start in range(0, len(data), MAX_RECORD):
            self.record(kind, data[start : start + MAX_RECORD])

    def begin(self, params: Mapping[str, str]) -> None:
        self.record(BEGIN_REQUEST, struct.pack("!HB5x", RESPONDER, 0))
        self.stream(PARAMS, b"".join(name_value(*pair) for pair in params.items()))
        self.record(PARAMS, b"")

    def send(self, data: bytes) -> None:
        self.stream(STDIN, data)

    def end(self) -> None:
        self.record(STDIN, b"")

    def exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            piece = self.socket.recv(length - len(data))
            if not piece:
                raise ConnectionError(f"the application hung up after {len(data)} of {length} bytes")
            data += piece
        return data

    def read(self) -> Response:
        output = {STDOUT: b"", STDERR: b""}
        while True:
            _, kind, _, length, padding = struct.unpack("!BBHHBx", self.exactly(8))
            content = self.exactly(length + padding)[:length]
            if kind == END_REQUEST:
                return Response(output[STDOUT], output[STDERR], struct.unpack("!IB3x", content)[0])
            output[kind] += content

    def close(self) -> None:
        self.socket.close()


def cgi_params(
    uri: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
    remote_addr: str = "192.0.2.1",
    **extra: str,
) -> dict[str, str]:
    """The parameters Caddy would send; `extra` adds to them or replaces them."""
    path, _, query = uri.partition("?")
    params = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "test",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "HTTP_USER_AGENT": "test",
        "REQUEST_METHOD": method,
        "REQUEST_URI": uri,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": remote_addr,
        "REMOTE_PORT": "40000",
        "CONTENT_LENGTH": "" if length is None else str(length),
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        params[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return params | extra


def request(
    path: str | Path,
    uri: str,
    method: str = "GET",
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    remote_addr: str = "192.0.2.1",
    timeout_secs: float = 60,
    **extra: str,
) -> Response:
    """One whole request to the socket at `path`; a body that is a sequence goes out piece by piece."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    length = sum(map(len, pieces))
    announced = length if length or method in ("POST", "PUT") else None
    with Connection(path, timeout_secs) as connection:
        connection.begin(cgi_params(uri, method, headers, announced, remote_addr, **extra))
        for piece in pieces:
            connection.send(piece)
        connection.end()
        return connection.read()
