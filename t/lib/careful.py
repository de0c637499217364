# SPDX-License-Identifier: MIT
"""Clients who never lose a message: they repeat a post, with the same proof, until it is acknowledged."""

import threading
import time
from typing import Any, Callable

from poster import Poster
from stream import Stream

ACCEPTED = (200, 201)


class CarefulPosters:
    """`poster(number)` gives the client for one message. `acknowledged` maps each text to its id.

    `outcomes` counts the statuses of all attempts, errors of the connection by their class.
    """

    def __init__(self, poster: Callable[[int], Poster], threads: int = 2, patience_secs: float = 30) -> None:
        self.poster, self.patience_secs = poster, patience_secs
        self.acknowledged: dict[str, int] = {}
        self.moments: list[float] = []
        self.lock = threading.Lock()
        self.finishing = threading.Event()
        self.stream = Stream(self._one_message, threads)

    def __enter__(self) -> "CarefulPosters":
        self.stream.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.finishing.set()
        self.stream.stop()

    @property
    def outcomes(self) -> Any:
        return self.stream.outcomes

    def accepted_since(self, moment: float) -> float | None:
        """Seconds from then to the first acknowledgement after it."""
        with self.lock:
            later = [at for at in self.moments if at > moment]
        return min(later) - moment if later else None

    def _one_message(self, number: int) -> str:
        text, deadline = f"message {number}", time.monotonic() + self.patience_secs
        attempts: list[str] = []
        proof = None
        while time.monotonic() < deadline:
            try:
                client = self.poster(number)
                proof = proof or client.proof()
                answer = client.post(text, proof)
                if answer.status in ACCEPTED:
                    with self.lock:
                        self.acknowledged[text] = answer.json()["id"]
                        self.moments.append(time.monotonic())
                    return "acknowledged" if not attempts else "acknowledged later"
                attempts.append(str(answer.status))
            except (OSError, KeyError, ValueError) as error:
                attempts.append(type(error).__name__)
            if self.finishing.is_set() and not attempts:
                break
            time.sleep(0.02)
        return f"never: {','.join(sorted(set(attempts)))}"
