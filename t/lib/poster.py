"""A client of the API that can post: it asks for a puzzle, solves it, and keeps what it sent."""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))

# ask(method, path, body, headers) -> an answer with status, headers, json()
Ask = Callable[[str, str, bytes, dict[str, str]], Any]


def leading_zero_bits(digest: bytes) -> int:
    return 8 * len(digest) - int.from_bytes(digest, "big").bit_length()


def solve(puzzle: dict[str, Any], start: int = 0) -> dict[str, str]:
    """The headers that prove the work; for the easy puzzles of tests."""
    challenge = base64.b64decode(puzzle["challenge"] + "==")
    nonces: list[str] = []
    nonce = start
    while len(nonces) < puzzle["rounds"]:
        if leading_zero_bits(hashlib.sha256(challenge + str(nonce).encode()).digest()) >= puzzle["difficulty"]:
            nonces.append(str(nonce))
        nonce += 1
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
