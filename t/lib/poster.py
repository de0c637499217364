"""A client of the API that can post: it asks for a puzzle, solves it, and keeps what it sent."""

import json
from typing import Any, Callable

from visitor import solve as find_nonces

# ask(method, path, body, headers) -> an answer with status, headers, json()
Ask = Callable[[str, str, bytes, dict[str, str]], Any]


def solve(puzzle: dict[str, Any], start: int = 0) -> dict[str, str]:
    """The headers that prove the work; for the easy puzzles of tests."""
    nonces = find_nonces(puzzle["challenge"], puzzle["difficulty"], puzzle["rounds"], start)
    return {
        "X-PoW-Challenge": puzzle["challenge"],
        "X-PoW-Token": puzzle["token"],
        "X-PoW-Nonce": ",".join(nonces),
    }


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
