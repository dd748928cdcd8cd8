"""Whether six limb leads are six views of one thing: Einthoven's and Goldberger's equations, and what broke them.

Limb leads are differences of three electrode potentials, so all six lie in a plane: rows of S = W (I, II) for the
weights W of ecg_text.leads. What a recording has outside that plane, P S with P = 1 - W W+, is its residual. An
explanation (two leads exchanged, one upside down, one left out) is a matrix E, and holds where P E S is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from types import MappingProxyType

import numpy as np

from ecg_text.leads import LIMB_LEAD_WEIGHTS, LIMB_LEADS
from ecg_text.record import Record
from ecg_text.signal.beats.order import medians
from ecg_text.signal.draft import FLAT_MV
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.thresholds import limit

FEWEST_LEADS = 3  # two limb leads are free of each other; every further one is tied to them
EINTHOVEN = ("I", "II", "III")
WAVE = 10.0  # the peak-to-peak amplitude of an ECG over its root mean square within a second, about
TIE = 0.01  # explanations whose relative residuals differ by less are equally good
MOST_TOLD = 2  # explanations in a sentence
TOLD = MappingProxyType(
    {
        "exchange": "leads {} look exchanged",
        "inversion": "lead {} looks upside down",
        "stranger": "lead {} does not fit the other limb leads",
    }
)


@dataclass(frozen=True)
class Explanation:
    """One fault that could break the algebra: its kind, the leads that it names, and the matrix that undoes it."""

    kind: str
    leads: tuple[str, ...]
    undo: np.ndarray


def algebra_findings(record: Record) -> list[Finding]:
    """What breaks the equations of the limb leads, at most one finding for each of them.

    A lead that is flat, absent or stopped is not judged, nor is a second in which any of the others is flat. Every
    second is judged about its own mean and the middle one counts, so that an offset, a drift or a burst is no fault.
    """
    covariance, leads, seconds = _covariances(record)
    if covariance is None:
        return []
    relative, residual_mv = _residual(covariance, outside_plane(leads), len(leads))
    if relative <= limit("leads.algebra_relative") or residual_mv <= limit("leads.algebra_residual"):
        return []
    best = _best_explanations(covariance, leads)
    evidence = {"relative": relative, "residual_mv": residual_mv, "seconds": float(seconds)}
    if best:
        return [_explained(best, evidence)]
    return _unexplained(covariance, leads, evidence)


def _covariances(record: Record) -> tuple[np.ndarray | None, tuple[str, ...], int]:
    """The mean products of the living limb leads in each second, (K, n, n) mV^2, those leads, and K."""
    leads = tuple(lead for lead in LIMB_LEADS if lead in record.leads)
    if len(leads) < FEWEST_LEADS:
        return None, leads, 0
    signal = record.signal[[record.leads.index(lead) for lead in leads]].astype(np.float64)
    signal -= signal[:, :1]  # the electrodes' constant voltage would cost the products their digits
    width = min(max(1, round(record.rate_hz)), record.num_samples)
    count = record.num_samples // width
    chunks = signal[:, : count * width].reshape(len(leads), count, width).transpose(1, 0, 2)
    means = chunks.mean(axis=2)
    covariance = chunks @ chunks.transpose(0, 2, 1) / width - means[:, :, None] * means[:, None, :]
    flat = np.diagonal(covariance, axis1=1, axis2=2) < (limit("lead.flat_below") / WAVE) ** 2
    alive = flat.mean(axis=0) <= 0.5
    kept = covariance[~flat[:, alive].any(axis=1)][:, alive][:, :, alive]
    leads = tuple(lead for lead, is_alive in zip(leads, alive, strict=True) if is_alive)
    if len(leads) < FEWEST_LEADS or not len(kept):
        return None, leads, 0
    return kept, leads, len(kept)


@lru_cache(maxsize=64)
def outside_plane(leads: tuple[str, ...]) -> np.ndarray:
    """P (n, n), which takes away all that the limb-lead equations allow of these leads."""
    weights = np.array([LIMB_LEAD_WEIGHTS[lead] for lead in leads])
    projection: np.ndarray = np.eye(len(leads)) - weights @ np.linalg.pinv(weights)
    return projection


def _residual(covariance: np.ndarray, form: np.ndarray, num_leads: int) -> tuple[float, float]:
    """The residual of the middle second relative to its leads, and its root mean square over the leads in mV."""
    power = max(0.0, float(medians((covariance * form).sum(axis=(1, 2)))))
    total = float(medians(np.trace(covariance, axis1=1, axis2=2)))
    return float(np.sqrt(power / max(total, FLAT_MV**2))), float(np.sqrt(power / num_leads))


@lru_cache(maxsize=64)
def _explanations(leads: tuple[str, ...]) -> tuple[tuple[Explanation, ...], np.ndarray]:
    """Every explanation, the commonest first, and its quadratic form E' P E, (H, n, n)."""
    explanations = (*_exchanges(leads), *_inversions(leads), *_strangers(leads))
    plane = outside_plane(leads)
    forms = [one.undo if one.kind == "stranger" else one.undo.T @ plane @ one.undo for one in explanations]
    return explanations, np.array(forms)


