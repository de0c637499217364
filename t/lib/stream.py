# SPDX-License-Identifier: MIT
"""A steady stream of requests in the background, and what became of each."""

import collections
import threading
import time
from typing import Any, Callable


class Stream:
    """Calls `request(number)` from several threads until stopped.

    `outcomes` counts what it returned, or the class of what it raised; `slowest` is in seconds.
    """

    def __init__(self, request: Callable[[int], Any], threads: int = 2, pause_secs: float = 0.002) -> None:
        self.request, self.pause_secs = request, pause_secs
        self.outcomes: collections.Counter[Any] = collections.Counter()
        self.slowest, self.next, self.lock = 0.0, 0, threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self) -> "Stream":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    @property
    def count(self) -> int:
        return sum(self.outcomes.values())

    def _run(self) -> None:
        while not self.stopping.is_set():
            with self.lock:
                number, self.next = self.next, self.next + 1
            began = time.monotonic()
            try:
                outcome = self.request(number)
            except (OSError, EOFError) as error:
                outcome = type(error).__name__
            with self.lock:
                self.outcomes[outcome] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(self.pause_secs)
