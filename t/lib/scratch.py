# SPDX-License-Identifier: MIT
"""Short-lived directories below /tmp that are cleaned up even after those who were killed.

Each holds a file that its maker keeps locked; whoever makes the next directory removes those whose
lock nobody holds.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "initialsdb-"
LOCK = ".alive"


class Scratch:
    """A directory for as long as this object is not removed. A `kind` of "test" stays when KEEP is set."""

    def __init__(self, kind: str = "test") -> None:
        remove_abandoned()
        self.kind = kind
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-", dir="/tmp"))
        self.path.chmod(0o755)
        draft = self.path / f"{LOCK}.new"
        self.lock = os.open(draft, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        draft.rename(self.path / LOCK)  # never there without being locked
        atexit.register(self.remove)  # an interrupted test runs no tearDown

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        atexit.unregister(self.remove)
        if self.lock < 0:
            return
        if self.kind == "test" and os.environ.get("KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)
        self.lock = -1


def is_abandoned(path: Path) -> bool:
    """Whether nobody holds the directory's lock. One that has no lock yet is being made."""
    try:
        lock = os.open(path / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False  # also when it belongs to another user
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def remove_abandoned() -> None:
    for path in Path("/tmp").glob(f"{PREFIX}*"):
        if is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True)