def _exchanges(leads: tuple[str, ...]) -> Iterator[Explanation]:
    pairs = sorted(combinations(leads, 2), key=lambda pair: pair != ("aVL", "aVF"))
    for first, second in pairs:
        order = list(range(len(leads)))
        a, b = leads.index(first), leads.index(second)
        order[a], order[b] = b, a
        yield Explanation("exchange", (first, second), np.eye(len(leads))[order])


def _inversions(leads: tuple[str, ...]) -> Iterator[Explanation]:
    for number, lead in enumerate(leads):
        signs = np.ones(len(leads))
        signs[number] = -1
        yield Explanation("inversion", (lead,), np.diag(signs))


def _strangers(leads: tuple[str, ...]) -> Iterator[Explanation]:
    """One lead left out, where enough others remain to be tied: here undo is the quadratic form itself."""
    for number, lead in enumerate(leads):
        others = tuple(other for other in leads if other != lead)
        if len(others) >= FEWEST_LEADS:
            rest = np.insert(np.insert(outside_plane(others), number, 0, axis=0), number, 0, axis=1)
            yield Explanation("stranger", (lead,), rest)


def _best_explanations(covariance: np.ndarray, leads: tuple[str, ...]) -> list[Explanation]:
    """The faults that make the equations hold as well as the best does; a lead that is merely wrong comes last.

    With I, II and III alone, "I and II are exchanged" and "III is upside down" cannot be told apart.
    """
    explanations, forms = _explanations(leads)
    powers = np.median(np.einsum("hij,kij->hk", forms, covariance), axis=1)
    total = float(np.median(np.trace(covariance, axis1=1, axis2=2)))
    relative = np.sqrt(np.maximum(powers, 0) / max(total, FLAT_MV**2))
    holds = relative <= limit("leads.algebra_relative") / 2
    definite = holds & np.array([one.kind != "stranger" for one in explanations])
    candidates = definite if definite.any() else holds
    if not candidates.any():
        return []
    near = candidates & (relative <= relative[candidates].min() + TIE)
    best = [one for one, is_near in zip(explanations, near, strict=True) if is_near]
    known = [one for one in best if one.leads == ("aVL", "aVF")]
    return known or best


def _explained(best: list[Explanation], evidence: dict[str, float]) -> Finding:
    """The finding that names the leads of the best explanations."""
    if [one.leads for one in best] == [("aVL", "aVF")]:
        code = "leads.swapped_avl_avf"
    else:
        code = "leads.einthoven" if any(set(one.leads) & set(EINTHOVEN) for one in best) else "leads.augmented"
    told = ", or ".join(TOLD[one.kind].format(" and ".join(one.leads)) for one in best[:MOST_TOLD])
    told += "; check the names of the limb leads, which break their equations"
    named = tuple(lead for lead in LIMB_LEADS if any(lead in one.leads for one in best))
    return Finding(code=code, severity=Severity.WARN, message=told, leads=named, evidence=evidence)


def _unexplained(covariance: np.ndarray, leads: tuple[str, ...], evidence: dict[str, float]) -> list[Finding]:
    """One finding for each set of equations that fails, where no single fault explains it."""
    found = []
    three = tuple(lead for lead in EINTHOVEN if lead in leads)
    if len(three) == FEWEST_LEADS:
        rows = [leads.index(lead) for lead in three]
        inner = covariance[:, rows][:, :, rows]
        relative, residual_mv = _residual(inner, outside_plane(three), len(three))
        if relative > limit("leads.algebra_relative"):
            told = f"III differs from II - I by {100 * relative:.0f} % of their amplitude; check the names of the leads"
            own = evidence | {"relative": relative, "residual_mv": residual_mv}
            found.append(
                Finding(code="leads.einthoven", severity=Severity.WARN, message=told, leads=three, evidence=own)
            )
    if not found:
        told = (
            f"{100 * evidence['relative']:.0f} % of the limb leads' amplitude breaks Goldberger's equations; "
            "check the names of aVR, aVL and aVF"
        )
        named = tuple(lead for lead in leads if lead.startswith("a")) or leads
        found.append(
            Finding(code="leads.augmented", severity=Severity.WARN, message=told, leads=named, evidence=evidence)
        )
    return found
