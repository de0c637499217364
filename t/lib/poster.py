# SPDX-License-Identifier: MIT
"""A client of the API that can post: it asks for a puzzle, solves it, and keeps what it sent."""

import json
from typing import Any, Callable

from proof import solve

# ask(method, path, body, headers) -> an answer with status, headers, json()
Ask = Callable[[str, str, bytes, dict[str, str]], Any]


class Poster:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def puzzle(self) -> dict[str, Any]:
        return self.ask("GET", "/pow/challenge", b"", {}).json()

    def proof(self) -> dict[str, str]:
        return solve(self.puzzle())

    def post(self, text: str, proof: dict[str, str] | None = None, **headers: str) -> Any:
        """Posts; without a proof it makes one."""
        return self.post_raw(json.dumps({"text": text}).encode(), proof, **headers)

    def post_raw(self, body: bytes, proof: dict[str, str] | None = None, **headers: str) -> Any:
        proof = self.proof() if proof is None else proof
        sent = {"Content-Type": "application/json", **proof, **headers}
        return self.ask("POST", "/api/listings/create", body, sent)
