# SPDX-License-Identifier: MIT
"""What is asked of the Zipf-worded board: the classes of queries that searches are measured by."""

import random
from typing import Callable

from messages import HAN, SYLLABLES, Author, spelling

COMMON, MIDDLING, RARE = (5, 60), (500, 3000), (50_000, 200_000)


class Reader:
    """Thinks of queries; the same for the same seed."""

    def __init__(self, seed: int = 5) -> None:
        self.random = random.Random(seed)
        self.author = Author(seed)

    def word(self, ranks: tuple[int, int]) -> str:
        return spelling(self.random.randint(*ranks))

    def words(self, *ranks: tuple[int, int]) -> str:
        return " ".join(map(self.word, ranks))

    def zipf(self) -> str:
        number = self.random.choice([1, 1, 1, 2, 2, 3])
        return " ".join(self.author.random.choices(self.author.words, cum_weights=self.author.weights, k=number))


def hostile() -> list[str]:
    """What costs the most, as long as a query may be."""
    common, middling = [spelling(rank) for rank in range(60)], [spelling(500 + 7 * rank) for rank in range(60)]
    phrases = [f'"{one} {other}"' for one, other in zip(common, reversed(common))]
    every = [" ".join(common), " ".join(middling), " or ".join(middling), " ".join(phrases), " or ".join(phrases)]
    every += [f'"{" ".join(common)}', " ".join(f"-{word}" for word in common), " or ".join(HAN[:80]), "".join(HAN[:200])]
    return [q[:255] for q in every] + ["b c d f i k l m n p r s t v", "bygone fading", '"moderated be"', "bygone -fading", "zq b"]


CLASSES: dict[str, Callable[[Reader], str]] = {
    "newest": lambda r: "",
    "common": lambda r: r.words(COMMON),
    "middling": lambda r: r.words(MIDDLING),
    "rare": lambda r: r.words(RARE),
    "absent": lambda r: f"absent{r.random.randrange(10**6)}",
    "common & common": lambda r: r.words(COMMON, COMMON),
    "common & middling": lambda r: r.words(COMMON, MIDDLING),
    "common & rare": lambda r: r.words(COMMON, RARE),
    "middling & middling": lambda r: r.words(MIDDLING, MIDDLING),
    "never together": lambda r: "evenly oddly",
    "phrase": lambda r: f'"{r.words(COMMON, COMMON)}"',
    "rarer phrase": lambda r: f'"{r.words((100, 600), (100, 600))}"',
    "minus common": lambda r: f"{r.words(MIDDLING)} -{r.words((0, 5))}",
    "minus alone": lambda r: f"-{r.words((0, 5))}",
    "or": lambda r: f"{r.words(MIDDLING)} or {r.words((5000, 30_000))}",
    "one letter": lambda r: r.random.choice("bcdfiklmnprstv"),
    "two letters": lambda r: r.random.choice(SYLLABLES)[:2],
    "three to five letters": lambda r: spelling(r.random.randint(3000, 200_000))[: r.random.randint(3, 5)],
    "CJK": lambda r: "".join(r.random.sample(HAN[:300], 2)),
    "old only": lambda r: "bygone",
    "old prefix": lambda r: "zq",
    "old longer prefix": lambda r: f"zq{r.random.randint(1, 9)}",
    "dense long ago": lambda r: "fading",
    "hidden when new": lambda r: "moderated",
    "hostile": lambda r: r.random.choice(hostile()),
    "Zipf mix": lambda r: r.zipf(),
}


def queries(name: str, number: int) -> list[str]:
    """Queries of a class."""
    if name == "hostile" and number < len(hostile()):
        return hostile()
    reader = Reader()
    return [CLASSES[name](reader) for _ in range(number)]
