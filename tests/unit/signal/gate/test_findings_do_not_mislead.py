"""What a finding says is true, can be followed, and does not follow from another finding's fault."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecg_text.record import Record
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.gate.finding import Finding, Severity
from ecg_text.signal.gate.noise import folded
from ecg_text.signal.synthetic.synthesise import synthesise

UNIT_DEPENDENT = ("noise.baseline", "noise.muscle", "noise.mains", "pacing.spikes", "lead.saturated")


@pytest.fixture(scope="module")
def ecg() -> Record:
    return synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=500.0, noise=0.3).record


def found_in(record: Record, code: str) -> list[Finding]:
    return [found for found in examine(record).findings if found.code == code]


def cut(record: Record, start_s: float, duration_s: float) -> Record:
    start, stop = round(start_s * record.rate_hz), round((start_s + duration_s) * record.rate_hz)
    return replace(record, signal=record.signal[:, start:stop])


def silence(generator: np.random.Generator, duration_s: float = 10.0) -> Record:
    """Twelve leads of drift and noise, without a beat."""
    ecg = synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=250.0, duration_s=duration_s).record
    drift = np.cumsum(generator.normal(0, 2e-4, ecg.signal.shape), axis=1)
    return replace(ecg, signal=(drift + generator.normal(0, 0.002, drift.shape)).astype(np.float32))


@pytest.mark.parametrize("duration_s", [1.3, 2.0, 2.5, 3.0])
def test_a_slow_heart_in_a_short_recording_is_no_wrong_rate_and_no_missing_beat(duration_s: float) -> None:
    codes: list[str] = []
    for seed in range(6):
        slow = synthesise("sinus bradycardia", np.random.default_rng(seed), rate_hz=250.0).record
        codes += [code for start_s in (0.5, 2.0, 3.5) for code in examine(cut(slow, start_s, duration_s)).codes]
    assert not {"rate.implausible", "noise.no_beats"} & set(codes)


def test_a_pulse_train_faster_than_any_heart_is_a_wrong_rate(ecg: Record) -> None:
    for rate_hz in (2500.0, 5000.0):
        [found] = found_in(replace(ecg, rate_hz=rate_hz), "rate.implausible")
        assert found.severity == Severity.WARN
        assert found.evidence["heart_rate_bpm"] > 200


def test_no_beats_is_said_from_the_length_on_that_must_hold_one(generator: np.random.Generator) -> None:
    for duration_s, told in ((2.0, False), (3.9, False), (4.1, True), (10.0, True)):
        codes = examine(cut(silence(generator), 0, duration_s)).codes
        assert ("noise.no_beats" in codes) == told, (duration_s, codes)


def test_asystole_is_a_warning_that_speaks_of_seconds(generator: np.random.Generator) -> None:
    examination = examine(silence(generator))
    assert examination.verdict == "accept with warnings"
    assert "noise.no_beats" in examination.codes
    for found in examination.findings:
        assert "usual beat" not in found.message
        assert "beat_mv" not in found.evidence
    [found] = [found for found in examination.findings if found.code == "unit.too_small"]
    assert found.message.startswith("the usual second has ")


def test_a_wrong_unit_without_a_usual_beat_is_refused_where_it_is_too_large(ecg: Record) -> None:
    short = cut(ecg, 0, 1.5)
    [found] = found_in(replace(short, signal=short.signal * np.float32(1000)), "unit.too_large")
    assert found.severity == Severity.REFUSE
    assert found.message.startswith("the usual second has ")


@pytest.mark.parametrize("rate_hz", [110.0, 109.9])
@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_one_hum_is_one_finding_where_both_mains_fold_to_one_frequency(mains_hz: float, rate_hz: float) -> None:
    assert folded(50.0, rate_hz) == pytest.approx(folded(60.0, rate_hz), abs=0.2)
    ecg = synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=rate_hz, noise=0.3).record
    hum = 0.1 * np.cos(2 * np.pi * mains_hz * np.arange(ecg.num_samples) / rate_hz + 0.5)
    assert len(found_in(replace(ecg, signal=ecg.signal + hum.astype(np.float32)), "noise.mains")) == 1


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_refused_unit_leaves_out_what_follows_from_it(ecg: Record, factor: float) -> None:
    pulses = ecg.signal.copy()
    pulses[:, 250::400] += np.float32(1.0)
    examination = examine(replace(ecg, signal=pulses * np.float32(factor)))
    assert examination.verdict == "refuse"
    assert not set(UNIT_DEPENDENT) & set(examination.codes)
    assert not any(code.startswith("leads.") for code in examination.codes)


def test_a_refused_unit_hides_no_dead_lead(ecg: Record) -> None:
    signal = ecg.signal * np.float32(1000)
    signal[4] = 0
    assert {"unit.too_large", "lead.zeroed"} <= set(examine(replace(ecg, signal=signal)).codes)


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_the_advice_on_the_unit_fits_a_file_that_states_it(ecg: Record, factor: float) -> None:
    refused = examine(replace(ecg, signal=ecg.signal * np.float32(factor))).refused
    assert refused is not None
    assert "state the unit where the file does not (--unit), or correct the file" in refused.message
    assert len(refused.message) <= 160


@pytest.mark.parametrize("seed", range(8))
def test_the_heart_rate_of_a_wrong_header_is_that_of_the_true_beats(seed: int) -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(seed), rate_hz=500.0, noise=0.2)
    for factor in (0.5, 2.0):
        for found in found_in(replace(ecg.record, rate_hz=500.0 * factor), "rate.implausible"):
            assert found.evidence["likely_hz"] == 500.0
            if factor > 1 and "heart_rate_bpm" not in found.evidence:
                continue  # read slower, the beats were others: no number is told
            assert found.evidence["heart_rate_bpm"] == pytest.approx(factor * ecg.rate_bpm, rel=0.05)
            assert f" {found.evidence['heart_rate_bpm']:.0f} beats a minute" in found.message


def test_a_rate_that_would_contradict_the_finding_is_left_out(monkeypatch: pytest.MonkeyPatch, ecg: Record) -> None:
    """Whatever the header, "too low" never stands beside a fast heart, nor "too high" beside a slow one."""
    for scores, told in (((9.0, 0.0), "too high"), ((0.0, 9.0), "too low")):
        monkeypatch.setattr("ecg_text.signal.gate.rate.rate_scores", lambda _times, scores=scores: scores)
        for rate_hz in (125.0, 250.0, 500.0, 1000.0):
            [found] = found_in(replace(ecg, rate_hz=rate_hz), "rate.implausible")
            assert told in found.message
            bpm = found.evidence.get("heart_rate_bpm")
            assert bpm is not None or "beats a minute" not in found.message
            assert bpm is None or (bpm >= 60 if told == "too high" else bpm <= 100)


def test_every_finding_of_the_gate_is_made_with_evidence(package: Path) -> None:
    made = [
        (path.name, node)
        for path in (package / "signal" / "gate").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"
    ]
    assert len(made) > 15
    without = [(name, node.lineno) for name, node in made if "evidence" not in {word.arg for word in node.keywords}]
    assert not without


def test_a_record_of_constants_is_refused_with_its_range(ecg: Record) -> None:
    [found] = found_in(replace(ecg, signal=np.full_like(ecg.signal, 0.7)), "lead.all_flat")
    assert found.evidence == {"largest_range_mv": 0.0, "leads": 12.0}


def test_clipping_after_the_last_whole_block_is_found() -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(3), rate_hz=500.0, duration_s=10.2).record
    signal = ecg.signal.copy()
    signal[6, -90:] = 5.0  # the last whole quarter-second ends 100 samples before the end
    [found] = found_in(replace(ecg, signal=signal), "lead.saturated")
    assert found.leads == (ecg.leads[6],)
    assert found.evidence["at_extreme_s"] == pytest.approx(0.18)
