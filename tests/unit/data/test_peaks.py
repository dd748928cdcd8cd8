"""R-peaks of prepared windows: those of the records they were cut from, remembered, and moved with the window."""

from __future__ import annotations

import numpy as np
import pytest

from ecg_text.data import peaks as peaks_module
from ecg_text.data.peaks import PeakFinder, moved_peaks
from ecg_text.leads import STANDARD_12
from ecg_text.record import Record
from ecg_text.signal.beats.rpeaks import find_beats, window_peaks
from ecg_text.signal.preprocess import standard_preprocess
from ecg_text.signal.synthetic.synthesise import synthesise


@pytest.fixture(scope="module")
def windows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    prepare = standard_preprocess()
    chance = np.random.default_rng(1)
    prepared = [prepare(synthesise("sinus rhythm", chance, rate_hz=100.0).record) for _ in range(4)]
    return (
        np.stack([one.signal for one in prepared]),
        np.stack([one.lead_mask for one in prepared]),
        np.stack([one.time_mask for one in prepared]),
    )


def test_a_window_has_the_peaks_of_its_record(windows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    found = window_peaks(*windows, STANDARD_12, 100.0)
    for row, signal in enumerate(windows[0]):
        truth = find_beats(Record(signal=signal, rate_hz=100.0, leads=STANDARD_12, record_id="x")).peaks
        assert found[row][found[row] >= 0].tolist() == truth.tolist()
        assert len(truth) > 4


def test_only_leads_and_samples_that_are_there_are_looked_at(
    windows: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    ecg, lead_mask, time_mask = (x.copy() for x in windows)
    clean = window_peaks(ecg, lead_mask, time_mask, STANDARD_12, 100.0)
    lead_mask[:, 6:] = False
    ecg[:, 6:] = np.random.default_rng(0).normal(0, 5, ecg[:, 6:].shape)
    time_mask[:, :300] = False
    ecg[:, :, :300] = 1e3
    late = window_peaks(ecg, lead_mask, time_mask, STANDARD_12, 100.0)
    for whole, part in zip(clean, late, strict=True):
        assert part[part >= 0].min() >= 300
        near = [np.abs(whole - peak).min() <= 2 for peak in part[part >= 320]]
        assert sum(near) >= len(near) - 1


def test_a_window_without_a_lead_or_a_sample_has_no_peaks(windows: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    ecg, lead_mask, time_mask = windows
    assert (window_peaks(ecg, np.zeros_like(lead_mask), time_mask, STANDARD_12, 100.0) == -1).all()
    assert (window_peaks(ecg, lead_mask, np.zeros_like(time_mask), STANDARD_12, 100.0) == -1).all()


def test_a_record_is_searched_once(
    windows: tuple[np.ndarray, np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = []

    def counted(ecg: np.ndarray, *rest: object) -> np.ndarray:
        searched.append(len(ecg))
        return window_peaks(ecg, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(peaks_module, "window_peaks", counted)
    finder = PeakFinder(STANDARD_12, 100.0)
    first = finder(("a", "b"), *(x[:2] for x in windows))
    again = finder(("b", "c", "a"), *(x[[1, 2, 0]] for x in windows))
    assert searched == [2, 1]
    for before, after in ((first[0], again[2]), (first[1], again[0])):
        assert before[before >= 0].tolist() == after[after >= 0].tolist()


def test_peaks_that_leave_the_window_are_none() -> None:
    peaks = np.array([[5, 50, -1], [5, 50, 95]])
    assert moved_peaks(peaks, np.array([10, -10]), 100).tolist() == [[-1, 40, -1], [15, 60, -1]]
