"""Whatever the samples are, the gate answers in finite numbers and one plain line, and finding beats fails on none."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_text.leads import STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.beats.delineation import delineate
from ecg_text.signal.beats.rpeaks import find_beats, r_peaks
from ecg_text.signal.beats.windows import median_beat
from ecg_text.signal.gate.examine import examine
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise

MOST_LETTERS = 160
EXAMPLES = 40
RATES_HZ = (60.0, 62.5, 99.0, 100.0, 128.0, 250.0, 257.3, 360.0, 400.0, 500.0, 1000.0, 2000.0)
DAMAGES = ("zeros", "constant", "spikes", "noise", "steps", "zeroed", "repeated", "inverted", "copied", "as it is")
LARGEST = float(np.finfo(np.float32).max)


def damaged(signal: np.ndarray, damage: str, generator: np.random.Generator) -> np.ndarray:
    """One kind of damage done to some leads of signal (C, T)."""
    signal = signal.copy()
    num_leads, num_samples = signal.shape
    rows = generator.random(num_leads) < generator.choice([0.2, 1.0])
    start, stop = np.sort(generator.integers(0, num_samples + 1, 2))
    if damage == "zeros":
        signal[rows] = 0
    elif damage == "constant":
        signal[rows] = generator.normal()
    elif damage == "spikes":
        signal[:, generator.integers(0, num_samples, 5)] += generator.normal(0, 100)
    elif damage == "noise":
        signal[rows] += generator.normal(0, 1, (int(rows.sum()), num_samples))
    elif damage == "steps":
        signal[rows] = np.sign(signal[rows])
    elif damage == "zeroed":
        signal[rows, start:stop] = 0
    elif damage == "repeated":
        period = max(1, num_samples // int(generator.integers(2, 60)))
        signal[rows] = np.resize(signal[rows, :period].T, (num_samples, int(rows.sum()))).T
    elif damage == "inverted":
        signal[rows, start:stop] *= -1
    elif damage == "copied":
        signal[rows] = signal[0]
    return signal


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Any record: a synthetic ECG or nothing, of any leads, rate and length, damaged and scaled in any way."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    leads = tuple(draw(st.lists(st.sampled_from(STANDARD_12), min_size=1, max_size=12, unique=True)))
    rate_hz = draw(st.one_of(st.sampled_from(RATES_HZ), st.floats(60, 2000)))
    num_samples = max(1, round(rate_hz * draw(st.sampled_from((0.2, 0.9, 1.0, 1.7, 2.0, 3.1, 5.0, 10.0, 20.0)))))
    ecg = synthesise("sinus rhythm", generator, rate_hz=100.0, duration_s=10.0).record
    at = np.arange(num_samples) * draw(st.sampled_from((100.0 / rate_hz, 1.0, 0.1))) % 999
    signal = np.stack([np.interp(at, np.arange(1000), ecg.lead(lead)) for lead in leads])
    for damage in draw(st.lists(st.sampled_from(DAMAGES), max_size=3)):
        signal = damaged(signal, damage, generator)
    power = draw(st.one_of(st.just(0), st.integers(-31, 38)))
    signal = np.clip(signal * 10.0**power, -LARGEST, LARGEST)
    if draw(st.booleans()) and draw(st.booleans()):
        signal[generator.integers(len(leads)), generator.integers(num_samples)] = draw(st.floats(-LARGEST, LARGEST))
    return Record(signal=signal, rate_hz=rate_hz, leads=leads, record_id="the-record")


@settings(max_examples=EXAMPLES, derandomize=True)
@given(record=records())
def test_no_record_makes_the_gate_fail_or_warn(record: Record) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        examination = examine(record, preprocess=standard_preprocess())
    json.dumps(examination.to_dict(), allow_nan=False)
    if np.abs(record.signal).max() > 1.01e6:
        assert examination.verdict == "refuse"
        assert "unit.too_large" in examination.codes
    for found in examination.findings:
        assert found.evidence, found.code
        assert found.message.isprintable()
        assert len(found.message) <= MOST_LETTERS, found.message
        assert record.record_id not in found.message
        assert set(found.leads) <= set(STANDARD_12)


@settings(max_examples=EXAMPLES, derandomize=True)
@given(record=records())
def test_no_record_makes_finding_its_beats_fail_or_warn(record: Record) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        beats = find_beats(record)
        median = median_beat(record, beats)
        alone = r_peaks(record.signal[0].astype(np.float64), record.rate_hz)
    for peaks in (beats.peaks, alone):
        assert (np.diff(peaks) > 0).all()
        assert not len(peaks) or (peaks[0] >= 0 and peaks[-1] < record.num_samples)
    assert len(beats.votes) == len(beats)
    assert median is None or np.isfinite(median.signal).all()


@pytest.mark.slow
@settings(max_examples=20, derandomize=True)
@given(record=records())
def test_no_record_makes_delineating_its_beats_fail_or_warn(record: Record) -> None:
    pytest.importorskip("neurokit2")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = delineate(record, find_beats(record), record.leads[0])
    assert ((found.samples >= 0) & (found.samples < record.num_samples)).all()


@pytest.mark.parametrize("power", [-300, -100, 100, 300])
def test_the_unit_of_a_lead_does_not_change_its_peaks(power: int) -> None:
    lead = synthesise("sinus rhythm", np.random.default_rng(2), rate_hz=250.0).record.lead("II").astype(np.float64)
    assert r_peaks(np.ldexp(lead, power), 250.0).tolist() == r_peaks(lead, 250.0).tolist()
    assert len(r_peaks(lead, 250.0)) > 5
