# SPDX-License-Identifier: MIT
"""Zipf-worded messages of realistic length, and among them the adversaries of search.

`python3 messages.py SIZE` writes one message a line, oldest first; the same for the same size.
"""

import random
import sys
from itertools import accumulate
from typing import Iterator

WORDS = 300_000
SYLLABLES = (
    "ba be bi bo bu da de di do du fa fe fi ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro "
    "sa se si so ta te ti to va ve vi sha the cha tra pre con ing ent"
).split()
HAN = [chr(0x4E00 + n) for n in range(1500)]


def spelling(rank: int) -> str:
    """Frequent words are short; every rank has a word of its own."""
    word = ""
    number = rank + 1
    while number:
        number, digit = divmod(number, len(SYLLABLES))
        word += SYLLABLES[digit]
    return word


class Author:
    """Writes messages; `age` is 0 for the oldest and approaches 1 for the newest."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.words = [spelling(rank) for rank in range(WORDS)]
        self.weights = list(accumulate(1 / (rank + 2.7) for rank in range(WORDS)))
        self.han_weights = list(accumulate(1 / (rank + 10) for rank in range(len(HAN))))

    def body(self, number: int, age: float) -> str:
        chance = self.random.random
        if chance() < 0.02:
            return "".join(self.random.choices(HAN, cum_weights=self.han_weights, k=self.random.randint(4, 20)))
        length = min(40, max(2, int(self.random.lognormvariate(2.05, 0.5))))
        words = self.random.choices(self.words, cum_weights=self.weights, k=length)
        words += self.adversaries(number, age)
        if chance() < 0.05:
            words.append(str(self.random.randrange(10**6)))
        return " ".join(words)[:255].rstrip()

    def adversaries(self, number: int, age: float) -> Iterator[str]:
        chance = self.random.random
        if chance() < 0.01:
            yield "evenly" if number % 2 else "oddly"  # each 0.5 %, never together
        if age < 0.1:
            if chance() < 0.1:
                yield "bygone"  # common, but only in the oldest tenth
            if chance() < 0.1:
                yield f"zq{self.random.randrange(20000)}"  # a prefix of many words, long ago
        if chance() < (0.2 if age < 0.1 else 0.00002):
            yield "fading"  # scarce now, dense long ago
        if chance() < 0.1:
            yield "moderated"  # common, but hidden in the newest tenth


def messages(size: int) -> Iterator[str]:
    author = Author()
    for number in range(size):
        yield author.body(number, number / size)


if __name__ == "__main__":
    sys.stdout.writelines(body + "\n" for body in messages(int(sys.argv[1])))
