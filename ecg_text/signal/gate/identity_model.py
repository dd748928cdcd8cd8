"""How natural twelve leads look under their names, and how natural under the names of an exchange of electrodes.

One score f is fitted to be highest for the leads as they are recorded: it reads the mean voltage of lead I, II and
V1 to V6 in 24 short stretches of the median beat. A hypothesis is an exchange of electrodes; undone, it gives eight
other leads, and f of these less f of the leads as named is its log odds. All hypotheses are judged by the same f, as
in a conditional logit (McFadden 1974), so that no reversal has to be learned apart from what a heart looks like.
The chest leads tell what the limb leads should be: twelve leads are redundant (Kors and van Herpen 2001).

The coefficients are written by scripts/fit_lead_identity.py, from PTB-XL folds 1 to 7.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

import numpy as np

from ecg_text.leads import CHEST_LEADS, LIMB_LEADS, limb_lead_weights
from ecg_text.signal.beats.windows import MedianBeat

LEADS = ("I", "II", *CHEST_LEADS)
SLOWEST_HZ = 95.0  # below, a stretch of 10 ms may hold no sample
# Stretches of the beat, in ms from the middle of QRS, and the voltages (mV) that are ordinary before, in and after it.
EDGES_MS = (
    *(-265, -225, -195, -165, -135, -105, -75, -45, -25, -15, -5, 5, 15, 25, 35, 55, 75),
    *(105, 135, 165, 195, 235, 275, 315, 355, 415),
)
ORDINARY_MV = tuple(0.1 if end <= -75 else 0.5 if end <= 55 else 0.15 for end in EDGES_MS[1:])

QRS_MS = 80  # to either side of the R-peak, where the QRS complex is
EARLIEST_MS, LATEST_MS = 30, 70  # how far its middle may be from the R-peak, so that all stretches are in the beat

# What undoes an exchange of the limb electrodes: the true (I, II) from the recorded (I, II).
LIMB_EXCHANGES = MappingProxyType(
    {
        "la_ra": ((-1, 0), (-1, 1)),
        "la_ll": ((0, 1), (1, 0)),
        "ra_ll": ((1, -1), (0, -1)),
        "rotated_once": ((-1, 1), (-1, 0)),
        "rotated_twice": ((0, -1), (1, -1)),
    }
)
# Exchanges of chest electrodes: which recorded lead is truly V1, V2 ... V6.
CHEST_EXCHANGES = MappingProxyType(
    {
        "v1_v2": (2, 1, 3, 4, 5, 6),
        "v2_v3": (1, 3, 2, 4, 5, 6),
        "v3_v4": (1, 2, 4, 3, 5, 6),
        "v4_v5": (1, 2, 3, 5, 4, 6),
        "v5_v6": (1, 2, 3, 4, 6, 5),
        "v1_v3": (3, 2, 1, 4, 5, 6),
        "chest_backwards": (6, 5, 4, 3, 2, 1),
    }
)
HYPOTHESES = ("as_named", *LIMB_EXCHANGES, *CHEST_EXCHANGES)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """f(z) = out . relu(hidden z + bias), for z (8 * stretches,): hidden (D, 8 * stretches), bias (D,), out (D,)."""

    hidden: np.ndarray
    bias: np.ndarray
    out: np.ndarray


def undoing_matrices() -> np.ndarray:
    """The matrices (H, 8, 8) that turn the recorded LEADS into the true ones, one for each hypothesis."""
    matrices = np.stack([np.eye(len(LEADS), dtype=np.float32)] * len(HYPOTHESES))
    for number, name in enumerate(HYPOTHESES):
        if name in LIMB_EXCHANGES:
            matrices[number, :2, :2] = LIMB_EXCHANGES[name]
        elif name in CHEST_EXCHANGES:
            matrices[number, 2:, 2:] = np.eye(6)[np.array(CHEST_EXCHANGES[name]) - 1]
    return matrices


@lru_cache(maxsize=1)
def coefficients() -> Coefficients:
    """The fitted coefficients, as they lie beside this file, read once; each row of hidden is stored in whole steps."""
    return stored_coefficients(resources.files("ecg_text.signal.gate").joinpath("identity_model.json").read_bytes())


def stored_coefficients(text: bytes) -> Coefficients:
    """Coefficients as scripts/fit_lead_identity.py stores them."""
    stored = json.loads(text)
    hidden = np.array(stored["hidden_steps"], dtype=np.float32) * np.array(stored["hidden_step"], np.float32)[:, None]
    return Coefficients(hidden, np.array(stored["bias"], np.float32), np.array(stored["out"], np.float32))


@lru_cache(maxsize=1)
def _constants() -> tuple[np.ndarray, np.ndarray]:
    return undoing_matrices(), np.array(ORDINARY_MV, dtype=np.float32)


def stretch_means(median: MedianBeat, moved_ms: float = 0.0) -> np.ndarray | None:
    """The mean voltage of LEADS in each stretch of the beat, (8, stretches) mV; fitting moves the stretches a little.

    A missing I or II is computed from two other limb leads. None where that cannot be, where a chest lead is absent,
    where the rate is too low, or where the beat is cut shorter than the stretches.
    """
    first, second = _limb_row(median, "I"), _limb_row(median, "II")
    if first is None or second is None or not set(CHEST_LEADS) <= set(median.leads):
        return None
    if median.rate_hz < SLOWEST_HZ:
        return None
    beat = np.stack([first, second, *(median.lead(name) for name in CHEST_LEADS)])
    middle = qrs_middle(beat, median.r_index, median.rate_hz) + moved_ms * median.rate_hz / 1000
    edges = np.ceil(np.array(EDGES_MS) * (median.rate_hz / 1000) + middle).astype(np.int64)
    if edges[0] < 0 or edges[-1] > beat.shape[1]:
        return None
    sums = np.add.reduceat(beat[:, : edges[-1]], edges[:-1], axis=1)
    return np.asarray(sums / np.diff(edges), dtype=np.float32)


def qrs_middle(beat: np.ndarray, r_index: int, rate_hz: float) -> float:
    """Where the energy of the QRS complex is centred, in samples, near the R-peak of a beat (8, W) of LEADS.

    The energy is that of the steps of I, II, III and V1 to V6 from one 10 ms to the next, which no exchange of
    electrodes changes: an R-peak may lie elsewhere once leads are exchanged, and the stretches must not.
    """
    step = max(1, round(rate_hz / 100))
    first = r_index - round(QRS_MS * rate_hz / 1000)
    last = r_index + round(QRS_MS * rate_hz / 1000)
    first = max(0, first)
    count = (min(last, beat.shape[1]) - first) // step
    near = beat[:, first : first + count * step].reshape(len(beat), count, step).mean(axis=2)
    steps = np.diff(np.concatenate([near, near[1:2] - near[:1]]), axis=1)
    energy = (steps * steps).sum(axis=0)
    at = first + step * np.arange(1, count) - 0.5
    middle = float((energy * at).sum() / max(float(energy.sum()), 1e-12))
    return min(max(middle, r_index - EARLIEST_MS * rate_hz / 1000), r_index + LATEST_MS * rate_hz / 1000)


def _limb_row(median: MedianBeat, name: str) -> np.ndarray | None:
    if name in median.leads:
        return median.lead(name)
    limbs = [lead for lead in LIMB_LEADS if lead in median.leads]
    weights = limb_lead_weights(name, limbs[0], limbs[1]) if len(limbs) > 1 else None
    if weights is None:
        return None
    return np.asarray(weights[0] * median.lead(limbs[0]) + weights[1] * median.lead(limbs[1]))


def hypothesis_inputs(means: np.ndarray, matrices: np.ndarray, ordinary_mv: np.ndarray) -> np.ndarray:
    """What f reads of each hypothesis: asinh of the voltages over the ordinary ones, (H, 8 * stretches)."""
    leads = np.arcsinh(matrices @ means / ordinary_mv)
    return leads.reshape(len(matrices), -1)


def log_odds(means: np.ndarray, model: Coefficients | None = None) -> np.ndarray:
    """The log odds (H,) of each of HYPOTHESES against the leads as they are named (the first, which is 0).

    They are those of the package's own coefficients, or of another model.
    """
    model = model or coefficients()
    inputs = hypothesis_inputs(means, *_constants())
    scores = np.maximum(inputs @ model.hidden.T + model.bias, 0) @ model.out
    return np.asarray(scores - scores[0])
