"""Patient identification scored: each probe ECG ranks a gallery of one ECG a patient by cosine.

Identification asks for the probe's patient among all (closed set: he is there): accuracy at rank 1, 5, 10 and the mean
reciprocal rank. Verification asks of each pair whether it is one patient: AUROC, and the equal error rate, where as
many of the true pairs are refused as of the false ones let in (ISO/IEC 19795-1).
Axes: P probes, G gallery, D width, M resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecg_text.errors import DataError
from ecg_text.evaluation.bootstrap import resample, with_interval
from ecg_text.evaluation.retrieval import TIE_TOLERANCE
from ecg_text.evaluation.scores import Metric, Scores
from ecg_text.index.embeddings import check_unit_rows

CUTOFFS = (1, 5, 10)
METRICS = (*(f"rank_{k}_accuracy" for k in CUTOFFS), "mean_reciprocal_rank", "verification_auroc", "equal_error_rate")


@dataclass(frozen=True, eq=False, kw_only=True)
class Matches:
    """What all metrics need: the rank of each probe's own pair, and how the false pairs lie about the true ones.

    rank (P,) from 1; true (P,) the cosine of the true pairs, in steps of TIE_TOLERANCE. In row i and column j of the
    two tables (P, P): how many of probe j's false pairs score below the true pair of i, ties as halves (below), and how
    many at least as high (reached). num_false is the number of false pairs of a probe.
    """

    rank: np.ndarray
    true: np.ndarray
    below: np.ndarray
    reached: np.ndarray
    num_false: int


def evaluate_patient_id(
    gallery: np.ndarray,
    gallery_patients: Sequence[str],
    probe: np.ndarray,
    probe_patients: Sequence[str],
    generator: np.random.Generator,
    *,
    num_resamples: int = 1000,
) -> Scores:
    """Score probes against a gallery: unit (G, D), G patients, unit (P, D), P patients -> Scores.

    The intervals are over the probes' patients, the gallery staying whole. The base line "chance" is a random order.
    With num_resamples=0 no intervals are taken. Raises DataError where a patient is twice in the gallery or not at all.
    """
    matches = match(gallery, gallery_patients, probe, probe_patients)
    values = summarise_matches(matches, np.ones((len(probe), 1)))[0]
    samples = np.full((0, len(METRICS)), np.nan)
    if num_resamples:
        samples = resample(
            lambda weights: summarise_matches(matches, weights),
            probe_patients,
            generator=generator,
            num_resamples=num_resamples,
        )
    return Scores(
        metrics={name: with_interval(float(values[i]), samples[:, i]) for i, name in enumerate(METRICS)},
        baselines={"chance": chance_of_identification(len(gallery))},
    )


def match(
    gallery: np.ndarray, gallery_patients: Sequence[str], probe: np.ndarray, probe_patients: Sequence[str]
) -> Matches:
    """Compare each probe with the gallery; ties count against the true pair. Raises DataError as evaluate_patient_id.

    Row by row, so that nothing is larger than P x P numbers.
    """
    own = _own(gallery, gallery_patients, probe, probe_patients)
    # Cosines of equal vectors must tie, whatever order their sums were taken in.
    true = _steps(np.einsum("pd,pd->p", probe, gallery[own]))
    rank = np.empty(len(probe), dtype=np.int64)
    below = np.empty((len(probe), len(probe)), dtype=np.float32)
    reached = np.empty_like(below)
    for number, vector in enumerate(probe):
        false = np.sort(np.delete(_steps(gallery @ vector), own[number]))
        less, not_more = (np.searchsorted(false, true, side) for side in ("left", "right"))
        below[:, number], reached[:, number] = (less + not_more) / 2, len(false) - less
        rank[number] = 1 + reached[number, number]
    return Matches(rank=rank, true=true, below=below, reached=reached, num_false=len(gallery) - 1)


def summarise_matches(matches: Matches, weights: np.ndarray) -> np.ndarray:
    """The METRICS under each column of probe weights: (P, M) -> (M, 6).

    A probe's weight counts its true pair and its false pairs alike. The equal error rate is where the two rates cross
    on the staircase that they make over the thresholds: the least, over thresholds at the true pairs, of the greater.
    """
    weights = weights.astype(np.float64)
    total = weights.sum(axis=0)
    accuracy = [weights[matches.rank <= k].sum(axis=0) / total for k in CUTOFFS]
    reciprocal = (1.0 / matches.rank) @ weights / total
    auroc = (weights * (matches.below @ weights)).sum(axis=0) / (total**2 * matches.num_false)
    order = np.argsort(matches.true)
    lower = np.concatenate([np.zeros((1, weights.shape[1])), np.cumsum(weights[order], axis=0)])
    refused = lower[np.searchsorted(matches.true[order], matches.true, "left")] / total
    let_in = (matches.reached @ weights) / (total * matches.num_false)
    return np.stack([*accuracy, reciprocal, auroc, np.maximum(refused, let_in).min(axis=0)], axis=1)


def chance_of_identification(num_gallery: int) -> dict[str, Metric]:
    """The metrics of a random order of a gallery, in closed form."""
    accuracy = [min(k, num_gallery) / num_gallery for k in CUTOFFS]
    reciprocal = float((1.0 / np.arange(1, num_gallery + 1)).mean())
    return {name: Metric(value=value) for name, value in zip(METRICS, (*accuracy, reciprocal, 0.5, 0.5), strict=True)}


def _steps(cosine: np.ndarray) -> np.ndarray:
    return np.round(cosine.astype(np.float64) / TIE_TOLERANCE)


def _own(
    gallery: np.ndarray, gallery_patients: Sequence[str], probe: np.ndarray, probe_patients: Sequence[str]
) -> np.ndarray:
    """The row of the gallery that holds each probe's patient: (P,)."""
    for what, vectors, patients in (("gallery", gallery, gallery_patients), ("probe", probe, probe_patients)):
        if np.ndim(vectors) != 2 or not len(vectors) or len(vectors) != len(patients):
            raise DataError(f"{what}: {np.shape(vectors)} vectors and {len(patients)} patients; give one for each ECG")
        check_unit_rows(vectors, f"{what} vector")
    place = {patient: row for row, patient in enumerate(gallery_patients)}
    if len(place) < len(gallery_patients):
        twice = max(place, key=list(gallery_patients).count)
        raise DataError(f"patient {twice!r} is in the gallery more than once; keep one ECG of each patient there")
    if strangers := [patient for patient in probe_patients if patient not in place]:
        raise DataError(
            f"patient {strangers[0]!r} is a probe and not in the gallery; add an ECG of his, or leave him out"
        )
    if len(place) < 2:
        raise DataError("the gallery has 1 patient; to tell patients apart takes at least 2")
    return np.array([place[patient] for patient in probe_patients])
