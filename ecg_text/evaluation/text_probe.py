"""The text probe: does a text encoder put two wordings of one finding nearer than two findings that sound alike?

A fixed benchmark of pairs of phrases (text_probe.tsv), in English, German and Swedish, scored by the cosine of their
vectors. A pair's kind says how it was made, its topic what it turns on. One rule holds for every kind, and it is the
primary one: the AUROC of a kind is that of its own pairs against all pairs of the other meaning. So "negation" asks
whether any two wordings of one finding are nearer than "st elevation" and "no st elevation". The "matched" figures of
negation and laterality keep to one topic on both sides, and leave out what an encoder cannot do elsewhere.

Two findings that are told apart by one word share all the others, while "af" and "atrial fibrillation" share none: an
encoder that goes by shared words scores far below a half, as the base line of spelling shows.
Axes: N pairs, R distinct texts, M resamples, D width.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import resample, weighted_auroc, with_interval
from ecg_text.evaluation.metrics import auroc
from ecg_text.evaluation.result import Result
from ecg_text.evaluation.scores import ClassScore, Metric, Scores
from ecg_text.evaluation.text_pairs import (
    DECIMALS,
    DIFFERENT_KINDS,
    SAME_KINDS,
    VERSION,
    ProbePair,
    probe_hash,
    probe_pairs,
    told_by_tables,
    trigram_similarities,
)
from ecg_text.version import __version__

PROBE = "text-probe"
MATCHED = ("negation", "laterality")
BEYOND = "auroc_beyond_tables"
HEADLINES = ("auroc", BEYOND, *(f"auroc_{kind}" for kind in MATCHED), *(f"auroc_{kind}_matched" for kind in MATCHED))
SPELLING = "spelling"

EncodeTexts = Callable[[Sequence[str]], np.ndarray]
"""R texts -> their vectors (R, D), of any length but zero."""


@dataclass(frozen=True, kw_only=True)
class Hardest:
    """The pairs an encoder sees most wrongly, worst first, each with its cosine."""

    same: tuple[tuple[ProbePair, float], ...]
    different: tuple[tuple[ProbePair, float], ...]

    def to_dict(self) -> dict[str, list[dict[str, object]]]:
        """The pairs as plain JSON values, under same and different."""
        return {
            name: [{"a": pair.a, "b": pair.b, "kind": pair.kind, "cosine": cosine} for pair, cosine in items]
            for name, items in (("same", self.same), ("different", self.different))
        }


def pair_similarities(encode: EncodeTexts, pairs: Sequence[ProbePair]) -> np.ndarray:
    """The cosine of each pair's two texts, to six decimals: (N,). Each distinct text is encoded once.

    Raises DataError where the encoder gives another number of vectors, a zero one, or one that is not finite.
    """
    number = {text: row for row, text in enumerate(dict.fromkeys(text for pair in pairs for text in (pair.a, pair.b)))}
    vectors = np.asarray(encode(list(number)), dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(number):
        raise DataError(f"{len(number)} texts were encoded as an array {vectors.shape}; give one vector for each")
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(length) & (length > 0)).all():
        raise DataError("the encoder gives a vector that is zero or not finite, which has no direction; examine it")
    vectors = vectors / length
    left, right = (vectors[[number[getattr(pair, side)] for pair in pairs]] for side in ("a", "b"))
    return np.asarray(np.einsum("nd,nd->n", left, right).round(DECIMALS))


def score_pairs(
    similarity: np.ndarray, pairs: Sequence[ProbePair], generator: np.random.Generator, *, num_resamples: int = 1000
) -> Scores:
    """Score the similarities (N,) of pairs: the AUROC of same against different meanings, overall and by kind.

    Metrics are auroc (all pairs), auroc_beyond_tables (without the pairs of one meaning that the tables tell),
    auroc_negation and auroc_laterality (these pairs against all same-meaning ones), and auroc_negation_matched and
    auroc_laterality_matched (both meanings of that topic only). classes hold every kind with
    its number of pairs, its auroc by the rule of this module, and spelling_auroc, that of the base line. Base lines are
    "chance" and "spelling" (trigram_similarities). Intervals hold 95 % of the resamples of the pairs; none are taken
    with num_resamples=0. Raises DataError where there is not one similarity for each pair, or no pair of a meaning.
    """
    if np.shape(similarity) != (len(pairs),):
        raise DataError(f"similarities have shape {np.shape(similarity)}; give one for each of the {len(pairs)} pairs")
    found = _aurocs(similarity, pairs, generator, num_resamples)
    spelled = _aurocs(trigram_similarities(pairs), pairs, generator, 0)
    support = Counter(pair.kind for pair in pairs)
    headlines = [name for name in HEADLINES if name in found]
    return Scores(
        metrics={name: found[name] for name in headlines},
        classes={
            kind: ClassScore(
                support=support[kind],
                metrics={"auroc": found[f"auroc_{kind}"], "spelling_auroc": spelled[f"auroc_{kind}"]},
            )
            for kind in (*SAME_KINDS, *DIFFERENT_KINDS)
            if support[kind]
        },
        baselines={
            "chance": {name: Metric(value=0.5) for name in headlines},
            SPELLING: {name: spelled[name] for name in headlines},
        },
    )


def text_probe_result(
    similarity: np.ndarray,
    *,
    baselines: Mapping[str, np.ndarray],
    generator: np.random.Generator,
    num_resamples: int,
    facts: Mapping[str, str | int],
) -> Result:
    """The benchmark's result for an encoder's similarities (N,) of probe_pairs(), beside those of further base lines.

    facts (model revision, seed, command) go into the provenance.
    """
    pairs = probe_pairs()
    scores = score_pairs(similarity, pairs, generator, num_resamples=num_resamples)
    others = {name: score_pairs(value, pairs, generator, num_resamples=0) for name, value in baselines.items()}
    return Result(
        task=PROBE,
        split=f"version {VERSION}",
        metrics=scores.metrics,
        classes=scores.classes,
        baselines={**scores.baselines, **{name: other.metrics for name, other in others.items()}},
        provenance={
            "probe_hash": probe_hash(),
            "num_pairs": len(pairs),
            "num_resamples": num_resamples,
            "code_version": __version__,
            **facts,
        },
    )


def hardest_pairs(similarity: np.ndarray, pairs: Sequence[ProbePair], count: int = 10) -> Hardest:
    """The same-meaning pairs that are least alike and the different ones that are most, by similarity (N,)."""
    order = [(pairs[n], float(similarity[n])) for n in np.argsort(similarity, kind="stable")]
    return Hardest(
        same=tuple(item for item in order if item[0].same)[:count],
        different=tuple(item for item in reversed(order) if not item[0].same)[:count],
    )


def _aurocs(
    similarity: np.ndarray, pairs: Sequence[ProbePair], generator: np.random.Generator, num_resamples: int
) -> dict[str, Metric]:
    """The AUROC of each comparison with its interval, all read from the same resamples of the pairs."""
    same = np.array([pair.same for pair in pairs])
    comparisons = _comparisons(pairs, same)
    bounds = np.full((num_resamples, len(comparisons)), np.nan)
    if num_resamples:
        columns = [(similarity[rows, None], same[rows, None], rows) for rows in comparisons.values()]
        bounds = resample(
            lambda weights: np.concatenate([weighted_auroc(x, y, weights[rows]) for x, y, rows in columns], axis=1),
            [None] * len(pairs),
            generator=generator,
            num_resamples=num_resamples,
        )
    return {
        name: with_interval(auroc(similarity[rows], same[rows]), column)
        for (name, rows), column in zip(comparisons.items(), bounds.T, strict=True)
    }


def _comparisons(pairs: Sequence[ProbePair], same: np.ndarray) -> dict[str, np.ndarray]:
    """Which pairs (N,) bool take part in each AUROC, by its name; what has one meaning only is left out."""
    kind, topic = (np.array([getattr(pair, name) for pair in pairs]) for name in ("kind", "topic"))
    chosen = {"auroc": np.ones(len(pairs), dtype=bool)}
    chosen[BEYOND] = ~same | ~told_by_tables(pairs)
    chosen.update({f"auroc_{name}": (kind == name) | ~same for name in SAME_KINDS})
    chosen.update({f"auroc_{name}": (kind == name) | same for name in DIFFERENT_KINDS})
    chosen.update({f"auroc_{name}_matched": topic == name for name in MATCHED})
    return {name: rows for name, rows in chosen.items() if name == "auroc" or len(set(same[rows])) == 2}
