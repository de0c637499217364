# SPDX-License-Identifier: MIT
"""HACKING's way to a new endpoint, followed to the letter in a copy of the tree."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from scratch import Scratch

MADE = "_build _inst *.o *.a *.log *.trs *.tmp *.part .deps .git __pycache__ node_modules autom4te.cache var var-debug build-debug initialsdb-* shots".split()
BLOCK = re.compile(r"^( *)```\w+ ([\w/.-]+)(?:, (below ([^\n]*)|at its end))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PATH, LIKE = "/api/listings/hidden", "/api/listings/count"


def steps() -> list[tuple[str, str, str, str]]:
    """File, place, anchor and text of each block."""
    text = (testing.SOURCE / "HACKING.md").read_text()
    section = text.split("## Adding an endpoint\n")[1].split("\n## ")[0]
    return [(file, place, anchor, textwrap.dedent(body)) for _, file, place, anchor, body in BLOCK.findall(section)]


def write(file: Path, place: str, anchor: str, text: str) -> None:
    if not place:
        assert not file.exists(), f"{file.name} is there already"
        file.write_text(text)
        return
    lines = file.read_text().splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if anchor in line] if anchor else [len(lines) - 1]
    assert len(found) == 1, f"{file.name} has {len(found)} lines with {anchor}"
    lines.insert(found[0] + 1, text)
    file.write_text("".join(lines))


def describe(file: Path) -> None:
    """The sentence about openapi.json."""
    root = json.loads(file.read_text())
    described = json.dumps(root["paths"][LIKE])
    root["paths"][PATH] = json.loads(re.sub(r'("operationId": "\w+)', r"\1Hidden", described))
    file.write_text(json.dumps(root, indent=2) + "\n")


class Endpoint(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        scratch = Scratch()
        cls.addClassCleanup(scratch.remove)
        cls.tree = scratch.path / "tree"
        shutil.copytree(testing.SOURCE, cls.tree, symlinks=True, ignore=shutil.ignore_patterns(*MADE))
        subprocess.run(["chmod", "-R", "u+w", str(cls.tree)], check=True)  # in make distcheck the sources are read-only
        cls.names = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        cls.names |= {"top_srcdir": str(cls.tree), "top_builddir": str(cls.tree), "INITIALSDB": str(cls.tree / "initialsdb")}

    def works(self, *argv: str) -> None:
        done = subprocess.run(argv, cwd=self.tree, env=self.names, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(0, done.returncode, f"{' '.join(argv)}:\n{done.stdout[-4000:]}")

    def test_the_steps_of_hacking_make_an_endpoint(self) -> None:
        self.assertEqual(9, len(steps()))
        for file, place, anchor, text in steps():
            write(self.tree / file, place, anchor, text)
        describe(self.tree / "static/openapi.json")
        self.works("autoreconf", "-fi")
        self.works("./configure", "-q", "--enable-werror", "CFLAGS=-O0")
        self.works("make", "-s", "-j2", "initialsdb")
        for test in ("t/daemon/hidden.py", "t/docs/agreement.py", "t/lint/c.py"):
            self.works(sys.executable, "-B", test)


if __name__ == "__main__":
    testing.require("autoreconf", "make")
    testing.main()
