# SPDX-License-Identifier: MIT
"""JavaScript passes ESLint and the type checker of TypeScript, with the rules in t/browser."""

import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing

BROWSER = testing.SOURCE / "t" / "browser"
PROGRAMS = BROWSER / "node_modules" / ".bin"


def run(directory: Path, *argv: str) -> tuple[int, str]:
    done = subprocess.run(argv, cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class JavaScript(unittest.TestCase):
    maxDiff = None

    def test_eslint_is_content(self) -> None:
        # From the top, since ESLint sees nothing outside of its working directory.
        config = ["--config", "t/browser/eslint.config.js", "--max-warnings=0"]
        said = run(testing.SOURCE, str(PROGRAMS / "eslint"), *config, "static", "t/browser")
        self.assertEqual(said, (0, ""))

    def test_types_are_right(self) -> None:
        for project in ("tsconfig.json", "tsconfig.tests.json"):
            self.assertEqual(run(BROWSER, str(PROGRAMS / "tsc"), "--project", project), (0, ""))


if __name__ == "__main__":
    testing.require("node")
    if not PROGRAMS.is_dir():
        testing.cannot_run("t/browser/node_modules is not there (./bootstrap fetches it)")
    testing.main()
