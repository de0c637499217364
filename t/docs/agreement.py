# SPDX-License-Identifier: MIT
"""What is written down in several places is the same everywhere: the route table, the table of problems,
static/openapi.json, the README, the errors that Caddy makes, the version."""

import json
import re
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import testing
from openapi import ANNOTATIONS, KEYWORDS, Document

SCHEMA_KEYWORDS = {*KEYWORDS, *ANNOTATIONS, "$ref", "properties", "items", "additionalProperties"}
GATEWAY = {502, 504}  # the web server's own, with the code UNAVAILABLE
SUCCESSES = range(200, 300)


def program(*arguments: str) -> str:
    return subprocess.run([testing.initialsdb(), *arguments], capture_output=True, text=True, check=True).stdout


def text(name: str) -> str:
    return (testing.SOURCE / name).read_text(encoding="utf-8")


def routes() -> list[list[str]]:
    """METHOD, path, budget, function of each row that `initialsdb routes` prints."""
    return [line.split() for line in program("routes").splitlines()]


def problems() -> dict[str, int]:
    return {code: int(status) for code, status in re.findall(r"^PROBLEM\((\w+), (\d+),", text("src/problem.def"), re.M)}


def reasons() -> dict[int, str]:
    """The phrases of response.c, and of what only Caddy answers."""
    ours = re.findall(r'\{(\d{3}), "([\w ]+)"\}', text("src/response.c"))
    return {int(status): phrase for status, phrase in ours} | {502: "Bad Gateway", 504: "Gateway Timeout"}


def walk(node: Any, where: str = "#") -> Iterator[tuple[str, dict]]:
    """Every object of the file, outside in."""
    if isinstance(node, dict):
        yield where, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ()):
        yield from walk(value, f"{where}/{key}")


