# SPDX-License-Identifier: MIT
"""configure without a compiler for WebAssembly: it says what that means, and nothing of it is built or installed."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing

NEEDED = ("configure", "Makefile.in", "build-aux", "src/main.c")


class Wasm(unittest.TestCase):
    def configure(self, *options: str) -> tuple[int, str, str]:
        """Status, what it said, and the Makefile that it made, in a copy of what configure reads."""
        scratch = tempfile.TemporaryDirectory(prefix="initialsdb-wasm-")
        self.addCleanup(scratch.cleanup)
        tree = Path(scratch.name)
        (tree / "src").mkdir()
        for name in NEEDED:
            copy = shutil.copytree if (testing.SOURCE / name).is_dir() else shutil.copy
            copy(testing.SOURCE / name, tree / name)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        done = subprocess.run(["./configure", *options], cwd=tree, env=env, capture_output=True, text=True, check=False)
        made = (tree / "Makefile").read_text() if done.returncode == 0 else ""
        return done.returncode, done.stdout + done.stderr, made

    def test_without_it_the_page_solves_in_javascript_and_configure_says_so(self) -> None:
        status, said, made = self.configure("--without-wasm")
        self.assertEqual(status, 0, said)
        self.assertIn("the page solves its puzzles in JavaScript", said)
        self.assertRegex(made, r"(?m)^wasm_parts = *$")

    def test_compiler_that_cannot_is_as_none(self) -> None:
        status, said, made = self.configure("WASM_CC=false")
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"whether false makes WebAssembly\.\.\. no")
        self.assertRegex(made, r"(?m)^wasm_parts = *$")

    def test_who_insists_is_told_what_is_missing(self) -> None:
        status, said, _ = self.configure("--with-wasm", "WASM_CC=false")
        self.assertNotEqual(status, 0)
        self.assertIn("needs clang and wasm-ld", said)


if __name__ == "__main__":
    testing.require("make", "pkg-config")
    testing.main()
