# SPDX-License-Identifier: MIT
"""Draws price.svg: what a post costs honest and flooding networks in an hour with half an hour of flood.

`make bench-price` runs the simulation (price.c, with the program's own prices) and this.
"""

import csv
import math
import subprocess
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, ROW = 760, 430, 70, 30, 180
COLOURS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"]
PANELS = (("honest_hashes", "a post of an honest network, hashes"), ("flood_hashes", "a post of a flooding network, hashes"))
LEAST, MOST = 2**21, 2**27


def place(minute: int, hashes: float, panel: int) -> tuple[float, float]:
    x = LEFT + minute / 60 * (WIDTH - LEFT - 190)
    share = (math.log2(hashes) - math.log2(LEAST)) / (math.log2(MOST) - math.log2(LEAST))
    return round(x, 1), round(TOP + panel * (ROW + 30) + (1 - share) * (ROW - 20), 1)


def axes(panel: int, title: str) -> list[str]:
    parts = [f'<text x="{LEFT}" y="{TOP + panel * (ROW + 30) - 10}">{title}</text>']
    for power in range(21, 28, 2):
        x, y = place(0, 2**power, panel)
        parts.append(f'<path d="M{x} {y}H{WIDTH - 190}" stroke="#ccc"/><text x="{x - 8}" y="{y + 4}" text-anchor="end">{2**power / 1e6:.0f} M</text>')
    for minute in range(0, 61, 10):
        x, y = place(minute, LEAST, panel)
        parts.append(f'<text x="{x}" y="{y + 16}" text-anchor="middle">{minute} min</text>')
    return parts


def draw(rows: list[dict[str, str]]) -> str:
    names = list(dict.fromkeys(row["setting"] for row in rows))
    parts = []
    for panel, (column, title) in enumerate(PANELS):
        parts += axes(panel, title)
        for colour, name in zip(COLOURS, names):
            points = [place(int(row["minute"]), float(row[column]), panel) for row in rows if row["setting"] == name]
            line = " ".join(f"{x},{y}" for x, y in points)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    for number, (colour, name) in enumerate(zip(COLOURS, names)):
        posts = sum(int(row["flood_posts"]) for row in rows if row["setting"] == name)
        y = TOP + 20 + 36 * number
        parts.append(f'<path d="M{WIDTH - 178} {y}h20" stroke="{colour}" stroke-width="1.5"/><text x="{WIDTH - 152}" y="{y + 4}">{name}</text>')
        parts.append(f'<text x="{WIDTH - 152}" y="{y + 19}" fill="#666">{posts} posts got through</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    simulated = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout
    fields = ["setting", "minute", "honest_hashes", "flood_hashes", "flood_posts"]
    Path(__file__).with_name("price.svg").write_text(draw(list(csv.DictReader(simulated.splitlines(), fields))))