class Agreement(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        self.document = Document()

    def problem_responses(self) -> Iterator[tuple[str, int, list[str], dict]]:
        """Every described refusal: operation, status, codes, media type object."""
        shared = self.document.root["components"]["responses"]
        for method, path, operation in self.document.operations():
            for status, reference in operation["responses"].items():
                content = self.document.resolve(reference).get("content", {})
                if media := content.get("application/problem+json"):
                    yield f"{method} {path}", int(status), self.codes(media), media
        for name, status in (("UnknownPath", 404), ("MethodNotAllowed", 405)):
            media = shared[name]["content"]["application/problem+json"]
            yield name, status, self.codes(media), media

    def codes(self, media: dict) -> list[str]:
        return media["schema"]["properties"]["error"]["properties"]["code"]["enum"]

    # Routes

    def test_openapi_describes_every_route_and_no_other(self) -> None:
        described = {(method, path) for method, path, _ in self.document.operations()}
        expected = {(row[0], row[1]) for row in routes()}
        expected |= {("HEAD", path) for method, path in expected if method == "GET"}
        expected |= {("OPTIONS", path) for _, path in expected}
        self.assertEqual(sorted(expected), sorted(described))

    def test_charged_routes_and_no_others_can_be_limited(self) -> None:
        for method, path, budget, _ in routes():
            described = self.document.paths[path][method.lower()]["responses"]
            self.assertEqual("429" in described, budget != "-", path)

    def test_routes_with_a_function_can_be_unavailable(self) -> None:
        for method, path, _, function in routes():
            described = self.document.paths[path][method.lower()]["responses"]
            self.assertEqual("503" in described, function != "-", path)

    def test_readme_has_every_route_and_no_other(self) -> None:
        rows = re.findall(r"^\| *(GET|POST|PUT|DELETE) *\| *`([^`]+)`", text("README.md"), re.M)
        if not rows:
            self.skipTest("README.md has no table of routes")
        self.assertEqual(sorted((row[0], row[1]) for row in routes()), sorted(rows))

    def test_caddy_forwards_every_route(self) -> None:
        matchers = re.search(r"@app path (.*)", text("caddy/board.caddy"))[1].split()
        for _, path, *_ in routes():
            covered = [m for m in matchers if path == m or (m.endswith("*") and path.startswith(m[:-1]))]
            self.assertTrue(covered, path)

    # Problems

    def test_openapi_knows_every_code_and_no_other(self) -> None:
        known = self.document.root["components"]["schemas"]["ProblemCode"]["enum"]
        self.assertEqual(list(problems()), known)

    def test_every_code_has_the_status_of_the_table(self) -> None:
        for where, status, codes, _ in self.problem_responses():
            for code in codes:
                expected = {problems()[code]} | (GATEWAY if code == "UNAVAILABLE" else set())
                self.assertIn(status, expected, f"{where} {code}")

    def test_every_code_can_occur_somewhere(self) -> None:
        described = {code for _, _, codes, _ in self.problem_responses() for code in codes}
        self.assertEqual(set(problems()), described)

    def test_every_code_of_a_response_has_an_example(self) -> None:
        for where, status, codes, media in self.problem_responses():
            examples = [example["value"] for example in media["examples"].values()]
            self.assertEqual(set(codes), {example["error"]["code"] for example in examples}, where)
            for example in examples:
                self.assertEqual((status, reasons()[status]), (example["status"], example["title"]), where)
                self.assertEqual(example["detail"], example["error"]["message"], where)

    def test_caddys_own_errors_are_problems_as_described(self) -> None:
        schema = self.document.root["components"]["schemas"]["Problem"]
        bodies = re.findall(r"respond `(\{.*\})` (\d+)|respond `(\{.*\})`", text("caddy/app-errors.caddy"))
        self.assertGreater(len(bodies), 5)
        for with_status, status, without in bodies:
            body = json.loads(with_status or without)
            self.assertEqual([], list(self.document.faults(schema, body)))
            self.assertEqual(body["detail"], body["error"]["message"])
            if status:
                self.assertEqual(int(status), body["status"])
                self.assertIn(int(status), GATEWAY | {problems()[body["error"]["code"]]})

    # The file itself

    def test_version_is_the_programs(self) -> None:
        self.assertEqual(f"initialsdb {self.document.root['info']['version']}\n", program("--version"))

    def test_every_reference_leads_somewhere(self) -> None:
        for where, node in walk(self.document.root):
            if "$ref" in node:
                self.assertTrue(self.document.resolve(node), where)

    def test_every_component_is_used(self) -> None:
        used = {node["$ref"] for _, node in walk(self.document.root) if "$ref" in node}
        unnamed = {"#/components/responses/UnknownPath", "#/components/responses/MethodNotAllowed"}
        for kind, components in self.document.root["components"].items():
            for name in components:
                self.assertIn(f"#/components/{kind}/{name}", used | unnamed)

    def test_every_operation_is_named_once_and_summed_up(self) -> None:
        tags = {tag["name"] for tag in self.document.root["tags"]}
        names = [operation["operationId"] for _, _, operation in self.document.operations()]
        self.assertEqual(len(names), len(set(names)))
        for method, path, operation in self.document.operations():
            self.assertTrue(operation["summary"], path)
            self.assertLessEqual(set(operation["tags"]), tags, path)
            self.assertTrue(any(int(status) in SUCCESSES for status in operation["responses"]), f"{method} {path}")

    def test_every_response_and_parameter_is_described(self) -> None:
        components = self.document.root["components"]
        for kind in ("responses", "parameters", "headers"):
            for name, component in components[kind].items():
                self.assertTrue(component.get("description"), name)

    def test_parameters_of_a_path_are_declared(self) -> None:
        for path, item in self.document.paths.items():
            declared = {self.document.resolve(p)["name"] for p in item.get("parameters", ())}
            self.assertEqual(set(re.findall(r"\{(\w+)\}", path)), declared, path)

    def test_every_schema_keyword_is_one_that_is_checked(self) -> None:
        for where, node in walk(self.document.root["components"]["schemas"]):
            if where.count("/") and not where.endswith("/properties"):
                self.assertLessEqual(set(node), SCHEMA_KEYWORDS, where)

    def test_every_example_fits_its_schema(self) -> None:
        checked = 0
        for where, node in walk(self.document.root):
            for example in [e["value"] for e in node.get("examples", {}).values()] if "schema" in node else []:
                self.assertEqual([], list(self.document.faults(node["schema"], example)), where)
                checked += 1
        self.assertGreater(checked, 20)


if __name__ == "__main__":
    testing.main()
