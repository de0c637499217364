# SPDX-License-Identifier: MIT
"""static/openapi.json as a test uses it: operations by path, and a validator for the part of JSON Schema in it.

The validator knows the keywords below and refuses the file when it uses another, so that nothing in
it is only decoration.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Iterator, Mapping
from xml.etree import ElementTree

from testing import SOURCE

FILE = SOURCE / "static" / "openapi.json"
METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
ANNOTATIONS = {"description", "default", "example", "examples"}
INT64 = 2**63 - 1


def is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": is_integer,
    "boolean": lambda value: isinstance(value, bool),
}
KEYWORDS = {
    "type": lambda value, name: TYPES[name](value),
    "enum": lambda value, allowed: value in allowed,
    "const": lambda value, wanted: type(value) is type(wanted) and value == wanted,
    "minimum": lambda value, least: not is_integer(value) or value >= least,
    "maximum": lambda value, most: not is_integer(value) or value <= most,
    "minLength": lambda value, least: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda value, most: not isinstance(value, str) or len(value) <= most,
    "maxItems": lambda value, most: not isinstance(value, list) or len(value) <= most,
    "pattern": lambda value, pattern: not isinstance(value, str) or re.search(pattern, value),
    "required": lambda value, names: not isinstance(value, dict) or set(names) <= set(value),
    "format": lambda value, name: has_format(value, name),
}


def has_format(value: Any, name: str) -> bool:
    if name == "int64":
        return not is_integer(value) or abs(value) <= INT64
    if name == "date-time":
        return not isinstance(value, str) or bool(datetime.fromisoformat(value.replace("Z", "+00:00")))
    raise ValueError(f"format {name} is not known here")


class Document:
    def __init__(self, path: Path = FILE) -> None:
        self.root = json.loads(path.read_text(encoding="utf-8"))
        self.paths: dict[str, dict[str, Any]] = self.root["paths"]

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node that a reference names; siblings of a reference add to it."""
        if "$ref" not in node:
            return node
        target: Any = self.root
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        return self.resolve(target)

    def operations(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Each as (METHOD, path, operation)."""
        for path, item in self.paths.items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def find(self, path: str) -> str | None:
        """The described path that a request's path is an instance of."""
        if path in self.paths and "{id}" not in path:  # the braces themselves are no number
            return path
        has_id = re.fullmatch(r"(/.*/)([1-9][0-9]*)(/.*)?", path)
        template = has_id and has_id[1] + "{id}" + (has_id[3] or "")
        return template if has_id and int(has_id[2]) <= INT64 and template in self.paths else None

    def methods(self, template: str) -> list[str]:
        return [method.upper() for method in METHODS if method in self.paths[template]]

    def response(self, method: str, path: str, status: int) -> Mapping[str, Any] | None:
        """What is described for the request, its path given decoded; None when nothing is."""
        template = self.find(path)
        shared = self.root["components"]["responses"]
        if template is None:
            return shared["UnknownPath"] if status == 404 else None
        if method not in self.methods(template):
            return shared["MethodNotAllowed"] if status == 405 else None
        described = self.paths[template][method.lower()]["responses"].get(str(status))
        return self.resolve(described) if described else None

    # Validation

    def faults(self, schema: Mapping[str, Any], value: Any, at: str = "body") -> Iterator[str]:
        """What is wrong with the value, a line each."""
        for keyword, argument in schema.items():
            if keyword == "$ref":
                yield from self.faults(self.resolve(schema), value, at)
            elif keyword in ("properties", "items", "additionalProperties"):
                yield from self.faults_inside(schema, keyword, value, at)
            elif keyword in KEYWORDS:
                if not KEYWORDS[keyword](value, argument):
                    yield f"{at}: {value!r:.200} breaks {keyword} {argument!r}"
            elif keyword not in ANNOTATIONS:
                raise ValueError(f"{keyword} is not known to this validator")

    def faults_inside(self, schema: Mapping[str, Any], keyword: str, value: Any, at: str) -> Iterator[str]:
        if keyword == "items" and isinstance(value, list):
            for number, item in enumerate(value):
                yield from self.faults(schema["items"], item, f"{at}[{number}]")
        if not isinstance(value, dict):
            return
        if keyword == "properties":
            for name in schema["properties"].keys() & value.keys():
                yield from self.faults(schema["properties"][name], value[name], f"{at}.{name}")
        if keyword == "additionalProperties":
            assert schema["additionalProperties"] is False, "nothing else is known to this validator"
            for name in value.keys() - schema["properties"].keys():
                yield f"{at}: member {name!r} is not described"

    def response_faults(self, method: str, path: str, answer: Any) -> Iterator[str]:
        """What is wrong with an answer that has `status`, `headers` and `body`."""
        described = self.response(method, path, answer.status)
        if described is None:
            yield f"{method} {path}: status {answer.status} is not described"
            return
        for name, header in described["headers"].items():
            yield from self.header_faults(name, self.resolve(header), answer.headers[name])
        length = answer.headers["Content-Length"]
        if answer.status not in (204, 304) and method != "HEAD" and length != str(len(answer.body)):
            yield f"Content-Length is {length} for {len(answer.body)} bytes"
        if method == "HEAD" or "content" not in described:
            if answer.body:
                yield f"{method} is answered with a body"
            return
        yield from self.content_faults(described["content"], answer)

    def header_faults(self, name: str, header: Mapping[str, Any], value: str | None) -> Iterator[str]:
        if value is None and header.get("required"):
            yield f"header {name} is missing"
        if value is not None:
            yield from self.faults(header["schema"], value, f"header {name}")

    def content_faults(self, content: Mapping[str, Any], answer: Any) -> Iterator[str]:
        media_type = answer.headers["Content-Type"]
        if media_type not in content:
            yield f"Content-Type {media_type} is not described"
            return
        try:
            body = parse(media_type, answer.body)
        except (ValueError, ElementTree.ParseError) as error:
            yield f"{media_type} is not well-formed: {error}"
            return
        yield from self.faults(content[media_type]["schema"], body)
        if media_type == "application/problem+json":
            yield from problem_faults(answer, body)


def parse(media_type: str, body: bytes) -> Any:
    """JSON as what it says, XML as text."""
    if "json" in media_type:
        return json.loads(body.decode("utf-8"))
    ElementTree.fromstring(body)
    return body.decode("utf-8")


def problem_faults(answer: Any, body: Any) -> Iterator[str]:
    """What a schema cannot say about a problem."""
    error = body.get("error", {})
    if body.get("status") != answer.status:
        yield f"body says status {body.get('status')}, the answer is {answer.status}"
    if body.get("detail") != error.get("message"):
        yield "detail and error.message differ"
    if (answer.headers["Retry-After"] or None) != (str(error["retry_after"]) if "retry_after" in error else None):
        yield f"Retry-After is {answer.headers['Retry-After']}, error.retry_after {error.get('retry_after')}"
