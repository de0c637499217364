# SPDX-License-Identifier: MIT
"""The rules for the whole tree: formatters and checkers are content, files are short and clean."""

import ast
import hashlib
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from caddy import PROGRAM

ROOT = testing.SOURCE
SKIP = {"completion", "node_modules", "var", "autom4te.cache", "build-aux", "__pycache__"}
ROOMS = ("src", "sql", "static", "t", "caddy", "systemd", ".ci")
FILE_LINES, FUNCTION_LINES = 400, 80
CODE = {".c", ".h", ".def", ".sql", ".py", ".js", ".mjs", ".sh"}
LICENCE = "SPDX-License-Identifier: MIT"
LICENSED = CODE | {"", ".ac", ".am", ".awk", ".caddy", ".css", ".dev", ".in", ".6", ".7", ".spec"}
WORDS_FOR_NOTHING = {"util", "utils", "common", "misc", "helper", "helpers"}


def tree() -> list[Path]:
    """Everything that people wrote in the rooms."""
    found = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and not SKIP & set(parts) and not any(p.startswith(".deps") for p in parts):
                found.append(path)
    return sorted(found)


FILES = [p for p in tree() if p.suffix in CODE | {".caddy", ".css", ".html", ".json", ".am", ".map"} or not p.suffix]
FILES = [p for p in FILES if p.name not in ("sql_embedded.c", "sql_next.c", ".dirstamp", "package-lock.json")]
FILES = [p for p in FILES if p.suffix or not p.read_bytes().startswith(b"\x7fELF")]  # programs built in the tree


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def shell_scripts() -> list[Path]:
    scripts = [ROOT / "bootstrap"]
    for path in FILES:
        if path.suffix == ".sh" or (not path.suffix and path.read_bytes().startswith(b"#!/bin/sh")):
            scripts.append(path)
    return scripts


def run(*argv: str | Path) -> str:
    """What a checker has to say; nothing is what it should."""
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


class Tree(unittest.TestCase):
    maxDiff = None

    def test_c_is_formatted(self) -> None:
        sources = [p for p in FILES if p.suffix in (".c", ".h")]
        self.assertEqual("", run("clang-format", "--dry-run", "-Werror", *sources))

    def test_shell_is_clean(self) -> None:
        self.assertEqual("", run("shellcheck", *shell_scripts()))

    def test_caddyfiles_are_formatted(self) -> None:
        for path in FILES:
            if path.parent.name == "caddy" and "Caddyfile" in path.name + path.suffix or path.suffix == ".caddy":
                formatted = subprocess.run([PROGRAM, "fmt", str(path)], capture_output=True, text=True, check=False)
                self.assertEqual(path.read_text(), formatted.stdout, name(path))

    def test_python_compiles_and_has_short_functions(self) -> None:
        scripts = [p for p in FILES if p.suffix == ".py" or p.read_bytes().startswith(b"#!/usr/bin/env python3")]
        self.assertGreater(len(scripts), 10)
        for path in scripts:
            parsed = ast.parse(path.read_text(), name(path))
            for node in ast.walk(parsed):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    self.assertLessEqual(node.end_lineno - node.lineno, FUNCTION_LINES, f"{name(path)}: {node.name}")

    def test_files_are_short(self) -> None:
        lengths = {name(p): len(p.read_text().splitlines()) for p in FILES if p.suffix in CODE}
        self.assertEqual({}, {file: n for file, n in lengths.items() if n > FILE_LINES})

    def test_lines_end_cleanly(self) -> None:
        for path in FILES:
            content = path.read_text()
            self.assertNotRegex(content, re.compile(r"[ \t]+$", re.MULTILINE), name(path))
            self.assertNotIn("\r\n", content, name(path))
            self.assertTrue(content.endswith("\n"), f"{name(path)}: no newline at the end")

    def test_nothing_is_left_to_do(self) -> None:
        marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
        self.assertEqual([], [name(path) for path in FILES if marks.search(path.read_text())])

    def test_everything_is_in_the_tarball(self) -> None:
        lists = [ROOT / "Makefile.am", *(ROOT / "static").glob("*.am"), *(ROOT / "systemd").glob("*.am"), *(ROOT / "t").rglob("*.am")]
        listed = set(re.split(r"[\s=\\]+", "".join(path.read_text() for path in lists)))

        def is_listed(path: Path) -> bool:  # itself, or a whole directory that it is in
            return any(str(part) in listed for part in (path, *path.parents))

        missing = [name(path) for path in FILES if not is_listed(path.relative_to(ROOT))]
        self.assertEqual([], [file for file in missing if not file.endswith(".am")])

    def test_everything_of_the_tarball_is_there(self) -> None:
        quiet = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        argv = ["make", "-n", "-C", str(testing.BUILD), "distdir"]
        done = subprocess.run(argv, env=quiet, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_sources_name_their_licence(self) -> None:
        """But for the migrations that were applied before, and what has no comments or is sent with them."""
        sources = {ROOT / "bootstrap", ROOT / "Makefile.am", ROOT / "configure.ac", *FILES}
        sources |= {path for path in tree() if path.suffix in LICENSED - {""}}
        sources = [path for path in sources if path.suffix in LICENSED]
        without = re.compile(r"sql/migrations/(000[1-7]_|SHA256SUMS)|t/packaging/debian/(changelog|control|copyright|lintian-overrides|source/)|src/sql_embedded\.c|t/next/sql_next\.c")
        silent = [name(path) for path in sources if LICENCE not in "".join(path.read_text().splitlines()[:2])]
        self.assertEqual([], sorted(file for file in silent if not without.match(file)))

    def test_migrations_are_as_they_were_released(self) -> None:
        """Boards know the checksums of what they have applied: lines are added to the list, never changed."""
        migrations = ROOT / "sql" / "migrations"
        listed = dict(reversed(line.split("  ")) for line in (migrations / "SHA256SUMS").read_text().splitlines())
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in migrations.glob("*.sql")}
        self.assertEqual(listed, found)

    def test_names_say_something(self) -> None:
        self.assertEqual([], [name(path) for path in FILES if path.stem in WORDS_FOR_NOTHING])


if __name__ == "__main__":
    testing.require("clang-format", "shellcheck", PROGRAM)
    testing.main()
