# SPDX-License-Identifier: MIT
"""HTTP from chosen loopback addresses, and raw HTTP for what a well-behaved client cannot send."""

import http.client
import json
import socket
from email.message import Message
from typing import Any, Mapping

from caddy import LOOPBACK


class Answer:
    """Status, headers (names in any case; None when absent) and body of a response."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status: int = response.status
        self.headers: Message = response.headers
        self.body: bytes = response.read()

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The error code of a problem, else None."""
        is_problem = self.headers.get_content_type() == "application/problem+json"
        return self.json()["error"]["code"] if is_problem else None


class Client:
    """One visitor: an address of 127.0.0.0/8 and a User-Agent, on a new connection each time."""

    def __init__(self, port: int, address: str = LOOPBACK, agent: str = "test") -> None:
        self.port, self.address, self.agent = port, address, agent

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_secs: float = 60,
    ) -> Answer:
        connection = http.client.HTTPConnection(
            LOOPBACK, self.port, timeout_secs, source_address=(self.address, 0)
        )
        try:
            connection.request(method, path, body, {"User-Agent": self.agent, **(headers or {})})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("GET", path, None, headers)

    def connect(self, timeout_secs: float = 60) -> socket.socket:
        """A bare connection, to write what one likes."""
        return socket.create_connection((LOOPBACK, self.port), timeout_secs, (self.address, 0))

    def raw(self, request: bytes, timeout_secs: float = 60) -> Answer:
        """Sends the bytes as they are and parses the response."""
        with self.connect(timeout_secs) as connection:
            connection.sendall(request)
            return read(connection)


def read(connection: socket.socket, method: str = "GET") -> Answer:
    """Reads the response to a request that was sent by hand."""
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return Answer(response)
