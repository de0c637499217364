# SPDX-License-Identifier: MIT
"""static/publish: names that follow the content, scripts joined without comments, nothing half understood."""

import gzip
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing

STATIC = testing.SOURCE / "static"
PAGE = {
    "index.html": '<link rel="modulepreload" href="/b.js">\n<script src="/a.js"></script>\n<link href="/s.css">\n',
    "openapi.json": "{}\n",
    "robots.txt": "\n",
    "s.css": "/* A comment.\n   Two lines. */\na:hover,\nb {\n  color: red; /* stays */\n  --x: 1px 2px;\n}\n",
    "w.js": 'import * as b from "./b.js";\npostMessage(b.one);\n',
    "a.js": '''/**
 * Says what it is.
 */

import * as b from "./b.js";
import {
  five,
  zero,
} from "./c-d.js";

/** @type {number} */
const two = zero + /** @type {number} */ (b.two());
// A line of its own.
new Worker("/w.js"); // stays
if (five() - 1) {
  console.log(`${two} : //`, b.Four, "a \\" : b", { four : four + +1 });
  console.log(
    1,
    2,
  );
  const ratio = two / 4;
  console.log(ratio - -1);
}
console.log(1, `a ${2 ? ` : ` : ""}`, two / 4, " : ");
''',
    "b.js": 'import { zero } from "./c-d.js";\nexport const one = zero + 1;\n'
    "export function two() {\n  return 2;\n}\nexport class Four {}\n",
    "c-d.js": "export const zero = 0;\nlet n = 1;\nexport async function five() {\n  n++;\n  return [n, 4];\n}\n",
}
PARTS = ["s.css", "w.js", "a.js"]


class Published(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="initialsdb page ")
        self.addCleanup(scratch.cleanup)
        self.source, self.target = Path(scratch.name) / "source", Path(scratch.name) / "target"
        self.source.mkdir()
        for name, content in PAGE.items():
            (self.source / name).write_text(content)
        (self.source / "join.awk").write_bytes((STATIC / "join.awk").read_bytes())

    def publish(self, *parts: str) -> subprocess.CompletedProcess:
        argv = ["sh", STATIC / "publish", self.source, self.target, *(parts or PARTS)]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def published(self, *parts: str) -> dict[str, str]:
        """Contents by plain names, of what was published as the newest."""
        done = self.publish(*parts)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        files = [path for path in self.target.rglob("*.*") if path.suffix in (".html", ".css", ".js")]
        return {re.sub(r"-[0-9a-f]{8}(?=\.)", "", path.name): path.read_text() for path in sorted(files, key=os.path.getmtime)}

    def name(self, part: str) -> str:
        stem, suffix = part.split(".")
        (path,) = (self.target / "page").glob(f"{stem}-*.{suffix}")
        return path.name

    def refused(self, part: str, content: str) -> str:
        (self.source / part).write_text(content)
        done = self.publish()
        self.assertNotEqual(0, done.returncode)
        return done.stderr

    def test_references_follow_the_names(self) -> None:
        sent = self.published()
        self.assertEqual(f'<script src="/page/{self.name("a.js")}"></script>\n<link href="/page/{self.name("s.css")}">\n', sent["index.html"])

    def test_scripts_are_joined_without_comments(self) -> None:
        sent = self.published()
        self.assertEqual("a:hover,b{color:red; /* stays */--x:1px 2px}\n", sent["s.css"])
        self.assertEqual([
            "const zero=0;",
            "let n=1;",
            "async function five(){n++;return[n,4]}",
            "const b=(()=>{",
            "const one=zero+1;",
            "function two(){return 2}",
            "class Four{}",
            "return{one,two,Four};",
            "})();",
            "const two=zero+(b.two());",
            f'new Worker("/page/{self.name("w.js")}");// stays',
            'if(five()-1){console.log(`${two} : //`,b.Four,"a \\" : b",{four:four + +1});console.log(1,2);const ratio=two / 4;',
            "console.log(ratio - -1)}",
            'console.log(1,`a ${2 ? ` : ` : ""}`, two / 4, " : ");',
            "",
        ], sent["a.js"].split("\n"))

    def test_names_at_the_top_are_taken_once(self) -> None:
        self.assertIn("n is a name in", self.refused("a.js", 'import { zero } from "./c-d.js";\nconst n = zero;\n'))
        self.assertIn("b is a name in", self.refused("a.js", 'import * as b from "./b.js";\nfunction b() {}\n'))
        two_ways = 'import * as b from "./b.js";\nimport { zero } from "./c-d.js";\nimport { two } from "./b.js";\n'
        self.assertIn("in two ways", self.refused("a.js", two_ways))

    def test_part_that_is_imported_later_keeps_its_exports(self) -> None:
        self.assertTrue(self.published("b.js", *PARTS)["b.js"].endswith("export{one,two,Four};\n"))

    def test_what_would_be_longer_compressed_is_not(self) -> None:
        self.published()
        self.assertEqual([], list(self.target.glob("robots.txt.*")))
        (self.source / "robots.txt").write_text("User-agent: *\n" * 20)
        self.published()
        self.assertEqual((self.source / "robots.txt").read_bytes(), gzip.decompress((self.target / "robots.txt.gz").read_bytes()))

    def test_another_content_has_another_name_up_to_the_page(self) -> None:
        self.published()
        before = {part: self.name(part) for part in PARTS}
        (self.source / "c-d.js").write_text("export const zero = 7;\n")
        page = self.published()["index.html"]
        self.assertIn(before["s.css"], page)
        self.assertNotIn(before["a.js"], page)
        self.assertEqual(2, len(list((self.target / "page").glob("w-*.js"))), "pages that are open still find theirs")

    def test_same_content_is_published_byte_for_byte(self) -> None:
        self.published()
        first = {path.name: path.read_bytes() for path in self.target.rglob("*") if path.is_file()}
        self.published()
        self.assertEqual(first, {path.name: path.read_bytes() for path in self.target.rglob("*") if path.is_file()})

    def test_what_is_not_understood_is_refused(self) -> None:
        for content, reason in (
            ('import b from "./b.js";\n', "not an import"),
            ('import "./b.js";\n', "not an import"),
            ("export default 1;\n", "not an export"),
            ("export let n = 1;\n", "not an export"),
            ("const { n } = m;\n", "not an export or a declaration"),
            ('import { two as second } from "./b.js";\n', "not an import"),
            ("const s = `\n`;\n", "template"),
            ("/* one\n two */ three();\n", "code behind a comment"),
            ('import { gone } from "./gone.js";\n', "cannot be read"),
        ):
            with self.subTest(content):
                self.assertIn(reason, self.refused("a.js", content))

    def test_circle_of_imports_is_refused(self) -> None:
        (self.source / "c-d.js").write_text('import { one } from "./b.js";\nexport const zero = one;\n')
        self.assertIn("circle", self.publish().stderr)

    def test_reference_to_what_is_no_part_is_refused(self) -> None:
        self.assertIn("no parts", self.refused("a.js", 'new Worker("/other.js");\n'))
        self.assertNotEqual(0, self.publish("a.js", "w.js", "s.css").returncode, "a part before what it refers to")


if __name__ == "__main__":
    testing.require("gzip")
    testing.main()
