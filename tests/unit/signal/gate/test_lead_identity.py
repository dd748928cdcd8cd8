"""Exchanged electrodes: the matrices that undo them, the score that judges them, and what is found in an ECG."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ecg_text.leads import CHEST_LEADS, LIMB_LEAD_WEIGHTS, LIMB_LEADS
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats
from ecg_text.signal.beats.windows import MedianBeat, median_beat
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.identity import SUSPICIONS, identity_findings
from ecg_text.signal.gate.identity_model import (
    EDGES_MS,
    HYPOTHESES,
    LEADS,
    ORDINARY_MV,
    coefficients,
    log_odds,
    stretch_means,
    undoing_matrices,
)
from ecg_text.signal.read import read
from ecg_text.signal.synthetic.synthesise import synthesise

# Which electrode's potential is at the right arm, left arm and left leg once two are exchanged.
ELECTRODES = {"la_ra": (1, 0, 2), "la_ll": (0, 2, 1), "ra_ll": (2, 1, 0)}


def exchanged(record: Record, name: str) -> Record:
    """The record as it had been recorded with these electrodes exchanged."""
    eight = np.linalg.inv(undoing_matrices()[HYPOTHESES.index(name)]) @ record.select(LEADS).signal
    rows = dict(zip(LEADS, eight, strict=True))
    for lead in LIMB_LEADS:
        rows[lead] = LIMB_LEAD_WEIGHTS[lead][0] * eight[0] + LIMB_LEAD_WEIGHTS[lead][1] * eight[1]
    return record.with_signal(np.stack([rows[lead] for lead in record.leads]), f"exchange {name}")


def findings_of(record: Record) -> list[Finding]:
    """What identity_findings says of a record."""
    beats = find_beats(record)
    return identity_findings(record, beats, median_beat(record, beats))


def codes_of(record: Record) -> set[str]:
    """The codes of what is found."""
    return {finding.code for finding in findings_of(record)}


@pytest.fixture
def record(generator: np.random.Generator) -> Record:
    """Twelve leads of a normal synthetic ECG."""
    return synthesise("sinus rhythm", generator).record


@pytest.fixture
def median(record: Record) -> MedianBeat:
    """Its median beat."""
    found = median_beat(record, find_beats(record))
    assert found is not None
    return found


@pytest.mark.parametrize("name", ELECTRODES)
def test_undoing_an_exchange_gives_what_the_electrodes_saw(name: str, generator: np.random.Generator) -> None:
    true = generator.normal(size=3)
    right, left, leg = true[list(ELECTRODES[name])]
    recorded = np.array([left - right, leg - right, *np.zeros(6)])
    undone = undoing_matrices()[HYPOTHESES.index(name)] @ recorded
    np.testing.assert_allclose(undone[:2], [true[1] - true[0], true[2] - true[0]], rtol=1e-5)


def test_the_arms_exchanged_turn_lead_one_over_and_exchange_two_and_three(record: Record) -> None:
    other = exchanged(record, "la_ra")
    first, second = record.lead("I"), record.lead("II")
    np.testing.assert_allclose(other.lead("I"), -first, atol=1e-5)
    np.testing.assert_allclose(other.lead("II"), second - first, atol=1e-5)
    np.testing.assert_allclose(other.lead("III"), second, atol=1e-5)


def test_every_hypothesis_is_its_own_and_can_be_told() -> None:
    matrices = undoing_matrices()
    assert len({matrix.tobytes() for matrix in matrices}) == len(HYPOTHESES)
    assert {*SUSPICIONS, "as_named"} == set(HYPOTHESES)


def test_log_odds_are_the_differences_of_one_score(median: MedianBeat) -> None:
    means = stretch_means(median)
    assert means is not None
    model = coefficients()

    def score(matrix: np.ndarray) -> float:
        inputs = [
            np.arcsinh(sum(matrix[i, j] * means[j, s] for j in range(8)) / ORDINARY_MV[s])
            for i in range(8)
            for s in range(len(ORDINARY_MV))
        ]
        units = [
            max(0.0, float(row @ np.array(inputs)) + bias) for row, bias in zip(model.hidden, model.bias, strict=True)
        ]
        return float(np.array(units) @ model.out)

    slow = [score(matrix) for matrix in undoing_matrices()]
    np.testing.assert_allclose(log_odds(means), np.array(slow) - slow[0], atol=1e-3)


def test_what_speaks_for_an_exchange_speaks_against_the_leads_as_they_were(median: MedianBeat) -> None:
    means = stretch_means(median)
    assert means is not None
    before, matrices = log_odds(means), undoing_matrices()
    for number, matrix in enumerate(matrices):
        fault = np.linalg.inv(matrix).astype(np.float32)
        inverse = int(np.abs(matrices - fault).sum(axis=(1, 2)).argmin())
        assert log_odds(fault @ means)[number] == pytest.approx(-before[inverse], abs=1e-3)


@pytest.mark.parametrize("name", HYPOTHESES[1:])
def test_the_stretches_stay_where_they_are_when_electrodes_are_exchanged(record: Record, name: str) -> None:
    other = exchanged(record, name)
    median, faulty = median_beat(record, find_beats(record)), median_beat(other, find_beats(other))
    assert median is not None
    assert faulty is not None
    fault = np.linalg.inv(undoing_matrices()[HYPOTHESES.index(name)])
    means, seen = stretch_means(median), stretch_means(faulty)
    assert means is not None
    assert seen is not None
    assert np.abs(seen - fault @ means).mean() < 0.03


def test_the_stretches_are_the_same_at_another_rate(generator: np.random.Generator) -> None:
    times = np.arange(-0.3, 0.5, 0.002)
    waves = np.exp(-((times / 0.02) ** 2)) * generator.normal(0, 1, (12, 1))
    leads = (*LIMB_LEADS, *CHEST_LEADS)
    fine = MedianBeat(signal=waves.astype(np.float32), r_index=150, rate_hz=500.0, num_beats=5, leads=leads)
    coarse = MedianBeat(signal=waves[:, ::2].astype(np.float32), r_index=75, rate_hz=250.0, num_beats=5, leads=leads)
    first, second = stretch_means(fine), stretch_means(coarse)
    assert first is not None
    assert second is not None
    assert first.shape == (8, len(EDGES_MS) - 1)
    np.testing.assert_allclose(first, second, atol=0.1)


@pytest.mark.parametrize("lead", LEADS)
def test_without_one_of_the_eight_leads_or_with_it_flat_nothing_is_said(record: Record, lead: str) -> None:
    other = exchanged(record, "la_ra")
    flat = np.stack([other.lead(name) * (name != lead) for name in other.leads])
    assert not {code for code in codes_of(other.with_signal(flat, "zero")) if "reversal" in code or "order" in code}
    if lead in CHEST_LEADS:
        assert codes_of(other.select([name for name in other.leads if name != lead])) == set()


def test_without_a_median_beat_only_the_equations_are_judged(record: Record) -> None:
    assert identity_findings(record, find_beats(record), None) == []


def test_lead_one_may_come_from_other_limb_leads(record: Record) -> None:
    beats = find_beats(record)
    whole = median_beat(record, beats)
    fewer = record.select(["II", "III", *CHEST_LEADS])
    cut = median_beat(fewer, beats)
    assert whole is not None
    assert cut is not None
    first, second = stretch_means(whole), stretch_means(cut)
    assert first is not None
    assert second is not None
    assert np.abs(first - second).mean() < 0.02


def test_a_slow_rate_is_not_judged(median: MedianBeat) -> None:
    slow = MedianBeat(signal=median.signal, r_index=30, rate_hz=80.0, num_beats=9, leads=median.leads)
    assert stretch_means(slow) is None


@pytest.mark.shared
@pytest.mark.slow
def test_real_records_are_passed_and_their_exchanges_found(shared_dir: Path) -> None:
    records = [read(path) for path in sorted((shared_dir / "data" / "ptbxl_500hz").rglob("*.hea"))]
    assert len(records) == 40
    as_is = [codes_of(record) for record in records]
    assert sum(bool(codes) for codes in as_is) <= 3
    for name in ("la_ra", "ra_ll", "v1_v2"):
        found = [findings_of(exchanged(record, name)) for record in records]
        hits = [one for one in found if one and one[0].code == SUSPICIONS[name][0]]
        assert len(hits) >= 37
        severity = Severity.NOTE if name == "v1_v2" else Severity.WARN
        assert all(one[0].severity is severity for one in hits)
        assert all(one[0].evidence["log_odds"] > one[0].evidence["threshold"] for one in hits)


@pytest.mark.shared
@pytest.mark.slow
def test_fold_nine_keeps_what_the_gate_promises(ptbxl_dir: Path) -> None:
    with (ptbxl_dir / "ptbxl_database.csv").open(encoding="utf-8", newline="") as file:
        names = [row["filename_lr"] for row in csv.DictReader(file) if row["strat_fold"] == "9"]
    records = [read(ptbxl_dir / f"{name}.hea") for name in names[::20]]
    assert np.mean(["leads.reversal_la_ra" in codes_of(record) for record in records]) <= 0.02
    assert np.mean(["leads.reversal_la_ra" in codes_of(exchanged(record, "la_ra")) for record in records]) >= 0.95
