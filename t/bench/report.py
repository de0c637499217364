# SPDX-License-Identifier: MIT
"""Makes RESULTS.md and search.svg out of the measurements in search-results.json."""

import json
import math
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT, LEFT, TOP = 760, 460, 60, 20
COLOURS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"]
INTRODUCTION = """# Search, measured

Made by `make bench-search SIZE=...` and `make bench-report`: Zipf-worded messages of about 46 characters with the
adversaries of `messages.py` among them, loaded by `initialsdb import`, PostgreSQL on a Unix socket with fsync. Times are
milliseconds of `api.search_listings` inside the database, in warm buffers. *short*: the share of first pages that
ended early because the budget was used up; *buffers*: the most that one of eight first pages touched, which unlike
times does not depend on what else the machine does; *processor*: what the first page used of a processor, waiting
left out; *Caddy*: through Caddy and a pool of 16 workers with 4 clients, while somebody posts ten times a second, who
keeps the pool from living on what it has found before; *cold*: the slowest of four first pages just after a start of PostgreSQL. The load
average at the start of each run is given because the machine was shared; above 2 its times say little.
"""
ORIGIN = "the origin on the same machine at a million messages: 11 searches/s, 5 counts/s, 380 posts/s, 530 bytes a message"


def measurements() -> list[dict]:
    found = json.loads((HERE / "search-results.json").read_text())
    return sorted(found.values(), key=lambda result: result["size"])


def pair(times: dict | None) -> str:
    return f"{times['p50']} / {times['p99']}" if times else "-"


def growth(name: str, result: dict, least: dict) -> str:
    """How much more processor time the slowest pages take than on the smallest board."""
    if name not in least["classes"]:
        return "-"
    return f"{result['classes'][name]['processor']['p99'] / least['classes'][name]['processor']['p99']:.1f}"


def around(result: dict) -> str:
    """What is compared with the origin and with bounds; older measurements do not have it."""
    if "routes" not in result:
        return ""
    routes, posts = result["routes"], result["posts"]
    newest, count, mix, searching = routes["newest"], routes["count"], routes["mix"], posts["searching"]
    return f"""
Through Caddy with 16 clients: Zipf mix {mix['per_second']:,}/s (p99 {mix['p99']} ms), {mix['per_second'] / 11:.0f} times the
origin's; count {count['per_second']:,}/s, {count['per_second'] / 5:.0f} times the origin's; newest page {newest['per_second']:,}/s,
{newest['ratio']:.0%} of the bound 1/(1/H + 1/P), which pages that the pool has found already may exceed. Posts, 8 clients:
{posts['per_second']:,}/s, {posts['ratio']:.0%} of an empty board's {posts['empty']:,}/s. {searching['posts']:,} posts at a steady
rate while others search without a pause ({searching['searches_per_second']}/s), in three rounds: p50 {searching['p50']}, p99.9
{searching['p999']} (medians of the rounds), slowest {searching['slowest']} ms. For comparison {ORIGIN}.
"""


def table(result: dict, least: dict) -> str:
    lines = [
        f"\n## {result['size']:,} messages\n",
        f"Loaded with indexes in {result['loading']['secs']} s at a load average of {result['loading']['load']:.1f}; "
        f"measured at {result['load']:.1f}. Bytes a message: "
        + ", ".join(f"{name} {number}" for name, number in result["bytes"].items())
        + f"; together {sum(result['bytes'].values()):.0f}.",
        around(result),
        "| class | first page p50 / p99 | processor p50 / p99 | p99 grew | tenth page p50 / p99 | 16 clients p50 / p99 | requests/s "
        "| Caddy p50 / p99 | cold | short | buffers |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in result["classes"].items():
        lines.append(
            f"| {name} | {pair(one['first'])} | {pair(one['processor'])} | {growth(name, result, least)} | {pair(one.get('tenth'))} "
            f"| {pair(one['crowd'])} | {one['crowd']['per_second']} | {pair(one.get('caddy'))} | {one.get('cold', '-')} "
            f"| {one['short']:.1%} | {one['buffers']} |"
        )
    return "\n".join(lines) + "\n"


def place(size: int, ms: float) -> tuple[float, float]:
    """Log axes: 100 thousand to 10 million messages, 0.1 to 100 milliseconds."""
    x = LEFT + (math.log10(size) - 5) / 2 * (WIDTH - LEFT - 220)
    y = TOP + (2 - math.log10(max(ms, 0.1))) / 3 * (HEIGHT - TOP - 40)
    return round(x, 1), round(y, 1)


def axes() -> list[str]:
    parts = []
    for ms in (0.1, 1, 10, 100):
        x, y = place(10**5, ms)
        parts.append(f'<path d="M{x} {y}H{WIDTH - 220}" stroke="#ccc"/><text x="{x - 8}" y="{y + 4}" text-anchor="end">{ms}</text>')
    for size, label in ((10**5, "100 000"), (10**6, "1 million"), (10**7, "10 million")):
        x, y = place(size, 0.1)
        parts.append(f'<text x="{x}" y="{y + 22}" text-anchor="middle">{label}</text>')
    return parts


def plot(results: list[dict]) -> str:
    """The first page's p99 of each class over the size."""
    parts = axes()
    for number, name in enumerate(results[-1]["classes"]):
        points = [place(r["size"], r["classes"][name]["first"]["p99"]) for r in results if name in r["classes"]]
        colour = COLOURS[number % len(COLOURS)]
        dashes = "" if number < len(COLOURS) else f' stroke-dasharray="{2 + 3 * (number // len(COLOURS))}"'
        line = " ".join(f"{x},{y}" for x, y in points)
        y = TOP + 16 * number
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>')
        parts += [f'<circle cx="{cx}" cy="{cy}" r="2.5" fill="{colour}"/>' for cx, cy in points]
        parts.append(f'<path d="M{WIDTH - 200} {y}h24" stroke="{colour}" stroke-width="1.5"{dashes}/>')
        parts.append(f'<text x="{WIDTH - 170}" y="{y + 4}">{name.replace("&", "&amp;")}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
    title = "<title>p99 of the first page in milliseconds over the number of messages, both logarithmic</title>"
    return "\n".join([head, title, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    results = measurements()
    picture = "\n![p99 of the first page over the number of messages](search.svg)\n"
    parts = [HERE / f"{name}-results.md" for name in ("guards", "service", "memory", "solver")]
    tables = "".join(table(result, results[0]) for result in results)
    rest = "".join("\n" + part.read_text() for part in parts if part.exists())
    (HERE / "RESULTS.md").write_text(INTRODUCTION + picture + tables + rest)
    (HERE / "search.svg").write_text(plot(results))
