# SPDX-License-Identifier: MIT
"""Reads Prometheus' text format, and finds what `promtool check metrics` would complain of."""

import re
from typing import NamedTuple

SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
PARTS = ("_bucket", "_sum", "_count")
NOT_BASE = ("_milliseconds", "_ms", "_us", "_minutes", "_kilobytes", "_kb", "_percent")


class Sample(NamedTuple):
    name: str
    labels: tuple[tuple[str, str], ...]
    value: float


def family(name: str, types: dict[str, str]) -> str:
    """The metric that a sample belongs to: a histogram has three names of samples."""
    for part in PARTS:
        if name.endswith(part) and types.get(name.removesuffix(part)) == "histogram":
            return name.removesuffix(part)
    return name


def read(text: str) -> tuple[dict[str, str], dict[str, str], list[Sample]]:
    """Help texts and types by metric, and the samples."""
    helps: dict[str, str] = {}
    types: dict[str, str] = {}
    samples: list[Sample] = []
    for line in text.splitlines():
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            (helps if kind == "HELP" else types)[name] = rest
            continue
        match = SAMPLE.match(line)
        assert match, f"not a sample: {line!r}"
        labels = tuple(LABEL.findall(match[2] or ""))
        assert "".join(f'{n}="{v}",' for n, v in labels).rstrip(",") == (match[2] or ""), line
        samples.append(Sample(match[1], labels, float(match[3])))
    return helps, types, samples


def value(text: str, name: str, **labels: str) -> float:
    """The sum over the samples of that name that have these labels."""
    wanted = set(labels.items())
    return sum(sample.value for sample in read(text)[2] if sample.name == name and wanted <= set(sample.labels))


def complaints(text: str) -> list[str]:
    """What is wrong by the rules of promtool."""
    helps, types, samples = read(text)
    found = [] if text.endswith("\n") else ["no newline at the end"]
    names = [family(sample.name, types) for sample in samples]
    order = [name for number, name in enumerate(names) if number == 0 or names[number - 1] != name]
    found += [f"{name}: not in one piece" for name in set(order) if order.count(name) > 1]
    found += [f"{sample}: twice" for sample in set(samples) if [s[:2] for s in samples].count(sample[:2]) > 1]
    for name in order:
        kind = types.get(name)
        found += [] if name in helps else [f"{name}: no help"]
        found += [] if kind in ("counter", "gauge", "histogram") else [f"{name}: no type"]
        if (kind == "counter") != name.endswith("_total"):
            found.append(f"{name}: counters, and only these, end in _total")
        found += [f"{name}: not in base units" for unit in NOT_BASE if unit in f"{name}_"]
        found += [f"{name}: not snake case"] if re.search("[A-Z]|__", name) else []
    found += [f"{name}: help without samples" for name in helps if name not in names]
    for name in (name for name, kind in types.items() if kind == "histogram"):
        found += histogram_complaints(name, samples)
    return found


def histogram_complaints(name: str, samples: list[Sample]) -> list[str]:
    found = []
    series: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    for sample in samples:
        if sample.name == f"{name}_bucket":
            bound = float(dict(sample.labels)["le"])
            rest = tuple(label for label in sample.labels if label[0] != "le")
            series.setdefault(rest, []).append((bound, sample.value))
    values = {(sample.name, sample.labels): sample.value for sample in samples}
    for labels, buckets in series.items():
        if buckets != sorted(buckets) or [v for _, v in buckets] != sorted(v for _, v in buckets):
            found.append(f"{name}{labels}: buckets do not grow")
        if buckets[-1][0] != float("inf") or buckets[-1][1] != values.get((f"{name}_count", labels)):
            found.append(f"{name}{labels}: the last bucket is not the count")
        if (f"{name}_sum", labels) not in values:
            found.append(f"{name}{labels}: no sum")
    return found
