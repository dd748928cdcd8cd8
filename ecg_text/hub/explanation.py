"""What an explanation is: arrays of what a similarity rests on, and what they do and do not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

MISSED, SIMILAR = "missed", "similar"  # by what the moments that are taken away are chosen
MOST_AS_MUCH = 0.05  # of random draws may fall as much, or the moments are no better than random others
ROUNDING = 1e-6  # falls are no closer than float32 can tell
_CANNOT = "cannot be made: the signal is too short for anything to be taken away"
_WORDS = {
    (True, True): "holds: the moments missed most matter more than random others, and so do the most similar",
    (True, False): "holds for the moments missed most; the most similar matter no more than random others",
    (False, True): "holds for the most similar moments; those missed most matter no more than random others",
    (False, False): "the explanation does not hold; random others matter as much",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Deletion:
    """What it costs to take the best moments away: tokens (n,) taken, in order, and their share of all.

    They are the best by what chosen_by says: MISSED, how much the similarity falls without each of them alone, or
    SIMILAR, how similar each is alone. fall is how much the similarity falls without all of them, random_falls (M,)
    how much it falls without as many others, drawn at random in runs of the same lengths.
    """

    chosen_by: str
    share: float
    tokens: np.ndarray
    fall: float
    random_falls: np.ndarray

    @property
    def percent(self) -> str:
        """The share of the time that was taken away, in words: "10 %"."""
        return f"{100 * self.share:.0f} %"

    @property
    def random_fall(self) -> float:
        """How much the similarity falls without random others, on average."""
        return float(self.random_falls.mean())

    @property
    def num_as_much(self) -> int:
        """How many of the random draws make the similarity fall at least as much."""
        return int((self.random_falls >= self.fall - ROUNDING).sum())

    @property
    def holds(self) -> bool:
        """Whether the moments matter more than random others: at most 5 % of the draws fall as much."""
        return self.num_as_much <= MOST_AS_MUCH * len(self.random_falls)

    def to_dict(self) -> dict[str, Any]:
        """What came out of it, as values for a machine."""
        return {
            "chosen_by": self.chosen_by,
            "share": self.share,
            "fall": self.fall,
            "random_fall": self.random_fall,
            "num_draws": len(self.random_falls),
            "num_as_much": self.num_as_much,
            "holds": self.holds,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation:
    """The similarity of one text to the first window of an ECG, told by moment, by beat and by lead.

    text is what was asked, read_as how the model read it, similarity the window's own (cosine). The window is the
    first window_s of record_s seconds; all times are seconds of the record.

    A moment is the stretch that a token stands for, token_span_s (N, 2). token_similarity (N,) is the similarity of
    each token alone: what the head makes of it where all others are masked. A token has looked around through the
    encoder, so this tells where the model says something like the text, and not that the signal of that moment would
    do without its surroundings; one ectopic beat may be told by all tokens. These numbers are no shares: neither
    their sum nor their mean is the similarity. token_fall (N,) is how much the similarity falls when the moment,
    0.2 s at least, is taken away (masked, hub/deletion.py): this tells where the signal matters. Below 0, the
    similarity rises without it; what is said many times, as by all beats alike, is missed little at any one.

    beat_peak_s (K,) are the R-peaks, beat_span_s (K, 2) the stretch of each beat. beat_similarity (K,) is that of the
    tokens of the beat alone, NaN where no token's centre lies in it; beat_fall (K,) how much the similarity falls
    when that stretch is taken away, NaN where nothing would be left.

    lead_fall (C,), for each of leads: how much the similarity falls when the model does not see the lead, NaN for a
    lead that it does not see anyway, or for the only one. A limb lead follows from two others, and is missed less.

    deletion: what it costs to take the best moments away together. Those with the highest token_fall should cost much
    by their choice; that they do says that what is missed singly is missed together. Those with the highest
    token_similarity need not: that they do says that what sounds like the text is what the similarity rests on.
    """

    text: str
    read_as: str
    similarity: float
    window_s: float
    record_s: float
    token_span_s: np.ndarray
    token_similarity: np.ndarray
    token_fall: np.ndarray
    beat_peak_s: np.ndarray
    beat_span_s: np.ndarray
    beat_similarity: np.ndarray
    beat_fall: np.ndarray
    leads: tuple[str, ...]
    lead_fall: np.ndarray
    deletion: tuple[Deletion, ...]

    def holds(self, chosen_by: str) -> bool:
        """Whether the moments chosen by MISSED or SIMILAR matter more than random others, for every share tried.

        False where none could be tried.
        """
        tried = [one.holds for one in self.deletion if one.chosen_by == chosen_by]
        return bool(tried) and all(tried)

    @property
    def verdict(self) -> str:
        """What the deletion check says, in words."""
        return _WORDS[self.holds(MISSED), self.holds(SIMILAR)] if self.deletion else _CANNOT

    @property
    def is_whole(self) -> bool:
        """Whether the window is all there is of the record, but for less than a sample's length of it."""
        return self.record_s - self.window_s < 0.01

    def to_dict(self, start_s: float = 0.0) -> dict[str, Any]:
        """Everything as values for a machine, times counted from a record that begins at start_s."""
        moments = zip(self.token_span_s + start_s, self.token_similarity, self.token_fall, strict=True)
        spans_s = (self.beat_peak_s + start_s, self.beat_span_s + start_s)
        beats = zip(*spans_s, self.beat_similarity, self.beat_fall, strict=True)
        return {
            "text": self.text,
            "read_as": self.read_as,
            "similarity": self.similarity,
            "start_s": start_s,
            "window_s": self.window_s,
            "record_s": start_s + self.record_s,
            "moments": [{"span_s": span_s, "similarity": alone, "fall": fall} for span_s, alone, fall in moments],
            "beats": [
                {"peak_s": peak_s, "span_s": span_s, "similarity": alone, "fall": fall}
                for peak_s, span_s, alone, fall in beats
            ],
            "leads": dict(zip(self.leads, self.lead_fall, strict=True)),
            "deletion": [{**one.to_dict(), "spans_s": self.spans_s(one) + start_s} for one in self.deletion],
            "verdict": self.verdict,
        }

    def spans_s(self, deletion: Deletion) -> np.ndarray:
        """The stretches that a deletion took away, in seconds: start and stop (m, 2)."""
        runs = runs_of(deletion.tokens)
        return np.stack([self.token_span_s[runs[:, 0], 0], self.token_span_s[runs[:, 1] - 1, 1]], axis=1)


def runs_of(numbers: np.ndarray) -> np.ndarray:
    """Numbers in order (n,) as runs without a gap: start and stop (m, 2), half-open."""
    breaks = np.flatnonzero(np.diff(numbers) > 1)
    first, last = np.append(0, breaks + 1), np.append(breaks, len(numbers) - 1)
    return np.stack([numbers[first], numbers[last] + 1], axis=1) if len(numbers) else np.zeros((0, 2), dtype=np.int64)
