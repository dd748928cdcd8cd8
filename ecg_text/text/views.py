"""Views of a report: what a user might ask of its ECG, sampled from what the report says."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from ecg_text.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ReportViews:
    """How often a report is shown whole, and of how many of its sentences a part is made.

    Users ask for single findings; reports hold five. A model that only ever saw whole reports cannot tell what one
    phrase says of a trace.
    """

    whole: float = 0.5
    max_sentences: int = 3

    def __post_init__(self) -> None:
        if not 0 <= self.whole <= 1 or self.max_sentences < 1:
            raise ConfigError(f"views need 0 <= whole <= 1 and max_sentences >= 1, got {self}")

    def sample(self, sentences: tuple[str, ...], generator: np.random.Generator) -> tuple[str, ...]:
        """The whole report, or one to max_sentences of its sentences in their order."""
        if len(sentences) <= 1 or generator.random() < self.whole:
            return sentences
        count = int(generator.integers(1, min(self.max_sentences, len(sentences)) + 1))
        chosen = np.sort(generator.choice(len(sentences), count, replace=False))
        return tuple(sentences[number] for number in chosen)


def finding_number(sentence: str) -> int:
    """A stable positive 63-bit number for a sentence, so that equal findings are found by comparing integers.

    Two of 20,000 distinct sentences collide with probability 2e-11.
    """
    digest = blake2b(sentence.strip(" .").encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1 or 1
