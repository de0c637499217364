# SPDX-License-Identifier: MIT
"""The rules for C that a compiler does not know: sizes, rooms, the include graph, words not to use."""

import os
import re
import statistics
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing

SOURCES = sorted((testing.SOURCE / "src").glob("*.[ch]"))
SOURCES = [path for path in SOURCES if path.name != "sql_embedded.c"]  # made, in a build beside the source
FILE_LINES, FUNCTION_LINES, P90_LINES, MEDIAN_LINES = 400, 80, 40, 15
# One library, one room: these headers may be included by these files only.
ROOMS = {
    r"fcgi\w*\.h": ["fcgi.c"],
    r"libpq.*": ["dburl.c", "db_session.c", "link.c"],
    r"cjson/.*": ["json.c"],
    r"openssl/.*": ["crypto.c"],
}
FORBIDDEN = (
    "strcpy strcat strncpy strncat sprintf vsprintf gets strtok atoi atol atoll atof "
    "system popen tmpnam mktemp alloca setjmp longjmp rand srand asctime ctime gmtime localtime"
).split()
SQL = re.compile(
    r"^\s*(select\s|insert\s+into|update\s+\S+\s+set|delete\s+from|create\s+(or|table|role|database|function|schema)\b|"
    r"alter\s|drop\s|grant\s|set\s+\w+\s*(=|to)|with\s+\w+\s+as)",
    re.IGNORECASE,
)
# The one call of an api function, whose name comes from the route table.
CALL = ("link.c", "select * from api.%s(")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def text(path: Path) -> str:
    return path.read_text()


def code(path: Path) -> str:
    """The text without comments; line breaks stay, so that line numbers do."""
    blank = lambda match: "\n" * match[0].count("\n")
    return COMMENT.sub(lambda match: blank(match) or " ", text(path))


def functions(path: Path) -> list[tuple[str, int]]:
    """Name and length of each function, by the layout clang-format enforces."""
    found, name, began = [], "", None
    for number, line in enumerate(text(path).splitlines(), 1):
        if line == "{":
            began = number
        elif line == "}" and began:
            found.append((name, number - began - 1))
            began = None
        elif began is None and (match := re.match(r"\w.*?(\w+)\(", line)):
            name = match[1]
    return found


def includes(path: Path, pattern: str) -> list[str]:
    return re.findall(r"^#\s*include\s*" + pattern, text(path), re.MULTILINE)


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """A path that comes back to its beginning, or nothing."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node not in done:
            for neighbour in sorted(graph.get(node, ())):
                if found := visit(neighbour, [*path, node]):
                    return found
        done.add(node)
        return []

    for start in sorted(graph):
        if found := visit(start, []):
            return found
    return []


class C(unittest.TestCase):
    def test_sources_are_there(self) -> None:
        self.assertGreater(len(SOURCES), 20)

    def test_files_are_short(self) -> None:
        lengths = {path.name: len(text(path).splitlines()) for path in SOURCES}
        self.assertEqual({}, {name: n for name, n in lengths.items() if n > FILE_LINES})

    def test_functions_are_short(self) -> None:
        sizes = [(n, path.name, name) for path in SOURCES for name, n in functions(path)]
        self.assertEqual([], [size for size in sizes if size[0] > FUNCTION_LINES])
        lengths = sorted(size[0] for size in sizes)
        self.assertLessEqual(statistics.median(lengths), MEDIAN_LINES)
        self.assertLessEqual(lengths[len(lengths) * 9 // 10], P90_LINES)

    def test_one_library_one_room(self) -> None:
        strays = []
        for path in SOURCES:
            for header in includes(path, r"<([^>]+)>"):
                rooms = [room for pattern, room in ROOMS.items() if re.fullmatch(pattern, header)]
                strays += [(path.name, header) for room in rooms if path.name not in room]
        self.assertEqual([], strays)

    def test_include_graph_is_acyclic(self) -> None:
        graph: dict[str, set[str]] = {}
        for path in SOURCES:
            modules = {Path(name).stem for name in includes(path, r'"([^"]+\.h)"')}
            graph.setdefault(path.stem, set()).update(modules - {path.stem})
        self.assertEqual([], cycle(graph))

    def test_no_sql_in_c(self) -> None:
        literals = [(path.name, literal) for path in SOURCES for literal in STRING.findall(code(path))]
        self.assertEqual([CALL], [found for found in literals if SQL.match(found[1])])

    def test_no_forbidden_function(self) -> None:
        calls = re.compile(r"\b(" + "|".join(FORBIDDEN) + r")\s*\(")
        found = [(path.name, name) for path in SOURCES for name in calls.findall(STRING.sub('""', code(path)))]
        self.assertEqual([], found)

    def test_no_goto_in_handlers(self) -> None:
        handlers = [path for path in SOURCES if path.name.startswith("handle")]
        self.assertEqual([], [p.name for p in handlers if re.search(r"\b(goto|free\s*\()", code(p))])

    def test_every_header_compiles_alone(self) -> None:
        compiler = os.environ.get("CC", "cc").split()
        flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-D_GNU_SOURCE"]
        for path in SOURCES:
            if path.suffix == ".h":
                source = f'#include "{path.name}"\n'
                argv = [*compiler, *flags, f"-I{path.parent}", "-x", "c", "-"]
                done = subprocess.run(argv, input=source, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, f"{path.name}:\n{done.stderr}")


if __name__ == "__main__":
    testing.main()
