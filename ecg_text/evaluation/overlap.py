"""How much of a report's wording a draft has: corpus BLEU-4 and ROUGE-L, from counts that any resample can add up.

Axes: N reports, M resamples.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ecg_text.errors import DataError

MAX_ORDER = 4  # BLEU-4: phrases of one to four words
# Recall weighs 1.44 times as much as precision, as the captioning benchmarks have it (Chen et al., 2015).
ROUGE_BETA = 1.2

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> tuple[str, ...]:
    """The words of a text as drafts and reports are compared: in lower case, cut at spaces, hyphens and all marks.

    "T-wave inversion in V2-V4." has the words t, wave, inversion, in, v2, v4.
    """
    return tuple(_WORD.findall(text.lower()))


def bleu_counts(drafts: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """What BLEU needs of each draft and its one reference: N, N -> (N, 10) int64.

    Columns: for each order from 1 to 4 the draft's phrases of so many words that the reference has too, each counted at
    most as often as there; for each order all phrases of the draft; the words of the draft; those of the reference.
    Raises DataError where the numbers differ.
    """
    _check_pairs(drafts, references)
    counts = np.zeros((len(drafts), 2 * MAX_ORDER + 2), dtype=np.int64)
    for row, draft, reference in zip(counts, map(words, drafts), map(words, references), strict=True):
        for order in range(1, MAX_ORDER + 1):
            written, wanted = _phrases(draft, order), _phrases(reference, order)
            row[order - 1] = sum((written & wanted).values())
            row[MAX_ORDER + order - 1] = sum(written.values())
        row[-2:] = len(draft), len(reference)
    return counts


def corpus_bleu(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """BLEU-4 under each column of record weights: (N, 10), (N, M) -> (M,).

    The geometric mean of the four clipped precisions over the whole corpus, times the brevity penalty
    (Papineni et al., ACL 2002, section 2.3). No smoothing: a corpus without a phrase of four words in common scores 0.
    """
    sums = weights.T.astype(np.float64) @ counts  # (M, 10)
    matched, written = sums[:, :MAX_ORDER], sums[:, MAX_ORDER : 2 * MAX_ORDER]
    draft, reference = sums[:, -2], sums[:, -1]
    known = (matched > 0).all(axis=1)  # which no draft without words is
    precision = np.divide(matched, written, out=np.ones_like(matched), where=known[:, None])
    longer = np.divide(reference, draft, out=np.ones_like(draft), where=known)
    brevity = np.exp(np.minimum(0.0, 1.0 - longer))
    return np.where(known, brevity * np.exp(np.log(precision).mean(axis=1)), 0.0)


def rouge_l(drafts: Sequence[str], references: Sequence[str], beta: float = ROUGE_BETA) -> np.ndarray:
    """The F-measure of each draft's longest common subsequence of words with its reference: N, N -> (N,) float64.

    (1 + beta^2) R P / (R + beta^2 P), with recall R and precision P of that length, the report read as one sequence
    (Lin, ACL 2004 workshop, section 3.1); 0 where either has no word. Raises DataError where the numbers differ.
    """
    _check_pairs(drafts, references)
    scores = np.zeros(len(drafts))
    for number, (draft, reference) in enumerate(zip(map(words, drafts), map(words, references), strict=True)):
        if common := _longest_common(draft, reference):
            # R = common / len(reference) and P = common / len(draft), put in and cleared of fractions.
            scores[number] = (1 + beta**2) * common / (len(draft) + beta**2 * len(reference))
    return scores


def _phrases(text: tuple[str, ...], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(text[start:] for start in range(order)), strict=False))


def _longest_common(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """The length of the longest common subsequence: a row of the usual table in the bits of one number.

    A zero at bit i says that the length grows at left[i] (Hyyro, 2004), so a row costs one addition.
    """
    places: dict[str, int] = {}
    for place, word in enumerate(left):
        places[word] = places.get(word, 0) | 1 << place
    whole = (1 << len(left)) - 1
    row = whole
    for word in right:
        shared = row & places.get(word, 0)
        row = (row + shared | row - shared) & whole
    return len(left) - row.bit_count()


def _check_pairs(drafts: Sequence[str], references: Sequence[str]) -> None:
    if len(drafts) != len(references):
        raise DataError(f"{len(drafts)} drafts for {len(references)} reports; give one draft for each report")
