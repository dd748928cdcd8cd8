"""Whole-word masking: words are hidden with all their pieces, so that no piece of a word gives the others away."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Masking:
    """Which words are hidden, and how (Devlin et al., 2019, section 3.1, by whole words as in their later release).

    share is that of the words of a text which are to be told from the others. Of these, the share `masked` is shown as
    mask pieces, the share `random` as random pieces, and the rest as it is. Raises ConfigError for an impossible share.
    """

    share: float = 0.15
    masked: float = 0.8
    random: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ConfigError(f"masking.share is {self.share!r}; give a fraction above 0 and below 1")
        fractions = all(math.isfinite(value) and value >= 0 for value in (self.masked, self.random))
        if not fractions or self.masked + self.random > 1:
            raise ConfigError(
                f"masking.masked is {self.masked!r} and masking.random {self.random!r}; give fractions of at most 1 "
                "together"
            )


def choose_words(words: np.ndarray, share: float, generator: np.random.Generator) -> np.ndarray:
    """Which words are chosen: word number of each piece (R, L), -1 for no word -> (R, W) bool, W words at most.

    Of n words share * n are chosen, rounded up or down by chance so that the mean is exact, but at least one; a single
    word has no others to be told from, and is never chosen.
    """
    num_words = words.max(axis=1, initial=-1) + 1
    wanted = np.floor(share * num_words + generator.random(len(words))).astype(np.int64)
    wanted = np.where(num_words > 1, np.maximum(wanted, 1), 0)
    draw = generator.random((len(words), int(num_words.max(initial=0))))
    draw[np.arange(draw.shape[1]) >= num_words[:, None]] = 2.0  # words that are not there come last
    return np.asarray(draw.argsort(axis=1).argsort(axis=1) < wanted[:, None])


def mask_words(
    ids: np.ndarray,
    words: np.ndarray,
    masking: Masking,
    *,
    mask_id: int,
    ordinary: np.ndarray,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Hides words: pieces (R, L) and the word number of each, -1 for none -> (pieces shown (R, L), chosen (R, L) bool).

    All pieces of a chosen word share its fate. ordinary holds the ids that random pieces are drawn from.
    """
    chosen_words = choose_words(words, masking.share, generator)
    fate = generator.random(chosen_words.shape)
    place = np.maximum(words, 0)
    if chosen_words.shape[1] == 0:
        return ids.copy(), np.zeros(ids.shape, dtype=bool)
    chosen = np.take_along_axis(chosen_words, place, axis=1) & (words >= 0)
    fate = np.take_along_axis(fate, place, axis=1)
    other = ordinary[generator.integers(len(ordinary), size=ids.shape)]
    shown = np.where(chosen & (fate < masking.masked), mask_id, ids)
    is_random = chosen & (fate >= masking.masked) & (fate < masking.masked + masking.random)
    return np.where(is_random, other, shown), chosen
