# SPDX-License-Identifier: MIT
"""Proofs of work, for the easy puzzles of tests."""

import base64
import hashlib
from typing import Any


def leading_zero_bits(digest: bytes) -> int:
    return 8 * len(digest) - int.from_bytes(digest, "big").bit_length()


def nonces(puzzle: dict[str, Any], number: int, start: int = 0) -> list[str]:
    """The first `number` nonces from `start` on that each solve the puzzle."""
    challenge = base64.b64decode(puzzle["challenge"] + "==")
    found: list[str] = []
    nonce = start
    while len(found) < number:
        if leading_zero_bits(hashlib.sha256(challenge + str(nonce).encode()).digest()) >= puzzle["difficulty"]:
            found.append(str(nonce))
        nonce += 1
    return found


def headers(puzzle: dict[str, Any], solution: list[str]) -> dict[str, str]:
    """The header fields that carry a solution."""
    return {
        "X-PoW-Challenge": puzzle["challenge"],
        "X-PoW-Token": puzzle["token"],
        "X-PoW-Nonce": ",".join(solution),
    }


def solve(puzzle: dict[str, Any], start: int = 0) -> dict[str, str]:
    """The headers that prove the work."""
    return headers(puzzle, nonces(puzzle, puzzle["rounds"], start))
