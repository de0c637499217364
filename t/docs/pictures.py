# SPDX-License-Identifier: MIT
"""README's drawings for packagers and contributors are of the tree as it is; `make drawings` makes them anew.

installed.svg: where `make install` puts what. map.svg: the modules of src/, each above all that it includes.
"""

import functools
import re
import sys
import unittest
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing

HERE = Path(__file__).resolve().parent
SRC = testing.SOURCE / "src"
WIDTH = 980
# Where, which files (one pattern each; none: all), and what for. t/packaging/install.py holds this to what is installed.
INSTALLED = (
    ("/usr/bin/", "initialsdb", "the program: the pool and every command"),
    ("/etc/initialsdb/", "initialsdb.conf", "settings, all commented out; never overwritten"),
    ("/usr/lib/systemd/system/", "initialsdb.socket initialsdb.service initialsdb-migrate.service", "the board: the socket starts the pool, after migrate"),
    ("/usr/lib/systemd/system/", "initialsdb-backup.* initialsdb-restore-drill.*", "timers of the nightly backup and of the weekly drill"),
    ("/usr/lib/systemd/system/", "initialsdb@.* initialsdb-*@.*", "the same for each of many boards: initialsdb@NAME"),
    ("/usr/lib/systemd/system/", "caddy.service.d/initialsdb.conf", "lets Caddy through to the socket"),
    ("/usr/lib/sysusers.d/", "initialsdb.conf", "users initialsdb and initialsdb_owner"),
    ("/usr/lib/tmpfiles.d/", "initialsdb.conf", "/run/initialsdb, /var/lib/initialsdb/backup"),
    ("/usr/share/initialsdb/static/", "index.html openapi.json robots.txt page/*", "the page, compressed, a version in its names"),
    ("/usr/share/initialsdb/caddy/", "Caddyfile* *.caddy", "for Caddy to import"),
    ("/usr/share/initialsdb/", "grafana-dashboard.json", "for initialsdb metrics"),
    ("/usr/share/man/", "man5/* man7/* man8/*", "initialsdb.conf(5), initialsdb-moderation(7), initialsdb(8)"),
    ("/usr/share/", "bash-completion/completions/* zsh/site-functions/*", "completion"),
    ("/usr/share/doc/initialsdb/", "*", "README, HACKING, NEWS, sample of the settings"),
)
LIBRARIES = {"fcgi": "libfcgi", "link": "libpq", "db_session": "libpq", "dburl": "libpq", "json": "cJSON", "crypto": "OpenSSL"}


def svg(height: float, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif" font-size="13">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


def text(x: float, y: float, words: str, **style: str) -> str:
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.0f}" y="{y:.0f}"{attributes}>{escape(words)}</text>'


def installed() -> str:
    parts, y, last = [], 8.0, ""
    for place, names, purpose in INSTALLED:
        if place != last:
            y += 26
            parts.append(text(16, y, place, font_family="monospace", font_weight="bold"))
        last = place
        y += 19
        parts.append(text(40, y, names, font_family="monospace", font_size="12"))
        parts.append(text(575, y, purpose, fill="#555"))
    return svg(y + 16, parts)


class Map:
    """The include graph, without lines that others say already."""

    def __init__(self) -> None:
        files = [path for path in SRC.glob("*.[ch]") if path.name != "sql_embedded.c"]
        self.below: dict[str, set[str]] = {path.stem: set() for path in files}
        for path in files:
            named = re.findall(r'^#include "(\w+)\.h"', path.read_text(), re.MULTILINE)
            self.below[path.stem] |= {name for name in named if name in self.below and name != path.stem}

    @functools.cache
    def level(self, name: str) -> int:
        return 1 + max(map(self.level, self.below[name]), default=-1)

    @functools.cache
    def reached(self, name: str) -> frozenset[str]:
        return frozenset().union(self.below[name], *map(self.reached, self.below[name]))

    def lines(self) -> list[tuple[str, str]]:
        return [(upper, lower) for upper in sorted(self.below) for lower in sorted(self.below[upper])
                if not any(lower in self.reached(other) for other in self.below[upper])]

    def places(self) -> dict[str, tuple[float, float]]:
        """Rows from main down, each module near the middle of those that include it."""
        found: dict[str, tuple[float, float]] = {}
        top = max(map(self.level, self.below))
        for level in range(top, -1, -1):
            row = [name for name in self.below if self.level(name) == level]

            def wanted(name: str) -> tuple[float, str]:
                above = [found[upper][0] for upper, lower in self.lines() if lower == name]
                return (sum(above) / len(above) if above else WIDTH / 2, name)

            for number, name in enumerate(sorted(row, key=wanted)):
                found[name] = (WIDTH * (number + 0.5) / len(row), 30.0 + (top - level) * 62)
        return found

    def draw(self) -> str:
        at, parts = self.places(), []
        for upper, lower in self.lines():
            (x, y), (to_x, to_y) = at[upper], at[lower]
            curve = f"M{x:.0f} {y + 10:.0f}C{x:.0f} {y + 40:.0f} {to_x:.0f} {to_y - 40:.0f} {to_x:.0f} {to_y - 10:.0f}"
            parts.append(f'<path d="{curve}" fill="none" stroke="#9ab" stroke-width="0.7"/>')
        for name, (x, y) in sorted(at.items()):
            half = 3 * len(name) + 6
            fill = "#fe9" if name in LIBRARIES else "#eef3f8"
            parts.append(f'<rect x="{x - half:.0f}" y="{y - 10:.0f}" width="{2 * half:.0f}" height="20" rx="4" fill="{fill}" stroke="#678"/>')
            parts.append(text(x, y + 4, name, text_anchor="middle", font_size="11"))
            if name in LIBRARIES:
                parts.append(text(x, y + 22, LIBRARIES[name], text_anchor="middle", font_size="10", fill="#850"))
        return svg(max(y for _, y in at.values()) + 36, parts)


def drawings() -> dict[str, str]:
    return {"installed.svg": installed(), "map.svg": Map().draw()}


class Drawings(unittest.TestCase):
    def test_they_are_of_the_tree_as_it_is(self) -> None:
        for name, drawn in drawings().items():
            self.assertEqual(drawn, (HERE / name).read_text(), f"make drawings makes {name} anew")

    def test_the_readme_shows_them(self) -> None:
        for name in drawings():
            self.assertIn(f"](t/docs/{name})", (testing.SOURCE / "README.md").read_text())


if __name__ == "__main__":
    if sys.argv[1:] == ["--draw"]:
        for file, drawn in drawings().items():
            (HERE / file).write_text(drawn)
    else:
        testing.main()
