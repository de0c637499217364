# SPDX-License-Identifier: MIT
"""Posts a message through HTTPS with a real proof and finds it again: post.py URL CA TEXT."""

import json
import ssl
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from proof import solve


def main(url: str, authority: str, text: str) -> None:
    context = ssl.create_default_context(cafile=authority)

    def ask(path: str, body: bytes | None = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(url + path, body, sent)
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            return json.load(answer)

    proof = solve(ask("/pow/challenge"))
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(url + "/api/listings/create", body, {"Content-Type": "application/json", **proof})
    with urllib.request.urlopen(request, context=context, timeout=60) as answer:
        assert answer.status == 201, answer.status
    found = ask("/api/listings/search?q=" + urllib.parse.quote(text))
    assert text in [item["body"] for item in found["items"]], found


if __name__ == "__main__":
    main(*sys.argv[1:])
