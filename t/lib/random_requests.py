# SPDX-License-Identifier: MIT
"""Random requests made from static/openapi.json: some as described, most a little or entirely wrong.

Everything comes from one random.Random, so that a seed names a whole run.
"""

import json
import os
import random
import string
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping
from urllib.parse import quote, unquote_to_bytes

from openapi import METHODS, Document

# What parsers have tripped over before.
ODD_TEXTS = (
    "", " ", "\n", "\x00", "\x7f", "\x1b[31m", "\u0085", "\u200b", "\u202e", "\ufeff", "\uffff", "\U0001f600",
    "e\u0301" * 9, "%", "%00", "%zz", "+", "&", "=", ";", ",", ",,", "/", "\\", '"', "'", "''; --", "()", "!", ":*", "|", "-",
    "-a", '"a', "or", "a or", "<->", "null", "true", "0", "-1", "00", "1e9", "9" * 40, "9223372036854775808",
    "{id}", "../", "<b>", "x" * 300, "\u9375" * 300, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
)  # fmt: skip
WORDS = ("shoes", "baby", "Ernest@Hemingway.com", "never worn", "\u9375", "caf\u00e9", "\U0001f45f", "a", "https://www.example.com/x?y=z")
ODD_BODIES = (
    b"", b"{", b"[]", b"null", b'"text"', b'{"text":1}', b'{"text":"a","text":"b"}', b'{"text":"a"}x', b"\xff\xfe",
    b'{"text":"\\ud800"}', b'{"text":"\\u0000"}', b'{"text":"\\uZZZZ"}', b'{"Text":"a"}', b"[" * 3000, b"x" * 4097,
    b'{"text":{"a":[[[[[[1]]]]]]}}', b'\xef\xbb\xbf{"text":"a"}', b'{"text":"' + b"\xc3\xa9" * 255 + b'"}',
)  # fmt: skip
ODD_METHODS = ("PUT", "DELETE", "PATCH", "get", "PROPFIND")
TYPES = ("application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "")
ADDRESSES = ("192.0.2.1", "198.51.100.7", "2001:db8::1", "2001:db8:1::2", "::ffff:203.0.113.5", "fe80::1%eth0")


@dataclass
class Request:
    method: str
    path: str  # percent-encoded, as it stands in the request line
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def uri(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def decoded_path(self) -> str:
        """As the program gets it."""
        return unquote_to_bytes(self.path).decode("utf-8", "surrogateescape")


def seed() -> int:
    """SEED from the environment, or one that is always the same; SEED=random draws a new one, and says it."""
    text = os.environ.get("SEED") or "20261121"
    number = random.SystemRandom().randrange(2**32) if text == "random" else int(text)
    print(f"seed: {number} (repeat with SEED={number}, try another with SEED=random)", flush=True)
    return number


class Generator:
    """`proof` makes the headers of a proof that is right; ids and cursors are learnt from answers."""

    def __init__(self, rng: random.Random, document: Document, proof: Callable[[], Mapping[str, str]]) -> None:
        self.rng, self.document, self.proof = rng, document, proof
        self.spent: Mapping[str, str] = {}
        self.posts: list[Request] = []
        self.ids, self.pages = [1], ["cursor=" + "x" * 32]
        paths = list(document.paths)
        self.templates = paths + [path for path in paths if "post" in document.paths[path]] * 4

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def learn(self, request: Request, answer: Any) -> None:
        """Takes what later requests can refer to."""
        if answer.status not in (200, 201) or not answer.body or answer.headers["Content-Type"] != "application/json":
            return
        body = answer.json()
        if "id" in body:
            self.ids.append(body["id"])
        if request.method == "POST":
            self.posts = [*self.posts[-9:], request]
        if "next_cursor" in body:
            rest = [pair for pair in request.query.split("&") if pair and not pair.startswith("cursor=")]
            self.pages.append("&".join([*rest, "cursor=" + body["next_cursor"]]))

    # Values

    def text(self) -> str:
        """Words, oddities, or both."""
        pieces = [self.rng.choice(self.rng.choice((WORDS, ODD_TEXTS))) for _ in range(self.rng.randint(1, 4))]
        return " ".join(pieces) if self.chance(0.7) else "".join(pieces)

    def mutated(self, text: str) -> str:
        """The text with something inserted, deleted, repeated or exchanged."""
        at = self.rng.randint(0, len(text))
        end = min(len(text), at + self.rng.randint(0, 3))
        piece = self.rng.choice((self.rng.choice(ODD_TEXTS), self.rng.choice(string.printable), text[:9], ""))
        return text[:at] + piece + text[end:]

    def sample(self, name: str, schema: Mapping[str, Any]) -> str:
        """A value for a parameter: as its schema has it, or near."""
        if name == "cursor":
            value = self.rng.choice(self.pages).rpartition("cursor=")[2]
        elif schema["type"] == "integer":
            least, most = schema.get("minimum", 0), schema.get("maximum", 2**63 - 1)
            value = str(self.rng.choice((least, most, least - 1, most + 1, self.rng.randint(least, most), *self.ids)))
        else:
            value = self.rng.choice(schema["enum"]) if "enum" in schema else self.text()
        return self.mutated(value) if self.chance(0.15) else value

    # Parts

    def query(self, parameters: list[Mapping[str, Any]]) -> str:
        pairs = []
        if any(parameter["name"] == "cursor" for parameter in parameters) and self.chance(0.2):
            return self.rng.choice(self.pages)
        for parameter in parameters:
            if parameter["in"] == "query" and self.chance(0.6):
                pairs.append((parameter["name"], self.sample(parameter["name"], parameter["schema"])))
        if pairs and self.chance(0.1):
            pairs.append(self.rng.choice(pairs))
        raw = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        return quote(self.mutated(raw), safe="%&=+/?:;,") if self.chance(0.15) else raw

    def headers(self, parameters: list[Mapping[str, Any]], has_body: bool) -> dict[str, str]:
        if has_body and (not self.spent or self.chance(0.8)):
            self.spent = self.proof()
        headers = dict(self.spent) if has_body and self.chance(0.9) else {}
        for parameter in parameters:
            name = parameter["name"]
            if parameter["in"] == "header" and not name.startswith("X-PoW") and self.chance(0.1):
                headers[name] = self.sample(name, parameter["schema"])
        for name in list(headers):
            if self.chance(0.05):
                headers[name] = self.mutated(headers[name])
            if self.chance(0.03):
                del headers[name]
        if has_body:
            headers["Content-Type"] = TYPES[0] if self.chance(0.9) else self.rng.choice(TYPES)
        return headers

    def body(self, operation: Mapping[str, Any]) -> bytes:
        if self.chance(0.2):
            return self.rng.choice(ODD_BODIES)
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        members = self.document.resolve(content.get("schema", {})).get("properties", {"text": {}})
        raw = json.dumps({name: self.text() for name in members}, ensure_ascii=self.chance(0.5)).encode("utf-8", "surrogatepass")
        if self.chance(0.2):
            at = self.rng.randint(0, len(raw))
            return raw[:at] + self.rng.randbytes(self.rng.randint(0, 3)) + raw[at + self.rng.randint(0, 2) :]
        return raw

    def request(self) -> Request:
        """A new one, or a post that was taken before."""
        if self.posts and self.chance(0.03):
            return self.rng.choice(self.posts)
        template = self.rng.choice(self.templates)
        item = self.document.paths[template]
        methods = [method for method in ("get", "post") * 4 + METHODS if method in item]
        method = self.rng.choice(methods if self.chance(0.9) else METHODS).upper()
        method = self.rng.choice(ODD_METHODS) if self.chance(0.03) else method
        operation = item.get(method.lower(), {})
        parameters = [self.document.resolve(p) for p in operation.get("parameters", ())]
        path = template.replace("{id}", quote(self.sample("id", {"type": "integer", "minimum": 1}), safe=""))
        if self.chance(0.05):
            path = path[:4] + quote(self.mutated(path[4:]), safe="/%" if "%" not in path else "/")
        has_body = "requestBody" in operation
        body = self.body(operation) if has_body or self.chance(0.02) else b""
        return Request(method, path, self.query(parameters), self.headers(parameters, has_body), body)
