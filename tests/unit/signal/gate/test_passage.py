"""The passage through the gate: short recordings whole, long ones minute by minute, refused stretches left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecg_text.errors import SignalError
from ecg_text.record import Record
from ecg_text.signal.formats.recording import Recording
from ecg_text.signal.gate.finding import Examination, Finding, Severity
from ecg_text.signal.gate.passage import LONGEST_WHOLE_S, STRETCH_S, Passage, examined, merged, require_ecg
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise


def recording_of(record: Record) -> Recording:
    return Recording(
        record_id=record.record_id,
        format="memory",
        rate_hz=record.rate_hz,
        leads=record.leads,
        num_samples=record.num_samples,
        load=lambda start, stop: record.signal[:, start:stop],
    )


def sinus(duration_s: float) -> Record:
    return synthesise("sinus rhythm", np.random.default_rng(5), rate_hz=100.0, duration_s=duration_s).record


def silenced(record: Record, start_s: float, stop_s: float) -> Record:
    signal = record.signal.copy()
    signal[:, round(start_s * record.rate_hz) : round(stop_s * record.rate_hz)] = 0.0
    return record.with_signal(signal, "silence")


def finding(code: str, severity: Severity, *leads: str) -> Finding:
    return Finding(code=code, severity=severity, message=code, leads=leads, evidence={"value": float(severity)})


def test_a_short_recording_is_judged_whole_and_a_long_one_by_the_minute() -> None:
    lengths = {
        seconds: [round(part.record.duration_s, 1) for part in examined(recording_of(sinus(seconds))) if part.record]
        for seconds in (10.0, LONGEST_WHOLE_S, 120.5, 140.0, 155.0)
    }
    assert lengths == {10.0: [10], LONGEST_WHOLE_S: [120], 120.5: [60, 60.5], 140.0: [60, 80], 155.0: [60, 60, 35]}


def test_a_tail_too_short_for_a_window_is_no_finding() -> None:
    passage = Passage(recording_of(sinus(120.5)), standard_preprocess())
    assert len(list(passage)) == 12
    assert passage.examination.verdict == "accept"


def test_an_invalid_sample_costs_a_long_recording_its_minute_and_a_short_one_everything() -> None:
    def broken(start: int, stop: int) -> np.ndarray:
        signal = long.signal[:, start:stop].copy()
        if start <= 7000 < stop:
            signal[3, 7000 - start] = np.nan
        return signal

    long = sinus(180.0)
    passage = Passage(replace(recording_of(long), load=broken), standard_preprocess())
    assert len(list(passage)) == 12
    [told] = [found for found in passage.examination.findings if found.code == "samples.invalid"]
    assert (told.severity, told.evidence["start_s"], told.evidence["stretches"]) == (Severity.WARN, 60.0, 1)
    with pytest.raises(SignalError, match="1 samples are missing"):
        list(Passage(replace(recording_of(long), load=broken, num_samples=9000), standard_preprocess()))


def test_the_windows_are_those_of_the_preprocessing() -> None:
    record = sinus(30.0)
    passage = Passage(recording_of(record), standard_preprocess())
    windows = list(passage)
    for window, expected in zip(windows, standard_preprocess().windows(record), strict=True):
        assert np.array_equal(window.signal, expected.signal)
    assert passage.first_window is windows[0]
    assert passage.examination.verdict == "accept"


def test_a_minute_without_electrodes_is_left_out_of_a_long_recording() -> None:
    record = silenced(sinus(180.0), STRETCH_S, 2 * STRETCH_S)
    passage = Passage(recording_of(record), standard_preprocess())
    assert len(list(passage)) == 12
    examination = passage.examination
    assert examination.verdict == "accept with warnings"
    [told] = [found for found in examination.findings if found.evidence.get("stretches") == 1]
    assert told.severity == Severity.WARN
    assert "in 1 of 3 stretches" in told.message


def test_a_recording_refused_throughout_is_refused() -> None:
    for seconds in (10.0, 180.0):
        record = silenced(sinus(seconds), 0.0, seconds)
        passage = Passage(recording_of(record), standard_preprocess())
        with pytest.raises(SignalError, match="synthetic: "):
            list(passage)
        assert passage.examination.verdict == "refuse"
    with pytest.raises(SignalError, match="synthetic: "):
        require_ecg(silenced(sinus(10.0), 0.0, 10.0))


def test_no_first_window_before_it_was_taken() -> None:
    with pytest.raises(SignalError, match="iterate first"):
        _ = Passage(recording_of(sinus(10.0)), standard_preprocess()).first_window


def test_merging_keeps_each_code_once_at_its_gravest() -> None:
    note, warning = finding("noise", Severity.NOTE, "I"), finding("noise", Severity.WARN, "V1")
    [found] = merged([Examination((note,)), Examination((warning,)), Examination()]).findings
    assert (found.severity, found.leads) == (Severity.WARN, ("I", "V1"))
    assert found.evidence == {"value": 1.0, "stretches": 2, "of_stretches": 3}
    assert found.message == "noise (in 2 of 3 stretches for all these leads together; the gravest is told)"


def test_merging_one_examination_changes_nothing() -> None:
    one = Examination((finding("unit", Severity.REFUSE),))
    assert merged([one]) is one


def test_a_refusal_of_some_stretches_is_a_warning_and_of_all_a_refusal() -> None:
    refused, fine = Examination((finding("flat", Severity.REFUSE),)), Examination()
    assert merged([refused, fine]).verdict == "accept with warnings"
    assert merged([refused, refused]).verdict == "refuse"


def test_the_gravest_finding_stands_first_and_decides() -> None:
    examination = Examination((finding("a", Severity.NOTE), finding("b", Severity.REFUSE), finding("c", Severity.WARN)))
    assert examination.codes == ("b", "c", "a")
    assert examination.verdict == "refuse"
    assert examination.refused is not None
    assert examination.refused.code == "b"
    assert [found.code for found in examination.warnings] == ["c"]
    assert Examination((finding("a", Severity.NOTE),)).verdict == "accept"
    assert examination.to_dict()["findings"][0] == {
        "code": "b",
        "severity": "refuse",
        "message": "b",
        "leads": [],
        "evidence": {"value": 2.0},
    }
