# SPDX-License-Identifier: MIT
"""A visitor of the board: solves proofs, posts, searches, as the page does."""

import json
from typing import Any, Mapping

from proof import solve
from web import Answer, Client

CREATE = "/api/listings/create"


class Visitor(Client):
    """`Client` with the board's verbs; an address and a User-Agent make one."""

    def challenge(self) -> dict[str, Any]:
        answer = self.get("/pow/challenge")
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json()

    def proof(self) -> dict[str, str]:
        """The headers of a solved puzzle."""
        return solve(self.challenge())

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
