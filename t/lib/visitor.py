"""A visitor of the board: solves proofs, posts, searches, as the page does."""

import base64
import hashlib
import json
from typing import Any, Mapping

from web import Answer, Client

CREATE = "/api/listings/create"


def zero_bits(digest: bytes) -> int:
    return len(digest) * 8 - int.from_bytes(digest, "big").bit_length()


def solve(challenge: str, difficulty: int, rounds: int, start: int = 0) -> list[str]:
    """The first `rounds` nonces from `start` on that solve the challenge."""
    raw = base64.b64decode(challenge + "=" * (-len(challenge) % 4))
    nonces: list[str] = []
    number = start
    while len(nonces) < rounds:
        if zero_bits(hashlib.sha256(raw + str(number).encode()).digest()) >= difficulty:
            nonces.append(str(number))
        number += 1
    return nonces


class Visitor(Client):
    """`Client` with the board's verbs; an address and a User-Agent make one."""

    def challenge(self) -> dict[str, Any]:
        answer = self.get("/pow/challenge")
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json()

    def proof(self, start: int = 0) -> dict[str, str]:
        """The headers of a solved puzzle."""
        puzzle = self.challenge()
        nonces = solve(puzzle["challenge"], puzzle["difficulty"], puzzle["rounds"], start)
        return {
            "X-PoW-Challenge": puzzle["challenge"],
            "X-PoW-Token": puzzle["token"],
            "X-PoW-Nonce": ",".join(nonces),
        }

    def send(self, body: bytes | str, headers: Mapping[str, str] | None = None) -> Answer:
        """A post as it is, without a proof of its own; a header given as "" is left out."""
        fields = {"Content-Type": "application/json", **(headers or {})}
        data = body.encode() if isinstance(body, str) else body
        return self.request("POST", CREATE, data, {k: v for k, v in fields.items() if v})

    def post(self, text: str, proof: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Posts a message, with a new proof unless one is given."""
        proof = self.proof() if proof is None else proof
        return self.send(json.dumps({"text": text}, ensure_ascii=False), {**proof, **headers})

    def search(self, query: str = "", path: str = "/api/listings/search") -> Answer:
        return self.get(f"{path}?{query}")

    def count(self) -> int:
        return self.get("/api/listings/count").json()["count"]
