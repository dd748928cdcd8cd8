"""P, QRS and T against the waves a synthetic ECG was made of, and what neurokit2 cannot do."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ecg_text.errors import LeadError, MissingPackageError, SignalError
from ecg_text.record import Record
from ecg_text.signal.beats import delineation
from ecg_text.signal.beats.delineation import POINTS, delineate
from ecg_text.signal.beats.rpeaks import Beats, find_beats
from ecg_text.signal.synthetic.synthesise import synthesise

pytest.importorskip("neurokit2")

# Median absolute errors in ms over five diagnoses; the tangent at the T wave's onset is late by definition.
MOST_ERROR_MS = {"P onset": 12, "P offset": 12, "QRS onset": 12, "QRS offset": 12, "T onset": 45, "T offset": 25}


@pytest.mark.slow
def test_waves_begin_and_end_where_they_were_made_to() -> None:
    errors: dict[str, list[float]] = {name: [] for name in MOST_ERROR_MS}
    for seed, name in enumerate(["sinus rhythm", "sinus bradycardia", "first-degree AV block", "long QT"]):
        ecg = synthesise(name, np.random.default_rng(seed), rate_hz=500.0)
        found = delineate(ecg.record, find_beats(ecg.record))
        for wave in ecg.waves:
            beat = int(np.abs(found.r_peaks - ecg.r_peaks[wave.beat]).argmin())
            if abs(found.r_peaks[beat] - ecg.r_peaks[wave.beat]) > 25:
                continue
            for side, truth in (("onset", wave.onset), ("offset", wave.offset)):
                samples, known = found.point(f"{wave.kind} {side}")
                if known[beat]:
                    errors[f"{wave.kind} {side}"].append(abs(samples[beat] - truth) * 2.0)
    for point, most in MOST_ERROR_MS.items():
        assert len(errors[point]) > 20, point
        assert np.median(errors[point]) <= most, point


@pytest.mark.parametrize("rate_hz", [100.0, 250.0, 1000.0])
@pytest.mark.parametrize("duration_s", [2.0, 3.0])
def test_two_seconds_are_enough_and_every_number_is_one(rate_hz: float, duration_s: float) -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=rate_hz, duration_s=4.0)
    signal = ecg.record.signal[:, : round(duration_s * rate_hz)]
    record = Record(signal=signal, rate_hz=rate_hz, leads=ecg.record.leads)
    found = delineate(record, find_beats(record))
    assert found.samples.shape == found.known.shape == (len(found.r_peaks), len(POINTS))
    assert found.known.mean() > 0.5
    assert ((found.samples >= 0) & (found.samples < record.num_samples)).all()
    order = np.where(found.known, found.samples, -1)
    for beat, (samples, known) in enumerate(zip(order, found.known, strict=True)):
        assert (samples[:4][known[:4]] <= found.r_peaks[beat]).all()
        assert (samples[4:][known[4:]] >= found.r_peaks[beat]).all()


def test_what_cannot_be_delineated_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=250.0)
    beats = find_beats(ecg.record)
    flat = Record(signal=np.zeros((12, 2500)), rate_hz=250.0, leads=ecg.record.leads)
    assert not delineate(flat, beats).known.any()
    one = Beats(peaks=beats.peaks[:1], rate_hz=250.0, num_samples=2500, votes=beats.votes[:1], leads=beats.leads)
    assert not delineate(ecg.record, one).known.any()
    assert delineate(ecg.record, one).median_ms("QRS onset", "T offset") is None

    import neurokit2

    def crash(*arguments: object, **options: object) -> None:
        raise IndexError("index 3 is out of bounds")

    monkeypatch.setattr(neurokit2, "ecg_delineate", crash)
    assert not delineate(ecg.record, beats).known.any()


def test_a_long_record_in_pieces_is_delineated_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ecg = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=250.0)
    beats = find_beats(ecg.record)
    whole = delineate(ecg.record, beats)
    monkeypatch.setattr(delineation, "BEATS_AT_ONCE", 5)
    pieces = delineate(ecg.record, beats)
    both = whole.known & pieces.known
    assert both.mean() > 0.8
    assert np.median(np.abs(whole.samples - pieces.samples)[both]) <= 1


def test_a_limb_lead_that_is_missing_is_derived_and_a_chest_lead_is_not() -> None:
    record = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=250.0).record
    beats = find_beats(record)
    derived = delineate(record.select(["I", "aVF"]), beats, "II")
    assert derived.known.mean() > 0.5
    with pytest.raises(LeadError, match="name one of I, II"):
        delineate(record.select(["I", "II"]), beats, "V2")
    with pytest.raises(SignalError, match="no point"):
        derived.point("U peak")


def test_without_neurokit2_the_reader_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    record = synthesise("sinus rhythm", np.random.default_rng(1), rate_hz=250.0).record
    monkeypatch.setitem(sys.modules, "neurokit2", None)
    with pytest.raises(MissingPackageError, match=r"ecg-text\[beats\]"):
        delineate(record, find_beats(record))
